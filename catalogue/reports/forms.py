"""The shape of what is asked of the map, in the query of an address."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from werkzeug.datastructures import MultiDict

from catalogue.reports.coverage import Cell
from catalogue.reports.rules import State

ROWS = 90
"""Rows on a page of the table."""
_STATES = list(State)

COLUMNS: dict[str, tuple[str, Callable[[Cell], Any]]] = {
    "system": ("System", lambda cell: cell.system.name if cell.system else ""),
    "dimension": ("Dimension", lambda cell: cell.dimension.position),
    "condition": ("Condition", lambda cell: cell.condition.position),
    "state": ("State", lambda cell: _STATES.index(cell.state)),
    "people": ("People with a gap", lambda cell: cell.need.people if cell.need else -1),
    "levels": ("Levels to go", lambda cell: cell.need.levels if cell.need else -1),
    "offers": ("Offers", lambda cell: cell.supply.offers),
    "places": ("Free places", lambda cell: (cell.supply.self_paced > 0, cell.supply.places)),
    "hours": ("Hours", lambda cell: cell.supply.hours),
}
"""The columns of the table by name: their headings, and what each sorts by."""
FIGURES = ("people", "levels", "offers", "places", "hours")


@dataclass(frozen=True, slots=True)
class Asked:
    """Which system (by its key; empty for all of them), and how it is to be shown."""

    system: str = ""
    table: bool = False
    sort: str = "state"
    reverse: bool = False
    page: int = 1

    @property
    def as_query(self) -> dict[str, str]:
        """What stays the same from page to page and view to view."""
        return {"system": self.system} if self.system else {}

    def in_order(self, cells: list[Cell]) -> list[Cell]:
        """Cells as they are to be listed; those that come to the same, with the most people first."""
        by_people = sorted(cells, key=COLUMNS["people"][1], reverse=True)
        return sorted(by_people, key=COLUMNS[self.sort][1], reverse=self.reverse)


def asked_of(query: MultiDict[str, str]) -> Asked:
    """What a query asks for; anything else in it is passed over. A system that is not there is for the view to say."""
    named = query.get("sort", "")
    column = named.removeprefix("-")
    page = query.get("page", 1, type=int)
    return Asked(
        system=query.get("system", ""),
        table=query.get("view") == "table",
        sort=column if column in COLUMNS else "state",
        reverse=named.startswith("-"),
        page=page if 1 <= page <= 1000 else 1,
    )
