"""From the catalogue and a person's gaps to what the recommender chooses from."""

from collections.abc import Iterable
from dataclasses import dataclass

from catalogue.assessments.models import Assessment
from catalogue.assessments.rules import Standing
from catalogue.enrolments import queries as enrolments
from catalogue.offers import queries as offers
from catalogue.offers.models import Offer
from catalogue.recommendations.rules import STRENGTH, Candidate, Gap, Takes


def gaps(standings: Iterable[Standing]) -> list[Gap]:
    """What is open between where a person stands and what their seat asks for."""
    return [
        Gap(standing.key, standing.present, standing.target, importance=float(standing.importance))
        for standing in standings
        if standing.gap
    ]


@dataclass(frozen=True, slots=True)
class Candidates:
    """What can be chosen, with the offers behind it by slug, and the slugs that the person is on already."""

    candidates: list[Candidate]
    offers: dict[str, Offer]
    on_plan: set[str]


def candidates(assessment: Assessment, standings: Iterable[Standing]) -> Candidates:
    """Offers that the person can take now, has not completed, and that are written for their seat.

    What is on their plan already costs no more hours, so that nothing is recommended for a gap that it closes.
    """
    open_dimensions = [standing.dimension_id for standing in standings if standing.gap]
    completed = enrolments.completed_offer_ids(assessment.person_id)
    active = enrolments.active_offer_ids(assessment.person_id)
    found = [
        offer
        for offer in offers.takeable_offers(open_dimensions)
        if offer.id not in completed
        and (not offer.published.seats or any(seat.id == assessment.seat_id for seat in offer.published.seats))
    ]
    return Candidates(
        [_candidate(offer, 0.0 if offer.id in active else float(offer.published.hours)) for offer in found],
        {offer.slug: offer for offer in found},
        {offer.slug for offer in found if offer.id in active},
    )


def _candidate(offer: Offer, hours: float) -> Candidate:
    return Candidate(
        offer.slug,
        hours,
        tuple(
            Takes(mapping.dimension.key, mapping.from_level, mapping.to_level, STRENGTH[mapping.strength])
            for mapping in offer.published.mappings
        ),
        price=(offer.published.price_pence or 0) / 100,
        provider=offer.provider.key,
    )
