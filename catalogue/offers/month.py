"""A month of runs, as a calendar shows it."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from catalogue.offers.models import Run

EARLIEST, LATEST = date(2000, 1, 1), date(2100, 12, 1)


@dataclass(frozen=True, slots=True)
class Month:
    """Named by its first day."""

    first: date

    @classmethod
    def named(cls, name: str, today: date) -> "Month":
        """``2026-12``; the present month for anything else."""
        if re.fullmatch(r"20\d\d-(0[1-9]|1[0-2])", name):
            return cls(date.fromisoformat(f"{name}-01"))
        return cls(today.replace(day=1))

    @property
    def name(self) -> str:
        return f"{self.first:%Y-%m}"

    @property
    def last(self) -> date:
        return (self.first + timedelta(days=31)).replace(day=1) - timedelta(days=1)

    @property
    def before(self) -> "Month | None":
        return Month((self.first - timedelta(days=1)).replace(day=1)) if self.first > EARLIEST else None

    @property
    def after(self) -> "Month | None":
        return Month(self.last + timedelta(days=1)) if self.first < LATEST else None

    def days(self, runs: Iterable[Run]) -> list[tuple[date, list[Run]]]:
        """Each day on which a run begins, or goes on from the month before, with those runs."""
        by_day: dict[date, list[Run]] = {}
        for run in runs:
            by_day.setdefault(max(run.starts_on, self.first), []).append(run)
        return sorted(by_day.items())
