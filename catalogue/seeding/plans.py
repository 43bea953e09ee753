"""The plan of the demonstration: what the matron made of her feedback, and what her line manager wrote on it."""

from datetime import timedelta

from sqlalchemy import select

from catalogue.clock import now, today
from catalogue.enrolments.approving import Manager
from catalogue.extensions import db
from catalogue.feedback.queries import rounds_of
from catalogue.frameworks import queries as frameworks
from catalogue.offers.models import Offer
from catalogue.people.models import Person
from catalogue.plans import actions, sharing
from catalogue.plans.actions import Promise
from catalogue.plans.letters import write_shared
from catalogue.plans.models import PlanComment
from catalogue.plans.rules import CommitmentState

PLANNED = "fresh-eyes-on-old-problems"
MADE_DAYS_AGO, TRIED_DAYS_AGO, WRITTEN_DAYS_AGO = 30, 9, 2


def add_plan(person: Person, manager: Manager) -> None:
    """Two commitments, of which she has tried one; an offer that she means to take; and a comment that is new."""
    dimensions = frameworks.current_framework().dimensions
    report = next(f"feedback:{one.id}" for one in rounds_of(person.id) if one.report)
    listens = actions.commit(
        person,
        Promise(
            "In the Monday meeting I ask each person what they see, before I say what I think",
            today() + timedelta(days=12), dimensions[3].id,
        ),
        report,
    )  # fmt: skip
    shares = Promise("I tell the ward on Fridays what the board is thinking", today() + timedelta(days=40))
    for one in (listens, actions.commit(person, shares, report)):
        one.made_at = one.set_at = now() - timedelta(days=MADE_DAYS_AGO)
    actions.move(listens, CommitmentState.TESTED, "It took longer, and I heard two things that I had not known.")
    listens.changes[-1].at = now() - timedelta(days=TRIED_DAYS_AGO)
    offer = db.session.scalars(select(Offer).where(Offer.key == PLANNED, Offer.example)).one()
    actions.plan_for(person, offer, today() + timedelta(days=60))
    actions.assess_again(person, today() + timedelta(days=75))
    shared, token = sharing.share(person, manager)
    write_shared(shared, token)
    words = "I noticed it on Monday. What would help you to keep to it when the ward is full?"
    at = now() - timedelta(days=WRITTEN_DAYS_AGO)
    db.session.add(PlanComment(share=shared, step=f"commitment:{listens.id}", words=words, at=at))
    shared.shared_at = shared.sent_at = now() - timedelta(days=TRIED_DAYS_AGO)
    db.session.flush()
