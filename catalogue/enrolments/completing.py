"""Completing an offer, and taking back a completion that was made in error."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from catalogue.clock import now
from catalogue.enrolments import queries, rules
from catalogue.enrolments.actions import hold, leave, locked, promote
from catalogue.enrolments.models import ON_IT, CompletedBy, Completion, Enrolment, EnrolmentState
from catalogue.enrolments.signals import completed, voided
from catalogue.errors import Refused
from catalogue.extensions import db
from catalogue.offers.models import Offer, OfferVersion
from catalogue.people import audit
from catalogue.people.models import Person


def complete(enrolment: Enrolment, by: CompletedBy, actor: Person) -> Completion:
    """Record that a person completed an offer: once, with its audit event and whatever listeners write.

    Raises ``Refused`` for somebody who does not hold a place.
    """
    hold(enrolment)
    there = standing_completion(enrolment.id)
    if there is not None:
        return there
    if enrolment.state not in ON_IT:
        raise Refused("Only somebody who holds a place can complete an offer.")
    return _recorded(enrolment, by, actor, now())


def _recorded(enrolment: Enrolment, by: CompletedBy, actor: Person, at: datetime) -> Completion:
    completion = Completion(
        enrolment=enrolment, person_id=enrolment.person_id, offer_id=enrolment.offer_id, by=by, by_person_id=actor.id,
        was=enrolment.state, at=at,
    )  # fmt: skip
    enrolment.state, enrolment.changed_at = EnrolmentState.COMPLETED, now()
    db.session.add(completion)
    db.session.flush()
    audit.record("completed", f"enrolment:{enrolment.id}", actor.key, by=by)
    completed.send(None, completion=completion)
    return completion


def void(completion: Completion, reason: str, actor: Person) -> list[Enrolment]:
    """Take back a completion that was made in error: it stays, marked as void, and the enrolment is as it was before.

    Whoever has joined the offer again since stays on it by that alone, and the place that this frees goes to those who
    wait: they are returned. Doing it again changes nothing. Raises ``Refused`` without a reason.
    """
    enrolment = completion.enrolment
    run = locked(enrolment.run_id) if enrolment.run_id is not None else None
    hold(enrolment)
    db.session.refresh(completion)
    if completion.voided_at is not None:
        return []
    if not reason.strip():
        raise Refused("Say why the completion is taken back.")
    completion.voided_at, completion.void_reason = now(), reason.strip()
    again = queries.active(enrolment.person_id, enrolment.offer_id) is not None
    enrolment.state, enrolment.changed_at = EnrolmentState.WITHDRAWN if again else completion.was, now()
    db.session.flush()
    audit.record("completion voided", f"enrolment:{enrolment.id}", actor.key, completion=completion.id)
    voided.send(None, completion=completion)
    return promote(run) if again and run is not None else []


def standing_completion(enrolment_id: int) -> Completion | None:
    return db.session.scalar(
        select(Completion).where(Completion.enrolment_id == enrolment_id, Completion.voided_at.is_(None))
    )


@dataclass(frozen=True, slots=True)
class FromElsewhere:
    """A completion that another system told of, and what it meant for a waiting list here."""

    completion: Completion
    left: Enrolment | None = None
    """With which the person waited for a place, and does not any more."""
    promoted: Sequence[Enrolment] = ()


def complete_from_elsewhere(person: Person, offer: Offer, at: datetime, actor: Person) -> FromElsewhere:
    """Record that somebody completed an offer in another system, at that moment; ``actor`` vouches for it.

    However often and by however many systems it is told, a person's completion of an offer is one: where one stands it
    is returned. Who takes part here completes that; for anybody else there is an enrolment of its own that takes no
    place of any run. Who has waited for a place since before that moment leaves the list. Whoever calls this writes to
    them and to those promoted (``letters.write_from_elsewhere``).
    """
    at = min(at, now())
    # Whoever tells of the same person waits here; not so strictly that those who merely name the person would wait.
    db.session.execute(select(Person.id).where(Person.id == person.id).with_for_update(key_share=True))
    there = db.session.scalar(
        select(Completion)
        .where(Completion.person_id == person.id, Completion.offer_id == offer.id, Completion.voided_at.is_(None))
        .order_by(Completion.id)
        .limit(1)
    )
    if there is not None:
        return FromElsewhere(there)
    enrolment, left, promoted = queries.active(person.id, offer.id), None, []
    if enrolment is not None:
        if enrolment.state == EnrolmentState.WAITLISTED and enrolment.run_id is not None:
            locked(enrolment.run_id)
        hold(enrolment)
        if rules.waits_in_vain(enrolment.state, enrolment.created_at, at):
            left, reason = enrolment, "Completed in another system"
            promoted = leave(left, EnrolmentState.WITHDRAWN, "left the list", actor.key, reason)
    if enrolment is None or enrolment.state not in ON_IT:
        # Not active at any moment, so that it stands beside one that is; where it is voided there was no part taken.
        enrolment = Enrolment(
            person_id=person.id, offer_id=offer.id, version_id=_newest_version(offer), state=EnrolmentState.WITHDRAWN
        )
        db.session.add(enrolment)
        db.session.flush()
    return FromElsewhere(_recorded(enrolment, CompletedBy.ELSEWHERE, actor, at), left, promoted)


def _newest_version(offer: Offer) -> int:
    return db.session.scalars(
        select(OfferVersion.id).where(OfferVersion.offer_id == offer.id).order_by(OfferVersion.number.desc()).limit(1)
    ).one()
