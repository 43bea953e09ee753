"""Asking for feedback: who may be asked, what they are told, and what whoever asks sees meanwhile."""

import re
from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from zipfile import ZipFile

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from catalogue.clock import now, today
from catalogue.extensions import db
from catalogue.feedback.jobs import keep_days
from catalogue.feedback.models import FeedbackRater, FeedbackRound
from catalogue.feedback.rules import Group
from catalogue.people.models import AuditEvent, Person
from catalogue.privacy import erasing
from catalogue.privacy.holding import held_about, subject_of
from catalogue.transactions import run
from tests.conftest import Ask
from tests.enrolments.conftest import letters, mails
from tests.feedback.rounds import Rater, answer, assessed, finished_round, open_round, raters, signs_in_with
from tests.visitor import Visitor

BOSS = "mo.manager@trust.example"


@pytest.fixture
def person_id(add_person: Callable[..., int]) -> int:
    return add_person("Sam Asker")


@pytest.fixture
def asker(person_id: int, sign_in: Callable[[int], Visitor], change: Ask) -> Visitor:
    """Somebody who has assessed themself."""
    change(lambda: assessed(person_id))
    return sign_in(person_id)


def opened(asker: Visitor, **typed: object) -> str:
    """Open a round; returns its address."""
    asker.get("/feedback/open")
    asker.press("Choose whom to ask", **typed)
    path = asker.response.headers["Location"]
    asker.follow()
    return str(path)


def name(asker: Visitor, email: str, group: str = "peers", status: int = 302) -> None:
    asker.press("Ask them", status, group=group, name="Mo", email=email)
    if status == 302:
        asker.follow()


def link(ask: Ask, to: str) -> str:
    """The newest link that somebody has been sent."""
    return str(re.findall(r"/rate/\S+", ask(lambda: letters(to))[-1])[0])


def test_who_has_not_assessed_themself_is_led_there_first(learner: Visitor) -> None:
    learner.get("/feedback")
    assert "Assess yourself first" in learner.text()
    learner.get("/feedback/open")
    learner.press("Choose whom to ask", status=409)
    assert "Assess yourself first" in learner.text()


@pytest.mark.both_databases
def test_a_round_is_opened_people_are_asked_and_only_counts_are_seen(
    asker: Visitor, visitor: Visitor, ask: Ask
) -> None:
    opened(asker)
    for number in range(3):
        name(asker, f"peer{number}@trust.example")
    name(asker, BOSS, "manager")
    assert "Line manager 1 0" in asker.text()
    assert "Peers 3 more needed to be shown as a group 3 0" in asker.text()
    assert ask(mails) == [(f"peer{n}@trust.example", "Sam Asker asks for your feedback") for n in range(3)] + [
        (BOSS, "Sam Asker asks for your feedback")
    ]
    answer_all(visitor, link(ask, "peer1@trust.example"))
    asker.get("/feedback/1")
    assert "Peers 2 more needed to be shown as a group 3 1" in asker.text()
    pages = asker.text() + ask(lambda: str([event.detail for event in db.session.scalars(select(AuditEvent))]))
    assert not re.search(r"peer1\S* (has|answered)", pages)


def answer_all(visitor: Visitor, path: str, agreement: str = "3") -> None:
    """Answer every statement by the pages, and send."""
    visitor.get(path)
    visitor.get(f"{path}/answer")
    while "Go on with" in visitor.text():
        button = next(a for a in visitor.page.select("main a") if "Go on with" in a.get_text())
        visitor.get(str(button["href"]))
        fields = {one["name"]: agreement for one in visitor.page.select("main input[type=radio]")}
        visitor.press("Save and go on", **fields)
        visitor.get(f"{path}/answer")
    visitor.press("Send my answers")
    visitor.follow()


@pytest.mark.both_databases
def test_a_rater_reads_who_sees_what_first_and_what_is_saved_is_there_when_they_come_back(
    asker: Visitor, visitor: Visitor, ask: Ask
) -> None:
    opened(asker, facilitator_name="Fay Facilitator", facilitator_email="fay@coach.example")
    name(asker, "peer@trust.example")
    path = link(ask, "peer@trust.example")
    for _ in range(2):  # a mail program looks first
        visitor.get(path)
    said = visitor.text()
    for words in (
        "Who sees what",
        "Fay Facilitator sees the same report first",
        "If fewer than 3 of your group answer",
        "We cannot check who stands behind the addresses",
    ):
        assert words in said
    visitor.get(f"{path}/answer/care")
    statements = [one["name"] for one in visitor.page.select("main input[type=radio]") if one["name"] != "importance"]
    assert "They " in visitor.text()
    visitor.press("Save and go on", **{statements[0]: "4"})
    assert "Not finished yet" in visitor.follow().get_text()
    assert "Not answered yet" in visitor.text()
    visitor.get(f"{path}/answer")
    assert "1 of " in visitor.text()
    visitor.post(f"{path}/send", {"csrf_token": visitor.csrf_token()}, status=409)
    assert "Your answers so far are saved" in visitor.text()


def test_a_rater_who_can_say_nothing_of_a_dimension_is_asked_for_one_answer(
    asker: Visitor, visitor: Visitor, ask: Ask
) -> None:
    opened(asker)
    name(asker, "peer@trust.example")
    path = link(ask, "peer@trust.example")
    visitor.get(f"{path}/answer/care")
    fields = {one["name"]: "cannot-say" for one in visitor.page.select("main input[type=radio]")}
    visitor.press("Save and go on", **(fields | {"importance": "2"}))
    visitor.follow()
    assert "at least one statement" in visitor.text()


def test_a_line_manager_says_that_they_know_they_are_named_before_they_see_a_statement(
    asker: Visitor, visitor: Visitor, ask: Ask
) -> None:
    opened(asker)
    name(asker, BOSS, "manager")
    path = link(ask, BOSS)
    visitor.get(path)
    assert "you can be told from the others" in visitor.text()
    for page in ("answer", "answer/care", "comments"):
        visitor.get(f"{path}/{page}", status=302)
        assert visitor.response.headers["Location"] == path
    visitor.get(path)
    visitor.press("Start", status=422)
    assert "Say that you know this" in visitor.text()
    visitor.press("Start", knows="y")
    visitor.get(f"{path}/answer/care")


@pytest.mark.both_databases
def test_sent_is_sent_once_and_nothing_of_it_is_shown_again(asker: Visitor, visitor: Visitor, ask: Ask) -> None:
    opened(asker)
    name(asker, "peer@trust.example")
    path = link(ask, "peer@trust.example")
    answer_all(visitor, path)
    assert "Thank you" in visitor.text()
    sent = ask(lambda: db.session.scalars(select(FeedbackRater.sent_at)).one())
    token = visitor.csrf_token()
    visitor.post(f"{path}/send", {"csrf_token": token})
    visitor.post(f"{path}/decline", {"csrf_token": token}, status=409)
    for page in ("answer", "answer/care", "comments"):
        visitor.get(f"{path}/{page}", status=302)
    assert ask(lambda: db.session.scalars(select(FeedbackRater.sent_at)).one()) == sent


def test_who_declines_is_not_reminded_and_the_person_is_not_told(
    app: Flask, asker: Visitor, visitor: Visitor, ask: Ask
) -> None:
    here = opened(asker)
    for email in ("yes@trust.example", "no@trust.example"):
        name(asker, email)
    before = asker.get(here).select_one("main").get_text()  # type: ignore[union-attr]
    visitor.get(link(ask, "no@trust.example"))
    visitor.press("Decline")
    assert "You have declined" in visitor.follow().get_text()
    assert asker.get(here).select_one("main").get_text() == before  # type: ignore[union-attr]
    with time_machine.travel(now() + timedelta(days=19), tick=False), app.app_context():
        keep_days()
    assert [to for to, subject in ask(mails) if subject.startswith("Reminder")] == ["yes@trust.example"]


@pytest.mark.both_databases
def test_reminders_go_to_all_who_have_not_answered_with_a_link_that_takes_the_place_of_the_old_one(
    app: Flask, person_id: int, change: Ask, ask: Ask, visitor: Visitor, asker: Visitor
) -> None:
    opened(asker)
    name(asker, "peer@trust.example")
    old = link(ask, "peer@trust.example")
    asker.press("Remind all who have not answered", status=409)
    assert "less than a day ago" in asker.text()
    with time_machine.travel(now() + timedelta(days=19), tick=False), app.app_context():
        keep_days()
        keep_days()  # an hour later: nobody is written to twice
    assert [subject for _to, subject in ask(mails)] == [
        "Sam Asker asks for your feedback", "Reminder: Sam Asker asks for your feedback"
    ]  # fmt: skip
    visitor.get(old, status=404)
    visitor.get(link(ask, "peer@trust.example"))


@pytest.mark.parametrize(
    ("email", "group", "words"),
    [
        ("Peer@Trust.example ", "others", "asked somebody at this address already"),
        ("peer+two@trust.example", "peers", "asked somebody at this address already"),
        ("sam.asker@test.example", "peers", "your own address"),
        ("sam.asker+peer@test.example", "peers", "your own address"),
        ("fay@coach.example", "peers", "facilitator"),
        ("fay+2@coach.example", "peers", "facilitator"),
        ("second@trust.example", "manager", "asked your line manager already"),
        ("nobody", "peers", "Enter an email address"),
    ],
)
def test_who_cannot_be_asked_is_said_at_the_field_and_what_was_typed_is_kept(
    asker: Visitor, email: str, group: str, words: str
) -> None:
    opened(asker, facilitator_name="Fay", facilitator_email="fay@coach.example")
    name(asker, "peer@trust.example")
    name(asker, BOSS, "manager")
    name(asker, email, group, status=422)
    assert words in asker.page.select_one(".nhsuk-error-message").get_text()  # type: ignore[union-attr]
    assert asker.page.select_one("input[name=name]")["value"] == "Mo"  # type: ignore[index]


@pytest.mark.parametrize(("days", "words"), [(6, "between 7 and 60"), (61, "between 7 and 60")])
def test_a_round_lasts_a_week_at_least_and_two_months_at_most(asker: Visitor, days: int, words: str) -> None:
    asker.get("/feedback/open")
    asker.press("Choose whom to ask", status=422, closes_on=(today() + timedelta(days=days)).isoformat())
    assert words in asker.text()


def test_a_facilitator_has_a_name_and_an_address_of_their_own(asker: Visitor) -> None:
    asker.get("/feedback/open")
    asker.press("Choose whom to ask", status=422, facilitator_name="Fay")
    assert "email address, or leave both empty" in asker.text()
    asker.press("Choose whom to ask", status=422, facilitator_name="", facilitator_email="fay@coach.example")
    assert "name, or leave both empty" in asker.text()
    asker.press("Choose whom to ask", status=422, facilitator_name="I", facilitator_email="sam.asker+f@test.example")
    assert "your own address" in asker.text()


@pytest.mark.both_databases
def test_one_round_is_open_at_a_time_and_half_a_year_lies_between_two(
    asker: Visitor, person_id: int, change: Ask, ask: Ask
) -> None:
    opened(asker)
    asker.get("/feedback/open")
    asker.press("Choose whom to ask", status=409)
    assert ask(lambda: len(db.session.scalars(select(FeedbackRound)).all())) == 1

    def closed(days_ago: int) -> None:
        here = db.session.scalars(select(FeedbackRound)).one()
        here.state, here.closed_at = "released", now() - timedelta(days=days_ago)  # type: ignore[assignment]

    change(lambda: closed(179))
    asker.get("/feedback/open")
    asker.press("Choose whom to ask", status=409)
    assert "Half a year" in asker.text()
    asker.get("/feedback")
    assert "You can ask again from" in asker.text()
    change(lambda: closed(181))
    opened(asker)


def test_what_is_held_about_a_person_says_nothing_of_who_answered_what(
    asker: Visitor, person_id: int, change: Ask
) -> None:
    change(lambda: open_round(person_id, raters(peers=[4, 0])))
    said = downloaded(asker)
    assert "rater.1@raters.example" in said, "whom they asked is their own"
    (part,) = re.findall(r'"Whom you have asked for feedback": \[(.*?)\]', said, re.DOTALL)
    assert set(re.findall(r'"(\w+)":', part)) == {"relation", "name", "email"}


def downloaded(somebody: Visitor) -> str:
    somebody.get("/about-you")
    somebody.press("Download everything", status=200)
    return ZipFile(BytesIO(somebody.response.data)).read("about-you.json").decode()


def test_who_takes_a_raters_address_on_a_learning_platform_gets_neither_what_they_said_nor_their_link(
    asker: Visitor, person_id: int, change: Ask, ask: Ask
) -> None:
    opened(asker)
    name(asker, "rater@raters.example")
    token = link(ask, "rater@raters.example").removeprefix("/rate/")
    change(lambda: answer(token, Rater(Group.PEERS, 4, 3, {"well": "zqx kind"})))
    change(lambda: setattr(db.session.get_one(Person, person_id), "email", "rater@raters.example"))
    said = downloaded(asker)
    for told in ("zqx kind", "sent_at", "declined_at", '"answers"', token, "Feedback that you were asked for"):
        assert told not in said
    assert "Sam Asker asks for your feedback" not in said, "an address that a platform says proves nobody"


def test_an_administrator_who_downloads_for_a_rater_is_not_told_what_they_said(
    add_person: Callable[..., int], person_id: int, administrator: Visitor, change: Ask, ask: Ask
) -> None:
    rater_id = add_person("Rita Rater")
    change(lambda: open_round(person_id, [Rater(Group.PEERS, 4, 3, {"well": "zqx kind"})]))
    change(lambda: signs_in_with(rater_id, "rater.0@raters.example"))
    key = ask(lambda: db.session.get_one(Person, rater_id).key)
    administrator.get(f"/admin/privacy/{key}")
    administrator.post(
        f"/admin/privacy/{key}/download", {"csrf_token": administrator.csrf_token()}, status=200
    )  # fmt: skip
    said = ZipFile(BytesIO(administrator.response.data)).read("about-you.json").decode()
    assert "Feedback that you were asked for" in said
    assert "zqx kind" not in said
    assert '"answers"' not in said


def test_names_that_hold_what_cannot_be_seen_and_words_without_end_are_refused_or_shown_as_words(
    asker: Visitor, visitor: Visitor, ask: Ask
) -> None:
    opened(asker)
    for number, typed in enumerate(("\n", " ", "x" * 201)):
        asker.press("Ask them", 422, group="peers", name=typed, email=f"odd{number}@trust.example")
    name(asker, "peer@trust.example")
    path = link(ask, "peer@trust.example")
    visitor.get(f"{path}/comments")
    visitor.press("Save and go on", 422, well="x" * 1_000_000)
    visitor.press("Save and go on", 400, well="a\0b")
    visitor.get(f"{path}/comments")
    visitor.press("Save and go on", well="\x01\u202e<script>zqx</script>\r\n")


def test_somebody_who_was_asked_finds_that_they_were_and_leaves_no_name_when_they_are_erased(
    add_person: Callable[..., int], person_id: int, sign_in: Callable[[int], Visitor], change: Ask, ask: Ask
) -> None:
    rater_id = add_person("Rita Rater")
    change(lambda: open_round(person_id, raters(peers=[4])))
    change(lambda: signs_in_with(rater_id, "rater.0@raters.example"))
    headings = ask(lambda: [one.rows.heading for one in held_about(subject_of(db.session.get_one(Person, rater_id)))])
    assert "Feedback that you were asked for" in headings
    change(lambda: erasing.erase(db.session.get_one(Person, rater_id), ""))
    assert ask(lambda: db.session.execute(select(FeedbackRater.name, FeedbackRater.email)).one()) == ("", "")
    asker = sign_in(person_id)
    asker.get("/feedback/1")
    assert "Somebody who is erased" in asker.text()


def test_who_is_erased_takes_rounds_raters_and_reports_with_them(
    app: Flask, person_id: int, change: Ask, ask: Ask
) -> None:
    change(lambda: finished_round(person_id, raters(peers=[3] * 3)))
    change(lambda: open_round(person_id, raters(peers=[3] * 3)))
    with app.app_context():
        run(lambda: erasing.erase(db.session.get_one(Person, person_id), ""))
    assert ask(lambda: db.session.scalars(select(FeedbackRater.id)).all() + db.session.scalars(
        select(FeedbackRound.id)).all()) == []  # fmt: skip
