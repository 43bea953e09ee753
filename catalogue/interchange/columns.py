"""The columns of tables, for reading and for writing: those of an offer, then those of one run of it."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from catalogue.interchange import cell_lists, cells
from catalogue.interchange.cells import Cell
from catalogue.interchange.names import Kind, Names


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    field: str
    """Of an ``OfferContent``, or of a ``RunRow``; ``key`` is the offer's own, or the run's."""
    take: Callable[[Cell, Names], Any]
    """What a cell that is not empty says; raises ``Misread``."""
    give: Callable[[Any], Any] = lambda value: value
    """What is written for a value, which ``take`` reads again."""
    of_run: bool = False


def _plain(take: Callable[[Cell], Any]) -> Callable[[Cell, Names], Any]:
    return lambda cell, _names: take(cell)


def _text(name: str, field: str = "", *, of_run: bool = False) -> Column:
    return Column(name, field or name, _plain(cells.text), of_run=of_run)


def _keys(name: str, kind: Kind) -> Column:
    return Column(name, name, lambda cell, names: names.keys(kind, cells.text(cell)), " | ".join)


def _yes_no(name: str) -> Column:
    return Column(name, name, _plain(cells.yes_no), lambda value: "yes" if value else "no")


def _figure(value: float | None) -> float | int | None:
    """Whole numbers without decimals."""
    return int(value) if value is not None and float(value).is_integer() else value


def _pounds(name: str, *, of_run: bool = False) -> Column:
    return Column(name, "price_pounds", _plain(cells.pounds), _figure, of_run)


def _mode(cell: Cell) -> str:
    return re.sub(r"[\s_]+", "-", cells.text(cell).lower())


COLUMNS = (
    _text("key"),
    _text("title"),
    _text("summary"),
    Column("outcomes", "outcomes", _plain(cell_lists.lines), cell_lists.lines_cell),
    _text("description"),
    _text("prerequisites"),
    _text("accessibility"),
    _text("url"),
    Column("mode", "mode", _plain(_mode)),
    Column("hours", "hours", _plain(cells.hours), _figure),
    _yes_no("hours_estimated"),
    _pounds("price_pounds"),
    _text("place"),
    _keys("seats", "seats"),
    _keys("systems", "systems"),
    _keys("conditions", "conditions"),
    _yes_no("members_only"),
    _keys("partners", "organisations"),
    Column("mapping", "mapping", cell_lists.mappings, cell_lists.mappings_cell),
    Column("step_groups", "group", _plain(cell_lists.groups), cell_lists.groups_cell),
    Column("steps", "step", _plain(cell_lists.steps), cell_lists.steps_cell),
    _yes_no("for_plan_leads"),
    _yes_no("for_seats_only"),
    _yes_no("approval_needed"),
    Column("prerequisite_offers", "prerequisite_offers", _plain(cell_lists.names), cell_lists.names_cell),
    Column("sessions_needed", "sessions_needed", _plain(cells.count)),
    _yes_no("reassessment_needed"),
    _text("run_key", "key", of_run=True),
    Column("starts_on", "starts_on", _plain(cells.day), of_run=True),
    Column("ends_on", "ends_on", _plain(cells.day), of_run=True),
    Column("start_time", "start_time", _plain(cells.clock), cells.text, of_run=True),
    Column("end_time", "end_time", _plain(cells.clock), cells.text, of_run=True),
    _text("run_place", "place", of_run=True),
    _text("venue", of_run=True),
    _text("join_link", of_run=True),
    _text("run_accessibility", "accessibility", of_run=True),
    _pounds("run_price_pounds", of_run=True),
    Column("places", "places", _plain(cells.count), of_run=True),
    _text("run_name", "name", of_run=True),
    Column("apply_by", "apply_by", _plain(cells.day), of_run=True),
    Column("withdraw_by", "withdraw_by", _plain(cells.day), of_run=True),
    Column("sessions", "session", _plain(cell_lists.sessions), cell_lists.sessions_cell, of_run=True),
)
BY_NAME = {column.name: column for column in COLUMNS}
