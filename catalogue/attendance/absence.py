"""Saying who did not come, and that somebody came after all."""

from sqlalchemy import exists, select
from sqlalchemy.orm import selectinload

from catalogue.attendance.models import Attendance
from catalogue.clock import now, today
from catalogue.enrolments import queries
from catalogue.enrolments.actions import hold, locked
from catalogue.enrolments.models import Enrolment, EnrolmentState
from catalogue.errors import Refused
from catalogue.extensions import db
from catalogue.people import audit
from catalogue.people.models import Person


def no_show(enrolment: Enrolment, reason: str, actor: Person) -> None:
    """Note that somebody with a place did not come. Again it changes nothing.

    Raises ``Refused`` without a reason, before the run begins, and for somebody who was there.
    """
    if not reason.strip():
        raise Refused("Say why they did not come, as far as you know.")
    run = locked(enrolment.run_id) if enrolment.run_id is not None else None
    hold(enrolment)
    if enrolment.state == EnrolmentState.NO_SHOW:
        return
    if run is None or run.starts_on > today():
        raise Refused("Nobody can be said not to have come before the run has begun.")
    if enrolment.state != EnrolmentState.BOOKED or _was_there(enrolment):
        raise Refused("Only somebody who holds a place, and was never there, can be said not to have come.")
    _absent(enrolment, reason, actor)


def came(enrolment: Enrolment, actor: Person) -> None:
    """They came after all, so they hold their place again. Again it changes nothing.

    Raises ``Refused`` where they have joined the offer another time since.
    """
    if enrolment.run_id is not None:
        locked(enrolment.run_id)
    hold(enrolment)
    if enrolment.state != EnrolmentState.NO_SHOW:
        return
    if queries.active(enrolment.person_id, enrolment.offer_id) is not None:
        raise Refused("They have joined another run of this offer since. Withdraw them from that first.")
    enrolment.state, enrolment.changed_at, enrolment.reason = EnrolmentState.BOOKED, now(), ""
    db.session.flush()
    audit.record("came after all", f"enrolment:{enrolment.id}", actor.key)


def never_there(run_id: int) -> list[Enrolment]:
    """Those who hold a place on a run and were never marked as there, by name."""
    found = db.session.scalars(
        select(Enrolment)
        .where(
            Enrolment.run_id == run_id,
            Enrolment.state == EnrolmentState.BOOKED,
            ~exists().where(Attendance.enrolment_id == Enrolment.id, Attendance.attended),
        )
        .options(selectinload(Enrolment.person))
    )
    return sorted(found, key=lambda one: (one.person.name.casefold(), one.id))


def close(run_id: int, reason: str, actor: Person) -> int:
    """When a run is over, note of all who were never there that they did not come; how many they are.

    Raises ``Refused`` before it is over, and without a reason.
    """
    run = locked(run_id)
    if run.ends_on >= today():
        raise Refused("This run is not over yet.")
    if not reason.strip():
        raise Refused("Say why they did not come, as far as you know.")
    absent = sorted(never_there(run_id), key=lambda one: one.id)
    for enrolment in absent:
        hold(enrolment)
        _absent(enrolment, reason, actor)
    return len(absent)


def _was_there(enrolment: Enrolment) -> bool:
    there = exists().where(Attendance.enrolment_id == enrolment.id, Attendance.attended)
    return bool(db.session.scalar(select(there)))


def _absent(enrolment: Enrolment, reason: str, actor: Person) -> None:
    enrolment.state, enrolment.changed_at, enrolment.reason = EnrolmentState.NO_SHOW, now(), reason.strip()
    db.session.flush()
    audit.record("did not come", f"enrolment:{enrolment.id}", actor.key)
