"""Who is to be reminded of what on their plan: once of each commitment, and on the day to assess oneself again."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from catalogue.clock import in_london, now, today
from catalogue.extensions import db
from catalogue.plans.models import Commitment, Reassessment
from catalogue.plans.rules import OPEN, REMIND_BEFORE, is_due


def due_to_assess() -> Sequence[int]:
    return db.session.scalars(
        select(Reassessment.id)
        .where(Reassessment.due_on <= today(), Reassessment.told_at.is_(None), Reassessment.done_at.is_(None))
        .order_by(Reassessment.id)
    ).all()


def take_reassessment(reassessment_id: int) -> Reassessment | None:
    """Note that its person is told, in the present transaction; nothing where they were, or have done it."""
    there = db.session.scalar(
        select(Reassessment)
        .where(
            Reassessment.id == reassessment_id, Reassessment.due_on <= today(),
            Reassessment.told_at.is_(None), Reassessment.done_at.is_(None),
        )
        .with_for_update(of=Reassessment)
        .options(joinedload(Reassessment.person))
    )  # fmt: skip
    if there is not None:
        there.told_at = now()
        db.session.flush()
    return there


def due_to_remind() -> list[int]:
    """The people who have commitments that are due within the week, and have not been reminded of them."""
    day = today()
    rows = db.session.execute(
        select(Commitment.person_id, Commitment.by, Commitment.set_at)
        .where(
            Commitment.state.in_(OPEN), Commitment.reminded_at.is_(None),
            Commitment.by >= day, Commitment.by <= day + REMIND_BEFORE,
        )
        .order_by(Commitment.person_id)
    )  # fmt: skip
    return list(dict.fromkeys(row.person_id for row in rows if is_due(row.by, in_london(row.set_at).date(), day)))


def take_commitments(person_id: int) -> list[Commitment]:
    """Note that somebody is reminded of all that is due, in the present transaction; what it is, by its day."""
    day = today()
    found = db.session.scalars(
        select(Commitment)
        .where(
            Commitment.person_id == person_id, Commitment.state.in_(OPEN), Commitment.reminded_at.is_(None),
            Commitment.by >= day, Commitment.by <= day + REMIND_BEFORE,
        )
        .order_by(Commitment.by, Commitment.id)
        .with_for_update(of=Commitment)
        .options(joinedload(Commitment.person))
    )  # fmt: skip
    due = [one for one in found if is_due(one.by, in_london(one.set_at).date(), day)]
    for one in due:
        one.reminded_at = now()
    db.session.flush()
    return due
