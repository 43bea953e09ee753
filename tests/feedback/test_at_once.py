"""Closing, sending and erasing at the same moment."""

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select

from catalogue.errors import NotThere
from catalogue.extensions import db
from catalogue.feedback import actions
from catalogue.feedback.models import FeedbackRater, FeedbackRound
from catalogue.feedback.rules import Group
from catalogue.feedback.telling import close_and_tell
from catalogue.people.models import AuditEvent, Person
from catalogue.privacy import erasing
from catalogue.transactions import run
from tests.conftest import Ask
from tests.enrolments.at_once import post, press_all
from tests.enrolments.conftest import mails
from tests.feedback.rounds import Rater, answer, ask, open_round, raters
from tests.visitor import Visitor

pytestmark = pytest.mark.both_databases


def test_closed_by_many_at_once_is_closed_once_and_whoever_sends_meanwhile_counts_or_is_told_that_they_do_not(
    app: Flask, add_person: Callable[..., int], sign_in: Callable[[int], Visitor], change: Ask
) -> None:
    person_id = add_person("Sam Asker")

    def begin() -> tuple[int, str]:
        round_id = open_round(person_id, raters(peers=[3] * 3))
        token = ask(db.session.get_one(FeedbackRound, round_id), Group.PEERS, 9)
        answer(token, Rater(Group.PEERS, sends=False))
        return round_id, token

    round_id, token = change(begin)
    closers, rater = [sign_in(person_id) for _ in range(4)], Visitor(app)
    for one in closers:
        one.get(f"/feedback/{round_id}/close")
    rater.get(f"/rate/{token}/answer")
    sent: list[int] = []

    def send() -> int:
        sent.append(post(rater, f"/rate/{token}/send")())
        return sent[0]

    statuses = press_all([*(post(one, f"/feedback/{round_id}/close", sure="y") for one in closers), send])
    assert set(statuses) <= {302, 404, 409}

    def left() -> tuple[int, list[int], list[str], int]:
        here = db.session.get_one(FeedbackRound, round_id)
        closed = db.session.scalars(select(AuditEvent.id).where(AuditEvent.action == "feedback closed")).all()
        subjects = [subject for _to, subject in mails()]
        assert here.report is not None
        return (
            len(closed), [one["answered"] for one in here.report["groups"]], subjects,
            len(db.session.scalars(select(FeedbackRater.id)).all()),
        )  # fmt: skip

    assert change(left) == (1, [4 if sent == [302] else 3], ["Your feedback report is ready"], 0)


def test_a_round_that_went_with_its_person_a_moment_ago_is_not_there(
    app: Flask, add_person: Callable[..., int], change: Ask
) -> None:
    person_id = add_person("Sam Asker")
    round_id = change(lambda: open_round(person_id, raters(peers=[3])))
    change(lambda: erasing.erase(db.session.get_one(Person, person_id), ""))
    with app.app_context():
        for late in (actions.held, close_and_tell):
            with pytest.raises(NotThere):
                run(lambda late=late: late(round_id))  # type: ignore[misc]
