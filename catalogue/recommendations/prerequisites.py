"""Offers to complete first: what can be taken only after other offers becomes sets of offers that can be taken whole.

Offers that are linked by what they need are a family. A set of a family's offers can be taken if each of them is in it
with all that it needs: such sets are closed. Any set of offers that somebody can take is one closed set of each of some
families, with any offers that need nothing, and nothing needs. So a search that chooses among closed sets, at most one
of a family, misses none; and since a bound over candidates that are free of each other only adds sets, it stays valid.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from catalogue.recommendations.candidates import Candidate, require_unique

MOST_SETS = 32
"""Closed sets of a family that are looked at. An offer whose sets would be more is left out, and what needs it."""


def bundled(candidates: Iterable[Candidate], gain: Callable[[Candidate], float]) -> list[Candidate]:
    """The same, with the closed sets of each family in place of its offers.

    Left out is what cannot be taken, since what it needs is not there, and what gains nothing and nothing needs that
    does. gain: what an offer gains by itself, in any units: where not all of a family's sets can be looked at, it says
    with which to begin. ValueError if two candidates share a key.
    """
    candidates = list(candidates)
    if not any(candidate.needs for candidate in candidates):
        return candidates
    require_unique("key", [candidate.key for candidate in candidates])
    needed = {key for candidate in candidates for key in candidate.needs}
    related = {one.key: one for one in candidates if one.needs or one.key in needed}
    order = ordered({key: one.needs for key, one in related.items()})
    worth = _worth({key: related[key] for key in order}, gain)
    single = [candidate for candidate in candidates if candidate.key not in related]
    return single + [
        bundle
        for family in _families([related[key] for key in order if worth[key] > 0.0])
        for bundle in _closed_sets(family, worth)
    ]


def ordered(needs: Mapping[str, Collection[str]]) -> list[str]:
    """The keys, each after what it needs; those that need what is not among them, or each other, are left out."""
    left, order, there = dict(sorted(needs.items())), [], set[str]()
    while ready := [key for key, needed in left.items() if there.issuperset(needed)]:
        order += ready
        there |= set(ready)
        for key in ready:
            del left[key]
    return order


def whole(candidates: Sequence[Candidate], key: str) -> list[Candidate]:
    """A candidate with all that it needs of the others, and these need."""
    by_key = {candidate.key: candidate for candidate in candidates}
    found, waiting = dict[str, Candidate](), [key]
    while waiting:
        one = by_key.get(waiting.pop())
        if one is not None and one.key not in found:
            found[one.key] = one
            waiting += one.needs
    return list(found.values())


@dataclass(frozen=True, slots=True)
class Span:
    """The first and the last day of a run."""

    starts_on: date
    ends_on: date


def done_on(
    needs: Mapping[str, Collection[str]], spans: Mapping[str, Collection[Span] | None], day: date
) -> dict[str, date]:
    """By key, the earliest day on which each can be done by who begins today, if it can be: what it needs comes first.

    spans: the runs of each to come; None where it is done at one's own pace, which is as soon as what it needs is.
    """
    found: dict[str, date] = {}
    for key in ordered(needs):
        if all(needed in found for needed in needs[key]):
            ready, runs = max((found[needed] for needed in needs[key]), default=day), spans[key]
            ends = [ready] if runs is None else [run.ends_on for run in runs if run.starts_on >= ready]
            if ends:
                found[key] = min(ends)
    return found


def _worth(related: dict[str, Candidate], gain: Callable[[Candidate], float]) -> dict[str, float]:
    """The most gain per hour of each offer and of those that need it, by key."""
    worth = {key: gain(one) / max(one.hours, 0.1) for key, one in related.items()}
    for key in reversed(related):
        for needed in related[key].needs:
            worth[needed] = max(worth[needed], worth[key])
    return worth


def _families(members: Sequence[Candidate]) -> list[list[Candidate]]:
    """Those that are linked by what they need, each family in the order in which they come."""
    family_of: dict[str, list[Candidate]] = {}
    for one in members:
        family = [one]
        for key in one.needs:
            if family_of[key] is not family:
                family = family_of[key] + family
                family_of |= {other.key: family for other in family}
        family_of[one.key] = family
    place = {one.key: number for number, one in enumerate(members)}
    distinct = {id(family): family for family in family_of.values()}
    return [sorted(family, key=lambda one: place[one.key]) for family in distinct.values()]


def _closed_sets(family: Sequence[Candidate], worth: Mapping[str, float]) -> list[Candidate]:
    """Every closed set of a family but the empty one, as a candidate; of a single offer that offer."""
    sets: list[tuple[Candidate, ...]] = [()]
    there: set[str] = set()
    waiting = list(family)
    while ready := [one for one in waiting if there.issuperset(one.needs)]:
        best = max(ready, key=lambda one: worth[one.key])
        waiting.remove(best)
        more = [(*some, best) for some in sets if {one.key for one in some}.issuperset(best.needs)]
        if len(sets) + len(more) <= MOST_SETS + 1:
            sets += more
            there.add(best.key)
    name = min(one.key for one in family) if len(sets) > 2 else ""
    return [_bundle(some, name) for some in sets[1:]]


def _bundle(parts: tuple[Candidate, ...], family: str) -> Candidate:
    if len(parts) == 1:
        return replace(parts[0], family=family)
    return Candidate(
        " + ".join(part.key for part in parts), sum(part.hours for part in parts),
        tuple(takes for part in parts for takes in part.takes), sum(part.price for part in parts),
        family=family, parts=parts,
    )  # fmt: skip
