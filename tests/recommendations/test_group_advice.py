"""Advice for a system and its organisations: from ten people on, frozen for a quarter, and never who."""

from collections.abc import Callable
from datetime import date

import pytest
from sqlalchemy import select

from catalogue.assessments.models import Assessment, Result
from catalogue.enrolments.seating import free_by_run
from catalogue.extensions import db
from catalogue.offers.models import Offer, Run
from catalogue.people import actions
from catalogue.people.models import Person, Role
from catalogue.people.rules import FEWEST_TOLD_OF
from catalogue.privacy import erasing
from catalogue.recommendations import grouping
from catalogue.recommendations.grouping import Member, about, groups_told, quarter_of
from catalogue.recommendations.jobs import make_all_advice
from catalogue.recommendations.models import GroupAdvice
from catalogue.systems.models import Membership, Organisation, System
from tests.assessments.closed import closed_assessment
from tests.conftest import Ask
from tests.visitor import Visitor

LEEDS, BRADFORD, STOCKPORT = "leeds-teaching-hospitals", "bradford-teaching-hospitals", "stockport"
SYSTEM = "west-yorkshire"
Assessed = Callable[..., list[int]]


@pytest.fixture
def assessed(change: Ask) -> Assessed:
    """So many people of these organisations who have assessed themselves, at a level throughout; returns their ids."""

    def make(count: int, *organisations: str, level: int = 0) -> list[int]:
        def act() -> list[int]:
            there = db.session.scalars(select(Organisation).where(Organisation.key.in_(organisations))).all()
            people = [Person(name=f"Nobody Known {number}") for number in range(count)]
            db.session.add_all(people)
            db.session.add_all([Membership(person=person, organisation=one) for person in people for one in there])
            db.session.flush()
            for person in people:
                closed_assessment(person.id, level)
            return [person.id for person in people]

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
def at_night(app, ask: Ask) -> Callable[[], list[tuple[str, str, int]]]:
    """Does what is due at night; returns what has been told, of West Yorkshire: of whom, and of how many people."""

    def act() -> list[tuple[str, str, int]]:
        with app.app_context():
            make_all_advice()
        return list(ask(told))

    return act


def told() -> list[tuple[str, str, int]]:
    rows = db.session.scalars(
        select(GroupAdvice).join(GroupAdvice.system).where(System.key == SYSTEM).order_by(GroupAdvice.id)
    ).all()
    return [(row.system.key, row.organisation.key if row.organisation else "", row.people) for row in rows]


@pytest.mark.both_databases
def test_nine_people_are_given_no_advice_and_ten_are(lead: Visitor, assessed: Assessed, at_night) -> None:
    assessed(9, LEEDS)
    assert at_night() == []
    lead.get(f"/your-system/{SYSTEM}")
    (link,) = [one for one in lead.page.select("main a") if "Advice" in one.get_text()]
    lead.get(str(link["href"]))
    assert "not enough people yet" in lead.text()
    assert " 9 " not in lead.text()
    assessed(1, BRADFORD)
    assert at_night() == [(SYSTEM, "", 10)]
    lead.get(f"/your-system/{SYSTEM}/advice")
    said = lead.text()
    assert "of the gaps of about 10 people" in said
    assert "Helps about 10 people" in said
    assert "Nobody Known" not in said
    assert lead.page.select(".app-offer-list > li h3 a[href^='/offers/']")


def test_advice_stays_as_it_is_for_a_quarter(
    assessed: Assessed, at_night, ask: Ask, change: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, *_ = assessed(10, LEEDS)
    at_night()

    def contents() -> list[object]:
        return [row.content for row in db.session.scalars(select(GroupAdvice).order_by(GroupAdvice.id))]

    before = ask(contents)
    assessed(30, LEEDS, level=2)
    change(lambda: erasing.erase(db.session.get_one(Person, first), ""))
    at_night()
    assert ask(contents) == before, "who has come late would be told by what has changed"
    monkeypatch.setattr(grouping, "today", lambda: date(2031, 5, 20))
    assert [people for *_of, people in at_night()] == [10, 10, 40, 40], (
        "of the system, and of Leeds, which is all of it"
    )


def test_an_organisation_is_told_where_ten_of_the_rest_are_counted_too(assessed: Assessed, at_night) -> None:
    assessed(12, LEEDS)
    assessed(10, BRADFORD)
    assert sorted(at_night()) == [(SYSTEM, "", 20), (SYSTEM, BRADFORD, 10), (SYSTEM, LEEDS, 10)]


def test_an_organisation_is_not_told_where_it_could_be_taken_from_the_system(assessed: Assessed, at_night) -> None:
    assessed(20, LEEDS)
    assessed(9, BRADFORD)
    assert at_night() == [(SYSTEM, "", 30)]


def test_who_belongs_to_two_systems_counts_in_none(assessed: Assessed, at_night) -> None:
    assessed(9, LEEDS)
    assessed(10, LEEDS, STOCKPORT)
    assert at_night() == []


@pytest.mark.parametrize(
    ("bodies", "several", "expected"),
    [
        ([12, 11], 0, {1, 2}),
        ([12, 11], 7, {1}),  # what is left without both would be seven; the larger stays
        ([12, 9], 0, set()),
        ([12, 9], 1, {1}),
        ([30], 0, {1}),  # it is all of the system
        ([30], 9, set()),
        ([10, 20, 30], 9, {2, 3}),
    ],
)
def test_no_group_that_is_told_can_be_taken_from_others_to_leave_fewer_than_ten(
    bodies: list[int], several: int, expected: set[int]
) -> None:
    members = [Member(0, 0, 0, body) for body, count in enumerate(bodies, 1) for _ in range(count)]
    members += [Member(0, 0, 0, None)] * several
    groups = groups_told(members)
    assert set(groups) == {None} | expected
    rest = len(groups[None]) - sum(len(people) for body, people in groups.items() if body is not None)
    assert rest == 0 or rest >= FEWEST_TOLD_OF or not expected


def test_numbers_are_told_to_the_nearest_five_and_never_below_ten() -> None:
    assert [about(number) for number in (0, 9, 10, 12, 13, 17, 18, 5000)] == [None, None, 10, 10, 15, 15, 20, 5000]


def test_a_quarter_begins_on_its_first_day() -> None:
    assert [quarter_of(date(2026, month, 9)).month for month in (1, 3, 4, 9, 10, 12)] == [1, 1, 4, 7, 10, 10]


def test_no_more_people_are_put_on_an_offer_than_there_are_seats(assessed: Assessed, at_night, ask: Ask) -> None:
    assessed(60, LEEDS)
    at_night()

    def seats() -> list[tuple[int | None, int | None, int]]:
        row = db.session.scalars(
            select(GroupAdvice).join(GroupAdvice.system).where(System.key == SYSTEM).order_by(GroupAdvice.id)
        ).first()
        found = []
        for one in row.content["offers"]:
            runs = db.session.scalars(select(Run).where(Run.offer_id == one["id"])).all()
            found.append((one["seats"], one["people"], sum(free_by_run(runs).values())))
        return found

    found = ask(seats)
    assert found
    for there, people, free in found:
        assert there is None or (there <= free and (people or 0) <= there + 2)


def test_what_nobody_offers_is_named(lead: Visitor, assessed: Assessed, at_night, change: Ask) -> None:
    assessed(10, LEEDS)

    def nothing_on_offer() -> str:
        """No offer takes people beyond where they stand in one dimension, in which alone they have a gap."""
        offers = db.session.scalars(select(Offer).join(Offer.published)).all()
        target = db.session.scalars(select(Result).join(Assessment).order_by(Result.id)).first().dimension
        for offer in offers:
            for mapping in offer.published.mappings:
                if mapping.dimension.key == target.key:
                    db.session.delete(mapping)
        return str(target.name)

    name = change(nothing_on_offer)
    at_night()
    lead.get(f"/your-system/{SYSTEM}/advice")
    assert "Nothing on offer" in lead.text()
    assert any(name in one.get_text() and "about 10 people" in one.get_text() for one in lead.page.select("main ul li"))


def test_only_those_who_lead_it_or_answer_for_an_organisation_see_advice(
    lead: Visitor, learner: Visitor, assessed: Assessed, at_night, add_person, sign_in, change: Ask
) -> None:
    assessed(12, LEEDS)
    assessed(12, BRADFORD)
    at_night()
    keeper_id = add_person("Kim Keeper")

    def give() -> None:
        body = db.session.scalars(select(Organisation).where(Organisation.key == LEEDS)).one()
        actions.grant(db.session.get_one(Person, keeper_id), Role.ADMINISTRATOR, body.id)

    change(give)
    keeper = sign_in(keeper_id)
    keeper.get(f"/organisations/{LEEDS}")
    (link,) = [one for one in keeper.page.select("main a") if "Advice" in one.get_text()]
    keeper.get(str(link["href"]))
    assert "of the gaps of about 10 people" in keeper.text()
    keeper.get(f"/organisations/{BRADFORD}/advice", status=404)
    keeper.get(f"/your-system/{SYSTEM}/advice", status=404)
    lead.get(f"/your-system/{SYSTEM}/advice")
    assert "of the gaps of about 25 people" in lead.text()
    lead.get(f"/organisations/{BRADFORD}/advice")
    lead.get(f"/organisations/{STOCKPORT}/advice", status=404)
    lead.get("/your-system/devon/advice", status=404)
    for path in (f"/your-system/{SYSTEM}/advice", f"/organisations/{LEEDS}/advice"):
        learner.get(path, status=404)
