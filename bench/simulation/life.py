"""Weeks go by: people arrive, are advised, take offers, and some of them assess themselves again."""

from collections import defaultdict
from dataclasses import dataclass, field

import numpy as np

from bench.simulation.advisers import RIVALS, Asked, Known, every_seat, filled, oracle, shelved
from bench.simulation.population import People, arriving
from bench.simulation.settings import Setting
from bench.simulation.world import DIMENSIONS, STEPS, STRENGTHS, Flags, Floats, Numbers, Random, World
from catalogue.evidence.rules import NOBODY, UNCLEAR, Batch, Claim, Measured, Movements, batches, effects
from catalogue.evidence.together import Equations, equations, kept


@dataclass(frozen=True, slots=True)
class Taken:
    """Which offers people take, (b, n)."""

    people: People
    asked: Asked
    takes: Flags


TRIED = 20
"""People in a week with whom all advisers are tried."""
NIGHTS = 3
"""In a week, on which the catalogue works out evidence."""
EVERY_SEAT, ORACLE = "Every Seat", "oracle"


@dataclass(slots=True)
class Outcome:
    """What came of it, by week.

    closed: by adviser, what its sets close for the people who are tried, and for a rival what Every Seat closes in the
    hours that the rival used; hours: by adviser, what its sets take. advised: the share of people who were advised to
    take an offer (n,); completed, measured, counted: how many had completed it by then, had been measured again, and
    counted in its evidence, (n,). shown: which providers anybody was led to.
    """

    shown: Flags
    closed: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    in_same_hours: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    hours: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    advised: list[Floats] = field(default_factory=list)
    completed: list[Numbers] = field(default_factory=list)
    measured: list[Numbers] = field(default_factory=list)
    counted: list[Numbers] = field(default_factory=list)
    held: list[bool] = field(default_factory=list)
    """Whether each interval holds, at the end, what the offer did to people's ratings."""
    held_levels: list[bool] = field(default_factory=list)
    """The same of what it did to their true levels."""

    def note(self, world: World, chosen: Flags) -> None:
        self.advised.append(chosen.mean(axis=0))
        self.shown[world.providers[chosen.any(axis=0)]] = True

    def compare(self, world: World, people: People, asked: Asked, known: Known, random: Random) -> None:
        """Every adviser with the same people."""
        used = []
        for name, adviser in {EVERY_SEAT: every_seat, ORACLE: oracle, **RIVALS}.items():
            chosen = adviser(asked, world, known, random)
            used.append(chosen @ world.hours)
            self.closed[name].append(closes(world, people, asked, chosen).sum())
            self.hours[name].append(float(used[-1].sum()))
        again = asked.times(len(RIVALS), np.concatenate(used[-len(RIVALS) :]))
        own = every_seat(again, world, known, random).reshape(len(RIVALS), len(asked), -1)
        for name, chosen in zip(RIVALS, own, strict=True):
            self.in_same_hours[name].append(closes(world, people, asked, chosen).sum())


def lived(world: World, setting: Setting, seed: int) -> Outcome:
    """People are advised by Every Seat, which learns from those who assess themselves again."""
    outcome, evidence = Outcome(np.zeros(setting.providers, dtype=bool)), Evidence(world)
    popular, completed, measured = world.fame.copy(), np.zeros(len(world.hours), int), np.zeros(len(world.hours), int)
    due: list[tuple[Seen, Numbers]] = []
    true = shelved(world, world.true)
    for week in range(setting.weeks):
        random = np.random.default_rng([seed, week])
        people = arriving(setting.people // setting.weeks, setting, random)
        first = setting.noise * random.normal(size=people.level.shape)
        asked = Asked(people.rated(people.level, first), people.target, people.importance, people.hours)
        known = Known(shelved(world, world.claimed * evidence.factor[..., None]), true, popular)
        chosen = every_seat(asked, world, known, random)
        outcome.note(world, chosen)
        outcome.compare(world, people, asked.of(TRIED), known, random)
        for_oneself = random.random(len(people)) < setting.own_choice
        chosen[for_oneself] = _own_choice(asked, world, popular, random)[for_oneself]
        takes = chosen & (random.random(len(people)) < _chance(setting.follow, setting, people))[:, None]
        popular = popular + takes[for_oneself].sum(axis=0)
        completed = completed + takes.sum(axis=0)
        due.append(_seen(world, Taken(people, asked, takes), setting, random))
        if len(due) > setting.later:
            seen, takers = due.pop(0)
            measured = measured + takers
            evidence.learn(seen)
        outcome.completed.append(completed)
        outcome.measured.append(measured)
        outcome.counted.append(evidence.counted())
    outcome.held, outcome.held_levels = evidence.held()
    return outcome


def _own_choice(asked: Asked, world: World, taken: Floats, random: Random) -> Flags:
    """Half the hours go to what is popular, more or less."""
    half = Asked(asked.present, asked.target, asked.importance, asked.hours / 2)
    return filled(np.log(taken) + random.gumbel(size=(len(asked), len(taken))), half, world)


def _chance(usual: float, setting: Setting, people: People) -> Floats:
    """A chance of each person, whose odds grow with their drive."""
    odds = usual / (1.0 - usual) * np.exp(setting.selection * people.drive)
    return odds / (1.0 + odds)


def closes(world: World, people: People, asked: Asked, chosen: Flags) -> Floats:
    """What sets close of people's gaps as they really are, expected, weighted as their own ratings weigh it, (b,)."""
    count = len(asked)
    level = people.level[:count]
    there = np.zeros((count, DIMENSIONS, STEPS + 1))
    np.put_along_axis(there, level[..., None], 1.0, axis=2)
    for offer, takes in _one_by_one(world, chosen):
        for step in range(STEPS):
            moves = there[..., step] * np.where(takes[:, None], world.true[offer, :, step], 0.0)
            there[..., step] -= moves
            there[..., step + 1] += moves
    target = people.target[:count]
    reached = (there * np.minimum(np.arange(STEPS + 1), target[..., None])).sum(axis=2)
    closed: Floats = (asked.weight * (reached - np.minimum(level, target))).sum(axis=1)
    return closed


def _one_by_one(world: World, chosen: Flags) -> list[tuple[Numbers, Flags]]:
    """The first offer of everybody, the second and so on, (b,), with who has one; those that start low come first."""
    first = np.argsort(np.where(world.strength >= 0, world.start, STEPS).min(axis=1), kind="stable")
    order = np.argsort(~chosen[:, first], axis=1, kind="stable")
    most = int(chosen.sum(axis=1).max(initial=0))
    rows = np.arange(len(chosen))
    return [(first[order[:, place]], chosen[rows, first[order[:, place]]]) for place in range(most)]


@dataclass(frozen=True, slots=True)
class Seen:
    """People who were measured again: their movements, and what the one offer they took is expected to have done to
    their rating by the yardstick they had before (``truth``), and to their true level (``gained``)."""

    movements: Movements
    truth: Floats
    gained: Floats

    def followed_by(self, more: "Seen") -> "Seen":
        one, other = self.movements, more.movements
        names = ("dimension", "offer", "before", "after", "likeness", "new")
        both = (np.concatenate((getattr(one, name), getattr(other, name))) for name in names)
        taken = np.concatenate((one.taken, other.taken + np.array((len(one.offer), 0))))
        truths = (np.concatenate((self.truth, more.truth)), np.concatenate((self.gained, more.gained)))
        return Seen(Movements(*both, taken), *truths)

    def of(self, dimension: int) -> "OfDimension":
        one = self.movements
        rows = np.flatnonzero(one.dimension == dimension)
        place = np.full(len(one.offer), -1)
        place[rows] = np.arange(len(rows))
        taken = one.taken[place[one.taken[:, 0]] >= 0]
        movements = Movements(
            one.dimension[rows], one.offer[rows], one.before[rows], one.after[rows], one.likeness[rows], one.new[rows],
            np.stack((place[taken[:, 0]], taken[:, 1]), axis=1),
        )  # fmt: skip
        return OfDimension(movements, self.truth[rows], self.gained[rows], rows)


@dataclass(frozen=True, slots=True)
class OfDimension(Seen):
    rows: Numbers


def _seen(world: World, taken: Taken, setting: Setting, random: Random) -> tuple[Seen, Numbers]:
    people, asked, takes = taken.people, taken.asked, taken.takes
    level = people.level.copy()
    for offer, some in _one_by_one(world, takes):
        for step in range(STEPS):
            chance = np.where(some[:, None], world.true[offer, :, step], 0.0)
            level += (level == step) & (random.random(level.shape) < chance)
    grows = random.random(level.shape) < setting.growth * np.exp(setting.selection * people.drive)[:, None]
    mapped = world.strength >= 0
    count = takes.astype(int) @ mapped.astype(int)
    noise = setting.noise * random.normal(size=level.shape)
    after = people.rated(np.minimum(level + grows, STEPS), noise - setting.stricter * (count > 0))
    again = random.random(len(people)) < setting.again
    only = np.argmax(takes[:, :, None] & mapped, axis=1)  # (b, D)
    dimension = np.broadcast_to(np.arange(DIMENSIONS), count.shape)
    in_reach = (asked.present >= world.start[only, dimension]) & (asked.present < world.end[only, dimension])
    offer = np.where(count == 0, NOBODY, np.where((count == 1) & in_reach, only, UNCLEAR))
    person, taken_offer, on = np.nonzero(takes[again][:, :, None] & mapped)
    movements = Movements(
        dimension[again].reshape(-1), offer[again].reshape(-1), asked.present[again].reshape(-1).astype(float),
        after[again].reshape(-1).astype(float), people.target[again].reshape(-1), (offer >= 0)[again].reshape(-1),
        np.stack((person * DIMENSIONS + on, taken_offer), axis=1),
    )  # fmt: skip
    truth, gained = np.zeros(level.shape), np.zeros(level.shape)
    without = people.rated(np.minimum(people.level + grows, STEPS), noise)
    reached = np.ones(level.shape)
    for further in range(1, STEPS + 1):  # with the chance of each step more, what it adds
        step = people.level + further - 1
        there = step < STEPS
        reached = reached * np.where(there, world.true[only, dimension, np.minimum(step, STEPS - 1)], 0.0)
        rated = people.rated(np.minimum(people.level + further + grows, STEPS), noise)
        truth += reached * (rated - without)
        gained += reached
        without = rated
    return Seen(movements, truth[again].reshape(-1), gained[again].reshape(-1)), takes[again].sum(axis=0)


class Evidence:
    """What is known by now; the factor of each offer and dimension, (n, D), as in the catalogue."""

    def __init__(self, world: World) -> None:
        self.factor = np.ones(world.strength.shape)
        self._claims = [
            Claim(
                int(offer), int(dimension), STRENGTHS[world.strength[offer, dimension]],
                int(world.start[offer, dimension]), int(world.end[offer, dimension]),
            )
            for offer, dimension in np.argwhere(world.strength >= 0)
        ]  # fmt: skip
        self._seen: Seen | None = None
        self._learned: dict[int, Equations] = {}
        self._measured: dict[tuple[int, int], Measured] = {}
        self._sums: dict[tuple[int, int], Floats] = {}

    def learn(self, seen: Seen) -> None:
        """What is done in the nights of a week."""
        self._seen = seen = seen if self._seen is None else self._seen.followed_by(seen)
        of_dimensions = [seen.of(dimension) for dimension in range(DIMENSIONS)]
        for one in of_dimensions:
            for batch in batches(one.movements):
                key = (batch.offer, batch.dimension)
                self._measured[key] = _added(self._measured.get(key), batch)
                sums = np.array((one.truth[batch.rows].sum(), one.gained[batch.rows].sum()))
                self._sums[key] = self._sums.get(key, 0.0) + sums
                seen.movements.new[one.rows[batch.rows]] = False
        claims: list[list[Claim]] = [[] for _ in of_dimensions]
        for claim in self._claims:
            claims[claim.dimension].append(claim)
        for _ in range(NIGHTS):
            for dimension, one in enumerate(of_dimensions):
                believed = dict(enumerate(self.factor[:, dimension].tolist()))
                self._learned[dimension] = equations(one.movements, claims[dimension], believed)
            for (offer, dimension), part in kept(self._learned, self._claims).items():
                self.factor[offer, dimension] = part

    def counted(self) -> Numbers:
        """How many people count in what is known of each offer, in the dimension with the most, (n,)."""
        most = np.zeros(len(self.factor), dtype=int)
        for one in self._learned.values():
            most[one.offers] = np.maximum(most[one.offers], one.people)
        return most

    def held(self) -> tuple[list[bool], list[bool]]:
        """Whether each interval holds what the offer did to the people who count in it, to ratings and to levels."""
        there = effects(self._measured.values(), self._claims)
        truths = [self._sums[one.offer, one.dimension] / one.people for one in there]
        held = [
            [one.low <= truth[which] <= one.high for one, truth in zip(there, truths, strict=True)] for which in (0, 1)
        ]
        return held[0], held[1]


def _added(before: Measured | None, batch: Batch) -> Measured:
    if before is None:
        return Measured(batch.offer, batch.dimension, batch.people, batch.moved, batch.variance, batch.starts)
    starts = {
        level: before.starts.get(level, 0) + batch.starts.get(level, 0) for level in {*before.starts, *batch.starts}
    }
    return Measured(
        batch.offer, batch.dimension, before.people + batch.people, before.moved + batch.moved,
        before.variance + batch.variance, starts,
    )  # fmt: skip
