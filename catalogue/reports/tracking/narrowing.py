"""Sights and filters as conditions on enrolments: the page, its figures and its files all ask with these."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Float, Select, and_, case, false, or_, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import aliased
from sqlalchemy.sql.expression import FunctionElement

from catalogue.clock import midnight
from catalogue.enrolments.models import ON_IT, Enrolment, EnrolmentState
from catalogue.frameworks.models import Condition, Dimension, Seat
from catalogue.offers.models import Mapping, Offer, OfferVersion, Run, Step, VersionState, version_condition
from catalogue.reports.tracking.filters import OVERDUE, Eyes, Filters, Sight
from catalogue.reports.tracking.rules import WAITING, Outcome, overdue_if_joined_before
from catalogue.systems.models import Membership, Organisation, System

Conditions = list[ColumnElement[bool]]


class DaysBetween(FunctionElement[float]):
    """The days from one moment to another, with their fractions."""

    inherit_cache = True
    type = Float()


@compiles(DaysBetween, "sqlite")
def _by_julian_days(element: DaysBetween, compiler: Any, **options: Any) -> str:
    first, last = (compiler.process(clause, **options) for clause in element.clauses)
    return f"(julianday({last}) - julianday({first}))"


@compiles(DaysBetween, "postgresql")
def _by_seconds(element: DaysBetween, compiler: Any, **options: Any) -> str:
    first, last = (compiler.process(clause, **options) for clause in element.clauses)
    return f"(EXTRACT(EPOCH FROM ({last} - {first})) / 86400.0)::float8"


def overdue(today: date) -> ColumnElement[bool]:
    """The rule ``rules.is_overdue``, for the database."""
    over = select(Run.id).where(Run.ends_on < today)
    return and_(
        Enrolment.state.in_(ON_IT),
        or_(
            and_(Enrolment.run_id.is_(None), Enrolment.created_at < overdue_if_joined_before(today)),
            Enrolment.run_id.in_(over),
        ),
    )


def outcome(today: date) -> ColumnElement[str]:
    """The rule ``rules.outcome_of``, for the database."""
    return case(
        (Enrolment.state == EnrolmentState.COMPLETED, Outcome.COMPLETED.value),
        (Enrolment.state == EnrolmentState.WITHDRAWN, Outcome.WITHDRAWN.value),
        (Enrolment.state == EnrolmentState.NO_SHOW, Outcome.NO_SHOW.value),
        (Enrolment.state == EnrolmentState.DECLINED, Outcome.DECLINED.value),
        (Enrolment.state.in_(WAITING), Outcome.WAITING.value),
        (overdue(today), Outcome.OVERDUE.value),
        else_=Outcome.UNDER_WAY.value,
    )


def bodies(sight: Sight) -> ColumnElement[bool]:
    """The organisations whose people somebody sees."""
    return or_(
        Organisation.id.in_(sorted(sight.organisations)), Organisation.system_id.in_(sorted(sight.systems))
    )  # fmt: skip


def _people_of(bodies: ColumnElement[bool]) -> Select[int]:
    return (
        select(Membership.person_id)
        .join(Organisation, Organisation.id == Membership.organisation_id)
        .where(bodies)
    )  # fmt: skip


def narrowed(sight: Sight, filters: Filters, today: date) -> Conditions:
    """What is to be true of an enrolment that somebody sees, and asks for: as they see people."""
    return [*_seen(sight), *_by_people(filters), *_by_offers(filters), *_by_enrolments(filters, today)]


def _seen(sight: Sight) -> Iterator[ColumnElement[bool]]:
    if sight.eyes == Eyes.PEOPLE:
        yield Enrolment.person_id.in_(_people_of(bodies(sight)))
    elif sight.eyes == Eyes.OFFERS:
        yield false()  # who sees no people sees no enrolment either: ``of_offers``


def _by_people(filters: Filters) -> Iterator[ColumnElement[bool]]:
    if filters.system:
        system = select(System.id).where(System.key == filters.system).scalar_subquery()
        yield Enrolment.person_id.in_(_people_of(Organisation.system_id == system))
    if filters.organisation:
        yield Enrolment.person_id.in_(_people_of(Organisation.key == filters.organisation))
    if filters.seat:
        yield Enrolment.seat_id == select(Seat.id).where(Seat.key == filters.seat).scalar_subquery()


def _by_offers(filters: Filters) -> Iterator[ColumnElement[bool]]:
    if filters.provider:
        provider = select(Organisation.id).where(Organisation.key == filters.provider).scalar_subquery()
        yield Enrolment.offer_id.in_(select(Offer.id).where(Offer.provider_id == provider))
    if filters.programme:
        yield from _on_programme(filters.programme)
    if filters.offer:
        yield Enrolment.offer_id == _offer(filters.offer)
    if filters.condition:
        yield Enrolment.version_id.in_(_serving(filters.condition))
    if filters.dimension:
        yield Enrolment.version_id.in_(_touching(filters.dimension))


def _by_enrolments(filters: Filters, today: date) -> Iterator[ColumnElement[bool]]:
    if filters.platform:
        yield Enrolment.via == filters.platform
    if filters.state:
        yield overdue(today) if filters.state == OVERDUE else Enrolment.state == filters.state
    if filters.since:
        yield Enrolment.created_at >= midnight(filters.since)
    if filters.until:
        yield Enrolment.created_at < midnight(filters.until + timedelta(days=1))


def of_offers(sight: Sight, filters: Filters) -> Conditions:
    """What is to be true of an offer that somebody answers for, and asks for.

    Whole offers alone, by what they say now: what asked for a part of the people on one would tell of a few of them.
    """
    asked: Conditions = [Offer.provider_id.in_(sorted(sight.organisations))]
    published = select(OfferVersion.offer_id).where(OfferVersion.state == VersionState.PUBLISHED)
    if filters.offer:
        asked.append(Offer.slug == filters.offer)
    if filters.condition:
        asked.append(Offer.id.in_(published.where(OfferVersion.id.in_(_serving(filters.condition)))))
    if filters.dimension:
        asked.append(Offer.id.in_(published.where(OfferVersion.id.in_(_touching(filters.dimension)))))
    return asked


def _offer(slug: str) -> Any:
    return select(Offer.id).where(Offer.slug == slug).scalar_subquery()


def _serving(condition: str) -> Select[int]:
    return (
        select(version_condition.c.version_id)
        .join(Condition, Condition.id == version_condition.c.condition_id)
        .where(Condition.key == condition)
    )


def _touching(dimension: str) -> Select[int]:
    return (
        select(Mapping.version_id)
        .join(Dimension, Dimension.id == Mapping.dimension_id)
        .where(Dimension.key == dimension)
    )  # fmt: skip


def _on_programme(slug: str) -> Sequence[ColumnElement[bool]]:
    """Enrolments on a programme and on the offers that are steps of it, of the people who are on the programme."""
    programme, on_it = _offer(slug), aliased(Enrolment)
    steps = (
        select(Step.offer_id)
        .join(OfferVersion, OfferVersion.id == Step.version_id)
        .where(OfferVersion.offer_id == programme, Step.offer_id.is_not(None))
    )
    return (
        or_(Enrolment.offer_id == programme, Enrolment.offer_id.in_(steps)),
        Enrolment.person_id.in_(select(on_it.person_id).where(on_it.offer_id == programme)),
    )
