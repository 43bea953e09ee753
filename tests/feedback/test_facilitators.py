"""A facilitator sees the report first, by a link of their own, and releases it after the conversation."""

import json
import re
from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from zipfile import ZipFile

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from catalogue.clock import now
from catalogue.extensions import db
from catalogue.feedback.actions import Named
from catalogue.feedback.jobs import keep_days
from catalogue.feedback.models import FeedbackRound
from catalogue.feedback.telling import close_and_tell
from catalogue.people.models import AuditEvent, Person
from catalogue.privacy import erasing
from tests.conftest import Ask
from tests.enrolments.conftest import letters, mails
from tests.feedback.rounds import Rater, open_round, signs_in_with
from tests.feedback.rounds import raters as given
from tests.visitor import Visitor

FAY = Named("Fay Facilitator", "fay@coach.example")


@pytest.fixture
def person_id(add_person: Callable[..., int]) -> int:
    return add_person("Sam Asker")


@pytest.fixture
def asker(person_id: int, sign_in: Callable[[int], Visitor]) -> Visitor:
    return sign_in(person_id)


@pytest.fixture
def round_id(person_id: int, change: Ask) -> int:
    """A round that has been closed, whose report the facilitator has."""

    def make() -> int:
        said = [*given(peers=[4, 4, 4]), Rater(given(peers=[4])[0].group, 4, 4, {"well": "zqx kind"})]
        made = open_round(person_id, said, FAY)
        close_and_tell(made)
        return made

    return int(change(make))


def link(ask: Ask) -> str:
    return str(re.findall(r"/release/\S+", ask(lambda: letters(FAY.email))[-1])[0])


@pytest.mark.both_databases
def test_the_report_is_the_persons_once_the_facilitator_releases_it_and_not_before(
    asker: Visitor, visitor: Visitor, round_id: int, ask: Ask
) -> None:
    for page in ("report", "report.pdf"):
        asker.get(f"/feedback/{round_id}/{page}", status=404)
    asker.get("/feedback")
    assert "your facilitator has it" in asker.text()
    asker.get("/about-you")
    asker.press("Download everything", status=200)
    assert "zqx kind" not in ZipFile(BytesIO(asker.response.data)).read("about-you.json").decode()

    path = link(ask)
    for _ in range(2):  # a mail program looks first
        visitor.get(path)
    assert "zqx kind" in visitor.text()
    held = ask(lambda: json.dumps(db.session.get_one(FeedbackRound, round_id).held_back))
    visitor.press("We have talked: release it")
    visitor.follow()
    assert "The report is released" in visitor.text()
    assert "zqx kind" not in visitor.text(), "it is their person's now"
    asker.get(f"/feedback/{round_id}/report")
    assert "zqx kind" in asker.text()
    assert ask(lambda: json.dumps(db.session.get_one(FeedbackRound, round_id).report)) == held, "it is the same one"
    assert ask(mails)[-1] == ("sam.asker@test.example", "Your feedback report is ready")
    assert ask(actions) == [
        "feedback opened", *["feedback asked for"] * 4, "feedback closed", *["feedback report read"] * 2,
        "feedback report released",
    ]  # fmt: skip


def actions() -> list[str]:
    events = select(AuditEvent.action).where(AuditEvent.subject.like("feedback:%")).order_by(AuditEvent.id)
    return list(db.session.scalars(events))


def test_what_is_released_twice_is_released_once(visitor: Visitor, round_id: int, ask: Ask) -> None:
    path = link(ask)
    visitor.get(path)
    visitor.press("We have talked: release it")
    released = ask(lambda: db.session.get_one(FeedbackRound, round_id).released_at)
    visitor.post(path, {"csrf_token": visitor.csrf_token()}, status=200)
    assert ask(lambda: db.session.get_one(FeedbackRound, round_id).released_at) == released
    assert ask(actions).count("feedback report released") == 1


def test_without_the_facilitators_word_it_is_released_after_thirty_days(
    app: Flask, asker: Visitor, round_id: int, ask: Ask
) -> None:
    for days, state in ((29, "closed"), (31, "released")):
        with time_machine.travel(now() + timedelta(days=days), tick=False), app.app_context():
            keep_days()
        assert ask(lambda: db.session.get_one(FeedbackRound, round_id).state) == state
    asker.get(f"/feedback/{round_id}/report")


def test_a_facilitator_is_written_to_again_once_a_day_and_the_old_link_ends(
    person_id: int, sign_in: Callable[[int], Visitor], visitor: Visitor, round_id: int, ask: Ask
) -> None:
    old = link(ask)
    asker = sign_in(person_id)
    asker.get(f"/feedback/{round_id}")
    asker.press("Write to them again", status=409)
    assert "less than a day ago" in asker.text()
    with time_machine.travel(now() + timedelta(days=1)):
        later = sign_in(person_id)
        later.get(f"/feedback/{round_id}")
        later.press("Write to them again")
        visitor.get(old, status=404)
        visitor.get(link(ask))


def test_a_facilitator_who_is_erased_keeps_no_report_waiting(
    app: Flask, asker: Visitor, add_person: Callable[..., int], round_id: int, change: Ask, ask: Ask
) -> None:
    fay = add_person("Fay Facilitator")
    change(lambda: signs_in_with(fay, FAY.email))
    change(lambda: erasing.erase(db.session.get_one(Person, fay), ""))
    asker.get(f"/feedback/{round_id}")
    assert "released to you within the hour" in asker.text()
    asker.post(f"/feedback/{round_id}/facilitator", {"csrf_token": asker.csrf_token()}, status=409)
    assert [to for to, _ in ask(mails) if not to] == [], "nothing is written to nobody"
    with app.app_context():
        keep_days()
    asker.get(f"/feedback/{round_id}/report")


def test_a_link_that_is_nobodys_opens_nothing(visitor: Visitor, round_id: int) -> None:
    for path in ("/release/none", "/rate/none", "/rate/none/answer", "/rate/none/answer/care", "/rate/none/comments"):
        visitor.get(path, status=404)
