"""Reading what may be told of the answers to equality questions."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload, selectinload

from catalogue.extensions import db
from catalogue.offers.models import Offer
from catalogue.privacy.models import EqualityAnswer, EqualityAsked, EqualityReport

ON_A_PAGE = 50
Scope = tuple[int | None, str]
"""An offer's id, or None for all of them together; and a question."""


def asked(person_id: int, offer_id: int) -> bool:
    """Whether somebody has been asked about an offer before, whatever they said."""
    there = select(EqualityAsked.id).where(EqualityAsked.person_id == person_id, EqualityAsked.offer_id == offer_id)
    return db.session.scalar(there) is not None


def counted() -> Mapping[Scope, Mapping[str, int]]:
    """How many people gave each answer, about each offer and over all. For the daily job alone: never shown."""
    rows = db.session.execute(
        select(EqualityAnswer.offer_id, EqualityAnswer.question, EqualityAnswer.answer, func.count()).group_by(
            EqualityAnswer.offer_id, EqualityAnswer.question, EqualityAnswer.answer
        )
    )
    found: dict[Scope, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for offer_id, question, answer, count in rows:
        found[offer_id, question][answer] += count
        found[None, question][answer] += count
    return found


def reports(offer_id: int | None) -> Mapping[str, EqualityReport]:
    """What is told of an offer, or over all, by question."""
    wanted = select(EqualityReport).where(EqualityReport.offer_id == offer_id)
    return {report.question: report for report in db.session.scalars(wanted)}


def offers_told_of(after: str) -> tuple[Sequence[Offer], str]:
    """Offers of which something is told, by their addresses, with the one after which the next page begins."""
    there = select(EqualityReport.offer_id).where(EqualityReport.offer_id.is_not(None))
    rows = db.session.scalars(
        select(Offer)
        .where(Offer.id.in_(there), Offer.slug > after)
        .options(selectinload(Offer.published), joinedload(Offer.provider))
        .order_by(Offer.slug)
        .limit(ON_A_PAGE + 1)
    ).all()
    return rows[:ON_A_PAGE], rows[ON_A_PAGE - 1].slug if len(rows) > ON_A_PAGE else ""
