"""The offers of a catalogue as arrays, and the few of them that can matter to a learner.

A learner's gap touches a few steps only, and in their hours most offers for these are worse than others. So a search
is given the offers with the most gain per hour, and a few for each step that is open, since that step may be what all
above it wait for. Once the fractional problem (``certificate``) has been solved over those, its prices of steps and
of an hour say what every other offer would still be worth: the search goes on with the best of all by that (column
generation, Gilmore & Gomory 1961), and its bound holds for the whole catalogue.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from catalogue.evidence.rules import MOST_CHANCE
from catalogue.recommendations.candidates import Candidate, families_of, providers_of, require_unique
from catalogue.recommendations.certificate import STEPS, Floats, Relaxed, bound_with, relaxed
from catalogue.recommendations.limits import SLACK, Amount, Count, Flags, Numbers
from catalogue.recommendations.search import Problem, best_sets
from catalogue.recommendations.wants import Wants

MOST = 48
"""Offers that a search is given by their gain per hour; of a catalogue of no more it is given all."""
OF_A_STEP = 2
"""Offers with the most gain per hour for a step that it is given besides, with the shortest one."""
ABOUT = 0.7
"""Of what an hour is worth, or of the best: offers that gain less are not looked at."""
OF_ALL = 8
"""Offers with the most gain that it is given, whatever their hours."""
BLOCK = 64
"""Learners who are answered together: their arrays fit into a processor's cache."""
SOME = 4_000  # offers, of which the best set a floor for the best of all
ROUNDING = 1e-5
"""What sums in single precision may be out by, as a part of them."""
FEW_STEPS = 10
"""Of the fractional problem, where it only says which offers to look at."""


@dataclass(frozen=True, slots=True)
class Elements:
    """Which step of the shelf each element of a problem is: its dimension and its level above the lowest, (b, m)."""

    dimensions: Numbers
    levels: Numbers


@dataclass(frozen=True, slots=True)
class Sets:
    """A set of offers for each of b learners.

    columns: (b, k), numbers of the offers that were looked at; problem and its elements: of these; chosen: (b, k);
    value and bound: (b,), in weighted units, the bound for every set of the shelf within the hours.
    """

    columns: Numbers
    problem: Problem
    elements: Elements
    chosen: Flags
    value: Floats
    bound: Floats


@dataclass(frozen=True, slots=True)
class Shelf:
    """n offers, by key.

    missed: (L, D, n), the probability that an offer does not achieve a step of a dimension, the lowest first, above 0;
    rates: (L, D, n), never below -log of that; hours, prices: (n,); providers: (n, s) and families: (n,), numbered as
    in ``Problem``; cost: hours to divide by, (n,); shortest: (L, D), the fewest hours of any offer for a step;
    for_step: (L, D, j), numbers of the best offers for a step; bundles: the candidates, where some have parts.
    """

    keys: tuple[str, ...]
    missed: Floats
    rates: NDArray[np.float32]
    hours: Floats
    cost: NDArray[np.float32]
    prices: Floats
    providers: Numbers
    shortest: Floats
    for_step: Numbers
    families: Numbers
    bundles: tuple[Candidate, ...]

    @classmethod
    def of(cls, candidates: Iterable[Candidate], dimensions: Sequence[str], lowest: int, levels: int) -> "Shelf":
        """A shelf for gaps in these dimensions, between levels `lowest` and `lowest + levels`.

        ValueError if two candidates share a key.
        """
        offers = sorted(candidates, key=lambda offer: offer.key)  # so that ties go by key
        keys = tuple(offer.key for offer in offers)
        require_unique("key", keys)
        rows = {dimension: row for row, dimension in enumerate(dimensions)}
        single = [part for offer in offers for part in offer.offers]
        missed = np.ones((levels, len(dimensions), len(single)))
        for column, offer in enumerate(single):
            for takes in offer.takes:
                if takes.dimension in rows:
                    first, last = max(takes.start - lowest, 0), min(max(takes.end - lowest, 0), levels)
                    missed[first:last, rows[takes.dimension], column] *= min(max(1.0 - takes.probability, 0.0), 1.0)
        missed = np.maximum(missed, 1.0 - MOST_CHANCE)
        bundled = len(single) > len(offers)
        if bundled:
            starts = np.cumsum([0, *(len(offer.offers) for offer in offers[:-1])])
            missed = np.multiply.reduceat(missed, starts, axis=2)
        hours = np.array([offer.hours for offer in offers])
        rates = np.nextafter(-np.log(missed), np.inf).astype(np.float32)
        rates = np.where(missed < 1.0, np.nextafter(rates, np.float32(np.inf)), np.float32(0.0))
        return cls(
            keys, missed, rates, hours, np.maximum(hours, SLACK).astype(np.float32),
            np.array([offer.price for offer in offers]),
            providers_of(offers),
            np.where(missed < 1.0, hours, np.inf).min(axis=2, initial=np.inf),
            _for_each_step(rates, hours), families_of(offers), tuple(offers) if bundled else (),
        )  # fmt: skip

    def sets_for(self, wants: Wants, proof: int = STEPS) -> Sets:
        """The offers to take, for each of the learners, within what they can spend. The shelf must not be empty.

        ``proof`` is how many steps are taken towards a tight bound, at most; the sets are the same with few.
        """
        steps = self._steps(wants)
        if len(self.keys) <= MOST:
            useful = (self._slopes(steps) > 0.0) & ~self._too_long(wants)
            columns, there = _first(useful, max(int(useful.sum(axis=1).max(initial=0)), 1))
            problem, elements = self._problem(wants, steps, columns, there)
            chosen = best_sets(problem)
            return self._sets(columns, problem, elements, chosen, _relaxed(problem, chosen, proof).bound)
        problem, elements = self._problem(wants, steps, *self._columns(wants))
        point = _relaxed(problem, np.zeros(problem.cost.shape, dtype=bool), FEW_STEPS)
        slopes = self._slopes(self._on_the_shelf(point.prices, elements))
        columns, there = self._columns(wants, slopes, point.hour)
        problem, elements = self._problem(wants, steps, columns, there)
        chosen = best_sets(problem)
        point = _relaxed(problem, chosen, proof)
        slopes = self._slopes(self._on_the_shelf(point.prices, elements) * (1.0 + ROUNDING))
        np.putmask(slopes, self._too_long(wants), 0.0)
        bound = bound_with(point, problem.weights, slopes, self.hours, wants.most_hours + SLACK)
        return self._sets(columns, problem, elements, chosen, bound)

    def all_for(self, wants: Wants) -> Sets:
        """Every offer, for one learner."""
        columns = np.arange(len(self.keys))[None, :]
        everything = np.ones_like(columns, dtype=bool)
        problem, elements = self._problem(wants, self._steps(wants), columns, everything)
        return self._sets(columns, problem, elements, everything, wants.weights.sum(axis=1))

    def in_blocks(self, wants: Wants, proof: int = STEPS) -> Iterator[tuple[Numbers, Sets]]:
        """Sets for very many learners, some at a time, with which of the learners these are.

        Those with about as many open steps are together, since the arrays are as large as the largest of them needs.
        """
        order = np.lexsort((*wants.steps.T, wants.steps.sum(axis=1)))
        for start in range(0, len(order), BLOCK):
            rows = order[start : start + BLOCK]
            yield rows, self.sets_for(wants.of(rows), proof)

    @staticmethod
    def _sets(columns: Numbers, problem: Problem, elements: Elements, chosen: Flags, bound: Floats) -> Sets:
        value = problem.value(chosen)
        return Sets(columns, problem, elements, chosen, value, np.maximum(bound, value))  # apart by rounding alone

    def _steps(self, wants: Wants) -> Floats:
        """The weight of each step of the shelf, (b, L, D); 0 where none in the hours leads to it."""
        level = np.arange(len(self.missed))[:, None]
        above = level >= wants.present[:, None, :]
        reached = (self.shortest <= wants.most_hours[:, None, None] + SLACK) | ~above
        wanted = above & (level < (wants.present + wants.steps)[:, None, :])
        # A step that no offer touches locks those above it.
        return np.where(wanted & np.logical_and.accumulate(reached, axis=1), wants.weights[:, None, :], 0.0)

    def _slopes(self, steps: Floats) -> NDArray[np.float32]:
        """The gain of a first bit of each offer, (b, n), from the weights or prices of steps, (b, L, D)."""
        single = steps.astype(np.float32).reshape(len(steps), -1)
        rates = self.rates.reshape(single.shape[1], -1)
        if len(single) > 1:
            return single @ rates
        total = np.zeros((1, rates.shape[1]), dtype=np.float32)
        scaled = np.empty_like(total[0])
        for element in np.flatnonzero(single[0]):  # a few of them: quicker than a product with all
            np.multiply(rates[element], single[0, element], out=scaled)
            total[0] += scaled
        return total

    def _columns(
        self, wants: Wants, slopes: NDArray[np.float32] | None = None, hour: Floats | None = None
    ) -> tuple[Numbers, Flags]:
        """The offers that a search is given, (b, k), each once and in order; and which of the places are taken.

        The best for each open step; with slopes, (b, n), and what an hour is worth also the best of all by these.
        """
        step = np.arange(max(int(wants.steps.max(initial=0)), 1))[:, None]
        level = np.minimum(wants.present[:, None, :] + step, len(self.missed) - 1)
        for_step = self.for_step[level, np.arange(level.shape[2])]
        found = [np.where((step < wants.steps[:, None, :])[..., None], for_step, -1).reshape(len(wants), -1)]
        if slopes is not None and hour is not None:
            np.putmask(slopes, self._too_much(wants), 0.0)
            found += [_largest(self._per_cost(slopes, wants), np.where(wants.limited, 0.0, ABOUT * hour), MOST),
                      _largest(slopes, ABOUT * slopes.max(axis=1), OF_ALL)]  # fmt: skip
        columns = np.sort(np.concatenate(found, axis=1), axis=1)
        there = (columns >= 0) & ~self._too_much(wants, columns)
        there[:, 1:] &= columns[:, 1:] != columns[:, :-1]
        places, there = _first(there, max(int(there.sum(axis=1).max()), 1))
        return np.take_along_axis(columns, places, axis=1), there

    def _too_long(self, wants: Wants, columns: Numbers | slice = slice(None)) -> Flags:
        """Which of these offers take more hours than there are, by themselves, (b, k). Bounds leave money out."""
        too_long: Flags = self.hours[columns] > wants.most_hours[:, None] + SLACK
        return too_long

    def _too_much(self, wants: Wants, columns: Numbers | slice = slice(None)) -> Flags:
        """Which of these offers are more than there are hours or money for, by themselves, (b, k)."""
        too_much = self._too_long(wants, columns)
        if np.isfinite(wants.most_price).any():
            too_much |= self.prices[columns] > wants.most_price[:, None] + SLACK
        return too_much

    def _per_cost(self, slopes: NDArray[np.float32], wants: Wants) -> NDArray[np.float32]:
        """Slopes for an hour. Where money is limited it counts like hours; of any one provider only the best count."""
        per_hour: NDArray[np.float32] = slopes / self.cost
        for row in np.flatnonzero(wants.limited):
            an_hour = wants.most_price[row] / max(wants.most_hours[row], SLACK)
            if np.isfinite(an_hour):
                per_hour[row] = slopes[row] / (self.cost + self.prices / max(an_hour, SLACK))
            if np.isfinite(wants.most_per_provider[row]):
                order = np.lexsort((-per_hour[row], self.providers[:, 0]))
                first = np.searchsorted(self.providers[order, 0], self.providers[order, 0])
                per_hour[row, order[np.arange(len(order)) - first >= OF_A_STEP * wants.most_per_provider[row]]] = 0.0
        return per_hour

    def _problem(self, wants: Wants, steps: Floats, columns: Numbers, there: Flags) -> tuple[Problem, Elements]:
        """The offers of these columns, with the steps that are open to each learner as elements."""
        many = np.argsort(-wants.steps, axis=1, kind="stable")  # dimensions with more steps first
        most = np.take_along_axis(wants.steps, many, axis=1).max(axis=0, initial=0)
        widths = tuple(int((most > step).sum()) for step in range(max(int(most.max(initial=0)), 1)))
        rows = np.arange(len(wants))[:, None]
        dimensions = np.concatenate([many[:, :width] for width in widths], axis=1)
        step = np.repeat(np.arange(len(widths)), widths)
        levels = np.minimum(wants.present[rows, dimensions] + step, len(self.missed) - 1)
        open_ = step < wants.steps[rows, dimensions]
        weights = np.where(open_, steps[rows, levels, dimensions], 0.0)
        missed = self.missed[levels[:, :, None], dimensions[:, :, None], columns[:, None, :]]
        missed[~((weights > 0.0)[:, :, None] & there[:, None, :])] = 1.0
        never = wants.most_hours[:, None] + 1.0
        hours = Amount(np.where(there, self.hours[columns], never), wants.most_hours)
        return Problem(missed, weights, widths, hours, self._limits(wants, columns)), Elements(dimensions, levels)

    def _limits(self, wants: Wants, columns: Numbers) -> tuple[Amount | Count, ...]:
        """Those besides hours that any of the learners has."""
        limits: list[Amount | Count] = []
        if np.isfinite(wants.most_price).any():
            limits.append(Amount(self.prices[columns], wants.most_price))
        if np.isfinite(wants.most_per_provider).any():
            limits.append(Count(self.providers[columns], wants.most_per_provider))
        if (self.families >= 0).any():
            limits.append(Count(self.families[columns][:, :, None], np.ones(len(wants))))
        return tuple(limits)

    def _on_the_shelf(self, prices: Floats, elements: Elements) -> Floats:
        """Prices of elements as prices of the shelf's steps, (b, L, D)."""
        placed = np.zeros((len(prices), *self.shortest.shape))
        row, element = np.nonzero(prices)
        placed[row, elements.levels[row, element], elements.dimensions[row, element]] = prices[row, element]
        return placed


def _for_each_step(rates: NDArray[np.float32], hours: Floats) -> Numbers:
    """The numbers of the offers with the most gain per hour for each step, and of the shortest one, (L, D, j)."""
    per_hour = rates / np.maximum(hours, SLACK)
    best = np.argsort(-per_hour, axis=2, kind="stable")[:, :, :OF_A_STEP]
    if not len(hours):
        return best
    shortest = np.where(rates > 0.0, hours, np.inf).argmin(axis=2)[:, :, None]
    return np.concatenate((best, shortest), axis=2)


def _largest(scores: NDArray[np.float32], floor: Floats, count: int) -> Numbers:
    """The numbers of the largest scores in each row, (b, j), of those above its floor in any row."""
    floor = floor.astype(np.float32)
    if scores.shape[1] > SOME:  # those of some lie below those of all
        least = np.partition(scores[:, :SOME], -count, axis=1)[:, -count]
        floor = np.maximum(floor, np.nextafter(least, np.float32(-np.inf)))
    above = scores > floor[:, None]
    near = np.flatnonzero(above.any(axis=0) if len(above) > 1 else above[0])
    if len(near) <= count:
        return np.tile(near, (len(scores), 1))
    return near[np.argpartition(-scores[:, near], count, axis=1)[:, :count]]


def _first(flags: Flags, most: int) -> tuple[Numbers, Flags]:
    """The places of up to that many flags in each row, in order, then others; and which of them are flags."""
    places = np.argsort(~flags, axis=1, kind="stable")[:, :most]
    return places, np.take_along_axis(flags, places, axis=1)


def _relaxed(problem: Problem, start: Flags, steps: int) -> Relaxed:
    """The certificate of a problem; sets are where it starts from."""
    return relaxed(
        -np.log(problem.missed), problem.weights, problem.hours.of_each, problem.hours.most + SLACK,
        start.astype(np.float64), steps=steps,
    )  # fmt: skip
