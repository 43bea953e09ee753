"""Days: to assess oneself again, and by when one has committed to something. Each is told of once."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from catalogue.assessments.models import Assessment
from catalogue.assessments.signals import assessed
from catalogue.clock import now, today
from catalogue.extensions import db
from catalogue.people.models import Person
from catalogue.plans import actions
from catalogue.plans.actions import Promise
from catalogue.plans.jobs import keep_days
from catalogue.plans.models import Commitment, Reassessment
from catalogue.plans.rules import CommitmentState, months_after
from tests.conftest import Ask
from tests.enrolments.conftest import letters, mails
from tests.plans.conftest import SOON
from tests.visitor import Visitor

ME = "sam.planner@test.example"


def on_day(app: Flask, days: int, times: int = 1) -> None:
    """Have done what is due so many days from now."""
    with app.app_context(), time_machine.travel(now() + timedelta(days=days)):
        for _ in range(times):
            keep_days()


@pytest.mark.both_databases
def test_a_day_to_assess_oneself_again_is_set_told_once_and_fulfilled(
    planner: Visitor, app: Flask, ask: Ask, change: Ask, person_id: int, sign_in: Callable[[int], Visitor]
) -> None:
    planner.get("/plan/assess-again")
    planner.press("Save the day", 422)
    assert "Choose when" in planner.text()
    planner.press("Save the day", when="3")
    due = months_after(today(), 3)
    assert "Assess yourself again" in planner.follow().get_text()
    assert ask(lambda: db.session.scalars(select(Reassessment.due_on)).one()) == due
    days = (due - today()).days
    on_day(app, days - 1)
    assert ask(mails) == []
    on_day(app, days, times=2)
    assert ask(mails) == [(ME, "Today: assess yourself again")]
    with time_machine.travel(now() + timedelta(days=days)):
        later = sign_in(person_id)
        later.get("/home")
        assert "You meant to assess yourself again on" in later.text()
    change(lambda: assessed.send(None, assessment=db.session.scalars(select(Assessment)).one()))
    planner.get("/enrolments")
    assert "1 of 1" not in planner.text(), "nothing is left to do"
    assert "Assess yourself again , on" in planner.text()
    on_day(app, days + 1)
    assert len(ask(mails)) == 1


@pytest.mark.both_databases
def test_the_day_is_changed_and_taken_off_and_is_one_however_often_it_is_sent(planner: Visitor, ask: Ask) -> None:
    for _ in range(2):
        planner.get("/plan/assess-again")
        planner.press("Save the day", when="day", day=SOON)
    planner.get("/plan/assess-again")
    planner.press("Save the day", 422, when="day", day=today().isoformat())
    assert "still to come" in planner.text()
    planner.press("Save the day", 422, when="day", day="")
    assert "Enter the day" in planner.text()
    assert ask(lambda: [day.isoformat() for day in db.session.scalars(select(Reassessment.due_on))]) == [SOON]
    for _ in range(2):
        planner.post("/plan/assess-again", {"csrf_token": planner.csrf_token(), "off": "1"})
    assert ask(lambda: db.session.scalars(select(Reassessment)).all()) == []


def promises(person_id: int, **days: int) -> None:
    person = db.session.get_one(Person, person_id)
    for words, ahead in days.items():
        actions.commit(person, Promise(words, today() + timedelta(days=ahead)))


@pytest.mark.both_databases
def test_all_that_is_due_within_a_week_is_in_one_letter_once(app: Flask, person_id: int, ask: Ask, change: Ask) -> None:
    change(lambda: promises(person_id, one=20, two=22, later=60, soon=3))
    on_day(app, 5)
    assert ask(mails) == [], "what is set for soon needs no letter"
    on_day(app, 15, times=2)
    assert ask(mails) == [(ME, "What you have committed to, this week")]
    (letter,) = ask(lambda: letters(ME))
    assert ": one\n" in letter
    assert ": two\n" in letter
    assert "later" not in letter
    on_day(app, 54)
    assert len(ask(mails)) == 2


def test_what_has_ended_is_over_and_a_new_day_is_told_of_anew(
    app: Flask, person_id: int, ask: Ask, change: Ask
) -> None:
    change(lambda: promises(person_id, ended=20, moved=21))

    def end_one() -> None:
        ended, moved = db.session.scalars(select(Commitment).order_by(Commitment.id)).all()
        actions.move(ended, CommitmentState.ABANDONED, "")
        moved.reminded_at = now()
        actions.change(moved, Promise("moved", today() + timedelta(days=40)))

    change(end_one)
    on_day(app, 16)
    assert ask(mails) == []
    on_day(app, 35)
    assert "moved" in ask(lambda: letters(ME))[-1]


def test_who_has_no_address_is_not_written_to(app: Flask, person_id: int, ask: Ask, change: Ask) -> None:
    def without() -> None:
        promises(person_id, one=20)
        person = db.session.get_one(Person, person_id)
        actions.assess_again(person, today() + timedelta(days=14))
        person.email = ""

    change(without)
    on_day(app, 15)
    assert ask(mails) == []
    assert ask(lambda: db.session.scalars(select(Reassessment.told_at)).one()) is not None


def test_a_letter_makes_no_link_of_what_somebody_wrote(app: Flask, person_id: int, ask: Ask, change: Ask) -> None:
    change(lambda: promises(person_id, **{"see https://evil.example": 20}))
    on_day(app, 14)
    assert "evil" not in ask(lambda: letters(ME))[-1]
