"""Many at once: nobody is booked too many, nothing is written twice. ``EVERYSEAT_DRILL=1`` asks for full numbers."""

from collections import Counter
from collections.abc import Callable

import pytest
from sqlalchemy import select

from catalogue.enrolments import queries
from catalogue.enrolments.models import Completion, Enrolment, EnrolmentState
from catalogue.extensions import db
from catalogue.people.models import Role
from tests.enrolments.at_once import (
    LEAVING,
    PEOPLE,
    PLACES,
    POSTERS,
    POSTS,
    Press,
    joining,
    leaving_of,
    post,
    press_all,
)
from tests.enrolments.conftest import SELF_PACED, WITH_RUNS, Ask, audited, first_run, mails, states
from tests.visitor import Visitor

pytestmark = pytest.mark.both_databases


@pytest.fixture
def learners(add_person: Callable[..., int], sign_in: Callable[[int], Visitor]) -> Callable[[int], list[Visitor]]:
    return lambda count: [sign_in(add_person(f"Person {number}")) for number in range(count)]


def by_state(found: list[tuple[int, str]]) -> Counter[str]:
    return Counter(state for _person, state in found)


def numbers_in_line() -> list[int]:
    """The place of everybody who waits, in the order in which they came."""
    waiting = db.session.scalars(
        select(Enrolment).where(Enrolment.state == EnrolmentState.WAITLISTED).order_by(Enrolment.id)
    ).all()
    return [queries.waiting_places(enrolment.person_id)[enrolment.id] for enrolment in waiting]


def test_more_people_than_places_at_once(
    learners: Callable[[int], list[Visitor]], set_run: Callable[..., int], ask: Ask
) -> None:
    run_id = set_run(places=PLACES)
    answers = press_all([joining(visitor, run_id) for visitor in learners(PEOPLE)])
    found = ask(states)
    print(f"{PEOPLE} at once for {PLACES} places: {dict(answers)}, {dict(by_state(found))}")
    assert answers == {302: PEOPLE}
    assert by_state(found) == {"booked": PLACES, "waitlisted": PEOPLE - PLACES}
    assert [state for _person, state in found[:PLACES]] == ["booked"] * PLACES, "whoever came first"
    assert len({person for person, _state in found}) == PEOPLE
    assert ask(numbers_in_line) == list(range(1, PEOPLE - PLACES + 1))
    assert len(ask(mails)) == ask(lambda: audited("enrolled")) == PEOPLE


@pytest.mark.parametrize("with_runs", [False, True], ids=["self-paced", "run"])
def test_the_same_form_many_times_at_once(
    add_person: Callable[..., int], sign_in: Callable[[int], Visitor], set_run: Callable[..., int], ask: Ask,
    *, with_runs: bool,
) -> None:  # fmt: skip
    run_id = set_run(places=PLACES)
    people = [add_person(f"Person {number}") for number in range(POSTERS)]
    presses = [
        joining(visitor, run_id) if with_runs else post(visitor, f"/offers/{SELF_PACED}/enrol")
        for visitor in map(sign_in, people)
    ]
    answers = press_all([press for press in presses for _ in range(POSTS)])
    found = ask(states)
    print(f"{POSTERS} people, {POSTS} times at once each: {dict(answers)}, {len(found)} enrolments")
    assert answers == {302: POSTERS * POSTS}
    assert sorted(person for person, _state in found) == sorted(people)
    assert ask(lambda: audited("enrolled")) == POSTERS


def test_the_same_form_many_times_at_once_is_confirmed_once(learners: Callable[[int], list[Visitor]], ask: Ask) -> None:
    presses = [post(visitor, f"/offers/{SELF_PACED}/enrol") for visitor in learners(POSTERS)]
    assert press_all([press for press in presses for _ in range(POSTS)]) == {302: POSTERS * POSTS}
    assert sorted(Counter(to for to, _subject in ask(mails)).values()) == [1] * POSTERS


def test_withdrawals_at_once_promote_as_many_as_left(
    learners: Callable[[int], list[Visitor]], set_run: Callable[..., int], ask: Ask
) -> None:
    places, people = LEAVING + 2, 3 * LEAVING
    run_id = set_run(places=places)
    visitors = learners(people)
    enrolment_of: dict[Visitor, int] = {}
    for visitor in visitors:
        assert joining(visitor, run_id)() == 302
        enrolment_of[visitor] = ask(
            lambda: db.session.scalars(select(Enrolment.id).order_by(Enrolment.id.desc())).first()
        )
    before = ask(states)
    leaving = visitors[:LEAVING]
    answers = press_all([leaving_of(visitor, enrolment_of[visitor]) for visitor in leaving])
    after = ask(states)
    promoted = [
        person
        for (person, was), (_same, now) in zip(before, after, strict=True)
        if (was, now) == ("waitlisted", "booked")
    ]
    print(f"{LEAVING} withdrawals at once: {dict(answers)}, {len(promoted)} promoted")
    assert answers == {302: LEAVING}
    assert promoted == [person for person, state in before if state == "waitlisted"][:LEAVING]
    assert by_state(after) == {
        "withdrawn": LEAVING,
        "booked": places,
        "waitlisted": people - places - LEAVING,
    }
    assert len(ask(mails)) == people + LEAVING
    assert ask(lambda: audited("given a place")) == LEAVING


def test_joining_and_leaving_at_once_never_overbooks(
    learners: Callable[[int], list[Visitor]], set_run: Callable[..., int], ask: Ask
) -> None:
    run_id = set_run(places=PLACES)
    visitors = learners(4 * PLACES)
    here, coming = visitors[: 2 * PLACES], visitors[2 * PLACES :]
    for visitor in here:
        assert joining(visitor, run_id)() == 302
    enrolments = ask(lambda: db.session.scalars(select(Enrolment.id).order_by(Enrolment.id)).all())
    leaving = [leaving_of(visitor, number) for visitor, number in zip(here, enrolments, strict=True)][::2]
    arriving = [joining(visitor, run_id) for visitor in coming]
    mixed = [press for pair in zip(leaving, arriving[: len(leaving)], strict=True) for press in pair]
    answers = press_all(mixed + arriving[len(leaving) :])
    assert set(answers) == {302}
    found = by_state(ask(states))
    assert found["booked"] == PLACES
    assert found["withdrawn"] == len(leaving)
    assert sum(found.values()) == 4 * PLACES


def test_the_last_step_posted_many_times_at_once_completes_once(
    learners: Callable[[int], list[Visitor]], ask: Ask
) -> None:
    (visitor,) = learners(1)
    assert post(visitor, f"/offers/{SELF_PACED}/enrol")() == 302
    number = ask(lambda: db.session.scalars(select(Enrolment.id)).one())
    for key in ("step-1", "step-2"):
        assert post(visitor, f"/enrolments/{number}/steps/{key}")() == 302
    last = post(visitor, f"/enrolments/{number}/steps/step-3")
    assert press_all([last] * POSTS) == {302: POSTS}
    assert len(ask(lambda: db.session.scalars(select(Completion)).all())) == 1
    assert ask(lambda: audited("completed")) == 1


def test_different_steps_at_once_complete_once(learners: Callable[[int], list[Visitor]], ask: Ask) -> None:
    (visitor,) = learners(1)
    assert post(visitor, f"/offers/{SELF_PACED}/enrol")() == 302
    number = ask(lambda: db.session.scalars(select(Enrolment.id)).one())
    steps = [post(visitor, f"/enrolments/{number}/steps/step-{step}") for step in (1, 2, 3)]
    assert set(press_all(steps * 2)) == {302}
    assert by_state(ask(states)) == {"completed": 1}
    assert len(ask(lambda: db.session.scalars(select(Completion)).all())) == 1


def test_ticks_and_withdrawals_at_once_end_in_one_or_the_other(
    learners: Callable[[int], list[Visitor]], add_person: Callable[..., int], sign_in: Callable[[int], Visitor],
    set_run: Callable[..., int], ask: Ask,
) -> None:  # fmt: skip
    run_id = set_run(places=PLACES)
    keeper = sign_in(add_person("Adam Administrator", Role.ADMINISTRATOR))
    visitors = learners(2 * PLACES)
    for visitor in visitors:
        assert joining(visitor, run_id)() == 302
    numbers = ask(lambda: db.session.scalars(select(Enrolment.id).order_by(Enrolment.id)).all())
    presses: list[Press] = []
    for visitor, number in list(zip(visitors, numbers, strict=True))[:PLACES]:
        presses.append(leaving_of(visitor, number))
        presses.append(post(keeper, f"/offers/{WITH_RUNS}/register/{number}"))
    assert set(press_all(presses)) <= {302, 409}, "done, or refused in plain words"
    taken, _waiting = ask(lambda: queries.booked_counts([first_run().id]))[run_id]
    assert taken <= PLACES, "no place is given twice"
    completions = ask(
        lambda: db.session.scalars(select(Completion.enrolment_id).order_by(Completion.enrolment_id)).all()
    )
    completed = ask(
        lambda: db.session.scalars(
            select(Enrolment.id).where(Enrolment.state == EnrolmentState.COMPLETED).order_by(Enrolment.id)
        ).all()
    )
    assert list(completions) == list(completed), "whoever withdrew has no completion, and the other way round"
