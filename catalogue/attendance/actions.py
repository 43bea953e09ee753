"""Noting what somebody has done towards completing an offer, and completing it once nothing is missing."""

from sqlalchemy import delete, select

from catalogue.attendance import queries
from catalogue.clock import now
from catalogue.enrolments.actions import hold
from catalogue.enrolments.completing import complete, standing_completion
from catalogue.enrolments.models import ON_IT, CompletedBy, Completion, Enrolment, EnrolmentState, StepDone
from catalogue.enrolments.signals import progressed
from catalogue.errors import NotThere, Refused
from catalogue.extensions import db
from catalogue.offers.models import Step
from catalogue.people import audit
from catalogue.people.models import Person


def do_step(enrolment: Enrolment, step: Step) -> Completion | None:
    """Mark a step as done; the offer is completed where it was the last that was missing.

    Doing it again changes nothing. Raises ``Refused`` for a step that is another offer: completing that does it.
    """
    hold(enrolment)
    if enrolment.state not in ON_IT:
        if enrolment.state == EnrolmentState.COMPLETED:
            return standing_completion(enrolment.id)
        raise Refused("You are not on this offer any more.")
    if step.version_id != enrolment.version_id:
        raise NotThere
    if step.offer_id is not None:
        raise Refused("This step is an offer of its own. It is done when you have completed that.")
    if step.id in _marked(enrolment):
        return None
    db.session.add(StepDone(enrolment_id=enrolment.id, step_id=step.id))
    db.session.flush()
    return settle(enrolment, enrolment.person, CompletedBy.LAST_STEP)


def settle(enrolment: Enrolment, actor: Person, by: CompletedBy = CompletedBy.RULE) -> Completion | None:
    """After something has changed, see what is still needed, and complete the offer where that is nothing.

    Whoever holds no place is left alone. Steps that are offers which the person has completed are marked as done.
    """
    hold(enrolment)
    if enrolment.state not in ON_IT:
        return standing_completion(enrolment.id)
    new = sorted(queries.done_steps(enrolment) - _marked(enrolment))
    db.session.add_all(StepDone(enrolment_id=enrolment.id, step_id=step_id) for step_id in new)
    db.session.flush()
    standing = queries.standing(enrolment)
    done, total = standing.progress
    progressed.send(None, enrolment=enrolment, done=done, total=total)
    return None if standing.missing else complete(enrolment, by, actor)


def took_part(enrolment: Enrolment, by: CompletedBy, actor: Person) -> Completion | None:
    """Somebody says that a person took part in all of it: it is completed, but for a reassessment that is asked for.

    Raises ``Refused`` for somebody who does not hold a place.
    """
    hold(enrolment)
    awaits = enrolment.state in ON_IT and enrolment.version.reassessment_needed
    if not awaits or queries.standing(enrolment).done.reassessed:
        return complete(enrolment, by, actor)
    if enrolment.state == EnrolmentState.BOOKED:
        enrolment.state, enrolment.changed_at = EnrolmentState.ATTENDED, now()
        db.session.flush()
        audit.record("took part", f"enrolment:{enrolment.id}", actor.key)
    return settle(enrolment, actor)


def settle_programmes(completion: Completion) -> None:
    """What completing an offer does for those of the person's programmes that have it as a step."""
    actor = db.session.get_one(Person, completion.by_person_id)
    for enrolment in queries.on_programmes_with(completion.offer_id, completion.person_id):
        settle(enrolment, actor)


def take_back(completion: Completion) -> list[Enrolment]:
    """A completion was voided: the steps that it did are done no more, but for programmes that are completed by now.

    These are returned, for somebody to look at. Where the person has completed the offer another time, nothing changes.
    """
    if queries.has_completed(completion.person_id, completion.offer_id):
        return []
    completed: list[Enrolment] = []
    for enrolment in queries.on_programmes_with(completion.offer_id, completion.person_id):
        hold(enrolment)
        if enrolment.state == EnrolmentState.COMPLETED:
            completed.append(enrolment)
            continue
        steps = select(Step.id).where(Step.version_id == enrolment.version_id, Step.offer_id == completion.offer_id)
        gone = delete(StepDone).where(StepDone.enrolment_id == enrolment.id, StepDone.step_id.in_(steps))
        db.session.execute(gone, execution_options={"synchronize_session": "fetch"})
        if enrolment.state in ON_IT:
            done, total = queries.standing(enrolment).progress
            progressed.send(None, enrolment=enrolment, done=done, total=total)
    return completed


def _marked(enrolment: Enrolment) -> set[int]:
    return set(db.session.scalars(select(StepDone.step_id).where(StepDone.enrolment_id == enrolment.id)))
