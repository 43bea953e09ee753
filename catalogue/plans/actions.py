"""Changing one's own plan. Whoever posts a form twice has done it once."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import delete, func, select, update

from catalogue.clock import now, today
from catalogue.enrolments import queries as enrolments
from catalogue.errors import Refused
from catalogue.extensions import db
from catalogue.offers.models import Offer
from catalogue.people.models import Person
from catalogue.plans import queries
from catalogue.plans.models import Commitment, CommitmentChange, PlanComment, PlannedOffer, PlanShare, Reassessment
from catalogue.plans.rules import MOST_OPEN, NEXT, OPEN, CommitmentState


@dataclass(frozen=True, slots=True)
class Promise:
    """What somebody will do, by when, and for which dimension, if for one."""

    words: str
    by: date
    dimension_id: int | None = None


def held(person: Person) -> None:
    """What they do twice at the same moment is done one after the other."""
    db.session.get_one(Person, person.id, with_for_update={"key_share": True})


def commit(person: Person, promise: Promise, began_from: str = "") -> Commitment:
    """``began_from`` is what led to it, of the person's own: "feedback:7", "assessment:3", or nothing.

    Raises ``Refused`` for a day that is not to come, and for more than anybody keeps.
    """
    held(person)
    _to_come(promise.by)
    same = select(Commitment).where(
        Commitment.person_id == person.id, Commitment.words == promise.words, Commitment.by == promise.by,
        Commitment.state == CommitmentState.MADE,
    )  # fmt: skip
    there = db.session.scalars(same).first()
    if there is not None:
        return there
    count = select(func.count()).where(Commitment.person_id == person.id, Commitment.state.in_(OPEN))
    if (db.session.scalar(count) or 0) >= MOST_OPEN:
        raise Refused(f"You have {MOST_OPEN} commitments that are not done. Say of some how they went, then add more.")
    made = Commitment(
        person_id=person.id, words=promise.words, by=promise.by, dimension_id=promise.dimension_id,
        began_from=began_from,
    )  # fmt: skip
    db.session.add(made)
    db.session.flush()
    return made


def _to_come(day: date) -> None:
    if day <= today():
        raise Refused("Choose a day that is still to come.")


def change(commitment: Commitment, promise: Promise) -> None:
    """Say it in other words, or for another day. Raises ``Refused`` where it has ended, or the day is not to come."""
    _hold(commitment)
    if not commitment.open:
        raise Refused("You have said how this ended, so it stays as it is.")
    if promise.by != commitment.by:
        _to_come(promise.by)
        commitment.by, commitment.set_at, commitment.reminded_at = promise.by, now(), None
    commitment.words, commitment.dimension_id = promise.words, promise.dimension_id
    db.session.flush()


def move(commitment: Commitment, state: CommitmentState, note: str) -> None:
    """Say how it went. Said again, it stays as it was said. Raises ``Refused`` for what it cannot become now."""
    _hold(commitment)
    if commitment.state == state:
        return
    if state not in NEXT[CommitmentState(commitment.state)]:
        raise Refused(f"This commitment is {commitment.state}: it cannot become {state} now.")
    commitment.state = state
    commitment.changes.append(CommitmentChange(state=state, note=note))
    db.session.flush()


def _hold(commitment: Commitment) -> None:
    db.session.refresh(commitment, with_for_update={"of": Commitment})


def remove(commitment: Commitment) -> None:
    """What a manager wrote on it stays, as written on the plan: its number may be another's one day."""
    shares = select(PlanShare.id).where(PlanShare.person_id == commitment.person_id)
    db.session.execute(
        update(PlanComment)
        .where(PlanComment.step == f"commitment:{commitment.id}", PlanComment.share_id.in_(shares))
        .values(step="")
    )
    db.session.delete(commitment)
    db.session.flush()


def put_on_plan(person: Person, offer: Offer) -> PlannedOffer | None:
    """Plan to take an offer, with the day that it has where it is planned already; none where they are on it.

    Raises ``Refused`` where they have completed it, and can do so only once.
    """
    held(person)
    if enrolments.active(person.id, offer.id) is not None:
        return None
    if offer.published.self_paced and offer.id in enrolments.completed_offer_ids(person.id):
        raise Refused("You have completed this already. It is on your plan, under what you have done.")
    planned = db.session.scalar(
        select(PlannedOffer).where(PlannedOffer.person_id == person.id, PlannedOffer.offer_id == offer.id)
    )
    if planned is None:
        planned = PlannedOffer(person_id=person.id, offer_id=offer.id)
        db.session.add(planned)
    planned.at = now()
    db.session.flush()
    return planned


def plan_for(person: Person, offer: Offer, by: date | None) -> None:
    """Plan to take an offer by a day, or without one. Raises ``Refused`` as ``put_on_plan``, and for an early day."""
    planned = put_on_plan(person, offer)
    if planned is not None and planned.by != by:
        if by is not None:
            _to_come(by)
        planned.by = by
        db.session.flush()


def take_off_plan(person: Person, slug: str) -> None:
    """By the offer's address, which stays when the offer goes."""
    named = select(Offer.id).where(Offer.slug == slug).scalar_subquery()
    db.session.execute(delete(PlannedOffer).where(PlannedOffer.person_id == person.id, PlannedOffer.offer_id == named))


def assess_again(person: Person, due_on: date | None) -> None:
    """Mean to assess oneself again on a day, or on none. Raises ``Refused`` for a day that is not to come."""
    held(person)
    there = queries.open_reassessment(person.id)
    if due_on is None:
        if there is not None:
            db.session.delete(there)
    elif there is None:
        _to_come(due_on)
        db.session.add(Reassessment(person_id=person.id, due_on=due_on))
    elif there.due_on != due_on:
        _to_come(due_on)
        there.due_on, there.told_at = due_on, None
    db.session.flush()


def assessed_again(person_id: int) -> None:
    """What they meant to do is done, whether or not its day had come."""
    there = queries.open_reassessment(person_id)
    if there is not None:
        there.done_at = now()
        db.session.flush()
