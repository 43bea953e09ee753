"""Who is to be reminded of what: a week and a day before it begins, and before an answer is too late. Once each."""

from datetime import date, timedelta

from sqlalchemy import and_, select
from sqlalchemy.orm import joinedload

from catalogue.clock import in_london, today
from catalogue.enrolments.models import Enrolment, EnrolmentState, Reminder
from catalogue.extensions import db
from catalogue.offers.models import Offer, Run, RunState

BEFORE = {"week": timedelta(days=7), "day": timedelta(days=1), "answer": timedelta(days=2)}
"""How long before its day each kind is due."""


def is_due(kind: str, day: date, since: date, today: date) -> bool:
    """Whether a reminder of something on a day is due: not for what came to be after it would have been sent.

    The one of a week is not sent any more where the one of a day is due.
    """
    first = day - BEFORE[kind]
    last = day - BEFORE["day"] - timedelta(days=1) if kind == "week" else day
    return first <= today <= last and since < first


def due() -> list[tuple[int, str]]:
    """Each enrolment by its id, with the kind of reminder that is due."""
    day = today()
    found: list[tuple[int, str]] = []
    for kind, before in BEFORE.items():
        when = Enrolment.answer_by if kind == "answer" else Run.starts_on
        asked = (
            select(Enrolment.id, when, Enrolment.changed_at)
            .join(Enrolment.run)
            .where(
                when >= day, when <= day + before, Run.state != RunState.CANCELLED,
                ~select(Reminder.id).where(Reminder.enrolment_id == Enrolment.id, Reminder.kind == kind).exists(),
                and_(Enrolment.state == EnrolmentState.NOMINATED, Enrolment.accepted_at.is_(None))
                if kind == "answer" else Enrolment.state == EnrolmentState.BOOKED,
            )
            .order_by(Enrolment.id)
        )  # fmt: skip
        found += [
            (enrolment_id, kind)
            for enrolment_id, its_day, changed_at in db.session.execute(asked)
            if its_day is not None and is_due(kind, its_day, in_london(changed_at).date(), day)
        ]
    return found


def take(enrolment_id: int, kind: str) -> Enrolment | None:
    """Note that this reminder is sent, in the present transaction; nothing where it was, or they have left."""
    there = select(Reminder.id).where(Reminder.enrolment_id == enrolment_id, Reminder.kind == kind)
    wanted = EnrolmentState.NOMINATED if kind == "answer" else EnrolmentState.BOOKED
    enrolment = db.session.scalar(
        select(Enrolment)
        .where(Enrolment.id == enrolment_id, Enrolment.state == wanted)
        .options(
            joinedload(Enrolment.person), joinedload(Enrolment.version), joinedload(Enrolment.run),
            joinedload(Enrolment.offer).joinedload(Offer.provider),
        )
    )  # fmt: skip
    if enrolment is None or db.session.scalar(there) is not None:
        return None
    db.session.add(Reminder(enrolment_id=enrolment_id, kind=kind))
    db.session.flush()
    return enrolment
