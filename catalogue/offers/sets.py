"""The catalogue as sets of offers, one for each value of each field: what facets are counted from.

A count in SQL goes through every offer that fits, once for each field. As compressed bitmaps (Roaring, Lemire et al.
2018, https://arxiv.org/abs/1709.07821) of version ids the same counts are intersections, which take microseconds. The
sets are kept by each process and made anew when the catalogue has changed: triggers count the changes in the
transactions that make them, so that who reads after a commit never counts what was before it. Who may find what, and
which offers hold the words, is asked of the database each time.
"""

import threading
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date

from flask import current_app
from pyroaring import BitMap
from sqlalchemy import ColumnElement, Select, Table, and_, func, select, union

from catalogue.extensions import db, writing
from catalogue.frameworks.models import Condition, Dimension, Level, Seat
from catalogue.offers.matching import KINDS, LENGTHS, PRICES, free_places, starts, to_come
from catalogue.offers.models import (
    CatalogueChange,
    ChangedPart,
    Mapping,
    Offer,
    OfferVersion,
    Run,
    VersionState,
    offer_partner,
    version_condition,
    version_seat,
    version_system,
)
from catalogue.systems.models import Organisation, System
from catalogue.systems.queries import IS_AREA

ByValue = dict[str, BitMap]
OPEN_TO_ALL: dict[str, tuple[type[Seat] | type[System], Table, tuple[ColumnElement[bool], ...]]] = {
    "seat": (Seat, version_seat, ()),
    "system": (System, version_system, (IS_AREA,)),
}
"""Fields in which a version that names no value counts for each of those that there are."""


@dataclass(frozen=True, slots=True)
class OfferSets:
    """Of what offers say: all published versions, those that anybody finds, and those with each value of a field."""

    published: BitMap
    public: BitMap
    values: dict[str, ByValue]
    pairs: dict[tuple[str, str], BitMap]
    """By dimension and level: versions of which one mapping leads over that level in that dimension."""


@dataclass(frozen=True, slots=True)
class Sets:
    """All of it, with what depends on runs and on the day."""

    offers: OfferSets
    runs: dict[str, ByValue]

    def values_of(self, facet: str) -> ByValue:
        return self.runs.get(facet) or self.offers.values.get(facet, {})

    def having(self, facet: str, values: Iterable[str]) -> BitMap:
        """The versions with any of the values in a field; not for dimension and step, which one mapping has both of."""
        there = self.values_of(facet)
        return BitMap.union(BitMap(), *(there[value] for value in values if value in there))

    def mapped(self, dimensions: tuple[str, ...], steps: tuple[str, ...]) -> BitMap:
        """The versions of which one mapping is in one of the dimensions and leads over one of the levels."""
        if not steps:
            return self.having("dimension", dimensions)
        return BitMap.union(
            BitMap(),
            *(
                found
                for (dimension, step), found in self.offers.pairs.items()
                if step in steps and (not dimensions or dimension in dimensions)
            ),
        )


class Shelf:
    """The newest sets of one application. Threads that need new ones wait for the first of them to make them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[str, tuple[object, OfferSets | dict[str, ByValue]]] = {}

    def get(self, part: str, mark: object, make: Callable[[], object]) -> object:
        with self._lock:
            kept = self._kept.get(part)
            if kept is not None and kept[0] == mark:
                return kept[1]
            made = make()
            if not writing.get():  # what an action has not committed yet is for itself alone
                self._kept[part] = (mark, made)  # type: ignore[assignment]
            return made


def current_sets(day: date) -> Sets:
    """The sets of the catalogue as it is now. One query, where nothing has changed."""
    shelf: Shelf = current_app.extensions.setdefault("offer_sets", Shelf())
    counted = select(CatalogueChange.part, func.sum(CatalogueChange.number)).group_by(CatalogueChange.part)
    marks = {part: number for part, number in db.session.execute(counted)}  # noqa: C416 rows are not pairs to dict()
    offers, runs = marks.get(ChangedPart.OFFERS, 0), marks.get(ChangedPart.RUNS, 0)
    return Sets(
        shelf.get("offers", offers, _offer_sets),  # type: ignore[arg-type]
        shelf.get("runs", (offers, runs, day), lambda: _run_sets(day)),  # type: ignore[arg-type]
    )


def _offer_sets() -> OfferSets:
    published = _ids(OfferVersion.state == VersionState.PUBLISHED)
    values: dict[str, ByValue] = {
        "mode": _by_value(select(OfferVersion.mode, OfferVersion.id).where(_PUBLISHED)),
        "kind": {name: _ids(_PUBLISHED, clause) for name, clause in KINDS.items()},
        "length": {name: _ids(_PUBLISHED, clause) for name, clause in LENGTHS.items()},
        "price": {name: _ids(_PUBLISHED, clause) for name, clause in PRICES.items()},
        "condition": _by_value(
            select(Condition.key, version_condition.c.version_id).join(
                version_condition, version_condition.c.condition_id == Condition.id
            ),
            published,
        ),
        "provider": _by_value(_providers(), published),
        "dimension": _by_value(
            select(Dimension.key, Mapping.version_id).join(Mapping, Mapping.dimension_id == Dimension.id), published
        ),
    }
    for name, (model, link, of) in OPEN_TO_ALL.items():
        version, other = link.c
        named = _by_value(select(model.key, version).join(link, other == model.id), published)
        to_all = published - BitMap.union(BitMap(), *named.values())
        values[name] = {
            key: named.get(key, BitMap()) | to_all for key in db.session.scalars(select(model.key).where(*of))
        }
    pairs = _pairs(published)
    values["step"] = {
        step: BitMap.union(*(found for (_d, other), found in pairs.items() if other == step))
        for step in {step for _dimension, step in pairs}
    }
    return OfferSets(published, _ids(_PUBLISHED, OfferVersion.members_only.is_(False)), values, pairs)


def _run_sets(day: date) -> dict[str, ByValue]:
    def bands(clauses: dict[str, ColumnElement[bool]]) -> ByValue:
        return {name: _ids(_PUBLISHED, clause) for name, clause in clauses.items()}

    places = select(Run.place, OfferVersion.id).join(OfferVersion, OfferVersion.offer_id == Run.offer_id)
    return {
        "starts": bands(starts(day)),
        "free": bands(free_places(day)),
        "place": _by_value(places.where(_PUBLISHED, to_come(day))),
    }


_PUBLISHED = OfferVersion.state == VersionState.PUBLISHED


def _ids(*clauses: ColumnElement[bool]) -> BitMap:
    return BitMap(db.session.scalars(select(OfferVersion.id).join(OfferVersion.offer).where(*clauses)).all())


def _by_value(wanted: Select[str, int], within: BitMap | None = None) -> ByValue:
    """From rows of value and version id to the ids by value."""
    ids: dict[str, list[int]] = defaultdict(list)
    for value, version_id in db.session.execute(wanted):
        ids[value].append(version_id)
    return {value: BitMap(found) if within is None else BitMap(found) & within for value, found in ids.items()}


def _providers() -> Select[str, int]:
    """Who provides an offer, alone or with others."""
    provided = select(Offer.id.label("offer_id"), Offer.provider_id.label("organisation_id"))
    shared = select(offer_partner.c.offer_id, offer_partner.c.organisation_id)
    provides = union(provided, shared).subquery()
    return (
        select(Organisation.key, OfferVersion.id)
        .join(provides, provides.c.organisation_id == Organisation.id)
        .join(OfferVersion, OfferVersion.offer_id == provides.c.offer_id)
        .where(_PUBLISHED)
    )


def _pairs(published: BitMap) -> dict[tuple[str, str], BitMap]:
    rows = db.session.execute(
        select(Dimension.key, Level.key, Mapping.version_id)
        .join(Dimension, Dimension.id == Mapping.dimension_id)
        .join(
            Level,
            and_(
                Level.framework_id == Dimension.framework_id,
                Mapping.from_level < Level.value,
                Mapping.to_level >= Level.value,
            ),
        )
    )
    ids: dict[tuple[str, str], list[int]] = defaultdict(list)
    for dimension, step, version_id in rows:
        ids[dimension, step].append(version_id)
    return {pair: BitMap(found) & published for pair, found in ids.items()}
