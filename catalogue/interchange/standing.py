"""What stands of the offers that a file names: read in a fixed number of queries, however many they are."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import func, select
from sqlalchemy.orm import selectinload

from catalogue.enrolments.models import TAKES_A_PLACE, Enrolment
from catalogue.extensions import db
from catalogue.offers.models import Offer, OfferVersion, Run
from catalogue.offers.references import whole_content
from catalogue.publishing.models import OfferDraft


@dataclass(frozen=True, slots=True)
class Standing:
    """One offer, as it is now."""

    offer: Offer
    published: OfferVersion | None = None
    draft: OfferDraft | None = None
    retired: bool = False
    """Whether it was published once, and is not any more."""
    runs: dict[str, Run] = field(default_factory=dict)
    booked: dict[str, int] = field(default_factory=dict)
    """How many people hold a place on each run, by its key."""


def standing(provider_id: int, keys: Sequence[str], *, hold: bool = False) -> dict[str, Standing]:
    """By key, the offers of a provider that are there; with ``hold`` nobody else changes their drafts meanwhile."""
    found = db.session.scalars(
        select(Offer).where(Offer.provider_id == provider_id, Offer.key.in_(keys)).options(*whole_content())
    ).all()
    ids = [offer.id for offer in found]
    wanted = select(OfferDraft).where(OfferDraft.offer_id.in_(ids)).order_by(OfferDraft.id)
    drafts = {draft.offer_id: draft for draft in db.session.scalars(wanted.with_for_update() if hold else wanted)}
    versioned = set(db.session.scalars(select(OfferVersion.offer_id).where(OfferVersion.offer_id.in_(ids)).distinct()))
    runs: dict[int, dict[str, Run]] = defaultdict(dict)
    for run in db.session.scalars(
        select(Run).where(Run.offer_id.in_(ids)).order_by(Run.id).options(selectinload(Run.sessions))
    ):
        runs[run.offer_id][run.key] = run
    booked = _booked(ids)
    return {
        offer.key: Standing(
            offer,
            published=offer.published,
            draft=drafts.get(offer.id),
            retired=offer.published is None and offer.id in versioned,
            runs=runs[offer.id],
            booked={key: booked.get(run.id, 0) for key, run in runs[offer.id].items()},
        )
        for offer in found
    }


def _booked(offer_ids: Sequence[int]) -> dict[int, int]:
    rows = db.session.execute(
        select(Enrolment.run_id, func.count())
        .join(Run, Run.id == Enrolment.run_id)
        .where(Run.offer_id.in_(offer_ids), Enrolment.state.in_(TAKES_A_PLACE))
        .group_by(Enrolment.run_id)
    )
    return {run_id: count for run_id, count in rows if run_id is not None}
