"""Rounds of feedback, without the way through their pages."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy import update

from catalogue.assessments.models import Answer
from catalogue.clock import now, today
from catalogue.extensions import db
from catalogue.feedback import actions, closing, queries, rating
from catalogue.feedback.actions import Named
from catalogue.feedback.models import FeedbackRound
from catalogue.feedback.rules import Group
from catalogue.frameworks import queries as frameworks
from catalogue.people.models import Account, Person
from tests.assessments.closed import closed_assessment


@dataclass(frozen=True)
class Rater:
    """Somebody who answers everything with one number."""

    group: Group
    agreement: int | None = 3
    importance: int = 3
    comments: Mapping[str, str] = field(default_factory=dict)
    sends: bool = True


def raters(**groups: Sequence[int]) -> list[Rater]:
    """So many of each group, by the number with which each answers."""
    return [Rater(Group(group), agreement) for group, given in groups.items() for agreement in given]


def assessed(person_id: int, agreement: int = 3) -> int:
    """A finished self-assessment in which everything is answered with this number."""
    made = closed_assessment(person_id)
    for dimension in queries.asked_dimensions(frameworks.current_framework().id):
        for statement_id in dimension.statements:
            db.session.add(Answer(assessment_id=made, statement_id=statement_id, agreement=agreement))
    db.session.flush()
    return made


def open_round(person_id: int, said: Sequence[Rater] = (), facilitator: Named | None = None) -> int:
    """In the present transaction, an open round in which these have answered; returns its id."""
    person = db.session.get_one(Person, person_id)
    if not queries.own_means(person_id, frameworks.current_framework().id):
        assessed(person_id)
    here = actions.open_round(person, today() + timedelta(days=21), facilitator)
    for number, rater in enumerate(said):
        token = ask(here, rater.group, number)
        answer(token, rater)
    return here.id


def ask(here: FeedbackRound, group: Group, number: int) -> str:
    return actions.ask(here, group, Named(f"Rater {number}", f"rater.{number}@raters.example"))


def answer(token: str, rater: Rater) -> None:
    if rater.group == Group.MANAGER:
        rating.begin(token)
    for step in queries.steps(queries.rater_by_token(token)):
        given = {statement.id: rater.agreement for statement in step.dimension.statements}
        rating.save(token, step.dimension.id, given, rater.importance)
    if rater.comments:
        rating.comment(token, rater.comments)
    if rater.sends:
        rating.send(token)


def finished_round(
    person_id: int, said: Sequence[Rater] = (), days_ago: int = 200, facilitator: Named | None = None
) -> int:
    """In the present transaction, a round that was closed so many days ago; returns its id."""
    round_id = open_round(person_id, said, facilitator)
    here, _token = closing.close(round_id)
    here.closed_at = now() - timedelta(days=days_ago)
    db.session.flush()
    return round_id


def signs_in_with(person_id: int, email: str) -> None:
    db.session.execute(update(Account).where(Account.person_id == person_id).values(email=email))
