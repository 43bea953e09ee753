"""What can be chosen to narrow a search down, and how many offers each choice would show.

A field is counted with the other fields as they are chosen and without itself, so that a second value within it shows
what it would add.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pyroaring import BitMap
from sqlalchemy import select

from catalogue.clock import today
from catalogue.extensions import db
from catalogue.frameworks.models import Condition, Dimension, Level, Seat
from catalogue.frameworks.queries import current_framework
from catalogue.offers.filters import FACETS, Filters
from catalogue.offers.matching import Clause, visible_to
from catalogue.offers.models import Mode, OfferVersion, VersionState
from catalogue.offers.queries import holding
from catalogue.offers.sets import Sets, current_sets
from catalogue.offers.vocabulary import sought
from catalogue.people.models import Person
from catalogue.systems.models import Organisation, System
from catalogue.systems.queries import IS_AREA

LEGENDS = {
    "dimension": "Dimension",
    "step": "Level that it leads to",
    "seat": "For whom",
    "kind": "Programme or single offer",
    "mode": "How you take part",
    "length": "Length",
    "price": "Price",
    "starts": "Start",
    "free": "Free places",
    "place": "Place",
    "provider": "Provider",
    "system": "Open to people of",
    "condition": "Condition for good leadership",
}
BANDS: dict[str, dict[str, str]] = {
    "kind": {"programme": "Programme: several offers together", "single": "Single offer"},
    "mode": {
        Mode.IN_PERSON: "In person",
        Mode.ONLINE: "Online",
        Mode.BLENDED: "Online and in person",
        Mode.SELF_PACED: "At your own pace",
    },
    "length": {
        "hour": "Up to 1 hour",
        "half-day": "Up to half a day",
        "day": "Up to a day",
        "week": "Up to a week",
        "longer": "Longer",
    },
    "price": {
        "free": "Free",
        "to-100": "Up to £100",
        "to-500": "£100 to £500",
        "over-500": "More than £500",
        "not-known": "Not known",
    },
    "starts": {
        "any-time": "At any time",
        "month": "Within a month",
        "quarter": "Within 3 months",
        "half-year": "Within 6 months",
    },
    "free": {"yes": "Only with free places"},
}


@dataclass(frozen=True, slots=True)
class Choice:
    value: str
    name: str
    count: int
    chosen: bool


@dataclass(frozen=True, slots=True)
class Facet:
    name: str
    legend: str
    choices: tuple[Choice, ...]

    @property
    def chosen(self) -> list[Choice]:
        return [choice for choice in self.choices if choice.chosen]


Named = Iterable[tuple[str, str]]
"""Values, each with its name, in the order in which they are shown."""


def facets(filters: Filters, person: Person | None) -> list[Facet]:
    """Every field with its choices: those that would show something, and those that are chosen."""
    counted = _counts(filters, person)
    framework_id = current_framework().id
    named: dict[str, Named] = {name: tuple(bands.items()) for name, bands in BANDS.items()}
    named |= {
        "dimension": _names(Dimension, Dimension.position, Dimension.framework_id == framework_id),
        "step": _names(Level, Level.value, Level.framework_id == framework_id),
        "seat": _names(Seat, Seat.position),
        "condition": _names(Condition, Condition.position),
        "system": _names(System, System.name, IS_AREA),
        "provider": _names(Organisation, Organisation.name, Organisation.key.in_(counted["provider"])),
        "place": [(place, place) for place in sorted(counted["place"])],
    }
    return [_facet(name, getattr(filters, name), named[name], counted[name]) for name in FACETS]


def _counts(filters: Filters, person: Person | None) -> dict[str, dict[str, int]]:
    """For each field the number of offers by value, where there are any."""
    sets = current_sets(today())
    fitting = {name: sets.having(name, chosen) for name in FACETS if (chosen := getattr(filters, name))}
    for name in ("dimension", "step"):
        fitting.pop(name, None)
    base = _findable(sets, person)
    if filters.q.strip():
        base &= BitMap(db.session.scalars(holding(sought(filters.q))).all())

    def rest(name: str) -> BitMap:
        others = BitMap.intersection(base, *(found for other, found in fitting.items() if other != name))
        if name in ("dimension", "step") or not (filters.dimension or filters.step):
            return others
        return others & sets.mapped(filters.dimension, filters.step)

    def each(name: str) -> dict[str, BitMap]:
        if name == "dimension":
            return {one: sets.mapped((one,), filters.step) for one in sets.offers.values["dimension"]}
        if name == "step":
            return {one: sets.mapped(filters.dimension, (one,)) for one in sets.offers.values["step"]}
        return sets.values_of(name)

    counted = {}
    for name in FACETS:
        within = rest(name)
        counts = {value: within.intersection_cardinality(found) for value, found in each(name).items()}
        counted[name] = {value: count for value, count in counts.items() if count}
    return counted


def _findable(sets: Sets, person: Person | None) -> BitMap:
    if person is None:
        return BitMap(sets.offers.public)
    theirs = select(OfferVersion.id).where(
        OfferVersion.state == VersionState.PUBLISHED, OfferVersion.members_only.is_(True), visible_to(person)
    )
    return sets.offers.public | BitMap(db.session.scalars(theirs).all())


def _names(model: Any, order: Any, *of: Clause) -> Named:
    return [(key, name) for key, name in db.session.execute(select(model.key, model.name).where(*of).order_by(order))]


def _facet(name: str, chosen: tuple[str, ...], named: Named, counts: dict[str, int]) -> Facet:
    choices = [Choice(value, label, counts.get(value, 0), value in chosen) for value, label in named]
    there = {choice.value for choice in choices}
    lost = [Choice(value, value, 0, chosen=True) for value in chosen if value not in there]
    return Facet(name, LEGENDS[name], (*(choice for choice in choices if choice.count or choice.chosen), *lost))


def looked_for(found: Iterable[Facet], filters: Filters) -> list[str]:
    """What filters look for, in words."""
    words = [f"“{filters.q.strip()}”"] if filters.q.strip() else []
    return words + [choice.name for facet in found for choice in facet.chosen]
