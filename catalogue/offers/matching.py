"""Which published versions fit what is looked for: one condition for each field, the same for every page and feed."""

from collections.abc import Callable, Iterable
from datetime import date, timedelta

from sqlalchemy import ColumnElement, and_, false, or_, select, true
from sqlalchemy.orm import aliased

from catalogue.frameworks.models import Condition, Dimension, Level, Seat
from catalogue.offers.filters import FACETS, Filters
from catalogue.offers.models import Mapping, Mode, Offer, OfferVersion, Run, RunState
from catalogue.offers.rules import JOINABLE
from catalogue.people.models import Person, Role
from catalogue.systems.models import Membership, Organisation, System
from catalogue.systems.queries import IS_AREA

Clause = ColumnElement[bool]
Hours, Pence = OfferVersion.hours, OfferVersion.price_pence

LENGTHS: dict[str, Clause] = {
    "hour": Hours <= 1,
    "half-day": and_(Hours > 1, Hours <= 4),
    "day": and_(Hours > 4, Hours <= 8),
    "week": and_(Hours > 8, Hours <= 40),
    "longer": Hours > 40,
}
PRICES: dict[str, Clause] = {
    "free": Pence == 0,
    "to-100": and_(Pence > 0, Pence <= 100_00),
    "to-500": and_(Pence > 100_00, Pence <= 500_00),
    "over-500": Pence > 500_00,
    "not-known": Pence.is_(None),
}
KINDS: dict[str, Clause] = {
    "programme": OfferVersion.is_programme.is_(True),
    "single": OfferVersion.is_programme.is_(False),
}
MONTHS = {"month": 1, "quarter": 3, "half-year": 6}


def to_come(day: date) -> Clause:
    """Runs that can still be joined, if only their waiting list."""
    return and_(Run.starts_on >= day, Run.state.in_(JOINABLE))


def starts(day: date) -> dict[str, Clause]:
    within = {
        name: Offer.runs.any(and_(to_come(day), Run.starts_on <= day + timedelta(days=round(months * 30.5))))
        for name, months in MONTHS.items()
    }
    return {"any-time": OfferVersion.mode == Mode.SELF_PACED} | within


def free_places(day: date) -> dict[str, Clause]:
    """At one's own pace there is always a place; a run is open while it has one (``enrolments.actions.keep_state``)."""
    open_run = Offer.runs.any(and_(Run.starts_on >= day, Run.state == RunState.OPEN))
    return {"yes": or_(OfferVersion.mode == Mode.SELF_PACED, open_run)}


def _reaches(levels: Iterable[str]) -> Clause:
    """Mappings that take people to one of the levels from the one below it, or over it."""
    level = aliased(Level)
    return (
        select(level.id)
        .join(Dimension, Dimension.framework_id == level.framework_id)
        .where(
            Dimension.id == Mapping.dimension_id,
            level.key.in_(list(levels)),
            Mapping.from_level < level.value,
            Mapping.to_level >= level.value,
        )
        .exists()
    )


def mapped(filters: Filters) -> Clause:
    """Mappings in one of the dimensions that reach one of the levels: one and the same mapping does both."""
    clauses: list[Clause] = [true()]
    if filters.dimension:
        clauses.append(Mapping.dimension.has(Dimension.key.in_(filters.dimension)))
    if filters.step:
        clauses.append(_reaches(filters.step))
    return and_(*clauses)


def _band(bands: dict[str, Clause], chosen: Iterable[str]) -> Clause:
    return or_(false(), *(bands[name] for name in chosen if name in bands))


def _provider(keys: tuple[str, ...], _day: date) -> Clause:
    named = Organisation.key.in_(keys)
    return or_(Offer.provider.has(named), Offer.partners.any(named))


def _system(keys: tuple[str, ...], _day: date) -> Clause:
    there = select(System.id).where(IS_AREA, System.key.in_(keys)).exists()
    return or_(and_(there, ~OfferVersion.systems.any()), OfferVersion.systems.any(System.key.in_(keys)))


def _seat(keys: tuple[str, ...], _day: date) -> Clause:
    there = select(Seat.id).where(Seat.key.in_(keys)).exists()  # of a seat that is none nothing is known
    return or_(and_(there, ~OfferVersion.seats.any()), OfferVersion.seats.any(Seat.key.in_(keys)))


CLAUSES: dict[str, Callable[[tuple[str, ...], date], Clause]] = {
    "condition": lambda keys, _day: OfferVersion.conditions.any(Condition.key.in_(keys)),
    "provider": _provider,
    "system": _system,
    "seat": _seat,
    "kind": lambda names, _day: _band(KINDS, names),
    "mode": lambda modes, _day: OfferVersion.mode.in_(modes),
    "length": lambda names, _day: _band(LENGTHS, names),
    "price": lambda names, _day: _band(PRICES, names),
    "starts": lambda names, day: _band(starts(day), names),
    "free": lambda names, day: _band(free_places(day), names),
    "place": lambda places, day: Offer.runs.any(and_(to_come(day), Run.place.in_(places))),
}
"""What is asked of an offer and its version for the values that were chosen in a field."""


def clauses(filters: Filters, day: date) -> list[Clause]:
    """What is asked by all fields together."""
    asked = [CLAUSES[name](chosen, day) for name in FACETS if name in CLAUSES and (chosen := getattr(filters, name))]
    if filters.dimension or filters.step:
        asked.append(OfferVersion.mappings.any(mapped(filters)))
    return asked


def visible_to(person: Person | None) -> Clause:
    """Which published versions somebody may find: those for everyone, and those of organisations that are theirs."""
    if person is None:
        return OfferVersion.members_only.is_(False)
    if person.has(Role.ADMINISTRATOR) or person.has(Role.REVIEWER):
        return true()
    theirs = select(Membership.organisation_id).where(Membership.person_id == person.id)
    granted = [grant.organisation_id for grant in person.grants if grant.organisation_id is not None]
    provides = Offer.provider_id.in_(theirs) | Offer.provider_id.in_(granted)
    takes_part = Offer.partners.any(Organisation.id.in_(theirs) | Organisation.id.in_(granted))
    return or_(OfferVersion.members_only.is_(False), OfferVersion.offer.has(provides | takes_part))
