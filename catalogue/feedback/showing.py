"""A frozen report as it is read: in words first, then figure by figure, with the report before it where there is one.

Nothing here is worked out from anything but reports that have been told.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from catalogue.feedback.rules import HIGH, View

WIDEST = 3
"""Gaps that are named."""


@dataclass(frozen=True, slots=True)
class Cell:
    """What is told of one part in one dimension; ``mean`` is None where nothing is."""

    mean: float | None
    count: int = 0
    spread: str = ""
    """The lowest and the highest answer in words, where a range is told."""
    before: float | None = None


@dataclass(frozen=True, slots=True)
class Row:
    key: str
    name: str
    own: float | None
    own_before: float | None
    cells: list[Cell]
    others: float | None
    importance: float | None
    weight: str
    view: str


@dataclass(frozen=True, slots=True)
class Shown:
    closed_on: date
    before_closed_on: date | None
    groups: list[dict[str, Any]]
    parts: list[dict[str, Any]]
    withheld: list[str]
    rows: list[Row]
    comments: list[dict[str, Any]]

    @property
    def blind_spots(self) -> list[Row]:
        return [row for row in self.rows if row.view == View.BLIND_SPOT]

    @property
    def hidden_strengths(self) -> list[Row]:
        return [row for row in self.rows if row.view == View.HIDDEN_STRENGTH]

    @property
    def widest(self) -> list[Row]:
        """Where what others see falls short of agreeing, the shortest first; what matters more before what less."""
        open_rows = [row for row in self.rows if row.others is not None and row.others < HIGH]
        return sorted(open_rows, key=lambda row: ((row.others or 0.0) - (row.importance or 0.0), row.others))[:WIDEST]


def shown(content: Mapping[str, Any], before: Mapping[str, Any] | None) -> Shown:
    """``content`` and ``before`` are reports, as ``report.written`` makes them."""
    earlier = {row["key"]: row for row in before["dimensions"]} if before else {}
    return Shown(
        date.fromisoformat(content["closed_on"]),
        date.fromisoformat(before["closed_on"]) if before else None,
        content["groups"], content["parts"], content["withheld"],
        [_row(row, content["parts"], earlier.get(row["key"], {})) for row in content["dimensions"]],
        content["comments"],
    )  # fmt: skip


def _row(row: Mapping[str, Any], parts: list[dict[str, Any]], before: Mapping[str, Any]) -> Row:
    figures, earlier = row["figures"], before.get("figures", {})
    cells = [_cell(figures.get(part["key"]), earlier.get(part["key"])) for part in parts]
    return Row(
        row["key"], row["name"], row["self"], before.get("self"), cells, row["others"], row["importance"],
        row["weight"] or "", row["view"] or "",
    )  # fmt: skip


def _cell(figure: Mapping[str, Any] | None, before: Mapping[str, Any] | None) -> Cell:
    if figure is None:
        return Cell(None)
    lowest, highest = figure["lowest"], figure["highest"]
    spread = f"{lowest} to {highest}" if lowest is not None else ""
    return Cell(figure["mean"], figure["count"], spread, before["mean"] if before else None)
