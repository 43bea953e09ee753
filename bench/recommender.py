"""How far from the best the recommender's answers are at most, whether that is true, and how long they take."""

import os
import resource
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context

import numpy as np
from numpy.typing import NDArray

from bench.simulation.advisers import Asked, distinct
from bench.simulation.population import arriving
from bench.simulation.settings import USUAL
from catalogue.evidence.rules import STRENGTH
from catalogue.recommendations.candidates import Candidate, Takes
from catalogue.recommendations.rules import Budget, Gap, choose, from_shelf
from catalogue.recommendations.shelf import Shelf
from catalogue.recommendations.wants import Wants

SIZES = (60, 200, 2_000, 100_000)
LEARNERS = range(1, 61)
HOURS = 12.0
LEVELS = 4
DIMENSIONS = tuple(f"dimension {number}" for number in range(9))
CHECKED, SMALL = 1000, 11
"""Instances that are small enough for every set of their offers to be tried."""
OFFERS_OF_MANY = 2_000
MANY = int(os.environ.get("EVERYSEAT_BENCH_LEARNERS", "1500000"))
AT_ONCE = 4_096
CORES = 2


def gaps_of(seed: int) -> list[Gap]:
    """Somebody part of the way there."""
    random = np.random.default_rng(seed)
    present = random.integers(0, LEVELS, size=len(DIMENSIONS))
    return [
        Gap(name, int(start), int(random.integers(start, LEVELS + 1)), importance=float(random.integers(1, 4)))
        for name, start in zip(DIMENSIONS, present, strict=True)
    ]


def catalogue(seed: int, offers: int) -> list[Candidate]:
    random = np.random.default_rng(seed)
    candidates = []
    for number in range(offers):
        takes = []
        for name in random.choice(DIMENSIONS, size=random.integers(1, 4), replace=False):
            start = int(random.integers(0, LEVELS))
            end = int(random.integers(start + 1, min(start + 3, LEVELS + 1)))
            takes.append(Takes(str(name), start, end, float(random.choice(list(STRENGTH.values())))))
        hours = float(random.choice([0.5, 1, 1.5, 2, 3, 4, 6, 8, 12]))
        candidates.append(Candidate(f"offer-{number:06}", hours, tuple(takes)))
    return candidates


def report() -> None:
    print(f"Recommender: {HOURS:g} hours, {len(LEARNERS)} learners each; computing in milliseconds of one core")
    print("  offers  certificate median  worst   computing median  worst")
    usual: dict[int, float] = {}
    for offers in SIZES:
        shelf = Shelf.of(catalogue(0, offers), DIMENSIONS, 0, LEVELS)
        certificates, times = [], []
        for seed in LEARNERS:
            gaps = gaps_of(seed)
            began = time.process_time()
            answer = from_shelf(shelf, gaps, 0, Budget(HOURS))
            times.append(1000 * (time.process_time() - began))
            certificates.append(answer.certificate)
        usual[offers] = float(np.median(times))
        print(
            f"  {offers:7,}  {np.median(certificates):17.4f}  {min(certificates):5.3f}"
            f"   {usual[offers]:16.1f}  {max(times):5.1f}",
            flush=True,
        )
    few, most = SIZES[-2:]
    print(f"  {most:,} offers take {usual[most] / usual[few]:.2f} times as long as {few:,}")
    _check()
    _many(usual[OFFERS_OF_MANY])


def _check() -> None:
    """The certificate against every set of some offers, by an account of its own of what a set is worth."""
    wrong, shares = 0, []
    for seed in range(CHECKED):
        gaps, offers = gaps_of(seed), catalogue(seed, SMALL)
        best = _best(gaps, offers)
        answer = choose(gaps, offers, Budget(HOURS))
        wrong += not answer.value - 1e-9 <= best <= answer.bound + 1e-9
        shares.append(answer.value / best if best else 1.0)
    print(
        f"  {CHECKED:,} instances of {SMALL} offers, every set tried: certificate wrong {wrong} times; the answer is "
        f"the best one {np.mean(np.array(shares) > 1 - 1e-9):.1%} of the time, at worst {min(shares):.3f} of it",
        flush=True,
    )


def _best(gaps: list[Gap], offers: list[Candidate]) -> float:
    sets = (np.arange(2 ** len(offers))[:, None] >> np.arange(len(offers)) & 1).astype(bool)
    sets = sets[sets @ np.array([offer.hours for offer in offers]) <= HOURS + 1e-9]
    worth = np.zeros(len(sets))
    for gap in gaps:
        reached = np.ones(len(sets), dtype=bool)
        for level in range(gap.present, gap.target):
            missed = np.ones(len(sets))
            for number, offer in enumerate(offers):
                for takes in offer.takes:
                    if takes.dimension == gap.dimension and takes.start <= level < takes.end:
                        missed *= np.where(sets[:, number], 1.0 - takes.probability, 1.0)
            reached &= missed < 1.0
            worth += gap.weight * (1.0 - missed) * reached
    return float(worth.max())


def _many(alone: float) -> None:
    """People of every seat in one go, on two cores; whoever has the same gap as another is not worked out again.

    alone: what one learner takes alone, in milliseconds.
    """
    shelf = Shelf.of(catalogue(0, OFFERS_OF_MANY), DIMENSIONS, 0, LEVELS)
    asked = _everybody()
    began = time.monotonic()
    parts = _parts(asked)
    del asked  # what is there at a fork is there twice
    gaps = sum(len(part) for part in parts)
    with ProcessPoolExecutor(CORES, get_context("fork"), _keep, (shelf,)) as pool:
        certificates = np.concatenate(list(pool.map(_answered, parts)))
    took = time.monotonic() - began
    each = 1000 * CORES * took / gaps
    memory = sum(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) / 1024
    print(
        f"  {MANY:,} people, {gaps:,} distinct gaps, {OFFERS_OF_MANY:,} offers, {CORES} processes: "
        f"{took / 60:.1f} minutes, {each:.2f} ms of a core for each ({each / alone:.2f} times what one takes alone); "
        f"certificate median {np.median(certificates):.4f}; {memory:,.0f} MiB at most",
        flush=True,
    )


def _everybody() -> Asked:
    random = np.random.default_rng(0)
    people = arriving(MANY, replace(USUAL, hours=(HOURS,)), random)
    rated = people.rated(people.level, USUAL.noise * random.normal(size=people.level.shape))
    return Asked(rated, people.target, people.importance, people.hours)


def _parts(asked: Asked) -> list[Wants]:
    """Distinct gaps, some thousands at a time, those that are alike together, as blocks want them."""
    wants, _whose = distinct(asked)
    alike = np.lexsort((*wants.steps.T, wants.steps.sum(axis=1)))
    return [wants.of(rows) for rows in np.array_split(alike, max(len(alike) // AT_ONCE, 1))]


_shelves: list[Shelf] = []


def _keep(shelf: Shelf) -> None:
    _shelves.append(shelf)


def _answered(wants: Wants) -> NDArray[np.float64]:
    found = (sets.value / np.maximum(sets.bound, 1e-12) for _rows, sets in _shelves[0].in_blocks(wants))
    return np.concatenate(list(found))


if __name__ == "__main__":
    report()
