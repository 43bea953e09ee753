"""How good a set of offers could possibly be: an upper bound that carries its own proof.

For offers i and elements e with probabilities p, put a = -log(1 - p). At 0/1 points the value of a set is

    g(x) = sum_e w_e (1 - exp(-sum_i a_ei x_i)),

which is concave in x. Its maximum over 0 <= x <= 1, hours . x <= budget is therefore no lower than the value
of any set within the budget. The method of Frank & Wolfe (1956) approaches that maximum; the duality gap of
each step (Jaggi 2013) says how far away it still is at most, so that every step, the first included, gives a
valid bound.
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

STEPS = 60
CLOSE_ENOUGH = 1e-3  # of the value: a finer bound would not change the whole per cent that is shown
GRID = np.linspace(0.0, 1.0, 33)


def upper_bound(rates: Floats, weights: Floats, hours: Floats, budget: float, start: Floats) -> float:
    """The most, in weighted units, that any set of the n offers within the budget of hours could be worth.

    rates: the a above, (m, n), finite and not negative; weights: (m,), not negative; hours: (n,).
    start: (n,), any point with 0 <= start <= 1 in the budget; the nearer to the maximum, the fewer the steps.
    """
    x, bound = start, float(weights.sum())
    for _ in range(STEPS):
        exposure = rates @ x
        value = float(weights @ -np.expm1(-exposure))
        slope = (weights * np.exp(-exposure)) @ rates
        towards = _best_corner(slope, hours, budget) - x
        bound = min(bound, value + float(slope @ towards))
        if bound - value <= CLOSE_ENOUGH * value:
            break
        x = x + _step_length(exposure, rates @ towards, weights) * towards
    return bound


def _best_corner(slope: Floats, hours: Floats, budget: float) -> Floats:
    """The x, shape (n,), that maximises slope . x: a fractional knapsack, filled by slope per hour."""
    free = hours <= 0.0
    per_hour = np.divide(slope, hours, out=np.full_like(slope, np.inf), where=~free)
    order = np.argsort(-per_hour, kind="stable")
    used_before = np.concatenate(([0.0], np.cumsum(hours[order])[:-1]))
    corner = np.ones_like(slope)
    np.divide(budget - used_before, hours[order], out=corner, where=~free[order])
    filled = np.empty_like(slope)
    filled[order] = np.clip(corner, 0.0, 1.0)
    return filled


def _step_length(exposure: Floats, direction: Floats, weights: Floats) -> float:
    """How far to go, in [0, 1]: the best of a grid, then of a finer one about it. Any length is valid."""
    low, high = 0.0, 1.0
    for _ in range(2):
        lengths = low + (high - low) * GRID
        left = np.exp(-(exposure + lengths[:, None] * direction)) @ weights
        best = int(np.argmin(left))
        low, high = lengths[max(best - 1, 0)], lengths[min(best + 1, GRID.size - 1)]
    return float(lengths[best])
