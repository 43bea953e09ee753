"""People of every seat, where they really stand, and what they say of themselves."""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from bench.simulation.settings import Setting
from bench.simulation.world import DIMENSIONS, STEPS, Floats, Numbers, Random

SEATS = Path(__file__).parents[2] / "seed" / "seats.toml"
LEVELS = ("insufficient", "essential", "proficient", "strong", "exemplary")
BELOW = (0.35, 0.35, 0.2, 0.1)
"""How often somebody stands so many levels below what their seat asks for."""


@dataclass(frozen=True, slots=True)
class People:
    """b people; target, importance, level: (b, D), level being their true one; leniency, drive, hours: (b,)."""

    target: Numbers
    importance: Numbers
    level: Numbers
    leniency: Floats
    drive: Floats
    hours: Floats

    def __len__(self) -> int:
        return len(self.hours)

    def rated(self, level: Numbers, noise: Floats) -> Numbers:
        """What they say where these are their true levels, (b, D), and the noise of the day is that, (b, D)."""
        rated: Numbers = np.clip(np.rint(level + self.leniency[:, None] + noise), 0, STEPS).astype(np.intp)
        return rated


@cache
def seats() -> tuple[Numbers, Numbers]:
    """What each seat of the seed asks for: targets and importances, (s, D)."""
    rows = tomllib.loads(SEATS.read_text())["seat"]
    targets = [[LEVELS.index(one["level"]) for one in row["targets"].values()] for row in rows]
    importances = [[one["importance"] for one in row["targets"].values()] for row in rows]
    return np.array(targets), np.array(importances)


def arriving(count: int, setting: Setting, random: Random) -> People:
    targets, importances = seats()
    seat = random.integers(0, len(targets), size=count)
    target = targets[seat]
    below = random.choice(len(BELOW), p=BELOW, size=target.shape)
    if setting.one_gap:
        only = random.integers(0, DIMENSIONS, size=count)
        below = np.where(np.arange(DIMENSIONS) == only[:, None], 1, 0)
    return People(
        target, importances[seat], np.maximum(target - below, 0),
        setting.leniency * random.normal(size=count), random.normal(size=count),
        random.choice(setting.hours, size=count),
    )  # fmt: skip
