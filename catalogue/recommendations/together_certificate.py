"""How good a plan for a group could possibly be: an upper bound that carries its own proof.

Each f_p is at most a concave function of fractional choices (``certificate``), which lies below its tangent at any
point x. So no plan is worth more than the sum of f_p(x_p) - slope_p . x_p, and the most that the linear function can be
within seats and hours. For any prices of a seat on each offer that is at most all seats at their prices, and what each
person gains beyond these in their hours, which is a fractional knapsack. Points and prices only make the bound tight,
never wrong: the points come from Frank & Wolfe's steps, the prices from subgradients.
"""

from dataclasses import dataclass

import numpy as np

from catalogue.recommendations.certificate import Floats
from catalogue.recommendations.limits import SLACK, Flags, Numbers

STEPS = 30
"""Of the certificate: more would tighten it by less than a per cent."""


@dataclass(frozen=True, slots=True)
class Offers:
    """n joint offers. missed: (L, D, n), the probability that one does not achieve a step, above 0; hours: (n,);
    seats: (n,), infinite where there is no limit."""

    missed: Floats
    hours: Floats
    seats: Floats

    @property
    def cost(self) -> Floats:
        return np.maximum(self.hours, SLACK)


@dataclass(frozen=True, slots=True)
class People:
    """r rows of people who are alike. weights: (r, L, D), of each open step; left: (r, L, D), the probability that what
    they are on already does not achieve it; allowed: (r, n), which offers they may take; count: (r,), how many."""

    weights: Floats
    left: Floats
    allowed: Flags
    count: Numbers

    @classmethod
    def alike(cls, weights: Floats, left: Floats, allowed: Flags) -> "People":
        """From one row for each person."""
        rows = np.concatenate([part.reshape(len(weights), -1) for part in (weights, left, allowed)], axis=1)
        _, first, count = np.unique(rows, axis=0, return_index=True, return_counts=True)
        return cls(weights[first], left[first], allowed[first], count)


def bound_of(people: People, offers: Offers, hours: float, point: Floats) -> float:
    """The most that any plan is worth, from tangents at fractional points, (r, n), of which this is the first."""
    rates = -np.log(offers.missed).reshape(-1, len(offers.hours))
    weights = people.weights.reshape(len(people.count), -1)
    already = -np.log(people.left).reshape(weights.shape)
    limited = np.isfinite(offers.seats)
    seats = np.where(limited, offers.seats, 0.0)
    bound, prices = float(people.count @ weights.sum(axis=1)), np.zeros(len(seats))
    for step in range(STEPS):
        left = weights * np.exp(-already - point @ rates.T)
        slope = np.where(people.allowed, left @ rates, 0.0)
        if step == 0:
            prices = np.where(limited, _last_seat(slope, people.count, offers.seats), 0.0)
            scale = prices + slope.max(axis=0, initial=0.0) / 10.0
        corner = _fractional(slope - prices, offers.hours, hours)
        beyond = ((slope - prices) * corner).sum(axis=1)
        tangent = (weights - left).sum(axis=1) - (slope * point).sum(axis=1)
        bound = min(bound, float(people.count @ (tangent + beyond) + prices @ seats))
        asked = people.count @ corner
        steepness = (asked - seats) / np.maximum(np.maximum(asked, seats), 1.0)
        prices = np.where(limited, np.maximum(prices + scale * steepness / (step + 2.0), 0.0), 0.0)
        point = point + 2.0 / (step + 3.0) * (corner - point)
    return bound


def _last_seat(slope: Floats, count: Numbers, seats: Floats) -> Floats:
    """What the first without a seat would gain on each offer, (n,), were seats all that there is too little of."""
    order = np.argsort(-slope, axis=0, kind="stable")
    before = np.cumsum(count[order], axis=0)
    place = (before <= seats).sum(axis=0)
    none = place >= len(count)
    found = np.take_along_axis(slope, order[np.minimum(place, len(count) - 1), np.arange(len(seats))][None], axis=0)[0]
    return np.where(none, 0.0, found)


def _fractional(gains: Floats, hours: Floats, most_hours: float) -> Floats:
    """The parts of offers, (r, n), that gain each row most within the hours of one person: knapsacks, by one sort."""
    per_hour = np.where(gains > 0.0, gains / np.maximum(hours, SLACK), 0.0)
    order = np.argsort(-per_hour, axis=1, kind="stable")
    each = np.where(np.take_along_axis(gains, order, axis=1) > 0.0, np.maximum(hours, SLACK)[order], np.inf)
    room = most_hours + SLACK - np.cumsum(np.where(np.isfinite(each), each, 0.0), axis=1)
    parts = np.where(np.isfinite(each), np.clip((room + np.where(np.isfinite(each), each, 0.0)) / each, 0.0, 1.0), 0.0)
    corner = np.empty_like(gains)
    np.put_along_axis(corner, order, parts, axis=1)
    return corner
