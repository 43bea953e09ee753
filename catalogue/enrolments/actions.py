"""Joining, leaving and completing an offer."""

from collections.abc import Sequence

from sqlalchemy import select

from catalogue.clock import now, today
from catalogue.enrolments import queries, rules
from catalogue.enrolments.models import ACTIVE, CompletedBy, Completion, Enrolment, EnrolmentState, StepDone
from catalogue.enrolments.signals import completed, step_done
from catalogue.errors import NotThere, Refused
from catalogue.extensions import db
from catalogue.offers.models import Offer, Run, Step
from catalogue.offers.rules import can_be_joined
from catalogue.people import audit
from catalogue.people.models import Person


def locked(run_id: int) -> Run:
    """The run, held until the commit: whoever changes who is on it waits here for their turn."""
    run = db.session.scalar(
        select(Run).where(Run.id == run_id).with_for_update().execution_options(populate_existing=True)
    )
    if run is None:
        raise NotThere
    return run


def _hold(enrolment: Enrolment) -> None:
    """Read it anew and hold it until the commit, so that nobody completes and withdraws it at the same moment.

    Whoever needs the run as well takes the run first.
    """
    db.session.refresh(enrolment, with_for_update=True)


def enrol(person: Person, offer: Offer, run_id: int | None) -> Enrolment:
    """Put a person on an offer: booked where there is a place, else on the waiting list.

    Asking again gives the enrolment that there is; where the same person asks twice at the same moment, the
    unique index lets one through, and the other's transaction runs again and finds it. Raises ``Refused``
    where it cannot be joined so.
    """
    there = queries.active(person.id, offer.id)
    if there is not None:
        return there
    version = offer.published
    run = None
    if run_id is not None and not version.self_paced:
        run = locked(run_id)
        if run.offer_id != offer.id:
            raise NotThere
    refused = rules.why_not(version.mode, run.state if run else None, run.starts_on if run else None, today())
    if refused:
        raise Refused(refused)
    if offer.id in queries.completed_offer_ids(person.id) and version.self_paced:
        raise Refused("You have completed this already. It is on your plan, under what you have done.")
    state = EnrolmentState.BOOKED
    if run is not None:
        booked, waiting = queries.booked_counts([run.id])[run.id]
        state = rules.state_for(run.places, booked, waiting)
    enrolment = Enrolment(
        person_id=person.id, offer_id=offer.id, version_id=version.id, run_id=run.id if run else None, state=state
    )
    db.session.add(enrolment)
    db.session.flush()
    audit.record("enrolled", f"enrolment:{enrolment.id}", person.key, state=state)
    return enrolment


def enrol_together(people: Sequence[Person], run_id: int, actor: Person) -> list[Enrolment]:
    """Give all of these people a place on a run, or none of them; returns the new enrolments.

    Who is on the offer already, or waits for it, is passed over. Raises ``Refused`` where the run takes nobody, or
    has fewer places than are needed.
    """
    run = locked(run_id)
    version = run.offer.published
    refused = rules.why_not(version.mode, run.state, run.starts_on, today())
    if refused:
        raise Refused(refused)
    there = queries.people_on(run, [person.id for person in people])
    new = [person for person in people if person.id not in there]
    free = queries.free_together([run])[run.id]
    if len(new) > free:
        raise Refused(rules.too_few_places(free, len(new)))
    enrolments = [
        Enrolment(person=person, offer=run.offer, version=version, run=run, state=EnrolmentState.BOOKED)
        for person in new
    ]
    db.session.add_all(enrolments)
    db.session.flush()
    for enrolment in enrolments:
        audit.record("enrolled by another", f"enrolment:{enrolment.id}", actor.key, state=enrolment.state)
    return enrolments


def withdraw(enrolment: Enrolment, actor: Person) -> list[Enrolment]:
    """Leave an offer; in the same transaction whoever is next on the waiting list gets the place.

    Returns those who were promoted. Raises ``Refused`` where it is completed.
    """
    if enrolment.run_id is not None:
        locked(enrolment.run_id)
    _hold(enrolment)
    if enrolment.state == EnrolmentState.COMPLETED:
        raise Refused("You have completed this, so you cannot withdraw from it.")
    if enrolment.state not in ACTIVE:
        return []
    enrolment.state, enrolment.changed_at = EnrolmentState.WITHDRAWN, now()
    audit.record("withdrew", f"enrolment:{enrolment.id}", actor.key)
    db.session.flush()
    return _promote(enrolment.run_id) if enrolment.run_id is not None else []


def _promote(run_id: int) -> list[Enrolment]:
    run = db.session.get_one(Run, run_id)
    if not can_be_joined(run.starts_on, run.state, today()):
        return []
    booked, _waiting = queries.booked_counts([run_id])[run_id]
    next_ones = db.session.scalars(
        select(Enrolment)
        .where(Enrolment.run_id == run_id, Enrolment.state == EnrolmentState.WAITLISTED)
        .order_by(Enrolment.id)
        .limit(rules.free_places(run.places, booked))
    ).all()
    for enrolment in next_ones:
        enrolment.state, enrolment.changed_at = EnrolmentState.BOOKED, now()
        audit.record("given a place", f"enrolment:{enrolment.id}")
    db.session.flush()
    return list(next_ones)


def do_step(enrolment: Enrolment, step: Step) -> Completion | None:
    """Mark a step as done; with the last one the offer is completed. Doing it again changes nothing."""
    _hold(enrolment)
    if enrolment.state != EnrolmentState.BOOKED:
        if enrolment.state == EnrolmentState.COMPLETED:
            return standing_completion(enrolment.id)
        raise Refused("You are not on this offer any more.")
    if step.version_id != enrolment.version_id:
        raise NotThere
    done = set(db.session.scalars(select(StepDone.step_id).where(StepDone.enrolment_id == enrolment.id)))
    asked = set(db.session.scalars(select(Step.id).where(Step.version_id == enrolment.version_id)))
    if step.id not in done:
        db.session.add(StepDone(enrolment_id=enrolment.id, step_id=step.id))
        db.session.flush()
        done.add(step.id)
        step_done.send(None, enrolment=enrolment, done=len(done & asked), total=len(asked))
    return complete(enrolment, CompletedBy.LAST_STEP, enrolment.person) if asked <= done else None


def complete(enrolment: Enrolment, by: CompletedBy, actor: Person) -> Completion:
    """Record that a person completed an offer: once, with its audit event and whatever listeners write.

    Raises ``Refused`` for somebody who does not hold a place.
    """
    _hold(enrolment)
    there = standing_completion(enrolment.id)
    if there is not None:
        return there
    if enrolment.state != EnrolmentState.BOOKED:
        raise Refused("Only somebody who holds a place can complete an offer.")
    completion = Completion(
        enrolment=enrolment, person_id=enrolment.person_id, offer_id=enrolment.offer_id, by=by, by_person_id=actor.id
    )
    enrolment.state, enrolment.changed_at = EnrolmentState.COMPLETED, now()
    db.session.add(completion)
    db.session.flush()
    audit.record("completed", f"enrolment:{enrolment.id}", actor.key, by=by)
    completed.send(None, completion=completion)
    return completion


def standing_completion(enrolment_id: int) -> Completion | None:
    return db.session.scalar(
        select(Completion).where(Completion.enrolment_id == enrolment_id, Completion.voided_at.is_(None))
    )
