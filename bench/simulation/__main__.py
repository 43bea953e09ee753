"""Live through every setting, and print what came of it: ``python -m bench.simulation [NAME …]``.

EVERYSEAT_SIMULATION_SEEDS says how many seeds a setting has, EVERYSEAT_SIMULATION_FROM the first of them.
"""

import os
import platform
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial

import numpy as np

from bench.simulation.advisers import RIVALS
from bench.simulation.life import EVERY_SEAT, ORACLE, Outcome, lived
from bench.simulation.settings import EVERYBODY, SEEDS, SETTINGS, Setting
from bench.simulation.world import planted

FEW = 3
"""Weeks at the start, before anything has been measured."""
NOTICED = 0.01
"""An over-claimed offer has a place where it is recommended to so many people at the start."""
LOST = 0.25
"""It has lost that where it is recommended so much less often."""
WITHIN = 200


@dataclass(frozen=True, slots=True)
class Figures:
    """Of one seed. times: by rival, how many times as much Every Seat closes in the hours that the rival used, over all
    weeks and over the last third; per_hour: by adviser; lost: completions by which each over-claimed offer had lost its
    place, counted in its evidence, measured and in all, infinity where it had not."""

    times: dict[str, float]
    times_late: dict[str, float]
    per_hour: dict[str, float]
    hours: dict[str, float]
    regret_early: float
    regret_late: float
    held: list[bool]
    held_levels: list[bool]
    lost: list[tuple[float, float, float]]
    shown: float


def figures(setting: Setting, seed: int) -> Figures:
    world = planted(setting, np.random.default_rng([seed]))
    outcome = lived(world, setting, seed)
    late = slice(-(setting.weeks // 3), None)

    def times(rival: str, weeks: slice) -> float:
        return sum(outcome.in_same_hours[rival][weeks]) / sum(outcome.closed[rival][weeks])

    def regret(weeks: slice) -> float:
        return 1.0 - sum(outcome.closed[EVERY_SEAT][weeks]) / sum(outcome.closed[ORACLE][weeks])

    return Figures(
        {rival: times(rival, slice(None)) for rival in RIVALS},
        {rival: times(rival, late) for rival in RIVALS},
        {name: sum(outcome.closed[name]) / sum(outcome.hours[name]) for name in outcome.closed},
        {name: sum(outcome.hours[name]) / sum(outcome.hours[EVERY_SEAT]) for name in outcome.closed},
        regret(slice(0, FEW)), regret(late), outcome.held, outcome.held_levels,
        _lost(outcome, np.flatnonzero(world.over_claimed)), float(outcome.shown.mean()),
    )  # fmt: skip


def _lost(outcome: Outcome, over_claimed: Sequence[int]) -> list[tuple[float, float, float]]:
    advised = np.array(outcome.advised)
    start = advised[:FEW].mean(axis=0)
    found = []
    for offer in over_claimed:
        if start[offer] < NOTICED:
            continue
        gone = [week for week in range(FEW, len(advised)) if advised[week, offer] <= LOST * start[offer]]
        series = (outcome.counted, outcome.measured, outcome.completed)
        counts = [float(one[gone[0]][offer]) if gone else np.inf for one in series]
        found.append((counts[0], counts[1], counts[2]))
    return found


def report(setting: Setting, seeds: Sequence[int]) -> None:
    began = time.monotonic()
    with ProcessPoolExecutor(min(2, os.cpu_count() or 1)) as pool:
        found = list(pool.map(partial(figures, setting), seeds))
    print(f"{setting.name}: {setting.people:,} people, {len(seeds)} seeds; expected: {setting.expected}")
    print("  gap closed in the same hours, times a rival's   all weeks: median, worst   last third: median, worst")
    for rival in RIVALS:
        whole, late = ([one.times[rival] for one in found], [one.times_late[rival] for one in found])
        print(
            f"    {rival:14}  in {np.median([one.hours[rival] for one in found]):4.0%} of the hours"
            f"{np.median(whole):17.2f}, {min(whole):5.2f}{np.median(late):21.2f}, {min(late):5.2f}"
        )
    best = [min(one.times_late.values()) for one in found]
    print(f"    best rival of each seed, last third: {np.median(best):.2f}, {min(best):.2f}")
    print("  gap closed in an hour used: " + ", ".join(
        f"{name} {np.median([one.per_hour[name] for one in found]):.2f}" for name in found[0].per_hour
    ))  # fmt: skip
    early, late = [one.regret_early for one in found], [one.regret_late for one in found]
    print(
        f"  regret: at the start {np.median(early):.1%}, at worst {max(early):.1%}; "
        f"with evidence {np.median(late):.1%}, at worst {max(late):.1%}"
    )
    held, levels = ([flag for one in found for flag in getattr(one, name)] for name in ("held", "held_levels"))
    each = [float(np.mean(one.held)) for one in found if one.held]
    if held:
        print(
            f"  95% intervals: {len(held):,}; hold what happened to ratings {np.mean(held):.1%} "
            f"(seeds: median {np.median(each):.1%}, worst {min(each):.1%}), to true levels {np.mean(levels):.1%}"
        )
    lost = np.array([row for one in found for row in one.lost])
    if len(lost):
        counted, measured, completed = np.mean(lost <= WITHIN, axis=0)
        print(f"  over-claimed offers that had a place: {len(lost)}; kept it: {np.mean(np.isinf(lost[:, 0])):.0%}")
        print(
            f"    lost it within {WITHIN} completions that count: {counted:.0%}, measured again: {measured:.0%}, "
            f"of all: {completed:.0%}; with {np.median(lost[:, 2]):.0f} of all in the median"
        )
    shown = [one.shown for one in found]
    print(f"  providers shown: {np.median(shown):.0%}, at worst {min(shown):.0%}")
    print(f"  {time.monotonic() - began:.0f} s\n", flush=True)


if __name__ == "__main__":
    seeds = int(os.environ.get("EVERYSEAT_SIMULATION_SEEDS", SEEDS))
    start = int(os.environ.get("EVERYSEAT_SIMULATION_FROM", "1"))
    print(f"{os.cpu_count()} cores, Python {platform.python_version()}, {platform.machine()}, seeds from {start}\n")
    named = sys.argv[1:] or [setting.name for setting in SETTINGS]
    for setting in (*SETTINGS, EVERYBODY):
        if setting.name in named:
            report(setting, range(start, start + seeds))
