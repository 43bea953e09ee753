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
from math import fsum, inf, isfinite

import numpy as np

from catalogue.recommendations.certificate import Floats, upper_bound
from catalogue.recommendations.search import SLACK, Problem, best_set, in_order

STRENGTH = {"touches": 0.2, "builds": 0.45, "masters": 0.7}
USUAL_HOURS = 12
"""What is taken for granted of somebody who has not said how many hours they have."""
CLIP = 0.95  # no course is certain to work


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
        _require_not_negative(importance=self.importance, priority=self.priority, weight=self.weight)

    @property
    def steps(self) -> int:
        """How many levels are open."""
        return max(self.target - self.present, 0)

    @property
    def weight(self) -> float:
        """What each open step of this dimension is worth."""
        return self.steps * self.importance * self.priority


@dataclass(frozen=True, slots=True)
class Takes:
    """An offer takes people in a dimension from level `start` to level `end`.

    `probability` is the mapping's strength times the offer's effect; outside [0, 1] it is clipped in use.
    """

    dimension: str
    start: int
    end: int
    probability: float

    def __post_init__(self) -> None:
        """ValueError unless start < end and the probability is finite."""
        if self.start >= self.end:
            raise ValueError(f"an offer takes people upwards, not from {self.start} to {self.end}")
        if not isfinite(self.probability):
            raise ValueError(f"probability must be finite, not {self.probability}")


@dataclass(frozen=True, slots=True)
class Candidate:
    """An offer that the person can take and has not completed; its price is in the budget's currency."""

    key: str
    hours: float
    takes: tuple[Takes, ...]
    price: float = 0.0
    provider: str = ""

    def __post_init__(self) -> None:
        """ValueError if hours or price are negative or not finite."""
        _require_not_negative(hours=self.hours, price=self.price)


@dataclass(frozen=True, slots=True)
class Budget:
    """What a person can spend: hours, money, and offers of any one provider; None is no limit."""

    hours: float
    price: float | None = None
    per_provider: int | None = None

    def __post_init__(self) -> None:
        """ValueError if a limit is negative or not finite."""
        _require_not_negative(hours=self.hours, price=self.price or 0.0, per_provider=self.per_provider or 0)


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

    Where offers wait for each other across dimensions, the later gains what the earlier touched too soon.

    ValueError if two gaps share a dimension or two candidates a key.
    """
    _require_unique("dimension", [gap.dimension for gap in gaps])
    offers = sorted(candidates, key=lambda offer: offer.key)  # so that ties go by key
    _require_unique("key", [offer.key for offer in offers])
    gaps = [gap for gap in gaps if gap.weight > 0.0]
    total = fsum(gap.steps * gap.weight for gap in gaps)
    offers, missed = _reduced(gaps, [offer for offer in offers if offer.hours <= budget.hours + SLACK])
    if not offers:
        return Recommendation(choices=(), value=0.0, bound=0.0, total=total, hours=0.0)

    problem = _problem(gaps, offers, missed, budget)
    chosen = best_set(problem)
    choices = tuple(_choice(gaps, offers[number], gains) for number, gains in in_order(problem, chosen))
    value = fsum(choice.gain for choice in choices)
    return Recommendation(
        choices=choices,
        value=value,
        bound=max(value, _bound(problem, chosen)),  # apart by rounding alone
        total=total,
        hours=fsum(choice.hours for choice in choices),
    )


def what_if(
    gaps: Sequence[Gap], candidates: Iterable[Candidate], budget: Budget, more_hours: float
) -> tuple[float, tuple[str, ...]]:
    """The share of the gap that closes with more hours, and the keys that would be new, in order.

    The share is never lower than with fewer hours. ValueError if more_hours is negative or not finite.
    """
    _require_not_negative(more_hours=more_hours)
    candidates = tuple(candidates)
    now = choose(gaps, candidates, budget)
    then = choose(gaps, candidates, replace(budget, hours=budget.hours + more_hours))
    if then.value <= now.value:
        return now.share_closed, ()
    already = {choice.key for choice in now.choices}
    return then.share_closed, tuple(choice.key for choice in then.choices if choice.key not in already)


def _reduced(gaps: list[Gap], offers: list[Candidate]) -> tuple[list[Candidate], Floats]:
    """The offers that can count for anything, and their `Problem.missed`."""
    rows = {gap.dimension: (row, gap) for row, gap in enumerate(gaps)}
    missed = np.ones((max((gap.steps for gap in gaps), default=0), len(gaps), len(offers)))
    for column, offer in enumerate(offers):
        for takes in offer.takes:
            if takes.dimension in rows:
                row, gap = rows[takes.dimension]
                first = max(takes.start - gap.present, 0)
                last = min(max(takes.end - gap.present, 0), gap.steps)
                missed[first:last, row, column] *= min(max(1.0 - takes.probability, 0.0), 1.0)
    missed = np.maximum(missed, 1.0 - CLIP)
    # A step that no offer touches locks those above it.
    reachable = np.logical_and.accumulate((missed < 1.0).any(axis=2, keepdims=True), axis=0)
    missed = np.where(reachable, missed, 1.0)
    useful = np.flatnonzero((missed < 1.0).any(axis=(0, 1)))
    return [offers[column] for column in useful], missed[:, :, useful]


def _problem(gaps: list[Gap], offers: list[Candidate], missed: Floats, budget: Budget) -> Problem:
    steps = np.array([gap.steps for gap in gaps])
    weights = np.array([gap.weight for gap in gaps])
    providers = sorted({offer.provider for offer in offers})
    return Problem(
        missed=missed,
        weights=np.where(np.arange(len(missed))[:, None] < steps, weights, 0.0),
        hours=np.array([offer.hours for offer in offers]),
        prices=np.array([offer.price for offer in offers]),
        providers=np.array([providers.index(offer.provider) for offer in offers]),
        most_hours=budget.hours,
        most_price=inf if budget.price is None else budget.price,
        most_per_provider=inf if budget.per_provider is None else budget.per_provider,
    )


def _bound(problem: Problem, chosen: list[int]) -> float:
    """The certificate's bound, with the elements in one list; the set is where it starts from."""
    rates = -np.log(problem.missed).reshape(problem.weights.size, -1)
    start = np.zeros_like(problem.hours)
    start[chosen] = 1.0
    return upper_bound(rates, problem.weights.ravel(), problem.hours, problem.most_hours + SLACK, start)


def _choice(gaps: list[Gap], offer: Candidate, gains: Floats) -> Choice:
    """An offer with its gains, (L, D), by dimension and then by level."""
    named = tuple(
        Gain(gap.dimension, gap.present + 1 + int(step), float(gains[step, row]))
        for row, gap in enumerate(gaps)
        for step in np.flatnonzero(gains[:, row])
    )
    return Choice(offer.key, offer.hours, fsum(gain.value for gain in named), named)


def _require_unique(what: str, names: list[str]) -> None:
    if len(set(names)) < len(names):
        raise ValueError(f"each {what} may occur once")


def _require_not_negative(**amounts: float) -> None:
    for name, amount in amounts.items():
        if not (isfinite(amount) and amount >= 0):
            raise ValueError(f"{name} must be finite and not negative, not {amount}")
