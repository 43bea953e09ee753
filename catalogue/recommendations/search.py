"""The search for good sets of offers, on arrays alone and for many learners at once; rules.py says what they stand for.

Each of b learners has offers numbered 0..k-1 and elements numbered 0..m-1 of their own. Elements are the open steps of
dimensions: first the lowest of each, then the second of those that have two, and so on, dimensions with more steps
first, so that each element lies above the one in the same place of the row before. ``widths`` says how many there are
in each row; rows that are wider than a learner needs are padded with elements of weight 0 that no offer touches.
A set is a row of k flags.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from catalogue.recommendations.certificate import Floats

Flags = NDArray[np.bool_]
Numbers = NDArray[np.intp]

ROUNDS = 24  # of swaps and additions; three or four are usual
SLACK = 1e-9  # so that 0.1 + 0.2 hours fit in 0.3
NEGLIGIBLE = 1e-9  # of the whole gap: a smaller gain is rounding
NEGLIGIBLE_IN_SINGLE = 1e-5  # the same in single precision
ALMOST_ONE = float(np.nextafter(np.float32(1.0), np.float32(0.0)))
Needs = Mapping[int, frozenset[int]]
"""Offers by number, each after those that it needs, with these."""
NOTHING: Needs = {}


@dataclass(frozen=True, slots=True)
class Problem:
    """Offers, elements and limits.

    missed: (b, m, k), the probability that an offer does not achieve an element, above 0; 1 where it does not touch
    it. weights: (b, m). widths: how many elements are in each row. hours and prices: (b, k). providers, of each part
    of an offer, numbered: (b, k, s), -1 where it has fewer parts. families, numbered: (b, k), -1 for none; of a family
    one offer is taken at most. most_…: (b,); infinity is no limit. missed and weights may be in single precision.
    """

    missed: Floats
    weights: Floats
    widths: tuple[int, ...]
    hours: Floats
    prices: Floats
    providers: Numbers
    families: Numbers
    most_hours: Floats
    most_price: Floats
    most_per_provider: Floats

    def of(self, learners: Numbers) -> "Problem":
        """The same for some of the learners."""
        return Problem(
            self.missed[learners], self.weights[learners], self.widths, self.hours[learners], self.prices[learners],
            self.providers[learners], self.families[learners], self.most_hours[learners], self.most_price[learners],
            self.most_per_provider[learners],
        )  # fmt: skip

    def value(self, chosen: Flags) -> Floats:
        """What sets are worth, in weighted units, (b,)."""
        return self.worth(self.left_by(chosen)[:, :, None])[:, 0]

    def left_by(self, chosen: Flags) -> Floats:
        """The probability that a set does not achieve an element, (b, m)."""
        missed, _members, _there = self.members_of(chosen)
        left: Floats = missed.prod(axis=2)
        return left

    def members_of(self, chosen: Flags) -> tuple[Floats, Numbers, Flags]:
        """The members of sets: ``missed`` of each, (b, m, s), their numbers, and which of these are members, (b, s)."""
        most = max(int(chosen.sum(axis=1).max(initial=0)), 1)
        members = np.argsort(~chosen, axis=1, kind="stable")[:, :most]
        rows = np.arange(len(chosen))[:, None]
        there = chosen[rows, members]
        missed = self.missed[rows[:, :, None], np.arange(self.missed.shape[1])[:, None], members[:, None, :]]
        return np.where(there[:, None, :], missed, 1.0), members, there

    def achieved(self, left: Floats) -> Floats:
        """The probability that counts as achieved, (b, m, j), from what each of j sets leaves."""
        achieved = 1.0 - left
        start = 0
        for width, above in pairwise(self.widths):  # a higher step waits for the lower
            end = start + width
            achieved[:, end : end + above] *= achieved[:, start : start + above] > 0.0
            start = end
        return achieved

    def worth(self, left: Floats) -> Floats:
        """The worth of j sets each, (b, j), from what each leaves, (b, m, j)."""
        worth: Floats = (self.weights[:, None, :] @ self.achieved(left))[:, 0, :]
        return worth

    def fits(self, chosen: Flags) -> Flags:
        """Which offers, (b, k), could be added to sets within every limit."""
        fits: Flags = ~chosen
        fits &= self.hours <= (self.most_hours - _summed(self.hours, chosen) + SLACK)[:, None]
        if np.isfinite(self.most_price).any():
            fits &= self.prices <= (self.most_price - _summed(self.prices, chosen) + SLACK)[:, None]
        if np.isfinite(self.most_per_provider).any():
            fits &= self._fits_providers(chosen)
        if (self.families >= 0).any():
            taken = self._of_members(self.families[:, :, None], chosen)
            fits &= ~((self.families >= 0)[:, :, None] & (self.families[:, :, None] == taken)).any(axis=2)
        return fits

    def _fits_providers(self, chosen: Flags) -> Flags:
        """Which offers, (b, k), could be added to sets without too many of a provider."""
        taken, fits = self._of_members(self.providers, chosen), np.ones_like(chosen)
        parts = [self.providers[:, :, part] for part in range(self.providers.shape[2])]
        for own in parts:
            count = (own[:, :, None] == taken).sum(axis=2) + np.sum([own == part for part in parts], axis=0)
            fits &= (own < 0) | (count <= self.most_per_provider[:, None])
        return fits

    @staticmethod
    def _of_members(numbers: Numbers, chosen: Flags) -> Numbers:
        """The numbers, (b, k, s), that members of sets have, (b, 1, j), and numbers that none has."""
        most = max(int(chosen.sum(axis=1).max(initial=0)), 1)
        members = np.argsort(~chosen, axis=1, kind="stable")[:, :most]
        rows = np.arange(len(chosen))[:, None]
        there = chosen[rows, members][:, :, None]
        return np.where(there, numbers[rows, members], -2).reshape(len(chosen), 1, -1)

    @property
    def negligible(self) -> Floats:
        """The gain, in weighted units, that is taken for none, (b,)."""
        total: Floats = self.weights.sum(axis=1)
        return (NEGLIGIBLE_IN_SINGLE if self.missed.dtype == np.float32 else NEGLIGIBLE) * total

    @property
    def cost(self) -> Floats:
        """Hours to divide by, (b, k): an offer that takes no time comes before all that do."""
        return np.maximum(self.hours, SLACK)


def _summed(amounts: Floats, chosen: Flags) -> Floats:
    total: Floats = (amounts * chosen).sum(axis=1)
    return total


def best_sets(problem: Problem) -> Flags:
    """A set of offers within the limits for each learner, (b, k). There must be at least one offer."""
    # Greedy by gain opens with the best single offer, so that is covered too. Neither sees past a first step
    # that gains little but unlocks much; where every element is touched, however little, nothing waits.
    # Half the bytes are half the time: gains that single precision does not see are added at the end.
    rough = replace(problem, missed=problem.missed.astype(np.float32), weights=problem.weights.astype(np.float32))
    count, offers = problem.hours.shape
    thrice = replace(
        rough.of(np.tile(np.arange(count), 3)),
        missed=np.concatenate((rough.missed, rough.missed, np.minimum(rough.missed, ALMOST_ONE))),
    )
    cost = np.concatenate((problem.cost, np.ones_like(problem.cost), problem.cost))
    starts = add(thrice, np.zeros_like(cost, dtype=bool), cost).reshape(3, count, offers)
    values = np.stack([rough.value(start) for start in starts])
    return add(problem, improve(rough, starts[values.argmax(axis=0), np.arange(count)]), problem.cost)


def add(problem: Problem, chosen: Flags, cost: Floats) -> Flags:
    """The sets with offers added, the most gain for its cost first, for as long as one fits and gains."""
    # Not a lazy queue: an offer that touches a step may raise the gain of those above it, so that old gains
    # are no upper bounds. All gains afresh are one array expression.
    chosen = chosen.copy()
    going, some, left = np.arange(len(chosen)), problem, problem.left_by(chosen)
    own = problem.worth(left[:, :, None])
    while True:
        values = some.worth(left[:, :, None] * some.missed)
        gains, negligible = values - own, some.negligible
        gains[~((gains > negligible[:, None]) & some.fits(chosen[going]))] = 0.0
        best = np.argmax(gains / cost[going], axis=1)
        grows = np.flatnonzero(gains[np.arange(len(going)), best] > negligible)
        if not len(grows):
            return chosen
        if 2 * len(grows) < len(going):  # a copy without those that are done costs less than carrying them on
            some, left, going, best = some.of(grows), left[grows], going[grows], best[grows]
            own, values, grows = own[grows], values[grows], np.arange(len(grows))
        chosen[going[grows], best[grows]] = True
        left[grows] *= some.missed[grows, :, best[grows]]
        own[grows, 0] = values[grows, best[grows]]


def improve(problem: Problem, chosen: Flags) -> Flags:
    """The sets after swapping offers one for one, dropping idle ones and adding, until nothing is gained."""
    chosen = chosen.copy()
    going = np.arange(len(chosen))
    for _ in range(ROUNDS):
        some, before = (problem, chosen) if len(going) == len(chosen) else (problem.of(going), chosen[going])
        now = add(some, _swapped(some, before), some.cost)
        changed = (now != before).any(axis=1)
        chosen[going] = now
        going = going[changed]
        if not len(going):
            break
    return chosen


def _swapped(problem: Problem, chosen: Flags) -> Flags:
    """The sets after the one swap that gains most; where none gains, without one offer that is idle."""
    missed, members, there = problem.members_of(chosen)
    count, size = members.shape
    rows, offers = np.arange(count), problem.hours.shape[1]
    others = np.where(np.eye(size, dtype=bool), 1.0, missed[:, :, None, :])
    left = others.prod(axis=3)  # by all but one member, (b, m, s)
    rest = np.repeat(chosen[:, None, :], size, axis=1)
    rest[rows[:, None], np.arange(size), members] = False
    fits = np.stack([problem.fits(rest[:, place]) for place in range(size)], axis=1) & there[:, :, None]
    values = problem.worth((left[..., None] * problem.missed[:, :, None, :]).reshape(count, -1, size * offers))
    values = np.where(fits.reshape(count, -1), values, 0.0)
    own, negligible = problem.value(chosen), problem.negligible
    best = values.argmax(axis=1)
    swaps = values[rows, best] > own + negligible
    idle = there & (problem.worth(left) >= (own - negligible)[:, None])
    leaves = np.where(swaps, best // offers, idle.argmax(axis=1))
    now = chosen.copy()
    moved = np.flatnonzero(swaps | idle.any(axis=1))
    now[moved, members[moved, leaves[moved]]] = False
    moved = np.flatnonzero(swaps)
    now[moved, best[moved] % offers] = True
    return now


def without_idle(problem: Problem, chosen: Flags, needs: Needs) -> Flags:
    """The one learner's set without those that add nothing to it, and that none of those that stay needs."""
    chosen, own = chosen.copy(), problem.value(chosen)
    for number in reversed(list(needs)):
        if not any(chosen[0, other] and number in needs[other] for other in needs):
            chosen[0, number] = False
            chosen[0, number] = problem.value(chosen)[0] < own[0] - problem.negligible[0]
    return chosen


def in_order(problem: Problem, chosen: Flags, needs: Needs = NOTHING) -> list[tuple[int, Floats]]:
    """The offers of the one learner's set in the order in which to take them, each with its gains, (m,).

    An offer comes after what it needs, and once all that it touches is unlocked by it and those before, the most gain
    per hour first. Where some wait for each other, the one with the most gain goes ahead, and what it touches too early
    is gained with the offer that unlocks it. What no order unlocks is not gained; offers without gain, which none
    needs, drop out.
    """
    members = np.flatnonzero(chosen[0])
    needed = np.isin(members, [number for one in members for number in needs.get(int(one), ())])
    missed, cost = problem.missed[:, :, members], problem.cost[0, members]
    attainable = problem.achieved(problem.left_by(chosen)[:, :, None])[0] > 0.0
    touches = (missed[0] < 1.0) & attainable
    left, now = np.ones((1, *problem.weights.shape[1:], 1)), np.zeros((problem.weights.shape[1], 1))
    waiting, ordered = np.ones(len(members), dtype=bool), list[tuple[int, Floats]]()
    while waiting.any():
        achieved = problem.achieved(left * missed)[0]
        gains = problem.weights[0, :, None] * (achieved - now)
        gain = gains.sum(axis=0)
        may = waiting & ~_held_up(members, waiting, needs) if needs else waiting
        ready = may & ~(touches & (achieved == 0.0)).any(axis=0)
        score = np.where(ready, gain / cost, -1.0) if ready.any() else np.where(may, gain, -1.0)
        if score.max() <= 0.0 and (needed & may).any():  # what others wait for
            score = (needed & may).astype(np.float64)
        best = int(score.argmax())
        if gain[best] > 0.0 or needed[best]:
            ordered.append((int(members[best]), gains[:, best]))
        left, now, waiting[best] = left * missed[:, :, [best]], achieved[:, [best]], False
    return ordered


def _held_up(members: Numbers, waiting: Flags, needs: Needs) -> Flags:
    """Which members need one that waits still, (s,)."""
    still = set(members[waiting].tolist())
    return np.array([not still.isdisjoint(needs.get(int(one), ())) for one in members])
