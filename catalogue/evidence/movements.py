"""From assessments, feedback and completions to how far people moved, one dimension at a time.

Rows come from the database in parts and are kept as numbers alone: a person is eighty bytes or so.
"""

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import chain
from typing import Any

import numpy as np
from sqlalchemy import BigInteger, ColumnElement, Executable, and_, cast, extract, func, select
from sqlalchemy.orm import InstrumentedAttribute

from catalogue.assessments.models import Assessment, AssessmentState, Result
from catalogue.enrolments.models import Completion, Enrolment
from catalogue.evidence.models import EvidenceBatch, EvidenceCounted, Measure
from catalogue.evidence.rules import NOBODY, UNCLEAR, Flags, Floats, Movements, Numbers
from catalogue.extensions import db
from catalogue.feedback.models import FeedbackRound, RoundState
from catalogue.frameworks.models import Dimension, Framework, RoleTarget
from catalogue.offers.models import Mapping

AT_A_TIME = 20_000
APART = timedelta(days=28).total_seconds()
"""Two measurements that are nearer to each other are no before and after."""
LONG = timedelta(days=183).total_seconds()
MOMENTS = 60
"""Seconds after an assessment in which a completion still belongs before it: it may have been what was waited for."""
SPAN = 2**34
"""More than there are seconds in any date here; with them, a person and a moment are one number."""
PERSON, FRAMEWORK, AT, ID, SEAT = range(5)
"""The columns of what was measured: the version of a framework, seconds, an assessment's or a round's id, a seat's."""


@dataclass(frozen=True, slots=True)
class Place:
    """A dimension, whatever its version."""

    measure: Measure
    framework: str
    dimension: str
    ids: tuple[int, ...]
    """Of its row in each version of the framework."""

    @property
    def key(self) -> tuple[str, str]:
        return self.framework, self.dimension

    @property
    def names(self) -> dict[str, str]:
        return {"measure": self.measure, "framework": self.framework, "dimension": self.dimension}

    def of(self, table: type[EvidenceBatch] | type[EvidenceCounted]) -> ColumnElement[bool]:
        return and_(*(getattr(table, name) == key for name, key in self.names.items()))


@dataclass(frozen=True, slots=True)
class Found:
    """The movements in a dimension, whose each one is, and how many batches each offer had before they were read."""

    place: Place
    movements: Movements
    people: Numbers
    batches: dict[int, int]


@dataclass(frozen=True, slots=True)
class Waits:
    """k times that somebody was measured twice, one after the other, on one version of a framework: rows as above."""

    before: Numbers
    after: Numbers

    @classmethod
    def between(cls, measured: Numbers) -> "Waits":
        ordered = measured[np.lexsort((measured[:, ID], measured[:, AT], measured[:, FRAMEWORK], measured[:, PERSON]))]
        before, after = ordered[:-1], ordered[1:]
        same = (before[:, PERSON] == after[:, PERSON]) & (before[:, FRAMEWORK] == after[:, FRAMEWORK])
        which = same & (after[:, AT] - before[:, AT] >= APART)
        return cls(before[which], after[which])

    def where(self, which: Flags) -> "Waits":
        return Waits(self.before[which], self.after[which])

    @property
    def long(self) -> Flags:
        long: Flags = self.after[:, AT] - self.before[:, AT] > LONG
        return long


def of_selves() -> Iterator[Found]:
    """By what people say of themselves, in levels."""
    waits = Waits.between(_rows(
        select(Assessment.person_id, Assessment.framework_id, _seconds(Assessment.closed_at), Assessment.id,
               Assessment.seat_id)
        .where(Assessment.state == AssessmentState.CLOSED, Assessment.closed_at.is_not(None))
    ))  # fmt: skip
    for place in _places(Measure.SELF):
        levels = _rows(select(Result.assessment_id, Result.level).where(Result.dimension_id.in_(place.ids)), 2)
        targets = _targets(place, waits)
        yield _found(place, waits, levels[:, 0], levels[:, 1].astype(np.float64), targets)


def of_others() -> Iterator[Found]:
    """By what others say of them, as their reports tell it: means from 0 to 4."""
    rounds, told = _reports()
    waits = Waits.between(rounds)
    nothing_asked = np.zeros(len(waits.before), dtype=np.intp)
    for place in _places(Measure.OTHERS):
        ids, means = told.get((place.framework, place.dimension), (array("q"), array("d")))
        yield _found(place, waits, np.array(ids, dtype=np.intp), np.array(means, dtype=np.float64), nothing_asked)


def _found(place: Place, waits: Waits, ids: Numbers, values: Floats, targets: Numbers) -> Found:
    """``ids`` with their ``values`` are what was measured; ``targets`` are of the waits."""
    batches = dict(
        db.session.execute(
            select(EvidenceBatch.offer_id, func.max(EvidenceBatch.number))
            .where(place.of(EvidenceBatch))
            .group_by(EvidenceBatch.offer_id)
        ).all()  # before who counts is read: so a batch that is made meanwhile shows in the next number
    )
    counted = _rows(select(EvidenceCounted.person_id, EvidenceCounted.offer_id).where(place.of(EvidenceCounted)), 2)
    before, known_before = _looked_up(waits.before[:, ID], ids, values)
    after, known_after = _looked_up(waits.after[:, ID], ids, values)
    kept = known_before & known_after
    waits, before, after = waits.where(kept), before[kept], after[kept]
    offer, taken = _taken(place, waits, before)
    if place.measure == Measure.OTHERS:  # such means are many: those of one whole number are held beside each other
        before, after = np.floor(before), after - (before - np.floor(before))
    likeness = (waits.before[:, FRAMEWORK] * 100 + targets[kept]) * 2 + waits.long
    people = waits.before[:, PERSON]
    movements = Movements(
        np.zeros(len(people), dtype=np.intp), offer, before, after, likeness, _first_of(people, offer, counted),
        taken,
    )  # fmt: skip
    return Found(place, movements, people, batches)


def _first_of(people: Numbers, offer: Numbers, counted: Numbers) -> Flags:
    """Who took an offer and does not count yet; of several times that somebody took it, the first."""
    one = people * SPAN + offer
    first = np.zeros(len(one), dtype=bool)
    first[np.unique(one, return_index=True)[1]] = True
    first &= (offer >= 0) & ~np.isin(one, counted[:, 0] * SPAN + counted[:, 1])
    return first


def _taken(place: Place, waits: Waits, before: Floats) -> tuple[Numbers, Numbers]:
    """The offer on the dimension that was completed in each wait, as in ``Movements``; and each wait with each offer.

    An offer is on a dimension where the version says so that people joined.
    """
    versions, reach = _reach(place)
    completed = _rows(
        select(Completion.person_id, _seconds(Completion.at), Completion.offer_id, Enrolment.version_id)
        .join(Enrolment, Enrolment.id == Completion.enrolment_id)
        .where(
            Completion.voided_at.is_(None),
            Enrolment.version_id.in_(select(Mapping.version_id).where(Mapping.dimension_id.in_(place.ids))),
        ),
        4,
    )
    nobody = np.full(len(before), NOBODY, dtype=np.intp)
    if not len(completed):
        return nobody, np.zeros((0, 2), dtype=np.intp)
    completed = completed[np.lexsort((completed[:, 1], completed[:, 0]))]
    moments, offers = completed[:, 0] * SPAN + completed[:, 1], completed[:, 2]
    first, end = (
        np.searchsorted(moments, row[:, PERSON] * SPAN + row[:, AT] + MOMENTS, "right")
        for row in (waits.before, waits.after)
    )
    none = first == end
    changes = np.concatenate(([0], np.cumsum(offers[1:] != offers[:-1])))
    at, last = np.minimum(first, len(completed) - 1), np.maximum(end - 1, 0)
    one = ~none & (changes[at] == changes[last])
    if place.measure == Measure.SELF:  # others' means are of agreement: no level that a mapping could begin at
        of_version = reach[np.searchsorted(versions, completed[at, 3])]
        one &= (of_version >> before.astype(np.intp)) & 1 == 1
    which, many = np.repeat(np.arange(len(before)), end - first), end - first
    places = np.arange(len(which)) - np.repeat(np.cumsum(many) - many - first, many)
    taken = np.unique(np.stack((which, offers[places]), axis=1), axis=0)
    return np.where(none, NOBODY, np.where(one, offers[at], UNCLEAR)), taken


def _reach(place: Place) -> tuple[Numbers, Numbers]:
    """Versions of offers on a dimension, and the levels from which each takes people, as bits."""
    rows = _rows(
        select(Mapping.version_id, Mapping.from_level, Mapping.to_level).where(Mapping.dimension_id.in_(place.ids)), 3
    )
    versions, number = np.unique(rows[:, 0], return_inverse=True)
    reach = np.zeros(len(versions), dtype=np.intp)
    np.bitwise_or.at(reach, number, (1 << rows[:, 2]) - (1 << rows[:, 1]))
    return versions, reach


def _targets(place: Place, waits: Waits) -> Numbers:
    """What the seat asked for from which somebody was measured first; 0 where it asks for nothing."""
    rows = _rows(
        select(RoleTarget.seat_id, Dimension.framework_id, RoleTarget.level)
        .join(Dimension, Dimension.id == RoleTarget.dimension_id)
        .where(Dimension.id.in_(place.ids)),
        3,
    )
    asked = rows[:, 0] * SPAN + rows[:, 1]
    found, known = _looked_up(waits.before[:, SEAT] * SPAN + waits.before[:, FRAMEWORK], asked, rows[:, 2])
    return np.where(known, found, 0).astype(np.intp)


def _looked_up(wanted: Numbers, keys: Numbers, values: Any) -> tuple[Floats, Flags]:
    """The value of each key that is wanted, and whether there is one."""
    if not len(keys):
        return np.zeros(len(wanted)), np.zeros(len(wanted), dtype=bool)
    order = np.argsort(keys)
    at = np.minimum(np.searchsorted(keys, wanted, sorter=order), len(keys) - 1)
    return values[order[at]].astype(np.float64), keys[order[at]] == wanted


def _places(measure: Measure) -> Sequence[Place]:
    """The dimensions that any offer is on."""
    mapped = select(Mapping.dimension_id)
    keys = (
        select(Framework.key, Dimension.key)
        .join(Framework, Framework.id == Dimension.framework_id)
        .where(Dimension.id.in_(mapped))
    )
    wanted = {(framework, dimension) for framework, dimension in db.session.execute(keys)}
    ids: dict[tuple[str, str], list[int]] = {}
    every = select(Framework.key, Dimension.key, Dimension.id).join(Framework, Framework.id == Dimension.framework_id)
    for framework, dimension, number in db.session.execute(every.order_by(Dimension.id)):
        ids.setdefault((framework, dimension), []).append(number)
    return [Place(measure, *key, tuple(ids[key])) for key in sorted(wanted)]


def _reports() -> tuple[Numbers, dict[tuple[str, str], tuple["array[int]", "array[float]"]]]:
    """Rounds whose report is released, and by keys of framework and dimension: ids of rounds, and what others said."""
    measured = array("q")
    told: dict[tuple[str, str], tuple[array[int], array[float]]] = {}
    query = select(
        FeedbackRound.person_id, FeedbackRound.framework_id, _seconds(FeedbackRound.closed_at), FeedbackRound.id,
        FeedbackRound.report,
    ).where(
        FeedbackRound.state == RoundState.RELEASED, FeedbackRound.report.is_not(None),
        FeedbackRound.closed_at.is_not(None),
    )  # fmt: skip
    for person, framework, at, number, report in db.session.execute(query, execution_options={"yield_per": AT_A_TIME}):
        measured.extend((person, framework, at, number, 0))
        for row in report["dimensions"]:
            if row["others"] is not None:
                ids, means = told.setdefault((report["framework"], row["key"]), (array("q"), array("d")))
                ids.append(number)
                means.append(row["others"])
    return np.array(measured, dtype=np.intp).reshape(-1, 5), told


def _seconds(column: InstrumentedAttribute[Any]) -> ColumnElement[int]:
    return cast(extract("epoch", column), BigInteger)


def _rows(query: Executable, columns: int = 5) -> Numbers:
    """All rows of whole numbers, (n, columns)."""
    parts = [np.zeros((0, columns), dtype=np.intp)]
    for some in db.session.execute(query, execution_options={"yield_per": AT_A_TIME}).partitions():
        flat = np.fromiter(chain.from_iterable(some), dtype=np.intp, count=len(some) * columns)
        parts.append(flat.reshape(-1, columns))
    return np.concatenate(parts)
