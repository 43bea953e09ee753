"""A line manager's word: asked by a link of their own, given once, and lapsed when its day is over."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from catalogue.clock import now
from catalogue.enrolments.jobs import keep_days
from catalogue.enrolments.models import Approval, Enrolment
from catalogue.extensions import db
from tests.enrolments.conftest import WITH_RUNS, Ask, audited, letters, mails, states
from tests.visitor import Visitor

BOSS = "mo.manager@trust.example"


def request(visitor: Visitor, run_id: int, email: str = BOSS, status: int = 302) -> None:
    visitor.get(f"/offers/{WITH_RUNS}/enrol")
    visitor.press("Ask my manager", status, run=run_id, manager_name="Mo Manager", manager_email=email)


def links(ask: Ask, to: str = BOSS) -> list[str]:
    return [re.findall(r"(/approvals/\S+)", letter)[0] for letter in ask(lambda: letters(to))]


@pytest.fixture
def run_id(asks: Callable[..., None], set_run: Callable[..., int]) -> int:
    asks(approval_needed=True)
    return set_run(places=1)


@pytest.mark.both_databases
def test_a_manager_is_asked_and_their_yes_books_the_place(
    learner: Visitor, visitor: Visitor, run_id: int, ask: Ask
) -> None:
    request(learner, run_id)
    learner.follow()
    assert "We have asked your manager" in learner.text()
    assert [state for _person, state in ask(states)] == ["requested"]
    (link,) = links(ask)
    for _ in range(3):  # a mail program looks first
        assert "Lena Learner" in visitor.get(link).get_text()
    assert [state for _person, state in ask(states)] == ["requested"]
    visitor.press("Send my answer", decision="yes")
    assert "You have agreed" in visitor.follow().get_text()
    assert [state for _person, state in ask(states)] == ["booked"]
    assert ask(mails)[-1][1].startswith("You are enrolled")
    assert ask(lambda: audited("manager approved")) == 1
    visitor.post(link, {"csrf_token": visitor.csrf_token(), "decision": "no", "reason": "Changed my mind"}, status=409)
    assert [state for _person, state in ask(states)] == ["booked"]


def test_no_place_is_held_meanwhile_and_a_yes_may_lead_to_the_waiting_list(
    learner: Visitor, new_learner: Callable[[str], Visitor], visitor: Visitor, run_id: int, ask: Ask
) -> None:
    request(learner, run_id)
    request(new_learner("Ola Other"), run_id)
    first, second = links(ask)
    visitor.get(second)
    visitor.press("Send my answer", decision="yes")
    visitor.get(first)
    visitor.press("Send my answer", decision="yes")
    assert [state for _person, state in ask(states)] == ["waitlisted", "booked"]


@pytest.mark.both_databases
def test_a_no_needs_a_reason_which_the_person_is_told(
    learner: Visitor, visitor: Visitor, run_id: int, ask: Ask
) -> None:
    request(learner, run_id)
    (link,) = links(ask)
    visitor.get(link)
    assert "Say why, so that they know" in visitor.press("Send my answer", 422, decision="no").get_text()
    assert [state for _person, state in ask(states)] == ["requested"]
    visitor.press("Send my answer", decision="no", reason="We are short of staff in March.")
    assert [state for _person, state in ask(states)] == ["declined"]
    assert "We are short of staff in March." in ask(lambda: letters("lena.learner@test.example"))[-1]
    request(learner, run_id)
    assert [state for _person, state in ask(states)] == ["declined", "requested"], "they may ask again"


@pytest.mark.both_databases
def test_without_an_answer_in_time_it_ends_by_itself_with_a_letter(
    learner: Visitor, visitor: Visitor, run_id: int, ask: Ask, change: Ask, app: Flask
) -> None:
    request(learner, run_id)

    def late() -> None:
        db.session.scalars(select(Approval)).one().answer_by = (now() - timedelta(days=2)).date()

    with app.app_context():
        keep_days()
    assert [state for _person, state in ask(states)] == ["requested"]
    change(late)
    (link,) = links(ask)
    assert "The last day to answer was" in visitor.get(link).get_text()
    with app.app_context():
        keep_days()
        keep_days()
    assert [state for _person, state in ask(states)] == ["declined"]
    told = ask(lambda: letters("lena.learner@test.example"))
    assert "No answer by" in told[-1]
    assert len(told) == 2


def test_a_reminder_has_a_new_link_and_somebody_else_can_be_named(
    learner: Visitor, visitor: Visitor, run_id: int, ask: Ask, change: Ask
) -> None:
    request(learner, run_id)
    page = learner.follow().select_one("a[href$='/manager']")
    assert page is not None
    learner.get(str(page["href"]))
    assert "less than a day ago" in learner.press("Remind them", 409).get_text()

    def yesterday() -> None:
        db.session.scalars(select(Approval)).one().asked_at = now() - timedelta(days=1)

    change(yesterday)
    learner.get(str(page["href"]))
    learner.press("Remind them")
    first, second = links(ask)
    visitor.get(first, status=404)
    visitor.get(second)
    learner.get(str(page["href"]))
    learner.press("Ask them instead", manager_name="Nia New", manager_email="nia@trust.example")
    assert "somebody else was asked" in visitor.get(second).get_text()
    (third,) = links(ask, "nia@trust.example")
    visitor.get(third)
    visitor.press("Send my answer", decision="yes")
    assert [state for _person, state in ask(states)] == ["booked"]


def test_nobody_approves_themselves(learner: Visitor, run_id: int, ask: Ask) -> None:
    request(learner, run_id, "Lena.Learner@test.example", 422)
    assert "This is your own address" in learner.text()
    assert ask(states) == []
    learner.get(f"/offers/{WITH_RUNS}/enrol")
    assert "Enter your line manager’s name" in learner.press("Ask my manager", 422, run=run_id).get_text()


def test_a_link_of_nobody_is_not_there_and_whoever_withdrew_is_not_decided_on(
    learner: Visitor, visitor: Visitor, run_id: int, ask: Ask
) -> None:
    visitor.get("/approvals/nonsense", status=404)
    request(learner, run_id)
    number = ask(lambda: db.session.scalars(select(Enrolment.id)).one())
    learner.get(f"/enrolments/{number}/withdraw")
    learner.press("Yes, withdraw", why="private")
    (link,) = links(ask)
    assert "nothing to decide any more" in visitor.get(link).get_text()
    visitor.post(link, {"csrf_token": visitor.csrf_token(), "decision": "yes"}, status=409)
    assert [state for _person, state in ask(states)] == ["withdrawn"]


def test_what_a_person_is_called_makes_no_link_in_the_letter(
    add_person: Callable[..., int], sign_in: Callable[[int], Visitor], run_id: int, ask: Ask
) -> None:
    request(sign_in(add_person("Win at evil.example/now")), run_id)
    assert "evil.example" not in ask(lambda: letters(BOSS))[0]
