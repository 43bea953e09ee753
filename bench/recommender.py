"""How far from the best the recommender's answers are at most, and how long they take."""

import time

import numpy as np

from catalogue.recommendations.rules import STRENGTH, Budget, Gap, choose
from catalogue.recommendations.shelf import Candidate, Takes

SIZES = (60, 200, 2000)
SEEDS = range(30)
HOURS = 12.0
DIMENSIONS, LEVELS = 9, 4


def catalogue(seed: int, offers: int) -> tuple[list[Gap], list[Candidate]]:
    """A person part of the way there, and a random catalogue of that many offers."""
    random = np.random.default_rng(seed)
    names = [f"dimension {number}" for number in range(DIMENSIONS)]
    present = random.integers(0, LEVELS, size=DIMENSIONS)
    gaps = [
        Gap(name, int(start), int(random.integers(start, LEVELS + 1)), importance=float(random.integers(1, 4)))
        for name, start in zip(names, present, strict=True)
    ]
    candidates = []
    for number in range(offers):
        takes = []
        for name in random.choice(names, size=random.integers(1, 4), replace=False):
            start = int(random.integers(0, LEVELS))
            end = int(random.integers(start + 1, min(start + 3, LEVELS + 1)))
            takes.append(Takes(str(name), start, end, float(random.choice(list(STRENGTH.values())))))
        hours = float(random.choice([0.5, 1, 1.5, 2, 3, 4, 6, 8, 12]))
        candidates.append(Candidate(f"offer-{number:04}", hours, tuple(takes)))
    return gaps, candidates


def report() -> None:
    print(f"Recommender: {HOURS:g} hours, {len(SEEDS)} seeds each")
    print("  offers  certificate median  worst   milliseconds median  worst")
    for offers in SIZES:
        certificates, times = [], []
        for seed in SEEDS:
            gaps, candidates = catalogue(seed, offers)
            began = time.perf_counter()
            answer = choose(gaps, candidates, Budget(HOURS))
            times.append(1000 * (time.perf_counter() - began))
            certificates.append(answer.certificate)
        print(
            f"  {offers:6}  {np.median(certificates):18.3f}  {min(certificates):5.3f}"
            f"   {np.median(times):19.1f}  {max(times):5.1f}"
        )
