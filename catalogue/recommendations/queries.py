"""From the catalogue and a person's gaps to what the recommender chooses from."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import contains_eager

from catalogue.assessments.models import Assessment
from catalogue.assessments.rules import Standing
from catalogue.clock import today
from catalogue.enrolments import queries as enrolments
from catalogue.evidence.queries import factors
from catalogue.evidence.rules import STRENGTH
from catalogue.extensions import db
from catalogue.offers import queries as offers
from catalogue.offers.models import Offer
from catalogue.offers.queries import joinable_runs
from catalogue.people.models import Person
from catalogue.recommendations.candidates import Candidate, Takes
from catalogue.recommendations.models import GroupAdvice, SetAside
from catalogue.recommendations.prerequisites import Span, done_on, whole
from catalogue.recommendations.rules import USUAL_HOURS, Budget, Gap, choose
from catalogue.systems.models import Organisation, System


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
    first: dict[str, list[Offer]]
    """By slug, what is to be completed first, and is not yet."""
    any_day: list[Candidate]
    """The candidates if there were no day to be done by."""
    with_set_aside: list[Candidate]
    """The candidates if the person had set nothing aside."""


def candidates(assessment: Assessment, standings: Iterable[Standing], done_by: date | None = None) -> Candidates:
    """Offers that the person can take now, and end by a day, has not completed, and that are written for their seat.

    What is on their plan already costs no more hours, so that nothing is recommended for a gap that it closes. What
    these offers need comes with them, whatever it is about.
    """
    person = db.session.get_one(Person, assessment.person_id)
    there = _there(assessment, [standing for standing in standings if standing.gap], person)
    aside = set(db.session.scalars(select(SetAside.offer_id).where(SetAside.person_id == person.id))) - there.active
    return Candidates(
        there.candidates(aside, done_by),
        {offer.slug: offer for offer in there.offers},
        {offer.slug for offer in there.offers if offer.id in there.active},
        [offer for offer in there.offers if offer.id in aside],
        {offer.slug: there.first(offer) for offer in there.offers},
        there.candidates(aside, None),
        there.candidates(set(), done_by),
    )


def _there(assessment: Assessment, open_: Sequence[Standing], person: Person) -> "_There":
    """Offers that touch the dimensions that are open, and what they need."""
    completed, active = enrolments.done_and_active_offer_ids(person.id)

    def fits(offer: Offer) -> bool:
        seats = offer.published.seats
        return offer.id not in completed and (not seats or any(seat.id == assessment.seat_id for seat in seats))

    found = [offer for offer in offers.takeable_offers([one.dimension_id for one in open_], person) if fits(offer)]
    needs = {offer_id: ids - completed for offer_id, ids in offers.to_complete_first().items()}
    reached, waiting = {offer.id for offer in found}, [offer.id for offer in found]
    while waiting:
        new = needs.get(waiting.pop(), set()) - reached
        reached |= new
        waiting += new
    needed = offers.offers_by_id(reached - {offer.id for offer in found}, person)
    takeable = [offer for offer in needed if fits(offer) and (offer.published.self_paced or joinable_runs(offer))]
    there = [*found, *takeable]
    known = {offer.id: offer for offer in [*found, *needed]}
    known_effects = factors(assessment.framework_id, [one.key for one in open_])
    return _There(there, known, needs, active, active - {offer.id for offer in there}, known_effects)


@dataclass(frozen=True, slots=True)
class _There:
    """Offers that somebody can take; all that are known, by id; what each needs still; what is on their plan, and
    what of that they cannot begin any more, since they have begun."""

    offers: list[Offer]
    known: dict[int, Offer]
    needs: dict[int, set[int]]
    active: set[int]
    under_way: set[int]
    factors: dict[tuple[int, str], float]
    """By offer and dimension, what evidence says of what is claimed, where it says something."""

    def first(self, offer: Offer) -> list[Offer]:
        """What somebody has to complete before they can join an offer. Who is on its list has joined it."""
        ids = set() if offer.id in self.active else self.needs.get(offer.id, set())
        return [self.known[each] for each in sorted(ids) if each in self.known]

    def candidates(self, aside: set[int], by: date | None) -> list[Candidate]:
        """Those that can be done by a day, without some that are set aside."""
        chosen_from = [offer for offer in self.offers if offer.id not in aside]
        made = {offer.slug: self._candidate(offer) for offer in chosen_from}
        free = {offer.slug for offer in chosen_from if offer.published.self_paced or offer.id in self.active}
        spans = {
            offer.slug: None if offer.slug in free else [Span(r.starts_on, r.ends_on) for r in joinable_runs(offer)]
            for offer in chosen_from
        }
        done = done_on({slug: one.needs for slug, one in made.items()}, spans, today())
        return [made[slug] for slug, day in done.items() if by is None or slug in free or day <= by]

    def _candidate(self, offer: Offer) -> Candidate:
        """With what it needs; what is under way they will have completed."""
        ids = set() if offer.id in self.active else self.needs.get(offer.id, set()) - self.under_way
        needs = tuple(sorted(self.known[each].slug if each in self.known else str(each) for each in ids))
        return replace(candidate(offer, self.factors, on_plan=offer.id in self.active), needs=needs)


def candidate(offer: Offer, factors: Mapping[tuple[int, str], float], *, on_plan: bool = False) -> Candidate:
    """What is on somebody's plan costs them nothing more. What an offer claims is multiplied by what is known of it."""
    return Candidate(
        offer.slug,
        0.0 if on_plan else float(offer.published.hours),
        tuple(
            Takes(
                mapping.dimension.key,
                mapping.from_level,
                mapping.to_level,
                STRENGTH[mapping.strength] * factors.get((offer.id, mapping.dimension.key), 1.0),
            )
            for mapping in offer.published.mappings
        ),
        price=0.0 if on_plan else (offer.published.price_pence or 0) / 100,
        provider=offer.provider.key,
    )


@dataclass(frozen=True, slots=True)
class Worth:
    """What one offer is worth to a person, as shares of their whole gap, 0 to 1."""

    alone: float
    """What it closes on its own, or with what is to be completed first."""
    first: int
    """How many offers these are."""
    adds: float
    """What it adds to the best set for ``hours``; 0 where it is not in that set."""
    hours: float
    others: int
    """How many other offers are in that set."""


def worth_of(offer: Offer, assessment: Assessment, standings: Sequence[Standing]) -> Worth | None:
    """Nothing where the offer closes no part of the gap, or cannot be taken now."""
    open_gaps = gaps(standings)
    found = candidates(assessment, standings)
    mine = whole(found.candidates, offer.slug)
    if not open_gaps or not mine:
        return None
    alone = choose(open_gaps, mine, Budget(hours=max(sum(one.hours for one in mine), USUAL_HOURS)))
    if offer.slug not in [choice.key for choice in alone.choices]:
        return None
    best = choose(open_gaps, found.candidates, Budget(hours=USUAL_HOURS))
    adds = sum(choice.gain for choice in best.choices if choice.key == offer.slug)
    others = sum(choice.key != offer.slug for choice in best.choices)
    total = best.total or 1.0
    return Worth(alone.value / total, len(mine) - 1, adds / total, USUAL_HOURS, others)


def group_advice(system: System) -> list[GroupAdvice]:
    """The newest advice for a system, and the advice for its organisations that was made with it, by their names."""
    newest = select(func.max(GroupAdvice.quarter)).where(GroupAdvice.system_id == system.id).scalar_subquery()
    return list(
        db.session.scalars(
            select(GroupAdvice)
            .outerjoin(GroupAdvice.organisation)
            .where(GroupAdvice.system_id == system.id, GroupAdvice.quarter == newest)
            .options(contains_eager(GroupAdvice.organisation))
            .order_by(GroupAdvice.organisation_id.is_not(None), Organisation.name)
        )
    )


def advice_of(organisation: Organisation) -> GroupAdvice | None:
    """The newest advice for an organisation."""
    return db.session.scalar(
        select(GroupAdvice)
        .where(GroupAdvice.organisation_id == organisation.id)
        .order_by(GroupAdvice.quarter.desc())
        .limit(1)
    )
