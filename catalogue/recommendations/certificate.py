"""How good a set of offers could possibly be: an upper bound that carries its own proof.

For offers i and elements e with probabilities p, put a = -log(1 - p). At 0/1 points the value of a set is

    g(x) = sum_e w_e (1 - exp(-sum_i a_ei x_i)),

which is concave in x. Its maximum over 0 <= x <= 1, hours . x <= budget is therefore no lower than the value
of any set within the budget. The method of Frank & Wolfe (1956) approaches that maximum; the duality gap of
each step (Jaggi 2013) says how far away it still is at most, so that every step, the first included, gives a
valid bound. For any price of an hour, the most that a linear gain can be within the budget is no more than
the budget at that price and what each offer gains beyond its hours at that price: so offers that the fractional
problem was not solved over are weighed in at the end (``bound_with``).

All functions work on b learners at once.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

STEPS = 60
CLOSE_ENOUGH = 1e-3  # of the value: a finer bound would not change the whole per cent that is shown
NEWTON_STEPS = 5


@dataclass(frozen=True, slots=True)
class Relaxed:
    """A point of the fractional problem: the nearer to its maximum, the tighter the bounds.

    bound: (b,), for the offers that it was solved over; prices: (b, m), what one more of each element's exposure, the
    sum of a x, is worth there; hour: (b,), what one more hour is worth.
    """

    bound: Floats
    prices: Floats
    hour: Floats


def relaxed(
    rates: Floats, weights: Floats, hours: Floats, budget: Floats, start: Floats, *, steps: int = STEPS
) -> Relaxed:
    """Approach the most that any sets of k offers within the budgets of hours could be worth, in weighted units.

    rates: the a above, (b, m, k), finite and not negative; weights: (b, m), not negative; hours: (b, k);
    budget: (b,). start: (b, k), any points with 0 <= start <= 1 in the budgets.
    """
    bound, prices, hour = weights.sum(axis=1), weights.copy(), np.zeros_like(budget)
    going, x, exposure, best = np.arange(len(budget)), start, _times(rates, start), bound.copy()
    for _ in range(steps):
        left = weights * np.exp(-exposure)
        value = (weights - left).sum(axis=1)
        slope = (left[:, None, :] @ rates)[:, 0, :]
        corner, an_hour = _best_corners(slope, hours, budget)
        towards = corner - x
        found = value + (slope * towards).sum(axis=1)
        better = np.flatnonzero(found < best)
        best[better] = found[better]
        bound[going[better]], prices[going[better]], hour[going[better]] = found[better], left[better], an_hour[better]
        far = np.flatnonzero(found - value > CLOSE_ENOUGH * value)
        if not len(far):
            break
        if 2 * len(far) < len(going):  # a copy without those that are done costs less than carrying them on
            going, x, exposure, best, towards = going[far], x[far], exposure[far], best[far], towards[far]
            rates, weights, hours, budget = rates[far], weights[far], hours[far], budget[far]
        direction = _times(rates, towards)
        length = _step_lengths(exposure, direction, weights)[:, None]
        x, exposure = x + length * towards, exposure + length * direction
    return Relaxed(bound, prices, hour)


def bound_with(point: Relaxed, weights: Floats, slope: NDArray[np.float32], hours: Floats, budget: Floats) -> Floats:
    """The bound for n offers of which the point was solved over some; (b,).

    slope: (b, n), no less than ``point.prices`` times each offer's rates; hours: (n,).
    """
    exposure = np.log(np.divide(weights, point.prices, out=np.ones_like(weights), where=point.prices > 0.0))
    value = (weights - point.prices).sum(axis=1) - (point.prices * exposure).sum(axis=1)
    beyond = slope - point.hour[:, None].astype(np.float32) * hours.astype(np.float32)
    beyond = np.maximum(beyond, 0.0, out=beyond)
    bound: Floats = np.minimum(value + point.hour * budget + beyond.sum(axis=1, dtype=np.float64), weights.sum(axis=1))
    return bound


def _times(rates: Floats, x: Floats) -> Floats:
    product: Floats = (rates @ x[:, :, None])[:, :, 0]
    return product


def _best_corners(slope: Floats, hours: Floats, budget: Floats) -> tuple[Floats, Floats]:
    """The x, (b, k), that maximise slope . x, and the slope of their last hour, (b,).

    These are fractional knapsacks, filled by slope per hour.
    """
    free = hours <= 0.0
    per_hour = np.divide(slope, hours, out=np.full_like(slope, np.inf), where=~free)
    order = np.argsort(-per_hour, axis=1, kind="stable")
    rows = np.arange(len(slope))
    sorted_hours = hours[rows[:, None], order]
    used = np.cumsum(sorted_hours, axis=1)
    room = budget[:, None] - used + sorted_hours
    fraction = np.divide(room, sorted_hours, out=np.ones_like(slope), where=sorted_hours > 0.0)
    corner = np.empty_like(slope)
    corner[rows[:, None], order] = np.clip(fraction, 0.0, 1.0)
    last = np.minimum((used <= budget[:, None]).sum(axis=1), slope.shape[1] - 1)
    hour = np.where(used[:, -1] > budget, per_hour[rows, order[rows, last]], 0.0)
    return corner, hour


def _step_lengths(exposure: Floats, direction: Floats, weights: Floats) -> Floats:
    """How far to go, (b,), in [0, 1]: a few of Newton's steps from the whole way. Any length is valid."""
    length = np.ones(len(exposure))
    left = weights * np.exp(-exposure)
    for _ in range(NEWTON_STEPS):
        gain = left * np.exp(-length[:, None] * direction) * direction
        first, second = gain.sum(axis=1), (gain * direction).sum(axis=1)
        change = np.divide(first, second, out=np.zeros_like(first), where=second > 0.0)
        length = np.clip(length + change, 0.0, 1.0)
    return length
