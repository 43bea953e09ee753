"""Reading offers: nothing that is not published is read here."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, false, func, or_, select, tuple_
from sqlalchemy.orm import selectinload
from sqlalchemy.sql.base import ExecutableOption

from catalogue.clock import today
from catalogue.errors import NotThere
from catalogue.extensions import db
from catalogue.frameworks.models import Condition, Dimension
from catalogue.offers.models import (
    Mapping,
    Mode,
    Offer,
    OfferVersion,
    Run,
    VersionState,
    version_condition,
)
from catalogue.offers.rules import JOINABLE, can_be_joined, stems_of

PAGE = 20


@dataclass(frozen=True, slots=True)
class Filters:
    """What is looked for: any of the values within a field, all of the fields together."""

    q: str = ""
    condition: tuple[str, ...] = ()
    dimension: tuple[str, ...] = ()
    mode: tuple[str, ...] = ()

    @property
    def any(self) -> bool:
        return bool(self.q.strip() or self.condition or self.dimension or self.mode)

    @property
    def as_query(self) -> dict[str, Any]:
        """For the query of an address, without what is empty."""
        named = {"q": self.q, "condition": self.condition, "dimension": self.dimension, "mode": self.mode}
        return {name: value for name, value in named.items() if value}


def _where(filters: Filters) -> list[ColumnElement[bool]]:
    stems = stems_of(filters.q).split()
    clauses: list[ColumnElement[bool]] = [OfferVersion.stems.contains(f" {stem}", autoescape=True) for stem in stems]
    if filters.q.strip() and not stems:  # nothing but signs and the commonest words: no offer is about them
        clauses.append(false())
    if filters.condition:
        clauses.append(OfferVersion.conditions.any(Condition.key.in_(filters.condition)))
    if filters.dimension:
        clauses.append(OfferVersion.mappings.any(Mapping.dimension.has(Dimension.key.in_(filters.dimension))))
    if filters.mode:
        clauses.append(OfferVersion.mode.in_(filters.mode))
    return clauses


def _published(filters: Filters) -> Select[int]:
    return select(OfferVersion.id).where(OfferVersion.state == VersionState.PUBLISHED, *_where(filters))


@dataclass(frozen=True, slots=True)
class Page:
    offers: Sequence[Offer]
    total: int
    next_after: int | None
    """The id to ask for the next page with, if there is one."""


def search(filters: Filters, after: int | None = None) -> Page:
    """A page of published offers by title; ``after`` is the id of the last offer of the page before."""
    matching = _published(filters)
    total = db.session.scalar(select(func.count()).select_from(matching.subquery())) or 0
    wanted = (
        select(Offer)
        .join(Offer.published)
        .where(*_where(filters))
        .order_by(OfferVersion.title, Offer.id)
        .options(*_whole())
    )
    if after is not None:
        last = select(OfferVersion.title, Offer.id).join(Offer.published).where(Offer.id == after)
        found = db.session.execute(last).first()
        if found:
            wanted = wanted.where(tuple_(OfferVersion.title, Offer.id) > tuple_(*found))
    offers = db.session.scalars(wanted.limit(PAGE + 1)).all()
    more = len(offers) > PAGE
    return Page(offers[:PAGE], total, offers[PAGE - 1].id if more else None)


def _whole() -> list[ExecutableOption]:
    """Everything that a page shows of an offer, in a fixed number of queries."""
    version = selectinload(Offer.published)
    return [
        version,
        version.selectinload(OfferVersion.mappings).selectinload(Mapping.dimension),
        version.selectinload(OfferVersion.conditions),
        version.selectinload(OfferVersion.seats),
        selectinload(Offer.provider),
        selectinload(Offer.partners),
        selectinload(Offer.runs),
    ]


@dataclass(frozen=True, slots=True)
class Facets:
    """How many offers each choice would show, with the other fields as they are chosen."""

    condition: dict[str, int] = field(default_factory=dict)
    dimension: dict[str, int] = field(default_factory=dict)
    mode: dict[str, int] = field(default_factory=dict)


def facets(filters: Filters) -> Facets:
    by_condition = (
        select(Condition.key, func.count())
        .join(version_condition, version_condition.c.condition_id == Condition.id)
        .where(version_condition.c.version_id.in_(_published(replace(filters, condition=()))))
        .group_by(Condition.key)
    )
    by_dimension = (
        select(Dimension.key, func.count(func.distinct(Mapping.version_id)))
        .join(Mapping, Mapping.dimension_id == Dimension.id)
        .where(Mapping.version_id.in_(_published(replace(filters, dimension=()))))
        .group_by(Dimension.key)
    )
    by_mode = (
        select(OfferVersion.mode, func.count())
        .where(OfferVersion.id.in_(_published(replace(filters, mode=()))))
        .group_by(OfferVersion.mode)
    )
    return Facets(
        *(
            {key: count for key, count in db.session.execute(counting)}  # noqa: C416 rows are not pairs to dict()
            for counting in (by_condition, by_dimension, by_mode)
        )
    )


def published_offer(slug: str) -> Offer:
    """A published offer with all that its page shows; raises ``NotThere``."""
    offer = db.session.scalar(
        select(Offer)
        .join(Offer.published)
        .where(Offer.slug == slug)
        .options(*_whole(), selectinload(Offer.published).selectinload(OfferVersion.steps))
    )
    if offer is None:
        raise NotThere("We have no offer at this address. It may have been retired.")
    return offer


def joinable_runs(offer: Offer) -> list[Run]:
    """The runs that have not begun and have not been cancelled, next first."""
    day = today()
    return [run for run in offer.runs if can_be_joined(run.starts_on, run.state, day)]


def _can_be_taken(day: date) -> ColumnElement[bool]:
    """An offer that somebody can start now: at their own pace, or on a run that is still to come."""
    return or_(
        OfferVersion.mode == Mode.SELF_PACED,
        Offer.runs.any((Run.starts_on >= day) & Run.state.in_(JOINABLE)),
    )


def takeable_offers(dimension_ids: Sequence[int]) -> list[Offer]:
    """Offers that touch one of the dimensions and that somebody can start now."""
    return list(
        db.session.scalars(
            select(Offer)
            .join(Offer.published)
            .where(
                _can_be_taken(today()),
                OfferVersion.mappings.any(Mapping.dimension_id.in_(list(dimension_ids))),
            )
            .options(*_whole())
            .order_by(Offer.id)
        )
    )
