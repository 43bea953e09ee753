"""Which offers to take: a set that closes as much of a person's gap as their hours allow.

The elements are the open (dimension, step) pairs between where a person stands and their target. With w_e the
weight of element e and p_ie the probability that offer i achieves it, a set S of offers is worth

    f(S) = sum_e w_e (1 - prod_{i in S} (1 - p_ie)),

where a step counts only once every open step below it in its dimension is touched by the set.

Without that order f is monotone and submodular (Nemhauser, Wolsey & Fisher 1978), and under a budget of hours
alone the better of greedy by gain per hour and greedy by gain is worth at least (1 - 1/e)/2 of the best set
(Khuller, Moss & Naor 1999 for coverage; Sviridenko 2004 for the budgeted problem); swaps and additions only
raise it. With order, prices or providers there is no such floor: the certificate says how far at most each
answer is from the best.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from math import fsum, inf

import numpy as np

from catalogue.recommendations.candidates import Candidate, require_not_negative, require_unique
from catalogue.recommendations.certificate import Floats
from catalogue.recommendations.prerequisites import bundled, ordered
from catalogue.recommendations.search import NOTHING, Needs, in_order, without_idle
from catalogue.recommendations.shelf import Sets, Shelf
from catalogue.recommendations.wants import Wants

USUAL_HOURS = 12
"""What is taken for granted of somebody who has not said how many hours they have."""
MOST_HOURS = 400


@dataclass(frozen=True, slots=True)
class Gap:
    """Where a person is in a dimension and where they should be, as levels; no gap if target <= present."""

    dimension: str
    present: int
    target: int
    importance: float = 1.0
    priority: float = 1.0

    def __post_init__(self) -> None:
        """ValueError if importance, priority or the weight they give is negative or not finite."""
        require_not_negative(importance=self.importance, priority=self.priority, weight=self.weight)

    @property
    def steps(self) -> int:
        """How many levels are open."""
        return max(self.target - self.present, 0)

    @property
    def weight(self) -> float:
        """What each open step of this dimension is worth."""
        return self.steps * self.importance * self.priority


@dataclass(frozen=True, slots=True)
class Budget:
    """What a person can spend: hours, money, and offers of any one provider; None is no limit."""

    hours: float
    price: float | None = None
    per_provider: int | None = None

    def __post_init__(self) -> None:
        """ValueError if a limit is negative or not finite."""
        require_not_negative(hours=self.hours, price=self.price or 0.0, per_provider=self.per_provider or 0)


@dataclass(frozen=True, slots=True)
class Gain:
    """What one choice adds, in weighted units, to reaching level `step` from the level below it."""

    dimension: str
    step: int
    value: float


@dataclass(frozen=True, slots=True)
class Choice:
    """One offer of the set, with what it adds to those before it: by dimension, then by level."""

    key: str
    hours: float
    gain: float
    gains: tuple[Gain, ...]


@dataclass(frozen=True, slots=True)
class Recommendation:
    """A set of offers in the order in which to take them, its value, and what none is worth more than.

    `value`, `bound` and `total`, the weight of the whole gap, are in the same units, and do not fall in that
    order. The bound holds for every set of candidates within the hours, whatever its price and providers.
    """

    choices: tuple[Choice, ...]
    value: float
    bound: float
    total: float
    hours: float

    @property
    def share_closed(self) -> float:
        """The part of the whole gap that this set is expected to close, 0 to 1; 0 if there is no gap."""
        return self.value / self.total if self.total else 0.0

    @property
    def share_possible(self) -> float:
        """The part of the whole gap beyond which no set in these hours goes, 0 to 1; 0 if there is none."""
        return min(self.bound, self.total) / self.total if self.total else 0.0

    @property
    def certificate(self) -> float:
        """This set is worth at least this part of the best one, 0 to 1."""
        return self.value / self.bound if self.bound else 1.0


def choose(gaps: Sequence[Gap], candidates: Iterable[Candidate], budget: Budget) -> Recommendation:
    """The offers to take, in order, within the budget; the same whatever the order of the candidates.

    Each comes after what it needs. Where offers wait for each other across dimensions, the later gains what the earlier
    touched too soon.

    ValueError if two gaps share a dimension or two candidates a key.
    """
    return choose_each(gaps, candidates, [budget])[0]


def choose_each(
    gaps: Sequence[Gap], candidates: Iterable[Candidate], budgets: Sequence[Budget]
) -> list[Recommendation]:
    """The same for each of several budgets."""
    require_unique("dimension", [gap.dimension for gap in gaps])
    gaps = [gap for gap in gaps if gap.weight > 0.0]
    total = fsum(gap.steps * gap.weight for gap in gaps)
    lowest = min((gap.present for gap in gaps), default=0)
    levels = max((gap.target for gap in gaps), default=0) - lowest
    candidates = bundled(candidates, lambda candidate: _touched(gaps, candidate))
    shelf = Shelf.of(candidates, [gap.dimension for gap in gaps], lowest, levels)
    if not gaps or not shelf.keys:
        return [Recommendation(choices=(), value=0.0, bound=0.0, total=total, hours=0.0) for _ in budgets]
    return [from_shelf(shelf, gaps, lowest, budget) for budget in budgets]


def _touched(gaps: Sequence[Gap], candidate: Candidate) -> float:
    """The weight of the open steps that an offer touches, times how likely it is that it achieves each, at most."""
    return fsum(
        gap.weight * takes.probability * max(0, min(gap.target, takes.end) - max(gap.present, takes.start))
        for gap in gaps
        for takes in candidate.takes
        if takes.dimension == gap.dimension and takes.probability > 0.0
    )


def from_shelf(shelf: Shelf, gaps: Sequence[Gap], lowest: int, budget: Budget) -> Recommendation:
    """The same from offers that are arrays already, for a gap in each of the shelf's dimensions, in their order.

    `lowest` is the shelf's lowest level, and no gap begins below it.
    """
    asked = wants([gaps], lowest, [budget])
    sets = shelf.sets_for(asked)
    bound, needs = float(sets.bound[0]), NOTHING
    if shelf.bundles and sets.chosen.any():
        taken = [shelf.bundles[number] for number in sets.columns[0, sets.chosen[0]]]
        shelf, needs = _unbundled(shelf, gaps, lowest, taken)
        sets = shelf.all_for(asked)
        sets = replace(sets, chosen=without_idle(sets.problem, sets.chosen, needs))
    chosen = in_order(sets.problem, sets.chosen, needs)
    offers = sets.columns[0]
    choices = tuple(
        Choice(shelf.keys[number], float(shelf.hours[number]), fsum(gains), _gains(gaps, sets, lowest, gains))
        for number, gains in ((offers[place], gains) for place, gains in chosen)
    )
    value = fsum(choice.gain for choice in choices)
    return Recommendation(
        choices=choices,
        value=value,
        bound=max(value, bound),  # apart by rounding alone
        total=fsum(gap.steps * gap.weight for gap in gaps),
        hours=fsum(choice.hours for choice in choices),
    )


def _unbundled(shelf: Shelf, gaps: Sequence[Gap], lowest: int, taken: Sequence[Candidate]) -> tuple[Shelf, Needs]:
    """A shelf of the single offers of bundles, each as itself, and what each of them needs."""
    single = {one.key: one for bundle in taken for one in bundle.offers}
    numbers = {key: number for number, key in enumerate(sorted(single))}
    needs = {
        numbers[key]: frozenset(numbers[needed] for needed in single[key].needs)
        for key in ordered({key: one.needs for key, one in single.items()})
    }
    return Shelf.of(single.values(), [gap.dimension for gap in gaps], lowest, len(shelf.missed)), needs


def wants(learners: Sequence[Sequence[Gap]], lowest: int, budgets: Sequence[Budget]) -> Wants:
    """Gaps of learners as arrays: for each of them one in each dimension of a shelf, in its order."""
    return Wants(
        np.array([[max(gap.present, lowest) - lowest for gap in gaps] for gaps in learners], dtype=np.intp),
        np.array([[gap.steps for gap in gaps] for gaps in learners], dtype=np.intp),
        np.array([[gap.weight for gap in gaps] for gaps in learners]),
        np.array([budget.hours for budget in budgets]),
        np.array([inf if budget.price is None else budget.price for budget in budgets]),
        np.array([inf if budget.per_provider is None else float(budget.per_provider) for budget in budgets]),
    )


def _gains(gaps: Sequence[Gap], sets: Sets, lowest: int, gains: Floats) -> tuple[Gain, ...]:
    """The gains of one offer, (m,), by dimension and then by level."""
    elements = (sets.elements.dimensions[0].tolist(), sets.elements.levels[0].tolist(), gains.tolist())
    found = sorted((row, level, value) for row, level, value in zip(*elements, strict=True) if value)
    return tuple(Gain(gaps[row].dimension, lowest + 1 + level, value) for row, level, value in found)
