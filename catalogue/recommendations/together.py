"""Who takes what: joint offers for a group of people, so that most of the group's gaps close in the seats there are.

A set S of offers is worth f_p(S) to a person p, as in ``rules``. Wanted are sets for all, each within the hours that
one person has, with no more people on an offer than it has seats, that maximise the sum of f_p(S_p). Seats are a
partition matroid over pairs of person and offer: greedy by gain reaches half of the best under seats alone and without
order of steps (Fisher, Nemhauser & Wolsey 1978). It is tried by gain and by gain per hour, and improved by swaps.

How good a plan is at least: ``together_certificate``.

People with the same gap, who may take the same, are one row with their number. Elements are (level, dimension).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from heapq import heappop, heappush

import numpy as np

from catalogue.recommendations.certificate import Floats
from catalogue.recommendations.limits import SLACK, Flags, Numbers
from catalogue.recommendations.search import NEGLIGIBLE
from catalogue.recommendations.together_certificate import Offers, People, bound_of

BLOCK = 64
"""Rows whose gains are worked out at once."""
FEW = 100_000
"""Pairs of rows and offers up to which both ways are tried."""
ROUNDS = 2
"""Of swaps."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Who takes what, in rows of people who take the same.

    taken: (q, n); row: (q,), of ``People``; count: (q,). value, and bound, which no plan exceeds, in weighted units
    beyond what people are on already; total: what there is to close beyond that.
    """

    taken: Flags
    row: Numbers
    count: Numbers
    value: float
    bound: float
    total: float

    @property
    def people_on(self) -> Numbers:
        """How many people take each offer, (n,)."""
        counts: Numbers = self.count @ self.taken
        return counts


def plan_for(people: People, offers: Offers, hours: float, most_offers: int | None = None) -> Plan:
    """The better of two greedy plans, each improved; of at most so many offers, where that is asked.

    hours: what each person has. The bound holds for any number of offers.
    """
    best = _best(people, offers, hours)
    start = np.zeros(people.allowed.shape)
    np.add.at(start, best.rows, best.taken * (np.array(best.counts) / people.count[best.rows])[:, None])
    bound = bound_of(people, offers, hours, start)
    while most_offers is not None and (used := int((best.people_on > 0).sum())) > most_offers:
        kept = np.argsort(-best.lost_without(), kind="stable")[: max(most_offers, used // 2)]
        few = np.zeros(len(offers.hours))
        few[kept] = offers.seats[kept]
        best = _best(people, Offers(offers.missed, offers.hours, few), hours)
    already = worth(people.weights, people.left)
    total = float(people.count @ (people.weights.sum(axis=(1, 2)) - already))
    value = best.value - float(people.count @ already)
    return Plan(
        np.array(best.taken), np.array(best.rows), np.array(best.counts), value,
        max(min(bound - float(people.count @ already), total), value), total,
    )  # fmt: skip


def _best(people: People, offers: Offers, hours: float) -> "_Planning":
    """The better of the two ways; of a large group by gain per hour alone, which is mostly the better."""
    ways = (True, False) if people.allowed.size <= FEW else (True,)
    return max((_Planning(people, offers, hours, per_hour=way).made() for way in ways), key=lambda plan: plan.value)


def worth(weights: Floats, left: Floats) -> Floats:
    """What is achieved, (r,), where (r, L, D) is left: a higher step waits for the lower."""
    worth: Floats = _worth_with(weights, left, np.ones((*weights.shape[1:], 1)))[:, :, 0].sum(axis=1)
    return worth


def _worth_with(weights: Floats, left: Floats, missed: Floats) -> Floats:
    """What is achieved in each dimension with each of n offers besides, (r, D, n)."""
    found = np.zeros((len(weights), *missed.shape[1:]))
    unlocked = np.ones(found.shape, dtype=bool)
    for level in range(weights.shape[1]):
        achieved = (1.0 - left[:, level, :, None] * missed[level]) * unlocked
        found += weights[:, level, :, None] * achieved
        unlocked = ((weights[:, level] == 0.0)[:, :, None] & unlocked) | (achieved > 0.0)
    return found


def _gains(weights: Floats, left: Floats, missed: Floats) -> Floats:
    """What each of n offers would gain in each dimension, (r, D, n)."""
    own = np.ones((*missed.shape[:2], 1))
    return _worth_with(weights, left, missed) - _worth_with(weights, left, own)


class _Planning:
    """A plan in the making: rows are split where seats do not reach for all who are alike."""

    def __init__(self, people: People, offers: Offers, hours: float, *, per_hour: bool) -> None:
        self.people, self.offers, self.most_hours = people, offers, hours
        self.cost = offers.cost if per_hour else np.ones_like(offers.hours)
        self.seats = offers.seats.copy()
        self.rows = list(range(len(people.count)))
        self.counts = [int(count) for count in people.count]
        self.left = list(people.left)
        self.hours = [hours] * len(self.rows)
        self.taken = [np.zeros(len(offers.hours), dtype=bool) for _ in self.rows]
        self.least = NEGLIGIBLE * people.weights.sum(axis=(1, 2))
        self.about: Flags = np.any(offers.missed < 1.0, axis=0)
        self.gains: list[Floats] = [gains for block in self._first_gains() for gains in block]

    def _first_gains(self) -> Iterator[Floats]:
        people = self.people
        for start in range(0, len(people.count), BLOCK):
            weights, left = people.weights[start : start + BLOCK], people.left[start : start + BLOCK]
            yield _gains(weights, left, self.offers.missed)

    def made(self) -> "_Planning":
        self._greedy(range(len(self.rows)))
        for _ in range(ROUNDS):
            swapped = [row for row in range(len(self.rows)) if self._swap(row)]
            if not swapped:
                break
            self._greedy(swapped)
        self._greedy(range(len(self.rows)))  # seats that swaps have freed
        return self

    def _greedy(self, rows: range | list[int]) -> None:
        """Give the most gain for its cost first, for as long as there are seats, hours and gains."""
        waiting: list[tuple[float, int, int, int]] = []
        for row in rows:
            self._wait(waiting, row)
        while waiting:
            _score, row, offer, size = heappop(waiting)
            if size == self.taken[row].sum():
                if self.seats[offer] >= 1:
                    other = self._give(row, offer)
                    if other is not None:
                        self._wait(waiting, other)
                self._wait(waiting, row)

    def _wait(self, waiting: list[tuple[float, int, int, int]], row: int) -> None:
        score = np.where(self._open(row), self.gains[row].sum(axis=0), 0.0) / self.cost
        best = int(score.argmax())
        if score[best] * self.cost[best] > self.least[self.rows[row]]:
            heappush(waiting, (-float(score[best]), row, best, int(self.taken[row].sum())))

    def _open(self, row: int) -> Flags:
        """The offers that people of a row could take besides."""
        fits = self.offers.hours <= self.hours[row] + SLACK
        found: Flags = fits & self.people.allowed[self.rows[row]] & ~self.taken[row] & (self.seats >= 1)
        return found

    def _give(self, row: int, offer: int) -> int | None:
        """Put as many of a row on an offer as there are seats; the row of those who are left over, if any."""
        other, seats = None, self.seats[offer]
        if seats < self.counts[row]:
            other = len(self.rows)
            self.rows.append(self.rows[row])
            self.counts.append(self.counts[row] - int(seats))
            self.left.append(self.left[row])
            self.hours.append(self.hours[row])
            self.taken.append(self.taken[row].copy())
            self.gains.append(self.gains[row])
            self.counts[row] = int(seats)
        self.seats[offer] -= self.counts[row]
        self.taken[row][offer] = True
        self._settle(row, self.about[:, offer])
        return other

    def _settle(self, row: int, dimensions: Flags) -> None:
        """Work out afresh what is left to people of a row, in hours and in steps of dimensions, and what would gain."""
        here, taken = self.rows[row], self.taken[row]
        self.left[row] = self.people.left[here] * self.offers.missed[:, :, taken].prod(axis=2)
        self.hours[row] = self.most_hours - float(self.offers.hours[taken].sum())
        weights, left = self.people.weights[[here]][:, :, dimensions], self.left[row][None, :, dimensions]
        self.gains[row] = self.gains[row].copy()  # which another row may share
        self.gains[row][dimensions] = _gains(weights, left, self.offers.missed[:, dimensions])[0]

    def _swap(self, row: int) -> bool:
        """Put people of a row on another offer in place of one of theirs, where that gains most; whether it gains."""
        members, count = np.flatnonzero(self.taken[row]), self.counts[row]
        if not len(members):
            return False
        weights = np.repeat(self.people.weights[[self.rows[row]]], len(members), axis=0)
        left = self._without(row, members)
        values = _worth_with(weights, left, self.offers.missed).sum(axis=1)
        room = self.hours[row] + self.offers.hours[members]
        fits = (self.offers.hours <= room[:, None] + SLACK) & self.people.allowed[self.rows[row]]
        fits &= ~self.taken[row] & (self.seats >= count)
        values = np.where(fits, values, 0.0)
        leaves, comes = np.unravel_index(int(values.argmax()), values.shape)
        own = worth(weights[:1], self.left[row][None])[0]
        if values[leaves, comes] <= own + self.least[self.rows[row]]:
            return False
        gone = members[leaves]
        self.taken[row][gone], self.taken[row][comes] = False, True
        self.seats[gone] += count
        self.seats[comes] -= count
        self._settle(row, self.about[:, gone] | self.about[:, comes])
        return True

    def _without(self, row: int, members: Numbers) -> Floats:
        """What is left to people of a row without each of these offers, (s, L, D)."""
        left: Floats = self.left[row] / np.moveaxis(self.offers.missed[:, :, members], 2, 0)
        return left

    @property
    def value(self) -> float:
        return float(np.array(self.counts) @ worth(self.people.weights[self.rows], np.array(self.left)))

    @property
    def people_on(self) -> Numbers:
        """How many people take each offer, (n,)."""
        counts: Numbers = np.array(self.counts) @ np.array(self.taken)
        return counts

    def lost_without(self) -> Floats:
        """What would be lost without each offer, if nobody took another in its place, (n,)."""
        lost = np.zeros(len(self.offers.hours))
        for row, count in enumerate(self.counts):
            members = np.flatnonzero(self.taken[row])
            weights = np.repeat(self.people.weights[[self.rows[row]]], len(members) + 1, axis=0)
            left = np.concatenate([self.left[row][None], self._without(row, members)])
            own, *less = worth(weights, left)
            lost[members] += count * (own - np.array(less))
        return lost
