"""Many who keep one register at the same moment: every mark is there, each once, and nobody completes twice."""

import pytest
from sqlalchemy import func, select

from catalogue.attendance.models import Attendance
from catalogue.enrolments.models import Completion, Enrolment, EnrolmentState
from catalogue.extensions import db
from catalogue.people.models import Role
from tests.attendance.conftest import Course, add_course, put_on
from tests.conftest import Ask
from tests.drills import many
from tests.enrolments.conftest import WITH_RUNS, AddPerson, SignIn, audited
from tests.enrolments.test_concurrency import post, press_all

PEOPLE = many(6, 60)
KEEPERS = many(3, 10)
REGISTER = f"/offers/{WITH_RUNS}/register"


@pytest.fixture
def crowd(change: Ask, add_person: AddPerson) -> tuple[Course, list[int]]:
    """A run of two sessions, of which one completes it, and so many people on it."""
    run_id, sessions = change(lambda: add_course(2, 2, begun_days_ago=1))
    people = [add_person(f"Person {number}") for number in range(PEOPLE)]
    on = [change(lambda who=who: put_on(who, WITH_RUNS, run_id)) for who in people]
    return Course(run_id, sessions, on[0], on[1]), on


@pytest.mark.both_databases
def test_every_mark_of_everybody_is_there_once(
    crowd: tuple[Course, list[int]], add_person: AddPerson, sign_in: SignIn, ask: Ask
) -> None:
    course, on = crowd
    keepers = [sign_in(add_person(f"Keeper {number}", Role.ADMINISTRATOR)) for number in range(KEEPERS)]
    presses = []
    for number, enrolment in enumerate(on):
        for session in (0, 1):
            fields = {f"shown-{enrolment}": "", f"mark-{enrolment}": "yes"}
            presses += [post(keepers[(number + again) % KEEPERS], course.path(session), **fields) for again in (0, 1)]
    assert press_all(presses) == {302: 4 * PEOPLE}
    assert ask(lambda: db.session.scalar(select(func.count()).select_from(Attendance))) == 2 * PEOPLE
    assert ask(lambda: audited("attendance marked")) == 2 * PEOPLE
    assert ask(lambda: db.session.scalar(select(func.count()).select_from(Completion))) == PEOPLE


@pytest.mark.both_databases
def test_marks_withdrawals_and_ticks_at_once_end_in_one_or_the_other(
    crowd: tuple[Course, list[int]], add_person: AddPerson, sign_in: SignIn, ask: Ask
) -> None:
    course, on = crowd
    keeper = sign_in(add_person("Adam Administrator", Role.ADMINISTRATOR))
    presses = []
    for enrolment in on:
        presses += [
            post(keeper, course.path(0), **{f"shown-{enrolment}": "", f"mark-{enrolment}": "yes"}),
            post(keeper, f"{REGISTER}/{enrolment}"),
            post(keeper, f"{REGISTER}/{enrolment}/withdraw", reason="Left"),
        ]
    assert set(press_all(presses)) <= {302, 409}, "done, or refused in plain words"
    states = ask(lambda: db.session.scalars(select(Enrolment.state).order_by(Enrolment.id)).all())
    assert set(states) <= {EnrolmentState.COMPLETED, EnrolmentState.WITHDRAWN}
    completed = ask(lambda: db.session.scalar(select(func.count()).select_from(Completion)))
    assert completed == sum(state == EnrolmentState.COMPLETED for state in states)
