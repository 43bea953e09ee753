"""Who did not come, runs that begin and end by their dates, and people whom the provider takes off a run."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine

from catalogue.attendance.days import keep_run_states
from catalogue.clock import now
from catalogue.enrolments.models import Enrolment, EnrolmentState
from catalogue.extensions import db
from catalogue.offers.models import Run
from tests.attendance.conftest import Course, add_course, marked, put_on, state_of
from tests.conftest import Ask
from tests.enrolments.conftest import WITH_RUNS, AddPerson, SignIn, audited, mails, today, yesterday
from tests.visitor import Visitor

REGISTER = f"/offers/{WITH_RUNS}/register"


@pytest.mark.both_databases
def test_somebody_did_not_come_and_came_after_all(
    course: Course,
    facilitator: Visitor,
    ask: Ask,
    sign_in: SignIn,
) -> None:
    facilitator.get(f"{REGISTER}/{course.ada}/no-show")
    facilitator.press("Save", status=422)
    facilitator.press("Save", reason="Ill that day")
    facilitator.follow()
    assert "Ill that day" in facilitator.text()
    assert ask(lambda: state_of(course.ada)) == "no-show"
    hers = sign_in(ask(lambda: db.session.get_one(Enrolment, course.ada).person_id))
    hers.get(f"/enrolments/{course.ada}")
    assert "you did not come" in hers.text()
    facilitator.press("Came after all : Ada")
    assert ask(lambda: state_of(course.ada)) == "booked"
    assert (ask(lambda: audited("did not come")), ask(lambda: audited("came after all"))) == (1, 1)


def test_a_mark_that_they_were_there_says_so_too(course: Course, facilitator: Visitor, ask: Ask) -> None:
    facilitator.get(f"{REGISTER}/{course.ada}/no-show")
    facilitator.press("Save", reason="No answer")
    marked(facilitator, course.path(0), **{f"mark_{course.ada}": "yes"})
    assert ask(lambda: state_of(course.ada)) == "attended"
    facilitator.get(f"{REGISTER}/{course.ada}/no-show")
    facilitator.press("Save", status=409, reason="No answer")


def test_nobody_is_absent_before_a_run_begins(
    facilitator: Visitor, set_run: Callable[..., int], learner: Visitor, add_person: AddPerson, change: Ask
) -> None:
    run_id = set_run(starts_on=today() + timedelta(days=3), ends_on=today() + timedelta(days=3))
    eve = add_person("Eve")
    number = change(lambda: put_on(eve, WITH_RUNS, run_id))
    facilitator.get(f"{REGISTER}/{number}/no-show")
    facilitator.press("Save", status=409, reason="No answer")


def test_whoever_has_joined_again_since_does_not_come_back_to_an_old_run(
    course: Course,
    facilitator: Visitor,
    ask: Ask,
    change: Ask,
) -> None:
    facilitator.get(f"{REGISTER}/{course.ada}/no-show")
    facilitator.press("Save", reason="No answer")
    person = ask(lambda: db.session.get_one(Enrolment, course.ada).person_id)
    change(lambda: put_on(person, WITH_RUNS))
    facilitator.post(f"{REGISTER}/{course.ada}/came", {"csrf_token": facilitator.csrf_token()}, status=409)
    fields = {"csrf_token": facilitator.csrf_token(), f"shown-{course.ada}": "", f"mark-{course.ada}": "yes"}
    facilitator.post(course.path(0), fields, status=409)
    assert "has joined another run of this offer since" in facilitator.text()
    assert ask(lambda: state_of(course.ada)) == "no-show"


@pytest.mark.both_databases
def test_when_a_run_is_over_all_who_were_never_there_are_noted_in_one_step(
    course: Course,
    facilitator: Visitor,
    ask: Ask,
    change: Ask,
) -> None:
    marked(facilitator, course.path(0), **{f"mark_{course.ada}": "yes"})
    path = f"{REGISTER}/runs/{course.run_id}/absent"
    facilitator.get(path)
    assert "not over yet" in facilitator.text()
    facilitator.post(path, {"csrf_token": facilitator.csrf_token(), "reason": "x"}, status=409)
    change(lambda: setattr(db.session.get_one(Run, course.run_id), "ends_on", yesterday()))
    facilitator.get(REGISTER)
    assert "Who did not come" in facilitator.text()
    facilitator.get(path)
    assert "Ben" in facilitator.text()
    assert "Ada" not in facilitator.text()
    facilitator.press("None of them came", reason="No answer")
    assert [ask(lambda one=one: state_of(one)) for one in (course.ada, course.ben)] == ["attended", "no-show"]


@pytest.mark.both_databases
def test_runs_go_by_their_dates_and_whoever_had_done_all_of_it_completes_then(
    ask: Ask, change: Ask, add_person: AddPerson, facilitator: Visitor
) -> None:
    run_id, _sessions = change(lambda: add_course(2, 1))
    ada = add_person("Ada")
    number = change(lambda: put_on(ada, WITH_RUNS, run_id))

    def state() -> str:
        return str(db.session.get_one(Run, run_id).state)

    for days, expected in ((0, "open"), (1, "in-progress"), (2, "completed"), (30, "completed")):
        with time_machine.travel(now() + timedelta(days=days), tick=True):
            ask(keep_run_states)
        assert ask(state) == expected
    assert ask(lambda: state_of(number)) == "booked"
    assert ask(keep_run_states) > 0, "the clock went back, as dates that are moved do"
    assert ask(state) == "open"
    assert ask(keep_run_states) == 0


@pytest.mark.both_databases
def test_the_provider_withdraws_somebody_with_a_reason_and_who_waits_gets_the_place(
    partner: Visitor, facilitator: Visitor, ask: Ask, change: Ask, set_run: Callable[..., int], add_person: AddPerson
) -> None:
    run_id = set_run(places=1)
    ada, ben = add_person("Ada"), add_person("Ben")
    first = change(lambda: put_on(ada, WITH_RUNS, run_id))
    waits = change(lambda: put_on(ben, WITH_RUNS, run_id, state=EnrolmentState.WAITLISTED))
    facilitator.get(f"{REGISTER}/{first}/withdraw", status=404)
    partner.get(f"{REGISTER}/{first}/withdraw")
    partner.press("Withdraw", status=422)
    partner.press("Withdraw", reason="Not in a post that it is for")
    assert [ask(lambda one=one: state_of(one)) for one in (first, waits)] == ["withdrawn", "booked"]
    assert len(ask(mails)) <= 2
