"""How often pages on one's own feedback, plan and completions ask the database."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from catalogue.clock import now, today
from catalogue.credentials.models import Credential
from catalogue.enrolments.approving import Manager
from catalogue.enrolments.models import (
    CompletedBy,
    Completion,
    Enrolment,
    EnrolmentState,
)
from catalogue.extensions import db
from catalogue.feedback import actions as feedback
from catalogue.feedback.actions import Named
from catalogue.feedback.models import FeedbackGroupReport, FeedbackRater, FeedbackRound
from catalogue.feedback.rules import Group
from catalogue.frameworks.queries import current_framework
from catalogue.offers.models import Offer
from catalogue.people.models import Person
from catalogue.people.rules import hash_token
from catalogue.plans import actions as plans
from catalogue.plans import sharing as plan_sharing
from catalogue.plans.actions import Promise
from catalogue.plans.models import PlanComment, PlanShare
from catalogue.plans.rules import CommitmentState
from catalogue.systems.models import Organisation, System
from tests.assessments.closed import closed_assessment
from tests.catalogue.query_counts.asking import asks_a_fixed_number
from tests.feedback.rounds import finished_round, open_round, raters
from tests.visitor import Visitor


def more_completions(first: int, count: int) -> None:
    """So many more that the administrator has completed, each with its badge."""
    person_id = db.session.scalars(select(Person.id).where(Person.name == "Adam Administrator")).one()
    offers = db.session.scalars(select(Offer).order_by(Offer.id).offset(first).limit(count)).all()
    for offer in offers:
        enrolment = Enrolment(
            person_id=person_id, offer_id=offer.id, version_id=offer.published.id, state=EnrolmentState.COMPLETED
        )
        completion = Completion(
            enrolment=enrolment, person_id=person_id, offer_id=offer.id, by=CompletedBy.PROVIDER, by_person_id=person_id
        )
        db.session.add(Credential(completion=completion))


@pytest.mark.parametrize("path", ["/transcript", "/transcript.pdf"])
def test_a_transcript_asks_a_fixed_number_of_times(
    app: Flask, administrator: Visitor, statements: Callable[[], Any], path: str
) -> None:
    asks_a_fixed_number(app, administrator, statements, more_completions, path, 9)


def more_feedback(first: int, count: int) -> None:
    """So many more raters of the administrator's open round, and reports of other rounds of theirs."""
    adam = db.session.scalars(select(Person).where(Person.name == "Adam Administrator")).one()
    if first == 1:
        finished_round(adam.id, raters(peers=[1] * 3), days_ago=400)
        open_round(adam.id)
    rounds = db.session.scalars(select(FeedbackRound).order_by(FeedbackRound.id)).all()
    here = rounds[1]
    for number in range(first, first + count):
        db.session.add(
            FeedbackRound(
                person=adam, framework=here.framework, state="released", closes_on=now().date(),
                closed_at=now() - timedelta(days=200), report=rounds[0].report,
            )
        )  # fmt: skip
        feedback.ask(here, Group.PEERS, Named(f"Rater {number}", f"{number}@raters.example"))
    rater = db.session.scalars(select(FeedbackRater).where(FeedbackRater.email == "1@raters.example")).one()
    rater.token_hash = hash_token("token")
    system = db.session.scalars(select(System).where(System.key == "devon")).one()
    for number in range(first, first + count):
        content = {"dimensions": []}
        db.session.add(
            FeedbackGroupReport(system=system, number=number, people=10, made_on=now().date(), content=content)
        )
    of_system = select(Organisation).where(Organisation.system_id == system.id).order_by(Organisation.key)
    for number, body in enumerate(db.session.scalars(of_system.offset(first).limit(count)).all(), 1000 + first):
        db.session.add(
            FeedbackGroupReport(
                system=system, organisation=body, number=number, people=10, made_on=now().date(), content=content
            )
        )


@pytest.mark.parametrize(
    ("path", "most"),
    [
        ("/feedback", 8), ("/feedback/open", 4), ("/feedback/1/report", 27), ("/feedback/1/report.pdf", 7),
        ("/feedback/2", 7), ("/feedback/2/close", 7), ("/rate/token", 7), ("/rate/token/answer", 7),
        ("/rate/token/answer/care", 7), ("/rate/token/comments", 5), ("/feedback/systems", 6),
        ("/feedback/organisations/torbay-and-south-devon", 7),
    ],
)  # fmt: skip
def test_pages_on_feedback_ask_a_fixed_number_of_times(
    app: Flask, administrator: Visitor, statements: Callable[[], Any], path: str, most: int
) -> None:
    asks_a_fixed_number(app, administrator, statements, more_feedback, path, most)


def more_on_a_plan(first: int, count: int) -> None:
    """So many more commitments and planned offers of the administrator, some of them tried and some let go."""
    adam = db.session.scalars(select(Person).where(Person.name == "Adam Administrator")).one()
    if first == 1:
        closed_assessment(adam.id, level=0)
    dimensions = current_framework().dimensions
    for number in range(first, first + count):
        made = plans.commit(adam, Promise(f"Number {number}", today() + timedelta(days=9), dimensions[number % 9].id))
        if number % 2:
            plans.move(made, CommitmentState.TESTED, "noted")
        if number % 3 == 0:
            plans.move(made, CommitmentState.ABANDONED, "")
    offers = db.session.scalars(select(Offer).where(Offer.published.has()).order_by(Offer.id)).all()
    for offer in offers[first : first + count]:
        plans.put_on_plan(adam, offer)
    if first == 1:
        plan_sharing.share(adam, Manager("Mo", "mo@managers.example"))
        plans.assess_again(adam, today() + timedelta(days=90))
    shared = db.session.scalars(select(PlanShare)).one()
    shared.token_hash = hash_token("token")
    for number in range(first, first + count):
        db.session.add(PlanComment(share=shared, step=f"commitment:{number}", words="Well done"))


@pytest.mark.parametrize(
    ("path", "most"),
    [
        ("/enrolments", 22),
        ("/home", 28),
        ("/plan/commit", 5),
        ("/plan/commitments/1", 6),
        ("/plan/share", 4),
        ("/plan/assess-again", 4),
        ("/shared-plan/token", 12),
    ],
)
def test_pages_on_a_plan_ask_a_fixed_number_of_times(
    app: Flask, administrator: Visitor, statements: Callable[[], Any], path: str, most: int
) -> None:
    asks_a_fixed_number(app, administrator, statements, more_on_a_plan, path, most)
