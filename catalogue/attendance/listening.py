"""What is done here when something happens below: within its transaction."""

from sqlalchemy import select

from catalogue.assessments.models import Assessment
from catalogue.assessments.signals import assessed
from catalogue.attendance.actions import settle, settle_programmes, take_back
from catalogue.attendance.letters import write_step_was_voided
from catalogue.enrolments.models import ON_IT, Completion, Enrolment
from catalogue.enrolments.signals import completed, voided
from catalogue.extensions import db
from catalogue.offers.models import OfferVersion


def listen() -> None:
    completed.connect(_completed)
    voided.connect(_voided)
    assessed.connect(_assessed)


def _completed(_sender: object, *, completion: Completion) -> None:
    settle_programmes(completion)


def _voided(_sender: object, *, completion: Completion) -> None:
    for programme in take_back(completion):
        write_step_was_voided(programme, completion.enrolment.version.title)


def _assessed(_sender: object, *, assessment: Assessment) -> None:
    """A self-assessment that was finished after joining counts for every offer that asks for one."""
    waiting = (
        select(Enrolment)
        .join(OfferVersion, OfferVersion.id == Enrolment.version_id)
        .where(
            Enrolment.person_id == assessment.person_id,
            Enrolment.state.in_(ON_IT),
            OfferVersion.reassessment_needed,
        )
        .order_by(Enrolment.id)
    )
    for enrolment in db.session.scalars(waiting).all():
        settle(enrolment, assessment.person)
