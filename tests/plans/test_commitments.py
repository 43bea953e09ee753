"""What somebody commits to: made, seen on the plan, tried, and what became of it."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from catalogue.clock import today
from catalogue.errors import Refused
from catalogue.extensions import db
from catalogue.people.models import Person
from catalogue.plans import actions
from catalogue.plans.actions import Promise
from catalogue.plans.models import Commitment, CommitmentChange
from catalogue.plans.rules import MOST_OPEN, CommitmentState
from tests.conftest import Ask
from tests.plans.conftest import SOON, commits
from tests.visitor import Visitor


@pytest.mark.both_databases
def test_a_commitment_is_made_tried_and_kept_and_the_plan_says_how_far_it_is(planner: Visitor) -> None:
    path = commits(planner, query="?dimension=care")
    assert "0 of 1 done" in planner.text()
    assert "For Leading with care. It works on your gap." in planner.text()
    planner.get(path)
    assert "I have tried it" in planner.text()
    assert "It works, and I keep doing it" not in planner.text(), "not before it was tried"
    planner.press("Save how it went", state="tested", note="They said more")
    assert "Say what you make of it" in planner.follow().get_text()
    planner.get(path)
    assert "You tried it. They said more" in planner.text()
    planner.press("Save how it went", state="adopted")
    planner.follow()
    assert "1 of 1 done" not in planner.text(), "nothing is left to do"
    assert "you keep doing it, since" in planner.text()
    planner.get(path)
    assert "Save how it went" not in planner.text()


def test_what_was_let_go_counts_neither_way(planner: Visitor) -> None:
    path = commits(planner, "I leave at six")
    commits(planner)
    planner.get(path)
    planner.press("Save how it went", state="abandoned")
    planner.follow()
    assert "0 of 1 done" in planner.text()
    assert "Let go I leave at six" in planner.text()


def test_what_was_typed_stays_with_what_is_wrong(planner: Visitor) -> None:
    planner.get("/plan/commit")
    planner.press("Put it on my plan", 422, words="x" * 501, by=today().isoformat())
    said = planner.text()
    assert "Write 500 characters or fewer" in said
    assert "Enter a day that is still to come" in said
    assert "x" * 501 in said
    planner.press("Put it on my plan", 422, words=" ", by="")
    assert "Say what you will do" in planner.text()
    planner.press("Put it on my plan", 422, words="x", by=SOON, dimension="999")
    assert "Choose one from the list" in planner.text()


@pytest.mark.both_databases
def test_the_same_form_twice_is_one_commitment_and_one_change(planner: Visitor, ask: Ask) -> None:
    token = planner.csrf_token()
    for _ in range(2):
        planner.post("/plan/commit", {"csrf_token": token, "words": "Once", "by": SOON, "dimension": ""})
    path = commits(planner, "Once")
    for _ in range(2):
        planner.post(path, {"csrf_token": token, "state": "tested", "note": "a"}, 302 if _ == 0 else 422)
    assert ask(lambda: db.session.scalar(select(func.count()).select_from(Commitment))) == 1
    assert ask(lambda: db.session.scalar(select(func.count()).select_from(CommitmentChange))) == 1


@pytest.mark.both_databases
def test_said_twice_at_one_moment_it_is_noted_once_and_nothing_comes_before_trying(person_id: int, change: Ask) -> None:
    def act() -> None:
        mine = actions.commit(db.session.get_one(Person, person_id), Promise("Ask", today() + timedelta(days=9)))
        with pytest.raises(Refused):
            actions.move(mine, CommitmentState.ADOPTED, "")
        actions.move(mine, CommitmentState.TESTED, "once")
        actions.move(mine, CommitmentState.TESTED, "twice")
        assert [one.note for one in mine.changes] == ["once"]
        actions.move(mine, CommitmentState.ABANDONED, "")
        with pytest.raises(Refused):
            actions.change(mine, Promise("Other", today() + timedelta(days=9)))

    change(act)


def test_its_words_change_while_it_is_open(planner: Visitor) -> None:
    path = commits(planner)
    planner.get(f"{path}/change")
    planner.press("Save", words="I ask first, then listen")
    assert "I ask first, then listen" in planner.follow().get_text()


def test_a_day_that_is_over_is_said_in_words(planner: Visitor, change: Ask) -> None:
    path = commits(planner)
    change(lambda: setattr(db.session.scalars(select(Commitment)).one(), "by", today() - timedelta(days=1)))
    planner.get("/enrolments")
    assert "Overdue" in planner.text()
    planner.get(f"{path}/change")
    planner.press("Save", words="Still")
    assert "Still" in planner.follow().get_text(), "the day that is over may stay"


@pytest.mark.both_databases
def test_it_is_removed_with_what_was_noted(planner: Visitor, ask: Ask) -> None:
    path = commits(planner)
    planner.get(path)
    planner.press("Save how it went", state="tested", note="hm")
    planner.get(path)
    planner.press("Yes, remove it")
    assert "Nothing is on your plan yet" in planner.follow().get_text()
    assert ask(lambda: db.session.scalar(select(func.count()).select_from(CommitmentChange))) == 0
    planner.get(path, status=404)


def test_what_led_to_it_is_ones_own(planner: Visitor, learner: Visitor, ask: Ask) -> None:
    path = commits(planner, query="?from=assessment:1")
    planner.get(path)
    assert "Your self-assessment" in planner.text()
    for said in ("assessment:1", "feedback:1", "assessment:x", "offer:1", "assessment:99999999999"):
        learner.get(f"/plan/commit?from={said}", status=404)


def test_nobody_keeps_more_than_so_many(person_id: int, change: Ask) -> None:
    def act() -> None:
        person = db.session.get_one(Person, person_id)
        for number in range(MOST_OPEN):
            actions.commit(person, Promise(f"Number {number}", today() + timedelta(days=9)))
        with pytest.raises(Refused, match="50 commitments"):
            actions.commit(person, Promise("One more", today() + timedelta(days=9)))

    change(act)


def test_home_shows_the_next_step_whatever_it_is(planner: Visitor) -> None:
    commits(planner)
    planner.get("/home")
    assert "What is next I ask before I say By" in planner.text()
    assert "Say how it went" in planner.text()
