"""From the rows of a table to offers with their runs: a row for each run, those of an offer one after another.

What stands in an offer's own columns stands in its first row; below that it is the same, or left out.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from rapidfuzz.process import extractOne

from catalogue.interchange import cells
from catalogue.interchange.cells import Cell, Misread
from catalogue.interchange.columns import BY_NAME, COLUMNS, Column
from catalogue.interchange.limits import MAX_CELL, MAX_COLUMNS, MAX_OFFERS, MAX_RUNS, Unreadable, too_many
from catalogue.interchange.names import Names
from catalogue.interchange.rows import Document, OfferRow
from catalogue.spreadsheets import RowFault

Row = tuple[int, Sequence[Cell]]
"""Its number in the file, from 1, and its cells."""
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_ERRORS = {"#N/A", "#REF!", "#NAME?", "#VALUE!", "#DIV/0!", "#NUM!", "#NULL!"}
_MOST_FAULTS = 100  # that are told of one offer
_MOST_OF_ALL = 10_000  # after which one is told of each offer, so that a file of faults alone is not kept in memory


def is_blank(row: Sequence[Cell]) -> bool:
    return all(cells.text(cell) == "" for cell in row)


def column_of(heading: Cell) -> Column | None:
    """The column that a heading names, whatever its case, and with spaces or hyphens in place of underlines."""
    return BY_NAME.get(re.sub(r"[\s_-]+", "_", cells.text(heading).casefold().strip(" *:£()")))


@dataclass(slots=True)
class _Gathered:
    """An offer while its rows are read."""

    number: int
    key: str
    offer: Document = field(default_factory=dict)
    runs: list[Document] = field(default_factory=list)
    run_numbers: list[int] = field(default_factory=list)
    faults: list[RowFault] = field(default_factory=list)
    most_faults: int = _MOST_FAULTS

    def add(self, number: int, run: Document, faults: list[RowFault]) -> None:
        self.faults += faults[: self.most_faults - len(self.faults)]
        if run:
            if len(self.runs) >= MAX_RUNS:
                raise too_many("runs of one offer", MAX_RUNS)
            self.runs.append(run)
            self.run_numbers.append(number)


class Table:
    """The headings of a table, and how its rows are read by them. Raises ``Unreadable`` where they cannot be."""

    def __init__(self, headings: Sequence[Cell], names: Names, notes: list[str]) -> None:
        if len(headings) > MAX_COLUMNS:
            raise too_many("columns", MAX_COLUMNS)
        self.headings = [cells.text(heading) for heading in headings]
        self.columns = [column_of(heading) for heading in headings]
        self.names = names
        self.told = 0
        """How many faults, of all offers."""
        self._refuse_unfit()
        notes.extend(self._unknown())
        self.called = {
            ("run." if column.of_run else "") + column.field: heading
            for column, heading in zip(self.columns, self.headings, strict=True)
            if column and heading != column.name
        }

    def _refuse_unfit(self) -> None:
        there = [column.name for column in self.columns if column]
        twice = next((name for name in there if there.count(name) > 1), None)
        if twice:
            raise Unreadable(f"Two columns are called {twice}.", "Delete one of them, or give it another heading.")
        for needed in ("key", "title"):
            if needed not in there:
                raise Unreadable(
                    f"The first row has no column that is called {needed}.",
                    "Put the headings of our template into the first row, with one offer in each row below.",
                )

    def _unknown(self) -> Iterator[str]:
        missing = [column.name for column in COLUMNS if column not in self.columns]
        for heading, column in zip(self.headings, self.columns, strict=True):
            if column is None and heading:
                near = extractOne(heading.casefold(), missing, score_cutoff=80)
                meant = f" If it is {near[0]}, call it so." if near else ""
                yield f"We left out the column {cells.shown(heading)}: it is none of ours.{meant}"

    def offers(self, rows: Iterable[Row]) -> Iterator[OfferRow]:
        """Raises ``Unreadable`` where there are too many of them."""
        first_rows: dict[str, int] = {}
        gathered: _Gathered | None = None
        for number, row in rows:
            if is_blank(row):
                continue
            offer, run, faults = self._read(number, row)
            key = offer.pop("key", "")
            if gathered and (key == gathered.key or not (key or "title" in offer)):
                faults += self._disagreeing(number, gathered.offer, offer)
            else:
                if gathered:
                    yield self._finished(gathered)
                if len(first_rows) >= MAX_OFFERS:
                    raise too_many("offers", MAX_OFFERS)
                most_faults = _MOST_FAULTS if self.told < _MOST_OF_ALL else 1
                gathered = _Gathered(number, key, offer, most_faults=most_faults)
                faults += self._misplaced(number, key, first_rows)
            if not key:
                faults.append(self._keyless(number))
            gathered.add(number, run, faults)
        if gathered:
            yield self._finished(gathered)

    def _finished(self, gathered: _Gathered) -> OfferRow:
        self.told += len(gathered.faults)
        return OfferRow(
            gathered.number, gathered.key, gathered.offer, tuple(gathered.runs), self.called,
            tuple(gathered.faults), tuple(gathered.run_numbers),
        )  # fmt: skip

    def _misplaced(self, number: int, key: str, first_rows: dict[str, int]) -> Iterator[RowFault]:
        if key in first_rows:
            yield RowFault(
                number, self._heading("key"), f"{cells.shown(key)} stood in row {first_rows[key]} already",
                "Put all rows of an offer one below the other, or give this offer a key of its own.",
            )  # fmt: skip
        first_rows.setdefault(key or f"\0{number}", number)

    def _keyless(self, number: int) -> RowFault:
        return RowFault(
            number, self._heading("key"), "there is no key",
            "Give the offer a key of your own that stays the same, and repeat it for each of its runs.",
        )  # fmt: skip

    def _disagreeing(self, number: int, before: Document, now: Document) -> Iterator[RowFault]:
        for column in COLUMNS:
            if not column.of_run and column.field in now and now[column.field] != before.get(column.field):
                yield RowFault(
                    number, self._heading(column.name), "differs from the first row of the same offer",
                    "Say it in the offer's first row alone, or the same in each of its rows.",
                )  # fmt: skip

    def _heading(self, name: str) -> str:
        found = (h for h, column in zip(self.headings, self.columns, strict=True) if column and column.name == name)
        return next(found, name)

    def _read(self, number: int, row: Sequence[Cell]) -> tuple[Document, Document, list[RowFault]]:
        offer: Document = {}
        run: Document = {}
        faults: list[RowFault] = []
        for index, cell in enumerate(row):
            if cells.text(cell) == "":
                continue
            try:
                if index >= len(self.columns):
                    raise Misread(
                        f"{cells.shown(cell)} stands beyond the last heading",
                        "Delete it, or move it under a heading: a comma too many moves cells to the right.",
                    )
                column = self.columns[index]
                if column:
                    (run if column.of_run else offer)[column.field] = self._value(column, cell)
            except Misread as fault:
                heading = self.headings[index] if index < len(self.headings) else f"column {index + 1}"
                faults.append(RowFault(number, heading, fault.reason, fault.remedy))
        return offer, run, faults

    def _value(self, column: Column, cell: Cell) -> Any:
        if isinstance(cell, str):
            if len(cell) > MAX_CELL:
                raise Misread(f"the cell holds more than {MAX_CELL:,} characters", "Shorten it.")
            if cell.strip() in _ERRORS:
                raise Misread(f"holds an error of the spreadsheet, {cell.strip()}", "Put its formula right.")
            odd = _CONTROL.search(cell)
            if odd:
                raise Misread(f"holds a character that is no text (number {ord(odd[0])})", "Type the cell anew.")
        return column.take(cell, self.names)
