"""Reading figures: counts by what has become of people, by month and by the next dimension, in a few statements."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Integer, Select, and_, cast, func, select, text
from sqlalchemy.orm import InstrumentedAttribute

from catalogue.clock import midnight
from catalogue.enrolments.models import Completion, Enrolment, EnrolmentState
from catalogue.extensions import db
from catalogue.offers.models import Offer, OfferVersion
from catalogue.reports.tracking import rules
from catalogue.reports.tracking.filters import By, Eyes, Filters, Sight
from catalogue.reports.tracking.narrowing import DaysBetween, bodies, narrowed, of_offers, outcome, overdue
from catalogue.reports.tracking.rules import ENDED, Outcome, Rates, Told
from catalogue.systems.models import Membership, Organisation, System

MOST_PARTS = 50
"""Rows of a table of counts."""
Asked = Sequence[ColumnElement[bool]]


@dataclass(frozen=True, slots=True)
class Month:
    first: date
    joined: int
    completed: int


@dataclass(frozen=True, slots=True)
class Part:
    """A row of a table of counts: one system, organisation, provider or offer."""

    key: str
    name: str
    counts: Mapping[Outcome, int]
    others: int = 0
    whole: bool = True
    exact: bool = True
    """Whether all that rates are made of is told."""

    @property
    def total(self) -> int:
        return sum(self.counts.values()) + self.others

    @property
    def rates(self) -> Rates:
        return rules.rates(self.counts if self.exact else {})


@dataclass(frozen=True, slots=True)
class Figures:
    counts: Mapping[Outcome, int]
    people: int | None = None
    """How many different people; none where only counts of people on offers may be told."""
    others: int = 0
    whole: bool = True
    """Whether all are told of."""
    exact: bool = True
    """Whether all that rates are made of is told."""
    days: tuple[int, int, int] | None = None
    """The quartiles of the days from joining to completing; none where nobody has, or where it is not told."""
    months: Sequence[Month] = field(default_factory=list)
    parts: Sequence[Part] = field(default_factory=list)
    more_parts: bool = False

    @property
    def enrolments(self) -> int:
        return sum(self.counts.values()) + self.others

    @property
    def ended(self) -> int:
        return sum(self.counts.get(outcome, 0) for outcome in ENDED)

    @property
    def rates(self) -> Rates:
        return rules.rates(self.counts if self.exact else {})


def figures_of(sight: Sight, filters: Filters, by: By, today: date, *, parts: bool = True) -> Figures:
    """The figures for what these eyes ask for; ``parts`` for the table of counts too."""
    if not sight.by_name:
        return _told_of_offers(sight, filters, today)
    asked = narrowed(sight, filters, today)
    found = _parts(sight, asked, by, today) if parts else []
    counts = _counts(asked, today)
    return Figures(
        counts=counts,
        people=db.session.scalar(select(func.count(Enrolment.person_id.distinct())).where(*asked)) or 0,
        days=rules.quartiles(_days(asked)) if counts[Outcome.COMPLETED] else None,
        months=months_of(sight, filters, today),
        parts=found[:MOST_PARTS],
        more_parts=len(found) > MOST_PARTS,
    )


def _counts(asked: Asked, today: date) -> dict[Outcome, int]:
    """How many enrolments have come to each outcome."""
    row = db.session.execute(select(*_counted(today)).select_from(Enrolment).where(*asked)).one()
    return _outcomes(row)


def _counted(today: date) -> list[ColumnElement[int]]:
    """How many are in each state, then how many are overdue. In columns: to group by states sorts all there is."""
    states = [func.count().filter(Enrolment.state == state.value).label(state.name.lower()) for state in EnrolmentState]
    return [*states, func.count().filter(overdue(today)).label("late")]


def _outcomes(counted: Any) -> dict[Outcome, int]:
    *states, late = counted
    return rules.outcomes(dict(zip(EnrolmentState, states, strict=True)), late)


def months_of(sight: Sight, filters: Filters, today: date) -> Sequence[Month]:
    """How many joined in each month of the trend, and how many completed."""
    asked = narrowed(sight, filters, today)
    months = rules.months_until(min(filters.until or today, today), filters.since)
    first, after = midnight(months[0]), midnight(rules.next_month(months[-1]))
    joined = (
        select(*_since_each(Enrolment.created_at, months))
        .select_from(Enrolment)
        .where(*asked, Enrolment.created_at >= first, Enrolment.created_at < after)
    )
    completed = (
        select(*_since_each(Completion.at, months))
        .select_from(Completion)
        .join(Enrolment, Enrolment.id == Completion.enrolment_id)
        .where(*asked, Completion.voided_at.is_(None), Completion.at >= first, Completion.at < after)
    )
    counted = [_in_each(db.session.execute(each).one()) for each in (joined, completed)]
    return [Month(*each) for each in zip(months, *counted, strict=True)]


def _since_each(moment: InstrumentedAttribute[datetime], months: Sequence[date]) -> list[ColumnElement[int]]:
    """For each month, in London, how many moments are in it or after it: one comparison each, and nothing is sorted."""
    counted = func.count()
    return [counted.filter(moment >= midnight(first)).label(f"month_{place}") for place, first in enumerate(months)]


def _in_each(since_each: Sequence[int]) -> list[int]:
    return [since - later for since, later in zip(since_each, [*since_each[1:], 0], strict=True)]


def _days(asked: Asked) -> dict[int, int]:
    """How many completions took so many whole days from joining."""
    days = cast(func.floor(DaysBetween(Enrolment.created_at, Completion.at)), Integer).label("days")
    counted = (
        select(days, func.count())
        .select_from(Enrolment)
        .join(Completion, and_(Completion.enrolment_id == Enrolment.id, Completion.voided_at.is_(None)))
        .where(*asked)
        .group_by("days")
    )
    took: Counter[int] = Counter()
    for found, count in db.session.execute(counted):
        took[max(found, 0)] += count
    return took


def _parts(sight: Sight, asked: Asked, by: By, today: date) -> list[Part]:
    """The counts of each, the largest first; one more than are shown, where there are more."""
    of_people = by in (By.SYSTEM, By.ORGANISATION)
    counted = _by_bodies(sight, asked, by, today) if of_people else _by_offers(asked, by, today)
    largest = db.session.execute(counted.order_by(text("total DESC"), text("key")).limit(MOST_PARTS + 1)).all()
    names = _names(by, [row[0] for row in largest if row[0] is not None])
    return [Part(*names.get(row[0], ("", "None known")), _outcomes(row[2:])) for row in largest]


def _by_offers(asked: Asked, by: By, today: date) -> Select[*tuple[Any, ...]]:
    """By the id of an offer, or of a provider: how many, and what ``_counted`` counts."""
    each = (
        select(Enrolment.offer_id.label("key"), func.count().label("total"), *_counted(today))
        .where(*asked)
        .group_by(Enrolment.offer_id)
    )
    if by == By.OFFER:
        return each
    offers = each.subquery()
    sums = [func.sum(column).label(column.name) for column in list(offers.c)[1:]]
    return (
        select(Offer.provider_id.label("key"), *sums).join(offers, offers.c.key == Offer.id).group_by(Offer.provider_id)
    )


def _by_bodies(sight: Sight, asked: Asked, by: By, today: date) -> Select[*tuple[Any, ...]]:
    """The same by the id of a system, or of an organisation; who belongs to several counts in each."""
    body = Organisation.system_id if by == By.SYSTEM else Organisation.id
    belongs = (
        select(Membership.person_id, body.label("key"))
        .join(Organisation, Organisation.id == Membership.organisation_id)
        .where(body.is_not(None))
        .distinct()
    )
    if sight.eyes == Eyes.PEOPLE:
        belongs = belongs.where(bodies(sight))
    theirs = belongs.subquery()
    return (
        select(theirs.c.key, func.count().label("total"), *_counted(today))
        .select_from(Enrolment)
        .outerjoin(theirs, theirs.c.person_id == Enrolment.person_id)
        .where(*asked)
        .group_by(theirs.c.key)
    )


def _names(by: By, ids: Sequence[int]) -> dict[int, tuple[str, str]]:
    """Key and name of each of these."""
    if by == By.OFFER:
        asked: Any = (
            select(Offer.id, Offer.slug, OfferVersion.title)
            .join(OfferVersion, OfferVersion.offer_id == Offer.id)
            .where(Offer.id.in_(ids))
            .order_by(OfferVersion.number)  # what it says last stays
        )
    else:
        kind = System if by == By.SYSTEM else Organisation
        asked = select(kind.id, kind.key, kind.name).where(kind.id.in_(ids))
    return {row[0]: (row[1], row[2]) for row in db.session.execute(asked)}


def _told_of_offers(sight: Sight, filters: Filters, today: date) -> Figures:
    """What may be told of the people on each offer: each counts once, by how they stand with it now."""
    of_these = select(Offer.id).where(*of_offers(sight, filters))
    last = (
        select(func.max(Enrolment.id))
        .where(Enrolment.offer_id.in_(of_these))
        .group_by(Enrolment.offer_id, Enrolment.person_id)
    )
    became = outcome(today).label("outcome")
    found: dict[int, Counter[Outcome]] = {}
    for offer_id, name, count in db.session.execute(
        select(Enrolment.offer_id, became, func.count())
        .where(Enrolment.id.in_(last))
        .group_by(Enrolment.offer_id, "outcome")
    ):
        found.setdefault(offer_id, Counter())[Outcome(name)] = count
    parts, each = [], []
    for offer_id, slug, title in db.session.execute(
        select(Offer.id, Offer.slug, OfferVersion.title)
        .join(OfferVersion, OfferVersion.offer_id == Offer.id)
        .where(
            *of_offers(sight, filters),
            OfferVersion.id.in_(select(func.max(OfferVersion.id)).group_by(OfferVersion.offer_id)),
        )
        .order_by(OfferVersion.title, Offer.slug)
    ):
        told: Told = rules.told(found.get(offer_id, {}))
        each.append(told)
        exact = all(outcome in told.counts for outcome in ENDED)
        parts.append(Part(slug, title, told.counts, told.others, told.whole, exact))
    total = rules.together(each)
    exact = bool(parts) and all(part.exact for part in parts)
    return Figures(total.counts, None, total.others, total.whole, exact, parts=parts)
