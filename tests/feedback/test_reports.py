"""Closing a round, and the report: made once, for the person alone, of figures that give nobody away."""

import json
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import func, select, text

from catalogue.assessments.models import Assessment, Form, LevelAnswer
from catalogue.clock import now, today
from catalogue.extensions import db
from catalogue.feedback import actions, closing
from catalogue.feedback.jobs import keep_days
from catalogue.feedback.models import FeedbackRater, FeedbackRound
from catalogue.feedback.queries import asked_dimensions
from catalogue.feedback.rules import Group
from catalogue.frameworks import queries as frameworks
from catalogue.people.models import AuditEvent, Person
from catalogue.transactions import run
from tests.assessments.closed import closed_assessment
from tests.conftest import Ask
from tests.feedback.rounds import Rater, answer, finished_round, open_round, raters
from tests.feedback.rounds import ask as ask_rater
from tests.printed import words_of
from tests.visitor import Visitor

PEERS = [4, 4, 2, 3]
EVERYBODY = raters(manager=[1], peers=PEERS, reports=[0, 1, 1, 2, 4], others=[4])


@pytest.fixture
def person_id(add_person: Callable[..., int]) -> int:
    return add_person("Sam Asker")


@pytest.fixture
def asker(person_id: int, sign_in: Callable[[int], Visitor]) -> Visitor:
    return sign_in(person_id)


def close(asker: Visitor, round_id: int) -> None:
    asker.get(f"/feedback/{round_id}/close")
    asker.press("Close now", status=422)
    assert "Say that you know this" in asker.text()
    asker.press("Close now", sure="y")


def cells(asker: Visitor) -> dict[str, list[str]]:
    """The first table of the report: by dimension, what stands in its columns."""
    return {
        row.select_one("th").get_text(" ", strip=True).split(" Blind")[0].split(" Hidden")[0]: [  # type: ignore[union-attr]
            cell.get_text(" ", strip=True) for cell in row.select("td")
        ]
        for row in asker.page.select("table")[0].select("tbody tr")
    }


@pytest.mark.both_databases
def test_a_report_sets_oneself_beside_each_group_that_may_be_told(
    asker: Visitor, person_id: int, change: Ask, ask: Ask
) -> None:
    round_id = change(lambda: open_round(person_id, EVERYBODY))
    close(asker, round_id)
    asker.follow()
    asker.get(f"/feedback/{round_id}/report")
    assert cells(asker)["Leading with care"] == ["3", "1", "3", "1.5 0 to 4"]
    said = asker.text()
    assert "Blind spots , where you think clearly more of yourself than others do" in said
    assert "Not shown, with fewer than 3 answers even together: Others" in said
    assert "Others: 1 of 1" in said
    assert "See what would help" in said
    assert asker.page.select_one('a[href^="/recommendations"]')
    assert asker.page.select_one('a[href^="/offers?dimension="]')


@pytest.mark.both_databases
def test_a_group_is_told_from_three_answers_on_in_every_page_and_export(
    asker: Visitor, person_id: int, change: Ask
) -> None:
    for size, told in ((2, False), (3, True)):
        some = [Rater(Group.PEERS, 4, 4, {"well": "zqx kind"})] * size
        round_id = change(lambda some=some, size=size: finished_round(person_id, some, 900 - 300 * size))  # type: ignore[misc]
        asker.get(f"/feedback/{round_id}/report")
        page = asker.text()
        for said in (page, pdf(asker, round_id)):
            assert ("zqx kind" in said) is told
            assert ("Hidden strengths, where" in said.replace(" ,", ",")) is told
        exported = json.dumps(change(lambda round_id=round_id: db.session.get_one(FeedbackRound, round_id).report))  # type: ignore[misc]
        assert ("zqx kind" in exported) is told
        assert ('"mean"' in exported) is told


def pdf(asker: Visitor, round_id: int) -> str:
    asker.get(f"/feedback/{round_id}/report.pdf")
    assert asker.response.content_type == "application/pdf"
    return " ".join(words_of(asker.response.data).split())


def test_the_page_and_the_file_say_the_same(asker: Visitor, person_id: int, change: Ask) -> None:
    words = {"well": "Listens *before* #deciding", "more": "Say no more often"}
    some = [*EVERYBODY, Rater(Group.PEERS, 3, 4, words)]
    round_id = change(lambda: finished_round(person_id, some))
    in_file = pdf(asker, round_id)
    asker.get(f"/feedback/{round_id}/report")
    for said in ("Leading with care", "Direct reports", "0 to 4", *words.values()):
        assert said in in_file
        assert said in asker.text()


@pytest.mark.both_databases
def test_once_closed_no_answer_and_no_link_to_one_is_left_anywhere(
    app: Flask, asker: Visitor, person_id: int, change: Ask, ask: Ask, caplog: pytest.LogCaptureFixture
) -> None:
    said = [
        Rater(Group.PEERS, number, 3, {"well": f"zqxword{number}", "more": f"zqxmore{number}"}) for number in range(5)
    ]
    not_sent = Rater(Group.PEERS, 4, 3, {"well": "zqxdraft"}, sends=False)
    round_id = change(lambda: open_round(person_id, [*said, not_sent]))
    close(asker, round_id)

    def everything() -> str:
        return repr([
            row for table in db.metadata.sorted_tables if table.name != "feedback_round"
            for row in db.session.execute(select(table)).all()
        ])  # fmt: skip

    whole = ask(everything) + caplog.text
    for mark in ("zqx", "rater.0@raters.example", "Rater 0"):
        assert mark not in whole
    report = ask(lambda: json.dumps(db.session.get_one(FeedbackRound, round_id).report))
    assert "zqxdraft" not in report
    assert "raters.example" not in report
    assert not re.search(r"\d\d:\d\d", report), "a report says no time of day"
    assert ask(lambda: db.session.scalar(select(func.count()).select_from(FeedbackRater))) == 0
    events = ask(lambda: [(one.action, one.detail) for one in db.session.scalars(
        select(AuditEvent).where(AuditEvent.subject == f"feedback:{round_id}"))])  # fmt: skip
    assert {action for action, _ in events} == {"feedback opened", "feedback asked for", "feedback closed"}
    assert all(detail == {} for _, detail in events)


def test_what_was_deleted_is_not_in_the_file_of_the_database_either(
    app: Flask, person_id: int, change: Ask, settings: Any
) -> None:
    said = [Rater(Group.PEERS, 4, 3, {"well": f"zqxword{number}"}) for number in range(2)]
    round_id = change(lambda: open_round(person_id, said))
    change(lambda: closing.close(round_id)[0].id)
    with app.app_context():
        db.session.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))
    path = Path(settings.database.removeprefix("sqlite:///"))
    assert b"zqxword" not in path.read_bytes()


def test_comments_are_in_another_order_than_they_came_in(
    person_id: int, add_person: Callable[..., int], change: Ask
) -> None:
    orders = set()
    said = [Rater(Group.PEERS, 3, 3, {"well": str(number)}) for number in range(4)]
    for number in range(6):
        other = add_person(f"Somebody {number}")
        change(lambda other=other: finished_round(other, said))  # type: ignore[misc]

    def read() -> list[Any]:
        return [one.report for one in db.session.scalars(select(FeedbackRound))]

    for report in change(read):
        (group,) = report["comments"]
        assert sorted(group["said"]) == ["0", "1", "2", "3"]
        orders.add(tuple(group["said"]))
    assert len(orders) >= 2, "six rounds in the same order: one in eight million"


@pytest.mark.both_databases
def test_a_round_closes_on_its_day_and_its_report_never_changes(
    app: Flask, person_id: int, change: Ask, ask: Ask
) -> None:
    round_id = change(lambda: open_round(person_id, EVERYBODY))
    with app.app_context():
        with time_machine.travel(now() + timedelta(days=20), tick=False):
            keep_days()
            assert db.session.get_one(FeedbackRound, round_id).report is None
        db.session.remove()
        with time_machine.travel(now() + timedelta(days=22), tick=False):
            keep_days()
            first = db.session.get_one(FeedbackRound, round_id).report
            keep_days()
            db.session.expire_all()
            assert db.session.get_one(FeedbackRound, round_id).report == first is not None


def test_a_closed_round_is_closed_once(asker: Visitor, person_id: int, change: Ask) -> None:
    round_id = change(lambda: open_round(person_id, EVERYBODY))
    asker.get(f"/feedback/{round_id}/close")
    change(lambda: closing.close(round_id)[0].id)
    asker.press("Close now", sure="y")  # sent again: it is where it leads to
    asker.follow()
    assert "Your feedback report is ready" in asker.text()


def test_before_the_close_there_is_no_report(asker: Visitor, person_id: int, change: Ask) -> None:
    round_id = change(lambda: open_round(person_id, EVERYBODY))
    asker.get(f"/feedback/{round_id}/report", status=404)
    asker.get(f"/feedback/{round_id}/report.pdf", status=404)


def test_the_report_before_stands_beside_the_next_one(asker: Visitor, person_id: int, change: Ask) -> None:
    change(lambda: finished_round(person_id, raters(peers=[1, 1, 1])))
    round_id = change(lambda: finished_round(person_id, raters(peers=[4, 4, 4]), days_ago=0))
    asker.get(f"/feedback/{round_id}/report")
    assert cells(asker)["Leading with care"] == ["3 3 before", "4 1 before"]


def test_with_nobodys_answers_the_page_says_so(asker: Visitor, person_id: int, change: Ask) -> None:
    round_id = change(lambda: finished_round(person_id, raters(peers=[4, 4])))
    asker.get(f"/feedback/{round_id}/report")
    assert "Too few people have answered for anything to be shown" in asker.text()


def test_pooled_groups_are_named_together(asker: Visitor, person_id: int, change: Ask) -> None:
    round_id = change(lambda: finished_round(person_id, raters(peers=[3] * 3, reports=[0, 1], others=[4, 4])))
    asker.get(f"/feedback/{round_id}/report")
    assert cells(asker)["Leading with care"] == ["3", "3", "2"]
    assert "Direct reports and others together 4 answers" in asker.text()


@pytest.mark.parametrize("size", [3, 4])
def test_of_three_and_four_only_a_whole_number_is_told(asker: Visitor, person_id: int, change: Ask, size: int) -> None:
    round_id = change(lambda: finished_round(person_id, raters(reports=[0, 1, 4, 4][:size])))
    asker.get(f"/feedback/{round_id}/report")
    assert cells(asker)["Leading with care"] == ["3", "2"]


def test_a_close_that_fails_half_way_deletes_nothing(app: Flask, person_id: int, change: Ask, ask: Ask) -> None:
    round_id = change(lambda: open_round(person_id, EVERYBODY))

    def half_way() -> None:
        closing.close(round_id)
        raise RuntimeError

    with app.app_context(), pytest.raises(RuntimeError):
        run(half_way)
    assert ask(lambda: db.session.scalar(select(func.count()).select_from(FeedbackRater))) == len(EVERYBODY)
    assert ask(lambda: db.session.get_one(FeedbackRound, round_id).state) == "open"


def test_who_assessed_themself_in_the_short_form_stands_beside_the_others_too(
    asker: Visitor, person_id: int, change: Ask
) -> None:
    def short() -> int:
        made = closed_assessment(person_id)
        db.session.get_one(Assessment, made).form = Form.SHORT
        for dimension in asked_dimensions(frameworks.current_framework().id):
            db.session.add(LevelAnswer(assessment_id=made, dimension_id=dimension.id, level=1, agreement=2))
        here = actions.open_round(db.session.get_one(Person, person_id), today() + timedelta(days=9))
        for number in range(3):
            answer(ask_rater(here, Group.PEERS, number), Rater(Group.PEERS, 4))
        return closing.close(here.id)[0].id

    round_id = change(short)
    asker.get(f"/feedback/{round_id}/report")
    assert cells(asker)["Leading with care"] == ["2", "4"]
