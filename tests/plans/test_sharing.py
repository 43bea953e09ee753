"""A plan that is shared with a manager: what they see and never see, what they write, and how it ends."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import func, select, update

from catalogue.clock import now
from catalogue.extensions import db
from catalogue.people.models import Account, AuditEvent, Person
from catalogue.plans.models import PlanComment, PlanShare
from catalogue.plans.rules import LINK_FOR, MOST_COMMENTS
from catalogue.privacy import erasing
from catalogue.privacy.holding import held_about, subject_of
from tests.conftest import Ask
from tests.enrolments.conftest import letters, mails
from tests.feedback.test_asking import downloaded
from tests.plans.conftest import commits
from tests.visitor import Visitor

BOSS = "mo.manager@trust.example"


def link(ask: Ask, to: str = BOSS) -> str:
    """The newest link that a manager has been sent."""
    return str(re.findall(r"/shared-plan/\S+", ask(lambda: letters(to))[-1])[0])


def shares(planner: Visitor, name: str = "Mo Manager", email: str = BOSS) -> None:
    planner.get("/plan/share")
    planner.press("Share my plan", manager_name=name, manager_email=email)
    planner.follow()


@pytest.mark.both_databases
def test_a_manager_reads_and_writes_and_the_person_reads_keeps_and_stops(
    planner: Visitor, visitor: Visitor, ask: Ask
) -> None:
    path = commits(planner)
    planner.get("/plan/share")
    for words in ("Your manager sees", "never see your levels and answers", "360 feedback report", "180 days"):
        assert words in planner.text(), "who sees what, before anybody does"
    shares(planner)
    assert ask(mails) == [(BOSS, "Sam Planner shares their plan with you")]
    address = link(ask)
    visitor.get(address)
    assert "The plan of Sam Planner" in visitor.text()
    assert "I ask before I say Commitment, by" in visitor.text()
    assert visitor.response.headers["Cache-Control"] == "no-store"
    assert visitor.page.select_one("meta[name=robots]")["content"] == "noindex"
    visitor.press("Write it", 422, words=" ")
    assert "Write what you would like to say" in visitor.text()
    visitor.press("Write it", words="I saw you do it on Monday", step=path.replace("/plan/commitments/", "commitment:"))
    assert "You" in visitor.follow().get_text()
    assert "I saw you do it on Monday" in visitor.text()

    assert ask(mails)[-1] == ("sam.planner@test.example", "There is a comment on your plan")
    assert "on Monday" not in ask(lambda: letters("sam.planner@test.example"))[-1]
    planner.get("/home")
    assert "1 comment on your plan" in planner.text()
    planner.get("/enrolments")
    assert "Mo Manager , " in planner.text()
    assert "I saw you do it on Monday" in planner.text()
    planner.press("I have read it : comment 1")
    planner.get("/home")
    assert "comment on your plan" not in planner.text()

    planner.get("/plan/share")
    planner.press("Stop sharing")
    assert "I saw you do it on Monday" in planner.follow().get_text(), "what was written stays with the person"
    visitor.get(address, status=404)
    assert "This link does not work any more" in visitor.text()
    assert "Sam" not in visitor.text()
    planner.get("/enrolments")
    planner.press("Remove : comment 1")
    assert "on Monday" not in planner.follow().get_text()


@pytest.mark.both_databases
def test_what_is_nobody_elses_is_not_on_the_managers_page(
    planner: Visitor, visitor: Visitor, ask: Ask, person_id: int
) -> None:
    path = commits(planner, query="?dimension=care&from=assessment:1")
    planner.get(path)
    planner.press("Save how it went", state="tested", note="My note on it")
    shares(planner)
    visitor.get(link(ask))
    said = visitor.text()
    assert "My note on it" in said, "as the person was told"
    for word in ("care", "gap", "self-assessment", "Essential", "Insufficient", "feedback", "What we hold"):
        assert word not in said
    assert not visitor.page.select("main a"), "it leads nowhere"
    events = ask(lambda: [(e.action, e.subject, e.actor_key) for e in db.session.scalars(select(AuditEvent))])
    key = ask(lambda: db.session.get_one(Person, person_id).key)
    assert ("plan shared", key, key) in events
    assert ("plan read", key, "") in events
    assert '"plan read"' in downloaded(planner), "who is shown whose record can be read by them"


@pytest.mark.both_databases
def test_two_managers_see_nothing_of_each_other_and_the_first_link_ends(
    planner: Visitor, visitor: Visitor, ask: Ask, app: Flask
) -> None:
    commits(planner)
    shares(planner)
    first = link(ask)
    visitor.get(first)
    visitor.press("Write it", words="From the first")
    shares(planner, "Ola Other", "ola@trust.example")
    visitor.get(first, status=404)
    visitor.post(first, {"csrf_token": visitor.csrf_token(), "step": "", "words": "Too late"}, status=404)
    other = Visitor(app)
    other.get(link(ask, "ola@trust.example"))
    assert "From the first" not in other.text()
    other.press("Write it", words="From the second")
    planner.get("/enrolments")
    assert "What your manager wrote Mo Manager , " in planner.text()
    assert "From the second" in planner.text()


@pytest.mark.both_databases
def test_the_same_forms_twice_are_one_share_one_letter_and_one_comment(
    planner: Visitor, visitor: Visitor, ask: Ask
) -> None:
    token = planner.csrf_token()
    for name in ("Mo", "Mo"):
        planner.post("/plan/share", {"csrf_token": token, "manager_name": name, "manager_email": BOSS.upper()})
    assert ask(lambda: len(mails())) == 1
    address = link(ask, BOSS.upper())
    for _ in range(2):
        visitor.get(address)
        visitor.press("Write it", words="Once")
    assert ask(lambda: db.session.scalar(select(func.count()).select_from(PlanComment))) == 1
    visitor.get(address)
    visitor.press("Write it", words="And more")
    assert len([to for to, _ in ask(mails) if to == "sam.planner@test.example"]) == 1, (
        "one letter for what comes at once"
    )
    for _ in range(2):
        planner.post("/plan/share/stop", {"csrf_token": token})


def test_a_link_ends_by_itself_and_is_sent_again(
    planner: Visitor, visitor: Visitor, ask: Ask, sign_in: Callable[[int], Visitor], person_id: int
) -> None:
    shares(planner)
    old = link(ask)
    planner.get("/plan/share")
    planner.press("Send them a new link", 409)
    assert "less than a day ago" in planner.text()
    with time_machine.travel(now() + LINK_FOR + timedelta(days=1)):
        visitor.get(old, status=404)
        later = sign_in(person_id)
        later.get("/plan/share")
        assert "It worked until" in later.text()
        later.press("Send them a new link")
        visitor.get(link(ask))
        visitor.get(old, status=404)


def test_who_it_cannot_be_shared_with_is_said_beside_the_field(planner: Visitor, ask: Ask) -> None:
    planner.get("/plan/share")
    planner.press("Share my plan", 422, manager_name="I", manager_email="Sam.Planner@test.example")
    assert "This is your own address" in planner.text()
    planner.press("Share my plan", 422, manager_name="", manager_email="nobody")
    assert "like name@example.org" in planner.text()
    planner.post("/plan/share/again", {"csrf_token": planner.csrf_token()}, status=409)
    for number in range(10):
        shares(planner, "Mo", f"mo{number}@trust.example")
    planner.get("/plan/share")
    planner.press("Share my plan", 422, manager_name="Mo", manager_email="one.more@trust.example")
    assert "Try again tomorrow" in planner.text()


def test_only_a_hash_of_the_link_is_kept(planner: Visitor, ask: Ask) -> None:
    shares(planner)
    token = link(ask).removeprefix("/shared-plan/")
    kept = ask(lambda: db.session.scalars(select(PlanShare.token_hash)).one())
    assert token != kept
    assert len(kept) == 64


def test_a_manager_cannot_write_for_ever_nor_on_a_step_that_is_not_there(
    planner: Visitor, visitor: Visitor, ask: Ask, change: Ask
) -> None:
    shares(planner)
    address = link(ask)
    visitor.get(address)
    visitor.press("Write it", 422, words="x", step="commitment:999")
    assert "Choose one from the list" in visitor.text()

    def fill() -> None:
        shared = db.session.scalars(select(PlanShare)).one()
        db.session.add_all(PlanComment(share=shared, words=f"Number {number}") for number in range(MOST_COMMENTS))

    change(fill)
    visitor.get(address)
    visitor.press("Write it", 409, words="One more")
    assert "Talk to them" in visitor.text()


@pytest.mark.both_databases
def test_a_comment_outlives_its_commitment(planner: Visitor, visitor: Visitor, ask: Ask) -> None:
    path = commits(planner)
    shares(planner)
    visitor.get(link(ask))
    visitor.press("Write it", words="Well begun", step="commitment:1")
    planner.get(path)
    planner.press("Yes, remove it")
    planner.follow()
    again = commits(planner, "Another")
    assert "Well begun" in planner.text()
    assert ask(lambda: db.session.scalars(select(PlanComment.step)).all()) == [""], again


@pytest.mark.both_databases
def test_a_manager_who_is_erased_is_gone_from_the_plan_and_their_link_ends(
    planner: Visitor, visitor: Visitor, ask: Ask, change: Ask, add_person: Callable[..., int]
) -> None:
    boss_id = add_person("Mo Manager")
    change(lambda: db.session.execute(update(Account).where(Account.person_id == boss_id).values(email=BOSS)))
    commits(planner)
    shares(planner)
    address = link(ask)
    visitor.get(address)
    visitor.press("Write it", words="I saw it")
    held = ask(lambda: [one.rows.heading for one in held_about(subject_of(db.session.get_one(Person, boss_id)))])
    assert {"Plans of others that were shared with you", "What you wrote on plans of others"} <= set(held)
    key = ask(lambda: db.session.get_one(Person, boss_id).key)
    change(lambda: erasing.erase_on_request(key, key))
    visitor.get(address, status=404)
    planner.get("/enrolments")
    assert "Your manager , " in planner.text()
    assert "I saw it" in planner.text()
    assert "Mo Manager" not in planner.text()
    assert ask(lambda: db.session.scalars(select(PlanShare.manager_email)).all()) == [""]


@pytest.mark.both_databases
def test_who_is_erased_leaves_no_plan_and_their_managers_link_opens_nothing(
    planner: Visitor, visitor: Visitor, ask: Ask, change: Ask, person_id: int
) -> None:
    commits(planner)
    shares(planner)
    address = link(ask)
    visitor.get(address)
    visitor.press("Write it", words="I saw it")
    key = ask(lambda: db.session.get_one(Person, person_id).key)
    change(lambda: erasing.erase_on_request(key, key))
    visitor.get(address, status=404)
    assert ask(lambda: db.session.scalar(select(func.count()).select_from(PlanComment))) == 0
