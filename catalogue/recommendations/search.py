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

from catalogue.recommendations.certificate import Floats
from catalogue.recommendations.limits import SLACK, Amount, Count, Flags, Numbers

ROUNDS = 24  # of swaps and additions; three or four are usual
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
    it. weights: (b, m). widths: how many elements are in each row. hours: of offers, (b, k), and of learners. limits:
    others that somebody has. missed and weights may be in single precision.
    """

    missed: Floats
    weights: Floats
    widths: tuple[int, ...]
    hours: Amount
    limits: tuple[Amount | Count, ...] = ()

    def of(self, learners: Numbers) -> "Problem":
        """The same for some of the learners."""
        limits = tuple(limit.of(learners) for limit in self.limits)
        return Problem(self.missed[learners], self.weights[learners], self.widths, self.hours.of(learners), limits)

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
            achieved[:, end : end + above] *= np.sign(achieved[:, start : start + above])
            start = end
        return achieved

    def worth(self, left: Floats) -> Floats:
        """The worth of j sets each, (b, j), from what each leaves, (b, m, j)."""
        worth: Floats = (self.weights[:, None, :] @ self.achieved(left))[:, 0, :]
        return worth

    def fits(self, chosen: Flags) -> Flags:
        """Which offers could be added to j sets each within every limit, (b, j, k)."""
        fits = self.hours.fits(chosen) & ~chosen
        for limit in self.limits:
            fits &= limit.fits(chosen)
        return fits

    @property
    def negligible(self) -> Floats:
        """The gain, in weighted units, that is taken for none, (b,)."""
        total: Floats = self.weights.sum(axis=1)
        return (NEGLIGIBLE_IN_SINGLE if self.missed.dtype == np.float32 else NEGLIGIBLE) * total

    @property
    def cost(self) -> Floats:
        """Hours to divide by, (b, k): an offer that takes no time comes before all that do."""
        return np.maximum(self.hours.of_each, SLACK)


def best_sets(problem: Problem) -> Flags:
    """A set of offers within the limits for each learner, (b, k). There must be at least one offer."""
    # Greedy by gain opens with the best single offer, so that is covered too. Neither sees past a first step
    # that gains little but unlocks much; where every element is touched, however little, nothing waits.
    # Half the bytes are half the time: gains that single precision does not see are added at the end.
    rough = replace(problem, missed=problem.missed.astype(np.float32), weights=problem.weights.astype(np.float32))
    count = len(problem.weights)
    thrice = rough.of(np.tile(np.arange(count), 3))
    touched = np.concatenate((thrice.missed[: 2 * count], np.minimum(rough.missed, ALMOST_ONE)))
    cost = np.concatenate((problem.cost, np.ones_like(problem.cost), problem.cost))
    starts = add(replace(thrice, missed=touched), np.zeros_like(cost, dtype=bool), cost)
    best = thrice.value(starts).reshape(3, count).argmax(axis=0)
    return add(problem, improve(rough, starts[best * count + np.arange(count)]), problem.cost)


def add(problem: Problem, chosen: Flags, cost: Floats) -> Flags:
    """The sets with offers added, the most gain for its cost first, for as long as one fits and gains."""
    # Not a lazy queue: an offer that touches a step may raise the gain of those above it, so that old gains
    # are no upper bounds. All gains afresh are one array expression.
    chosen = chosen.copy()
    going, some, left = np.arange(len(chosen)), problem, problem.left_by(chosen)
    own, negligible = problem.worth(left[:, :, None]), problem.negligible[:, None]
    while True:
        values = some.worth(left[:, :, None] * some.missed)
        gains = values - own
        gains *= (gains > negligible) & some.fits(chosen[going, None])[:, 0]
        best = np.argmax(gains / cost, axis=1)
        grows = np.flatnonzero(gains[np.arange(len(going)), best])
        if not len(grows):
            return chosen
        if 2 * len(grows) < len(going):  # a copy without those that are done costs less than carrying them on
            some, left, going, best, cost = some.of(grows), left[grows], going[grows], best[grows], cost[grows]
            own, values, negligible, grows = own[grows], values[grows], negligible[grows], np.arange(len(grows))
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
    rows, offers = np.arange(count), chosen.shape[1]
    others = np.where(np.eye(size, dtype=bool), 1.0, missed[:, :, None, :])
    left = others.prod(axis=3)  # by all but one member, (b, m, s)
    rest = np.repeat(chosen[:, None, :], size, axis=1)
    rest[rows[:, None], np.arange(size), members] = False
    fits = problem.fits(rest) & there[:, :, None]
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
    needed = np.isin(members, [number for one in members for number in needs.get(int(one), ())]) if needs else None
    missed, cost, weights = problem.missed[:, :, members], problem.cost[0, members], problem.weights[0]
    attainable = problem.achieved(problem.left_by(chosen)[:, :, None])[0] > 0.0
    touches = (missed[0] < 1.0) & attainable
    left, now = np.ones((1, len(weights), 1)), np.zeros(len(weights))
    waiting, ordered = np.ones(len(members), dtype=bool), list[tuple[int, Floats]]()
    for _ in members:
        achieved = problem.achieved(left * missed)[0]
        gain = weights @ achieved - weights @ now
        may = waiting & ~_held_up(members, waiting, needs) if needs else waiting
        ready = may & ~(touches & (achieved == 0.0)).any(axis=0)
        score = np.where(ready, gain / cost, -1.0) if ready.any() else np.where(may, gain, -1.0)
        if needed is not None and score.max() <= 0.0 and (needed & may).any():  # what others wait for
            score = (needed & may).astype(np.float64)
        best = int(score.argmax())
        gains = weights * (achieved[:, best] - now)
        if gains.any() or (needed is not None and needed[best]):
            ordered.append((int(members[best]), gains))
        left, now, waiting[best] = left * missed[:, :, [best]], achieved[:, best], False
    return ordered


def _held_up(members: Numbers, waiting: Flags, needs: Needs) -> Flags:
    """Which members need one that waits still, (s,)."""
    still = set(members[waiting].tolist())
    return np.array([not still.isdisjoint(needs.get(int(one), ())) for one in members])
