"""Steps lead to a completion, once, and whoever listens hears of it in the same transaction."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import select

from catalogue.enrolments.models import Completion
from catalogue.enrolments.signals import completed
from catalogue.extensions import db
from catalogue.people.models import AuditEvent
from tests.enrolments.conftest import SELF_PACED, WITH_RUNS, Ask, audited, states, written
from tests.enrolments.taking_part import do_all_steps, join, step_paths
from tests.visitor import Visitor

# Steps


@pytest.mark.both_databases
def test_the_last_step_completes_the_offer(learner: Visitor, ask: Ask) -> None:
    path = join(learner)
    first, second, third = step_paths(learner, path)
    for step in (first, second):
        learner.get(step)
        learner.press("I have done this")
        assert ask(lambda: written()["completion"]) == 0
    learner.get(third)
    learner.press("I have done this")
    learner.follow()
    assert "You have completed this" in learner.text()
    completion = ask(
        lambda: db.session.execute(select(Completion.by, Completion.by_person_id, Completion.person_id)).one()
    )
    assert completion.by == "last-step"
    assert completion.by_person_id == completion.person_id
    assert ask(lambda: audited("completed")) == 1
    learner.get("/enrolments")
    assert "completed on" in learner.text()


def test_steps_may_be_done_in_any_order_and_twice(learner: Visitor, ask: Ask) -> None:
    path = join(learner)
    steps = step_paths(learner, path)
    token = learner.csrf_token()
    for step in [steps[2], steps[2], steps[0], steps[2]]:
        learner.post(step, {"csrf_token": token})
    assert ask(written)["step_done"] == 2
    assert ask(written)["completion"] == 0
    learner.post(steps[1], {"csrf_token": token})
    assert ask(written)["completion"] == 1


def test_a_step_that_the_offer_does_not_have_is_not_there(learner: Visitor) -> None:
    path = join(learner)
    learner.get(f"{path}/steps/step-99", status=404)


def test_a_step_of_a_withdrawn_enrolment_is_refused_in_plain_words(learner: Visitor, ask: Ask) -> None:
    path = join(learner)
    step = step_paths(learner, path)[0]
    token = learner.csrf_token()
    learner.get(f"{path}/withdraw")
    learner.press("Yes, withdraw", why="work")
    learner.post(step, {"csrf_token": token}, status=409)
    assert "You are not on this offer any more." in learner.text()
    assert ask(written)["step_done"] == 0


@pytest.mark.both_databases
def test_completing_again_changes_nothing_and_is_no_fault(learner: Visitor, ask: Ask) -> None:
    path = join(learner)
    steps = step_paths(learner, path)
    do_all_steps(learner, path)
    token = learner.csrf_token()
    before = ask(written)
    for _ in range(2):
        learner.post(steps[-1], {"csrf_token": token})
    assert ask(written) == before


def test_whoever_completed_cannot_withdraw(learner: Visitor, ask: Ask) -> None:
    path = join(learner)
    do_all_steps(learner, path)
    assert "Withdraw" not in learner.get(path).get_text()
    learner.post(f"{path}/withdraw", {"csrf_token": learner.csrf_token(), "why": "work"}, status=409)
    assert "You have completed this, so you cannot withdraw from it." in learner.text()
    assert [state for _person, state in ask(states)] == ["completed"]


def test_a_completed_self_paced_offer_is_not_joined_again(learner: Visitor, ask: Ask) -> None:
    do_all_steps(learner, join(learner))
    learner.post(f"/offers/{SELF_PACED}/enrol", {"csrf_token": learner.csrf_token()}, status=409)
    assert "You have completed this already" in learner.text()
    assert len(ask(states)) == 1


# Heard above, in the same transaction


@contextmanager
def listening(listener: Callable[..., None]) -> Iterator[None]:
    completed.connect(listener)
    try:
        yield
    finally:
        completed.disconnect(listener)


def test_a_completion_is_heard_once_and_what_is_written_then_is_kept_with_it(learner: Visitor, ask: Ask) -> None:
    heard: list[int] = []

    def listener(_sender: object, completion: Completion) -> None:
        heard.append(completion.person_id)
        db.session.add(AuditEvent(action="heard", subject=f"completion:{completion.id}"))

    path = join(learner)
    with listening(listener):
        do_all_steps(learner, path)
        learner.post(f"{path}/steps/step-3", {"csrf_token": learner.csrf_token()})
    assert len(heard) == 1
    assert ask(lambda: audited("heard")) == 1


@pytest.mark.both_databases
def test_a_listener_that_fails_leaves_nothing_behind(learner: Visitor, ask: Ask) -> None:
    path = join(learner)
    *before_last, last = step_paths(learner, path)
    for step in before_last:
        learner.get(step)
        learner.press("I have done this")
    before = ask(written)

    def listener(_sender: object, completion: Completion) -> None:
        db.session.add(AuditEvent(action="heard", subject=f"completion:{completion.id}"))
        db.session.flush()
        raise RuntimeError("the delivery cannot be written")

    learner.get(last)
    with listening(listener), pytest.raises(RuntimeError):
        learner.press("I have done this")
    assert ask(written) == before
    assert [state for _person, state in ask(states)] == ["booked"]
    learner.get(last)
    learner.press("I have done this")
    assert [state for _person, state in ask(states)] == ["completed"]


def test_a_failing_listener_leaves_nothing_of_a_tick_behind(
    learner: Visitor, partner: Visitor, ask: Ask, set_run: Callable[..., int]
) -> None:
    join(learner, set_run())
    before = ask(written)

    def listener(_sender: object, completion: Completion) -> None:
        raise RuntimeError(str(completion.id))

    partner.get(f"/offers/{WITH_RUNS}/register")
    before = ask(written)
    with listening(listener), pytest.raises(RuntimeError):
        partner.press("Mark as completed : Lena Learner")
    assert ask(written) == before
    assert [state for _person, state in ask(states)] == ["booked"]
