"""The figures of the map: whose need counts, and what stands against it; the same on both databases."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from catalogue.assessments.models import Assessment
from catalogue.clock import now
from catalogue.enrolments import actions as enrolments
from catalogue.extensions import db
from catalogue.frameworks.models import Dimension, Framework, Level, RoleTarget, Seat
from catalogue.frameworks.queries import current_framework
from catalogue.offers import actions as offers
from catalogue.offers.models import RunState
from catalogue.people.models import Person
from catalogue.systems.models import Membership
from catalogue.transactions import run
from tests.assessments.closed import closed_assessment
from tests.reports.standing import (
    CARE,
    CUMBRIA,
    NOTTINGHAMSHIRE,
    YORKSHIRE,
    Cells,
    a_run,
    a_trust,
    an_offer,
    assessed_people,
    downloaded,
    figures,
)
from tests.visitor import Visitor

pytestmark = pytest.mark.both_databases


@pytest.fixture
def cells(app: Flask, administrator: Visitor) -> Callable[[Callable[[], object]], Cells]:
    """The map of all systems, after something was done."""

    def read(done: Callable[[], object]) -> Cells:
        with app.app_context():
            run(done)
        return downloaded(administrator, "/map/cells.csv")

    return read


def test_need_is_that_of_each_person_as_they_last_finished_an_assessment(
    cells: Callable[[Callable[[], object]], Cells],
) -> None:
    def people() -> None:
        somebody, another, *_ = assessed_people(NOTTINGHAMSHIRE, 12, level=0)
        closed_assessment(somebody.id, level=4)  # they have grown
        earlier = db.session.get_one(Assessment, closed_assessment(another.id, level=4))
        earlier.closed_at = now() - timedelta(days=90)
        second = a_trust(NOTTINGHAMSHIRE, "a-second-trust")
        db.session.add(Membership(person=another, organisation=second))  # who still counts once
        db.session.add(Assessment(person=another, framework=current_framework(), seat=db.session.get_one(Seat, 1)))

    found = cells(people)
    care = figures(found[NOTTINGHAMSHIRE, *CARE])
    assert care == {
        "state": "gap", "people assessed": "12", "people with a gap": "11", "levels to go": "22", "offers": "0",
        "free places": "0", "hours": "0.0",
    }  # fmt: skip
    assert found[NOTTINGHAMSHIRE, "vision", "learning"]["levels to go"] == "11", (
        "a receptionist's target is lower there"
    )
    assert found["", *CARE]["people with a gap"] == "11"
    assert found["", *CARE]["gap in systems"] == "1"
    assert len(found) == 45 * 45, "44 systems, and all of them together"


def test_supply_is_what_is_published_for_the_condition_the_dimension_and_the_system(
    app: Flask, cells: Callable[[Callable[[], object]], Cells]
) -> None:
    def offering() -> None:
        assessed_people(NOTTINGHAMSHIRE, 12)
        open_to_all = an_offer("open to all", mapping=[
            {"dimension": CARE[0], "from": "insufficient", "to": "essential", "strength": "builds"},
            {"dimension": CARE[0], "from": "essential", "to": "proficient", "strength": "builds"},
        ])  # fmt: skip
        taken = a_run(open_to_all, places=5)
        a_run(open_to_all, places=4, in_days=-1)
        a_run(open_to_all, places=4, in_days=40, state=RunState.CANCELLED)
        somebody = db.session.scalars(select(Person).order_by(Person.id).limit(1)).one()
        enrolments.enrol(somebody, open_to_all, taken.id)
        a_run(an_offer("theirs", systems=[NOTTINGHAMSHIRE, CUMBRIA], hours=2.5), places=3)
        a_run(an_offer("for others", systems=[CUMBRIA]), places=100)
        an_offer("for its own people", members_only=True, mode="self-paced")
        offers.retire(an_offer("gone", mode="self-paced"))

    found = cells(offering)
    here = found[NOTTINGHAMSHIRE, *CARE]
    assert (here["offers"], here["free places"], here["hours"], here["state"]) == ("2", "7", "8.5", "short")
    there = found[CUMBRIA, *CARE]
    assert (there["offers"], there["free places"], there["state"]) == ("3", "107", "not shown")
    whole = found["", *CARE]
    assert (whole["offers"], whole["free places"], whole["hours"]) == ("3", "107", "14.5"), "each offer counts once"

    found = cells(lambda: an_offer("at one's own pace", mode="self-paced"))
    here = found[NOTTINGHAMSHIRE, *CARE]
    assert (here["offers"], here["offers at one's own pace"], here["state"]) == ("3", "1", "met")


def test_a_new_version_of_the_framework_changes_no_figure(cells: Callable[[Callable[[], object]], Cells]) -> None:
    def next_version() -> None:
        old = current_framework()
        new = Framework(
            key=old.key, version="next", name=old.name, label=old.label, notice=old.notice, owner=old.owner,
            source=old.source, content_hash="next",
            levels=[Level(value=level.value, key=level.key, name=level.name, meaning="") for level in old.levels],
            dimensions=[
                Dimension(key=each.key, name=each.name, position=each.position, what="", why="", what_it_is_not=[])
                for each in old.dimensions
            ],
        )  # fmt: skip
        db.session.add(new)
        db.session.flush()
        db.session.add_all(
            RoleTarget(seat_id=1, dimension_id=dimension.id, level=1, importance=1) for dimension in new.dimensions
        )

    before = cells(lambda: assessed_people(NOTTINGHAMSHIRE, 10))
    after = cells(next_version)
    assert before == after
    assert sum(int(row["offers"]) for row in after.values()) > 0
    with_both = cells(lambda: an_offer("mapped to the new version"))
    assert with_both[NOTTINGHAMSHIRE, *CARE]["offers"] == "1"
    assert with_both[NOTTINGHAMSHIRE, *CARE]["people with a gap"] == "10"


def test_what_fewer_than_ten_need_is_shown_nowhere(
    app: Flask, administrator: Visitor, cells: Callable[[Callable[[], object]], Cells]
) -> None:
    found = cells(lambda: assessed_people(NOTTINGHAMSHIRE, 9))
    assert {row["state"] for row in found.values()} == {"not shown"}
    assert {row["people with a gap"] + row["people assessed"] + row["levels to go"] for row in found.values()} == {""}
    assert downloaded(administrator, "/map/gaps.csv") == {}
    administrator.get("/map?system=nottinghamshire")
    assert "fewer than 10 have finished an assessment" in administrator.text()
    assert "Need not shown" in administrator.text()
    assert "people" not in administrator.page.select(".app-map__cell")[0].get_text()

    found = cells(lambda: assessed_people(NOTTINGHAMSHIRE, 1))
    assert found[NOTTINGHAMSHIRE, *CARE]["people with a gap"] == "10", "the tenth makes it shown"
    found = cells(lambda: assessed_people(CUMBRIA, 9, level=0))
    assert found[CUMBRIA, *CARE]["people with a gap"] == ""
    assert found["", *CARE]["people with a gap"] == "10", "9 more cannot come in"
    found = cells(lambda: assessed_people(YORKSHIRE, 5, level=0))
    assert found["", *CARE]["people with a gap"] == "10", "14 of whom all have gaps everywhere tell what each has"
    found = cells(lambda: assessed_people(YORKSHIRE, 4, level=4))
    assert found["", *CARE]["people with a gap"] == "24"
    assert found["", *CARE]["people assessed"] == "28"
    assert found[YORKSHIRE, *CARE]["people with a gap"] == found[YORKSHIRE, *CARE]["people assessed"] == ""
