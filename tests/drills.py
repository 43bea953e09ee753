"""How many of a kind a test does: a few of them in ``make test``, the full number in ``make drill``.

``EVERYSEAT_DRILL=1`` asks for full numbers. Chance comes from ``EVERYSEAT_SEED``, which is printed at the end with the
figures: the same seed makes the same choices again.
"""

import os
import random
import secrets
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import pytest

DRILL = os.environ.get("EVERYSEAT_DRILL") == "1"
SEED = int(os.environ.get("EVERYSEAT_SEED") or secrets.randbelow(2**32))
T = TypeVar("T")
_figures: list[str] = []


def many(short: int, full: int) -> int:
    """``full`` in a drill, else ``short``."""
    return full if DRILL else short


def dealt(things: Sequence[T], hands: int, hand: int) -> Sequence[T]:
    """All of them in a drill, else the share of one hand of so many: together the hands have every one of them."""
    return things if DRILL else things[hand % hands :: hands]


def dice() -> random.Random:
    """Chance, from the seed alone."""
    return random.Random(SEED)


def say(figures: str) -> None:
    """The figures of one row, for the end of the run."""
    _figures.append(figures)


def at_once(jobs: Sequence[Callable[[], T]], workers: int) -> list[T]:
    """Do all of them, as many as there are workers at the same time; their answers, in order."""
    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(lambda job: job(), jobs))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if _figures:
        terminalreporter.section(f"figures, EVERYSEAT_SEED={SEED}")
        for line in _figures:
            terminalreporter.write_line(line)
