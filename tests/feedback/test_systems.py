"""What a system's people are told together: ten reports and more, each in one table alone, for the leads."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from catalogue.extensions import db
from catalogue.feedback.grouping import make_group_reports
from catalogue.feedback.models import FeedbackGroupReport, FeedbackRound
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


def told() -> list[tuple[str, int]]:
    rows = db.session.scalars(select(FeedbackGroupReport).order_by(FeedbackGroupReport.id)).all()
    return [(row.system.key, row.people) for row in rows]


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
    assert ask(told) == [(SYSTEM, 10)], "nine more would be told by what has changed"
    with_reports(1, LEEDS)
    change(make_group_reports)
    assert ask(told) == [(SYSTEM, 10), (SYSTEM, 10)]
    assert ask(lambda: all(db.session.scalars(select(FeedbackRound.in_group_report)).all()))


def test_who_belongs_to_two_systems_counts_in_none(
    with_reports: Callable[..., list[int]], change: Ask, ask: Ask
) -> None:
    with_reports(9, LEEDS)
    with_reports(10, LEEDS, STOCKPORT)
    with_reports(5, LEEDS, BRADFORD)  # two organisations of one system
    change(make_group_reports)
    assert ask(told) == [(SYSTEM, 14)]


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
