"""From the catalogue and a person's gaps to what the recommender chooses from."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select

from catalogue.assessments.models import Assessment
from catalogue.assessments.rules import Standing
from catalogue.enrolments import queries as enrolments
from catalogue.evidence.rules import STRENGTH
from catalogue.extensions import db
from catalogue.offers import queries as offers
from catalogue.offers.models import Offer
from catalogue.people.models import Person
from catalogue.recommendations.models import SetAside
from catalogue.recommendations.rules import USUAL_HOURS, Budget, Gap, choose
from catalogue.recommendations.shelf import Candidate, Takes


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
    set_aside: list[Offer]
    """Those that would be among them, had the person not said that they are not for them."""


def candidates(assessment: Assessment, standings: Iterable[Standing], done_by: date | None = None) -> Candidates:
    """Offers that the person can take now, and end by a day, has not completed, and that are written for their seat.

    What is on their plan already costs no more hours, so that nothing is recommended for a gap that it closes.
    """
    open_dimensions = [standing.dimension_id for standing in standings if standing.gap]
    person = db.session.get_one(Person, assessment.person_id)
    completed = enrolments.completed_offer_ids(person.id)
    active = enrolments.active_offer_ids(person.id)
    aside = set(db.session.scalars(select(SetAside.offer_id).where(SetAside.person_id == person.id))) - active
    found = [
        offer
        for offer in offers.takeable_offers(open_dimensions, person)
        if offer.id not in completed
        and (not offer.published.seats or any(seat.id == assessment.seat_id for seat in offer.published.seats))
        and (offer.id in active or _ends_by(offer, done_by))
    ]
    chosen_from = [offer for offer in found if offer.id not in aside]
    return Candidates(
        [_candidate(offer, on_plan=offer.id in active) for offer in chosen_from],
        {offer.slug: offer for offer in chosen_from},
        {offer.slug for offer in chosen_from if offer.id in active},
        [offer for offer in found if offer.id in aside],
    )


def _ends_by(offer: Offer, day: date | None) -> bool:
    """Whether somebody who joins it now can be done by a day; at one's own pace that is up to oneself."""
    if day is None or offer.published.self_paced:
        return True
    return any(run.ends_on <= day for run in offers.joinable_runs(offer))


def _candidate(offer: Offer, *, on_plan: bool) -> Candidate:
    """What is on somebody's plan costs them nothing more."""
    return Candidate(
        offer.slug,
        0.0 if on_plan else float(offer.published.hours),
        tuple(
            Takes(mapping.dimension.key, mapping.from_level, mapping.to_level, STRENGTH[mapping.strength])
            for mapping in offer.published.mappings
        ),
        price=0.0 if on_plan else (offer.published.price_pence or 0) / 100,
        provider=offer.provider.key,
    )


@dataclass(frozen=True, slots=True)
class Worth:
    """What one offer is worth to a person, as shares of their whole gap, 0 to 1."""

    alone: float
    """What it closes on its own."""
    adds: float
    """What it adds to the best set for ``hours``; 0 where it is not in that set."""
    hours: float
    others: int
    """How many other offers are in that set."""


def worth_of(offer: Offer, assessment: Assessment, standings: Sequence[Standing]) -> Worth | None:
    """Nothing where the offer closes no part of the gap, or cannot be taken now."""
    open_gaps = gaps(standings)
    found = candidates(assessment, standings)
    mine = [candidate for candidate in found.candidates if candidate.key == offer.slug]
    if not open_gaps or not mine:
        return None
    alone = choose(open_gaps, mine, Budget(hours=max(mine[0].hours, USUAL_HOURS)))
    if not alone.choices:
        return None
    best = choose(open_gaps, found.candidates, Budget(hours=USUAL_HOURS))
    adds = sum(choice.gain for choice in best.choices if choice.key == offer.slug)
    others = sum(choice.key != offer.slug for choice in best.choices)
    total = best.total or 1.0
    return Worth(alone.value / total, adds / total, USUAL_HOURS, others)
