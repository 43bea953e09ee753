"""What is told of a system's people and its organisations' together: ten reports and more, each in one table alone."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from catalogue.clock import now
from catalogue.extensions import db
from catalogue.feedback.grouping import make_group_reports
from catalogue.feedback.models import FeedbackGroupReport, FeedbackRound
from catalogue.frameworks.queries import current_framework
from catalogue.people import actions
from catalogue.people.models import Person, Role
from catalogue.privacy import erasing
from catalogue.systems.models import Membership, Organisation, System
from tests.conftest import Ask
from tests.feedback.rounds import finished_round, raters
from tests.visitor import Visitor

LEEDS, BRADFORD, STOCKPORT = "leeds-teaching-hospitals", "bradford-teaching-hospitals", "stockport"
SYSTEM = "west-yorkshire"


@pytest.fixture
def with_reports(change: Ask) -> Callable[..., list[int]]:
    """So many people of these organisations, each with a report; returns their ids."""

    def make(count: int, *organisations: str, peers: int = 4, **groups: Any) -> list[int]:
        def act() -> list[int]:
            made = []
            there = db.session.scalars(select(Organisation).where(Organisation.key.in_(organisations))).all()
            assert len(there) == len(organisations)
            for number in range(count):
                person = Person(name=f"Person {number}")
                db.session.add(person)
                for one in there:
                    db.session.add(Membership(person=person, organisation=one))
                db.session.flush()
                finished_round(person.id, raters(**(groups or {"peers": [peers] * 3})))
                made.append(person.id)
            return made

        return list(change(act))

    return make


@pytest.fixture
def lead(add_person: Callable[..., int], sign_in: Callable[[int], Visitor], change: Ask) -> Visitor:
    person_id = add_person("Lee Lead")

    def give() -> None:
        system = db.session.scalars(select(System).where(System.key == SYSTEM)).one()
        actions.grant(db.session.get_one(Person, person_id), Role.LEAD, system_id=system.id)

    change(give)
    return sign_in(person_id)


@pytest.fixture
def keeper(add_person: Callable[..., int], sign_in: Callable[[int], Visitor], ask: Ask) -> Callable[[str], Visitor]:
    """The administrator of an organisation."""

    def of(key: str) -> Visitor:
        found = ask(lambda: db.session.scalars(select(Organisation.id).where(Organisation.key == key)).one())
        return sign_in(add_person(f"Keeper of {key}", Role.ADMINISTRATOR, organisation_id=found))

    return of


def told() -> list[tuple[str, int]]:
    rows = db.session.scalars(select(FeedbackGroupReport).order_by(FeedbackGroupReport.id)).all()
    return [((row.organisation or row.system).key, row.people) for row in rows]


@pytest.mark.both_databases
def test_nine_reports_are_not_told_and_ten_are(
    lead: Visitor, with_reports: Callable[..., list[int]], change: Ask, ask: Ask
) -> None:
    with_reports(9, LEEDS)
    change(make_group_reports)
    assert ask(told) == []
    lead.get("/feedback/systems")
    assert "Nothing can be told yet" in lead.text()
    with_reports(1, BRADFORD, peers=2)
    change(make_group_reports)
    assert ask(told) == [(SYSTEM, 10)]
    lead.get("/feedback/systems")
    assert "10 people" in lead.text()
    assert "Leading with care 3 4" in lead.text()


def test_a_report_counts_once_so_that_no_two_tables_share_one(
    with_reports: Callable[..., list[int]], change: Ask, ask: Ask
) -> None:
    with_reports(10, LEEDS)
    change(make_group_reports)
    with_reports(9, LEEDS)
    change(make_group_reports)
    assert ask(told) == [(LEEDS, 10)], "nine more would be told by what has changed"
    with_reports(1, LEEDS)
    change(make_group_reports)
    assert ask(told) == [(LEEDS, 10), (LEEDS, 10)]
    assert ask(lambda: all(db.session.scalars(select(FeedbackRound.in_group_report)).all()))


def test_who_belongs_to_two_systems_counts_in_none(
    with_reports: Callable[..., list[int]], change: Ask, ask: Ask
) -> None:
    with_reports(9, LEEDS)
    with_reports(10, LEEDS, STOCKPORT)
    with_reports(5, LEEDS, BRADFORD)  # two organisations of one system
    change(make_group_reports)
    assert ask(told) == [(SYSTEM, 14)]


def test_an_organisation_has_a_table_of_its_own_and_the_rest_counts_in_its_systems(
    with_reports: Callable[..., list[int]], lead: Visitor, change: Ask, ask: Ask, keeper: Callable[[str], Visitor]
) -> None:
    with_reports(11, LEEDS)
    with_reports(7, BRADFORD, peers=2)
    with_reports(3, LEEDS, BRADFORD, peers=2)
    change(make_group_reports)
    assert ask(told) == [(LEEDS, 11), (SYSTEM, 10)]
    lead.get("/feedback/systems")
    assert "11 people" in lead.text()
    assert "10 people" in lead.text()
    here = keeper(LEEDS)
    link = here.get(f"/organisations/{LEEDS}").find("a", string="What feedback says of leadership here")
    here.get(link["href"])
    assert "Leading with care 3 4" in here.text()
    assert "10 people, " not in here.text(), "which is about others"
    there = keeper(BRADFORD)
    there.get(f"/feedback/organisations/{BRADFORD}")
    assert "Nothing can be told yet" in there.text()
    there.get(f"/feedback/organisations/{LEEDS}", status=404)
    back = lead.get(f"/feedback/organisations/{LEEDS}").select_one(".nhsuk-back-link")
    lead.get(back["href"])
    lead.get(f"/feedback/organisations/{STOCKPORT}", status=404)


arrivals = st.lists(
    st.tuples(st.integers(1, 12), st.sampled_from([(LEEDS,), (BRADFORD,), (LEEDS, BRADFORD), (LEEDS, STOCKPORT)])),
    min_size=1, max_size=6,
)  # fmt: skip


@given(arrivals)
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_however_reports_come_each_counts_once_at_most_and_no_table_is_of_fewer_than_ten(
    app: Flask, nights: list[tuple[int, tuple[str, ...]]]
) -> None:
    with app.app_context():
        framework = current_framework()
        bodies = {one.key: one for one in db.session.scalars(select(Organisation))}
        content = {"framework": framework.key, "parts": ["peers"], "dimensions": []}
        for count, organisations in nights:
            for number in range(count):
                person = Person(name=f"Person {number}")
                db.session.add(person)
                db.session.add_all(Membership(person=person, organisation=bodies[one]) for one in organisations)
                db.session.add(
                    FeedbackRound(
                        person=person, framework_id=framework.id, state="released", closes_on=now().date(),
                        closed_at=now(), report=content,
                    )
                )  # fmt: skip
            db.session.flush()
            make_group_reports()
        tables = db.session.scalars(select(FeedbackGroupReport)).all()
        counted = db.session.scalars(select(FeedbackRound).where(FeedbackRound.in_group_report)).all()
        assert all(one.people >= 10 for one in tables)
        assert sum(one.people for one in tables) == len(counted)
        may = sum(count for count, organisations in nights if STOCKPORT not in organisations)
        assert may - 9 <= len(counted) <= may, "nobody of two systems counts, and those who wait are fewer than ten"
        db.session.rollback()


def test_reports_that_tell_nothing_count_in_none(with_reports: Callable[..., list[int]], change: Ask, ask: Ask) -> None:
    with_reports(9, LEEDS)
    with_reports(3, LEEDS, peers=0, others=[1, 1])
    change(make_group_reports)
    assert ask(told) == []


def test_what_is_told_stays_as_it_is_when_somebody_is_erased(
    with_reports: Callable[..., list[int]], change: Ask, ask: Ask
) -> None:
    first, *_ = with_reports(10, LEEDS)
    change(make_group_reports)
    before = ask(lambda: db.session.scalars(select(FeedbackGroupReport)).one().content)
    change(lambda: erasing.erase(db.session.get_one(Person, first), ""))
    change(make_group_reports)
    assert ask(lambda: db.session.scalars(select(FeedbackGroupReport)).one().content) == before


def test_only_leads_see_their_own_system(lead: Visitor, learner: Visitor) -> None:
    lead.get(f"/feedback/systems?system={SYSTEM}")
    lead.get("/feedback/systems?system=devon", status=404)
    learner.get("/feedback/systems", status=404)
