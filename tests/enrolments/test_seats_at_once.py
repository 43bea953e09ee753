"""Many at once for seats of which some are kept: never too many, in order, and each decision once.

``EVERYSEAT_DRILL=1`` asks for full numbers.
"""

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from catalogue.enrolments.allocations import set_allocations
from catalogue.enrolments.jobs import keep_days
from catalogue.enrolments.models import Enrolment, EnrolmentState, SeatAllocation
from catalogue.enrolments.seating import allocated, standing
from catalogue.extensions import db
from catalogue.people.actions import add_account, begin_sign_in, grant
from catalogue.people.models import Person, Role
from catalogue.systems.models import Membership, Organisation
from tests.drills import say
from tests.enrolments.at_once import LEAVING, PEOPLE, PLACES, Press, joining, leaving_of, post, press_all
from tests.enrolments.conftest import WITH_RUNS, Ask, first_run, letters, states, today
from tests.visitor import Visitor

pytestmark = pytest.mark.both_databases


@dataclass
class Crowd:
    """People of two systems and of none, in turn: their browsers, and who is of which."""

    visitors: list[Visitor] = field(default_factory=list)
    group_of: dict[int, int] = field(default_factory=dict)


@pytest.fixture
def crowd(app: Flask, change: Ask, systems: list[int]) -> Callable[[int], Crowd]:
    assert len(systems) == 2

    def gather(count: int) -> Crowd:
        made = Crowd()

        def make() -> list[tuple[str, int, int]]:
            trusts = db.session.scalars(
                select(Organisation).where(Organisation.key.like("trust-%")).order_by(Organisation.key)
            ).all()
            found = []
            for number in range(count):
                person = add_account(f"person-{number}@test.example", f"Person {number}").person
                if number % 3 < 2:
                    db.session.add(Membership(person=person, organisation=trusts[number % 3]))
                found.append((begin_sign_in(person, "password"), person.id, number % 3))
            return found

        for token, person_id, group in change(make):
            made.visitors.append(Visitor(app, token))
            made.group_of[person_id] = group
        return made

    return gather


@pytest.fixture
def keep(change: Ask, systems: list[int]) -> Callable[..., None]:
    """Keep so many seats for each of the two systems, until a day."""

    def allocate(first: int, second: int, days: int = 10) -> None:
        day = today() + timedelta(days=days)

        def act() -> None:
            actor = db.session.scalars(select(Person).order_by(Person.id).limit(1)).one()
            set_allocations(first_run(), [(systems[0], None, first, day), (systems[1], None, second, day)], actor)

        change(act)

    return allocate


def used(run_id: int) -> list[int]:
    return [one.used for one in allocated([run_id])[run_id]]


def in_order(before: list[tuple[int, str]], after: list[tuple[int, str]], crowd: Crowd) -> bool:
    """Whether in each group those who got a place were before those who wait still."""
    for group in range(3):
        waited = [person for person, state in before if state == "waitlisted" and crowd.group_of[person] == group]
        now = dict(after)
        gone = [now[person] == "waitlisted" for person in waited]
        if gone != sorted(gone):
            return False
    return True


def test_more_people_than_places_at_once_with_seats_that_are_kept(
    crowd: Callable[[int], Crowd], keep: Callable[..., None], set_run: Callable[..., int], ask: Ask, database: str
) -> None:
    run_id, people = set_run(places=PLACES), crowd(PEOPLE)
    first, second = PLACES * 3 // 10, PLACES // 5
    keep(first, second)
    answers = press_all([joining(visitor, run_id) for visitor in people.visitors])
    found = ask(states)
    counts = Counter(state for _person, state in found)
    say(f"seats, {database}: {PEOPLE} at once for {PLACES} places, {first} and {second} of them kept: {dict(counts)}")
    assert answers == {302: PEOPLE}
    assert counts == {"booked": PLACES, "waitlisted": PEOPLE - PLACES}
    assert ask(lambda: used(run_id)) == [first, second]
    holders = Counter(people.group_of[person] for person, state in found if state == "booked")
    assert holders[0] >= first
    assert holders[1] >= second
    assert sum(holders.values()) == PLACES
    line = [[state for person, state in found if people.group_of[person] == group] for group in range(3)]
    assert all(states == sorted(states) for states in line), "in each group whoever came first"


def test_withdrawals_at_once_promote_as_many_with_seats_that_are_kept(
    crowd: Callable[[int], Crowd], keep: Callable[..., None], set_run: Callable[..., int], ask: Ask, database: str
) -> None:
    places = LEAVING + 2
    run_id, people = set_run(places=places), crowd(6 * LEAVING)
    keep(places // 3, places // 4)
    for visitor in people.visitors:
        assert joining(visitor, run_id)() == 302
    before = ask(states)
    numbers = ask(lambda: db.session.scalars(select(Enrolment.id).order_by(Enrolment.id)).all())
    holding = [
        (visitor, number)
        for visitor, number, (_person, state) in zip(people.visitors, numbers, before, strict=True)
        if state == "booked"
    ]
    answers = press_all([leaving_of(visitor, number) for visitor, number in holding[:LEAVING]])
    after = ask(states)
    promoted = sum(was[1] == "waitlisted" and now[1] == "booked" for was, now in zip(before, after, strict=True))
    say(f"seats, {database}: {LEAVING} withdrawals at once from kept and open places: {promoted} promoted")
    assert answers == {302: LEAVING}
    assert promoted == LEAVING
    assert Counter(state for _person, state in after)["booked"] == places
    assert ask(lambda: used(run_id)) == [places // 3, places // 4]
    assert in_order(before, after, people)


def test_a_release_at_the_same_moment_as_withdrawals(
    app: Flask, crowd: Callable[[int], Crowd], keep: Callable[..., None], set_run: Callable[..., int], ask: Ask,
    change: Ask, database: str,
) -> None:  # fmt: skip
    places = 2 * LEAVING
    run_id, people = set_run(places=places), crowd(9 * LEAVING)
    keep(LEAVING // 2, LEAVING // 2)
    others = [visitor for number, visitor in enumerate(people.visitors) if number % 3 == 2]
    for visitor in others:
        assert joining(visitor, run_id)() == 302
    before = ask(states)
    assert Counter(state for _person, state in before)["booked"] == places - LEAVING // 2 * 2
    numbers = ask(lambda: db.session.scalars(select(Enrolment.id).order_by(Enrolment.id)).all())

    def its_day() -> None:
        for allocation in db.session.scalars(select(SeatAllocation)):
            allocation.release_on = today()

    def release() -> int:
        with app.app_context():
            keep_days()
        return 302

    leaving: list[Press] = [
        leaving_of(visitor, number) for visitor, number in list(zip(others, numbers, strict=True))[: LEAVING // 2]
    ]
    change(its_day)
    assert set(press_all([*leaving[::2], release, release, *leaving[1::2]])) == {302}
    after = ask(states)
    counts = Counter(state for _person, state in after)
    say(f"seats, {database}: a release as {len(leaving)} withdraw: {counts['booked']} of {places} places taken")
    assert counts == {"booked": places, "withdrawn": len(leaving), "waitlisted": len(others) - places - len(leaving)}
    assert in_order(before, after, people)


def test_a_manager_who_decides_many_times_at_once_decides_once(
    learner: Visitor, app: Flask, asks: Callable[..., None], set_run: Callable[..., int], ask: Ask
) -> None:
    asks(approval_needed=True)
    run_id = set_run(places=1)
    boss = {"manager_name": "Mo", "manager_email": "mo@trust.example"}
    assert post(learner, f"/offers/{WITH_RUNS}/enrol", run=run_id, **boss)() == 302
    (letter,) = ask(lambda: letters("mo@trust.example"))
    link = re.findall(r"/approvals/\S+", letter)[0]
    presses = [
        post(Visitor(app), link, decision=decision, reason="No time")
        for decision in ("yes", "no", "yes", "no", "yes", "no")
    ]
    assert press_all(presses) == {302: 1, 409: len(presses) - 1}
    assert [state for _person, state in ask(states)] in (["booked"], ["declined"])
    assert len(ask(lambda: letters("lena.learner@test.example"))) == 2


@pytest.fixture
def leads(app: Flask, change: Ask, systems: list[int]) -> list[Visitor]:
    def make() -> list[str]:
        tokens = []
        for number, system_id in enumerate(systems):
            person = add_account(f"lead-{number}@test.example", f"Lead {number}").person
            grant(person, Role.LEAD, system_id=system_id)
            db.session.flush()
            tokens.append(begin_sign_in(person, "password"))
        return tokens

    return [Visitor(app, token) for token in change(make)]


def nominating(lead: Visitor, run_id: int, ids: list[int], **fields: str) -> Press:
    return post(lead, f"/seats/{run_id}", people=[str(number) for number in ids], **fields)


def test_two_leads_at_once_nominate_for_the_last_seat_and_one_does(
    leads: list[Visitor], crowd: Callable[[int], Crowd], set_run: Callable[..., int], ask: Ask
) -> None:
    run_id, people = set_run(places=1), crowd(6)
    of = {group: [person for person, one in people.group_of.items() if one == group] for group in (0, 1)}
    presses = [
        nominating(leads[group], run_id, [person]) for person_of in zip(of[0], of[1], strict=True)
        for group, person in enumerate(person_of)
    ]  # fmt: skip
    assert press_all(presses) == {302: 1, 422: len(presses) - 1}
    assert [state for _person, state in ask(states)] == ["nominated"]


def test_teams_at_once_are_there_as_a_whole_or_not_at_all(
    leads: list[Visitor], crowd: Callable[[int], Crowd], set_run: Callable[..., int], ask: Ask, database: str
) -> None:
    teams = max(4, LEAVING // 10)
    run_id, people = set_run(places=3 * teams - 1), crowd(9 * teams)
    of = {group: [person for person, one in people.group_of.items() if one == group] for group in (0, 1)}
    presses = [
        nominating(leads[group], run_id, of[group][3 * number : 3 * number + 3], team=f"Team {number}")
        for number in range(teams) for group in (0, 1)
    ]  # fmt: skip
    answers = press_all(presses)
    sizes = ask(
        lambda: Counter(
            db.session.scalars(select(Enrolment.team_id).where(Enrolment.state == EnrolmentState.NOMINATED)).all()
        )
    )
    say(f"seats, {database}: {2 * teams} teams of 3 at once for {3 * teams - 1} places: {len(sizes)} teams have theirs")
    assert answers == {302: teams - 1, 422: teams + 1}
    assert sorted(sizes.values()) == [3] * (teams - 1)
    assert ask(lambda: standing(first_run()).taken) == 3 * (teams - 1)
