"""The search for a good set of offers, on arrays alone; what the arrays stand for is said in rules.py.

Offers are numbered 0..n-1. Elements lie on a grid of L steps by D dimensions, the lowest open step first; a
dimension with fewer open steps than L is padded with steps of weight 0 that no offer touches.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from catalogue.recommendations.certificate import Floats

Flags = NDArray[np.bool_]

ROUNDS = 8  # of swaps and additions; two or three are usual
SLACK = 1e-9  # so that 0.1 + 0.2 hours fit in 0.3
NEGLIGIBLE = 1e-9  # of the whole gap: a smaller gain is rounding
ALMOST_ONE = float(np.nextafter(1.0, 0.0))


@dataclass(frozen=True, slots=True)
class Problem:
    """Offers, elements and limits.

    missed: (L, D, n), the probability that an offer does not achieve an element, above 0; 1 where it does not
    touch it. weights: (L, D). hours, prices and providers, these numbered from 0: (n,). Infinity is no limit.
    """

    missed: Floats
    weights: Floats
    hours: Floats
    prices: Floats
    providers: NDArray[np.intp]
    most_hours: float
    most_price: float
    most_per_provider: float

    def value(self, chosen: list[int]) -> float:
        """What a set is worth, in weighted units."""
        return float(self._worth(self.left_by(chosen))[0])

    def value_with_each(self, chosen: list[int]) -> Floats:
        """What a set would be worth with each offer added, (n,); its own worth where a limit forbids it."""
        left = self.left_by(chosen)
        return np.where(self._fits(chosen), self._worth(left * self.missed), self._worth(left))

    def left_by(self, chosen: list[int]) -> Floats:
        """The probability that a set does not achieve an element, (L, D, 1)."""
        left: Floats = self.missed[:, :, chosen].prod(axis=2, keepdims=True)
        return left

    def achieved(self, left: Floats) -> Floats:
        """The probability that counts as achieved by k sets, (L, D, k), from what each leaves."""
        achieved = 1.0 - left
        for step in range(1, len(achieved)):  # a higher step waits for the lower
            achieved[step] *= achieved[step - 1] > 0.0
        return achieved

    def _worth(self, left: Floats) -> Floats:
        """The worth of k sets, (k,), from what each leaves, (L, D, k)."""
        worth: Floats = self.weights.ravel() @ self.achieved(left).reshape(self.weights.size, -1)
        return worth

    def _fits(self, chosen: list[int]) -> Flags:
        """Which offers, (n,), could be added to a set within every limit."""
        taken = np.bincount(self.providers[chosen], minlength=len(self.providers))
        fits: Flags = (
            (self.hours <= self.most_hours - self.hours[chosen].sum() + SLACK)
            & (self.prices <= self.most_price - self.prices[chosen].sum() + SLACK)
            & (taken[self.providers] < self.most_per_provider)
        )
        fits[chosen] = False
        return fits

    @property
    def negligible(self) -> float:
        """The gain, in weighted units, that is taken for none."""
        return NEGLIGIBLE * float(self.weights.sum())

    @property
    def cost(self) -> Floats:
        """Hours to divide by, (n,): an offer that takes no time comes before all that do."""
        return np.maximum(self.hours, SLACK)


def best_set(problem: Problem) -> list[int]:
    """A set of offers within the limits, in no particular order. There must be at least one offer."""
    per_hour = add(problem, [], problem.cost)
    by_gain = add(problem, [], np.ones_like(problem.cost))
    # Greedy by gain opens with the best single offer, so that is covered too. Neither sees past a first step
    # that gains little but unlocks much; where every element is touched, however little, nothing waits.
    unordered = replace(problem, missed=np.minimum(problem.missed, ALMOST_ONE))
    starts = (max(per_hour, by_gain, key=problem.value), add(unordered, [], problem.cost))
    return max((improve(problem, start) for start in starts), key=problem.value)


def add(problem: Problem, chosen: list[int], cost: Floats) -> list[int]:
    """The set with offers added, the most gain for its cost first, for as long as one fits and gains."""
    # Not a lazy queue: an offer that touches a step may raise the gain of those above it, so that old gains
    # are no upper bounds. All gains afresh are one array expression.
    while True:
        gains = problem.value_with_each(chosen) - problem.value(chosen)
        best = int(np.argmax(np.where(gains > problem.negligible, gains / cost, 0.0)))
        if gains[best] <= problem.negligible:
            return chosen
        chosen = [*chosen, best]


def improve(problem: Problem, chosen: list[int]) -> list[int]:
    """The set after swapping offers one for one, dropping idle ones and adding, until nothing is gained."""
    for _ in range(ROUNDS):
        before = chosen
        for leaving in before:
            rest = [offer for offer in chosen if offer != leaving]
            values = problem.value_with_each(rest)
            best = int(np.argmax(values))
            if values[best] > values[leaving] + problem.negligible:
                chosen = [*rest, best]
            elif problem.value(rest) >= values[leaving] - problem.negligible:
                chosen = rest
        chosen = add(problem, chosen, problem.cost)
        if chosen == before:
            break
    return chosen


def in_order(problem: Problem, chosen: list[int]) -> list[tuple[int, Floats]]:
    """The offers in the order in which to take them, each with its gains, (L, D), over those before it.

    An offer comes once all that it touches is unlocked by it and those before, the most gain per hour first.
    Where some wait for each other, the one with the most gain goes ahead, and what it touches too early is
    gained with the offer that unlocks it. What no order unlocks is not gained; offers without gain drop out.
    """
    attainable = problem.achieved(problem.left_by(chosen)) > 0.0
    left = problem.left_by([])
    waiting, ordered = sorted(chosen), []
    while waiting:
        missed = problem.missed[:, :, waiting]
        achieved = problem.achieved(left * missed)
        gains = problem.weights[:, :, None] * (achieved - problem.achieved(left))
        gain = gains.sum(axis=(0, 1))
        ready = ~((missed < 1.0) & attainable & (achieved == 0.0)).any(axis=(0, 1))
        score = np.where(ready, gain / problem.cost[waiting], -1.0) if ready.any() else gain
        best = int(np.argmax(score))
        if gain[best] > 0.0:
            ordered.append((waiting[best], gains[:, :, best]))
        left = left * missed[:, :, [best]]
        del waiting[best]
    return ordered
