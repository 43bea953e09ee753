"""Reading rows: one for each enrolment, with its completion, the newest first; and what can be asked for."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Engine, Row, Select, and_, func, select

from catalogue.enrolments.models import Completion, Enrolment, EnrolmentState
from catalogue.extensions import db
from catalogue.frameworks import queries as frameworks
from catalogue.frameworks.models import Seat
from catalogue.offers.models import Offer, OfferVersion, Run, Step
from catalogue.people.models import Person
from catalogue.reports.models import SavedView
from catalogue.reports.tracking.filters import Eyes, Filters, Sight
from catalogue.reports.tracking.narrowing import bodies, narrowed, of_offers
from catalogue.reports.tracking.rules import is_overdue
from catalogue.systems.models import Membership, Organisation, System
from catalogue.systems.queries import IS_AREA, within

ROWS = 50
"""Rows on a page."""
FETCHED = 1000
"""Rows of a file that are in memory at a time."""


@dataclass(frozen=True, slots=True)
class Tracked:
    """An enrolment as a row of the page and of a file."""

    id: int
    person_key: str
    person_name: str
    organisations: str
    """Names of those organisations of the person that whoever looks may know of."""
    seat: str
    offer_slug: str
    offer_title: str
    provider: str
    run_name: str
    starts_on: date | None
    ends_on: date | None
    via: str
    state: EnrolmentState
    joined: datetime
    completed: datetime | None
    overdue: bool

    @property
    def days(self) -> int | None:
        """Whole days from joining to completing."""
        return (self.completed - self.joined).days if self.completed else None


@dataclass(frozen=True, slots=True)
class Page:
    rows: Sequence[Tracked]
    newer: bool
    older: bool


def rows_of(sight: Sight, filters: Filters, today: date, *, after: int = 0, before: int = 0) -> Page:
    """A page of rows: those after a row in the list, or before one; the first ones where neither is named.

    Two statements: which these are is decided by numbers alone, and only of these is read what they say.
    """
    wanted = select(Enrolment.id).where(*narrowed(sight, filters, today)).limit(ROWS + 1)
    if before:
        wanted = wanted.where(Enrolment.id > before).order_by(Enrolment.id)
    else:
        wanted = wanted.order_by(Enrolment.id.desc())
        if after:
            wanted = wanted.where(Enrolment.id < after)
    ids = db.session.scalars(wanted).all()
    asked = _rows(sight).where(Enrolment.id.in_(ids)).order_by(Enrolment.id.desc())
    found = [_tracked(row, today) for row in db.session.execute(asked)]
    more = len(found) > ROWS
    return Page(found[-ROWS:], more, True) if before else Page(found[:ROWS], bool(after), more)


def all_rows(engine: Engine, sight: Sight, filters: Filters, today: date) -> Iterator[Tracked]:
    """Every row, on a connection of its own, with some of them in memory at a time."""
    asked = _rows(sight).where(*narrowed(sight, filters, today)).order_by(Enrolment.id.desc())
    with engine.connect() as connection:
        for row in connection.execution_options(yield_per=FETCHED).execute(asked):
            yield _tracked(row, today)


def _rows(sight: Sight) -> Select[*tuple[Any, ...]]:
    named = func.aggregate_strings(Organisation.name, "; ")
    theirs = (
        select(named)
        .select_from(Membership)
        .join(Organisation, Organisation.id == Membership.organisation_id)
        .where(Membership.person_id == Enrolment.person_id)
        .correlate(Enrolment)
    )
    if sight.eyes == Eyes.PEOPLE:
        theirs = theirs.where(bodies(sight))
    return (
        select(
            Enrolment.id, Person.key, Person.name, func.coalesce(theirs.scalar_subquery(), ""),
            func.coalesce(Seat.name, ""), Offer.slug, OfferVersion.title, Organisation.name,
            func.coalesce(Run.name, ""), Run.starts_on, Run.ends_on, Enrolment.via, Enrolment.state,
            Enrolment.created_at, Completion.at,
        )
        .select_from(Enrolment)
        .join(Person, Person.id == Enrolment.person_id)
        .join(OfferVersion, OfferVersion.id == Enrolment.version_id)
        .join(Offer, Offer.id == Enrolment.offer_id)
        .join(Organisation, Organisation.id == Offer.provider_id)
        .outerjoin(Run, Run.id == Enrolment.run_id)
        .outerjoin(Seat, Seat.id == Enrolment.seat_id)
        .outerjoin(Completion, and_(Completion.enrolment_id == Enrolment.id, Completion.voided_at.is_(None)))
    )  # fmt: skip


def _tracked(row: Row[*tuple[Any, ...]], today: date) -> Tracked:
    told: Any = row
    state = EnrolmentState(told[12])
    late = is_overdue(state, told[13], told[10], today)
    return Tracked(*(*told[:12], state, *told[13:], late))


def person_seen(sight: Sight, key: str, today: date) -> tuple[str, Sequence[Tracked]] | None:
    """Somebody's name and all their enrolments; none where they are not for these eyes."""
    theirs = (*narrowed(sight, Filters(), today), Person.key == key)
    asked = _rows(sight).where(*theirs).order_by(Enrolment.id.desc())
    rows = [_tracked(row, today) for row in db.session.execute(asked)] if sight.by_name else []
    return (rows[0].person_name, rows) if rows else None


@dataclass(frozen=True, slots=True)
class Choices:
    """What can be asked for: by filter, values and their names."""

    by_filter: dict[str, dict[str, str]]

    def name(self, filter_: str, value: str) -> str | None:
        return self.by_filter.get(filter_, {}).get(value)


def choices(sight: Sight, filters: Filters, platforms: dict[str, str]) -> Choices:
    """What these eyes can ask for. Of offers and organisations, which may be very many, those that are asked for."""
    current = frameworks.current_framework()
    found = {
        "condition": {condition.key: condition.name for condition in frameworks.conditions()},
        "dimension": {dimension.key: dimension.name for dimension in current.dimensions},
        "offer": _offers(sight, filters.offer),
    }
    if sight.by_name:
        found |= {
            "system": _systems(sight),
            "organisation": _organisations(sight, filters),
            "provider": _named(select(Organisation.key, Organisation.name).where(Organisation.publishes)),
            "programme": _programmes(sight),
            "seat": {seat.key: seat.name for seat in frameworks.seats()},
            "platform": platforms if sight.eyes == Eyes.ALL else _came_through(sight, platforms),
        }
    return Choices(found)


def _named(asked: Select[str, str]) -> dict[str, str]:
    found = {row[0]: row[1] for row in db.session.execute(asked)}
    return dict(sorted(found.items(), key=lambda pair: pair[1]))


def _systems(sight: Sight) -> dict[str, str]:
    asked = select(System.key, System.name).where(IS_AREA)
    if sight.eyes == Eyes.PEOPLE:
        within = select(Organisation.system_id).where(Organisation.id.in_(sorted(sight.organisations)))
        asked = asked.where(System.id.in_(sorted(sight.systems)) | System.id.in_(within))
    return _named(asked)


def _organisations(sight: Sight, filters: Filters) -> dict[str, str]:
    asked = select(Organisation.key, Organisation.name)
    if sight.eyes == Eyes.PEOPLE:
        asked = asked.where(bodies(sight))
    elif filters.system:
        system = select(System.id).where(System.key == filters.system).scalar_subquery()
        asked = asked.where((Organisation.system_id == system) | (Organisation.key == filters.organisation))
    else:
        asked = asked.where(Organisation.key == filters.organisation)
    return _named(asked)


def _offers(sight: Sight, slug: str) -> dict[str, str]:
    if sight.by_name:
        return _called(sight, Offer.slug == slug) if slug else {}
    return _called(sight, *of_offers(sight, Filters()))


def _programmes(sight: Sight) -> dict[str, str]:
    return _called(sight, OfferVersion.id.in_(select(Step.version_id).where(Step.offer_id.is_not(None))))


def _called(sight: Sight, *of: ColumnElement[bool]) -> dict[str, str]:
    """Offers by what they say last. That there is one for members only is told to whose people are, or were, on it."""
    asked = select(Offer.slug, OfferVersion.title).join(OfferVersion, OfferVersion.offer_id == Offer.id).where(*of)
    if sight.eyes == Eyes.PEOPLE:
        theirs = select(Enrolment.offer_id).where(*narrowed(sight, Filters(), date.min))
        asked = asked.where(OfferVersion.members_only.is_(False) | Offer.id.in_(theirs))
    return _named(asked.order_by(OfferVersion.number))


def _came_through(sight: Sight, platforms: dict[str, str]) -> dict[str, str]:
    """The platforms through which people of theirs have come: that there are others is not for them to know."""
    asked = select(Enrolment.via).where(*narrowed(sight, Filters(), date.min)).distinct()
    known = set(db.session.scalars(asked))
    return {via: name for via, name in platforms.items() if via in known}


def areas_of(system_ids: set[int]) -> set[int]:
    """The areas that these systems are, or that they followed."""
    if not system_ids:
        return set()
    return set(db.session.scalars(select(System.id).where(IS_AREA, System.id.in_(within(system_ids)))))


def saved_views(person_id: int) -> Sequence[SavedView]:
    return db.session.scalars(select(SavedView).where(SavedView.person_id == person_id).order_by(SavedView.name)).all()
