"""Who advises: Every Seat, and those that it is held against. Each chooses offers within people's hours, (b, n)."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from bench.simulation.world import DIMENSIONS, STEPS, STRENGTHS, Flags, Floats, Numbers, Random, World
from catalogue.recommendations.candidates import Candidate, Takes
from catalogue.recommendations.shelf import Shelf
from catalogue.recommendations.wants import Wants

FITS = 1e-9


@dataclass(frozen=True, slots=True)
class Asked:
    """b people, as they rate themselves: present, target, importance, (b, D); hours: (b,)."""

    present: Numbers
    target: Numbers
    importance: Numbers
    hours: Floats

    def __len__(self) -> int:
        return len(self.hours)

    def of(self, first: int) -> "Asked":
        """The same for the first few."""
        return Asked(self.present[:first], self.target[:first], self.importance[:first], self.hours[:first])

    def times(self, count: int, hours: Floats) -> "Asked":
        """The same people several times, with other hours."""
        present, target, importance = (np.tile(one, (count, 1)) for one in (self.present, self.target, self.importance))
        return Asked(present, target, importance, hours)

    @property
    def gap(self) -> Numbers:
        """Levels to go, (b, D)."""
        return np.maximum(self.target - self.present, 0)

    @property
    def weight(self) -> Floats:
        """Of each open step, (b, D): as Every Seat weighs them."""
        return (self.gap * self.importance).astype(np.float64)

    @property
    def open_steps(self) -> Flags:
        """(b, D, L)."""
        step = np.arange(STEPS)
        return (step >= self.present[..., None]) & (step < self.target[..., None])


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of the offers by now. believed: as evidence has them; true: as they are; popular: (n,), how many
    people have chosen them for themselves."""

    believed: Shelf
    true: Shelf
    popular: Floats


Adviser = Callable[[Asked, World, Known, Random], Flags]


def every_seat(asked: Asked, world: World, known: Known, random: Random) -> Flags:
    return best_sets(asked, known.believed)


def oracle(asked: Asked, world: World, known: Known, random: Random) -> Flags:
    """The same search, by somebody who knows what every offer really does."""
    return best_sets(asked, known.true)


def shelved(world: World, chances: Floats) -> Shelf:
    """The world's offers in their order, with chances, (n, D, L)."""
    names = [str(number) for number in range(DIMENSIONS)]
    takes: list[list[Takes]] = [[] for _ in world.hours]
    for offer, dimension, step in np.argwhere(chances > 0.0).tolist():
        takes[offer].append(Takes(names[dimension], step, step + 1, float(chances[offer, dimension, step])))
    offers = (
        Candidate(f"{number:06}", hours, tuple(takes[number])) for number, hours in enumerate(world.hours.tolist())
    )
    return Shelf.of(offers, names, 0, STEPS)


def distinct(asked: Asked) -> tuple[Wants, Numbers]:
    """Each gap that somebody has once, and which of them is whose, (b,). Where nothing is open, no level matters."""
    profiles = np.concatenate(
        (np.where(asked.gap > 0, asked.present, 0), asked.gap, asked.weight, asked.hours[:, None]), axis=1,
        dtype=np.float32,
    )  # fmt: skip
    rows, whose = np.unique(profiles, axis=0, return_inverse=True)
    present, gap, weight = (rows[:, DIMENSIONS * part : DIMENSIONS * (part + 1)] for part in range(3))
    without = np.full(len(rows), np.inf)
    return Wants(
        present.astype(np.intp), gap.astype(np.intp), weight.astype(np.float64), rows[:, -1].astype(np.float64),
        without, without,
    ), whose.reshape(-1)  # fmt: skip


def best_sets(asked: Asked, shelf: Shelf) -> Flags:
    """By the catalogue's own search, for each gap once."""
    wants, whose = distinct(asked)
    chosen = np.zeros((len(wants), len(shelf.keys)), dtype=bool)
    for rows, sets in shelf.in_blocks(wants, proof=1):  # nobody asks for proof here
        row, place = np.nonzero(sets.chosen)
        chosen[rows[row], sets.columns[row, place]] = True
    return chosen[whose]


def at_random(asked: Asked, world: World, known: Known, random: Random) -> Flags:
    """Any that touch the gap."""
    return filled(random.random((len(asked), len(world.hours))), asked, world)


def most_popular(asked: Asked, world: World, known: Known, random: Random) -> Flags:
    """Those that most people have chosen for themselves, of the ones that touch the gap."""
    return filled(np.tile(known.popular, (len(asked), 1)), asked, world)


def single_matches(asked: Asked, world: World, known: Known, random: Random) -> Flags:
    """For each gap, the widest first, the one offer that claims most for the step that comes next."""
    chosen = np.zeros((len(asked), len(world.hours)), dtype=bool)
    room, rows = asked.hours.copy(), np.arange(len(asked))
    order = np.argsort(-asked.weight, axis=1, kind="stable")
    for place in range(DIMENSIONS):
        dimension = order[:, place]
        step = np.minimum(asked.present[rows, dimension], STEPS - 1)
        claims = world.claimed[:, dimension, step].T  # (b, n)
        fits = (world.hours <= room[:, None] + FITS) & (asked.gap[rows, dimension] > 0)[:, None]
        claims = np.where(fits & (claims > 0.0), claims - world.hours / 1e6, 0.0)  # the shorter of equals
        best = claims.argmax(axis=1)
        takes = (claims[rows, best] > 0.0) & ~chosen[rows, best]
        chosen[rows[takes], best[takes]] = True
        room[takes] -= world.hours[best[takes]]
    return chosen


def nhs_score(asked: Asked, world: World, known: Known, random: Random) -> Flags:
    """By the score of NHS Digital Learning Solutions: 100, 30 or 0 for essential, optional or neither, 4 for a star,
    and for each competency the larger of (3 - result) x 25 and (relevance - confidence) x 10, if that is above 0.

    An offer is essential where it claims to master something of the gap that is essential to the seat, and optional
    where it touches the gap at all. A result is 3 where a target is met, 2 a level below it, and 1 further down;
    relevance and confidence are the target and the present level on a scale from 0 to 10.
    """
    mapped = world.strength >= 0
    masters = world.strength == STRENGTHS.index("masters")
    need = (asked.importance == 3) & (asked.gap > 0)
    role = np.where((need @ masters.T.astype(int)) > 0, 100.0, np.where(_touches(asked, world), 30.0, 0.0))
    result = 3 - np.minimum(asked.gap, 2)
    scale = 10 / STEPS
    competency = np.maximum(np.maximum((3 - result) * 25, (asked.target - asked.present) * scale * 10), 0)
    return filled(role + 4 * world.stars + competency @ mapped.T.astype(float), asked, world)


RIVALS: dict[str, Adviser] = {
    "random": at_random,
    "most popular": most_popular,
    "single match": single_matches,
    "NHS score": nhs_score,
}


def filled(scores: Floats, asked: Asked, world: World) -> Flags:
    """The highest scores, (b, n), that touch the gap, for as long as they fit into the hours."""
    scores = np.where(_touches(asked, world), scores, -np.inf)
    order = np.argsort(-scores, axis=1, kind="stable")
    chosen, room, rows = np.zeros(scores.shape, dtype=bool), asked.hours.copy(), np.arange(len(asked))
    for place in range(scores.shape[1]):
        offer = order[:, place]
        takes = (world.hours[offer] <= room + FITS) & np.isfinite(scores[rows, offer])
        chosen[rows[takes], offer[takes]] = True
        room[takes] -= world.hours[offer[takes]]
    return chosen


def _touches(asked: Asked, world: World) -> Flags:
    open_steps = asked.open_steps.reshape(len(asked), -1).astype(np.float32)
    touches: Flags = open_steps @ world.covers.reshape(len(world.hours), -1).T.astype(np.float32) > 0.0
    return touches
