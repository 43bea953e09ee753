"""What is on the page, as files: the same rows in the same order, all of them, with a few in memory at a time."""

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import IO

from xlsxwriter import Workbook
from xlsxwriter.worksheet import Worksheet

from catalogue.clock import in_london
from catalogue.reports.tracking.figures import Part
from catalogue.reports.tracking.forms import STATES
from catalogue.reports.tracking.queries import Tracked
from catalogue.reports.tracking.rules import Outcome
from catalogue.spreadsheets import Cell

MOST_ROWS = 1_048_576
"""Rows of a sheet, its heading among them. Source: Excel specifications and limits."""
LONGEST_CELL = 32_767
CHUNK = 64 * 1024  # bytes
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True, slots=True)
class Table:
    """How rows are written: on the page and in files alike."""

    names: bool
    """Whether it is said who the people are."""
    platforms: dict[str, str]

    @property
    def header(self) -> list[str]:
        person = ["Person"] if self.names else []
        return [
            "Number", *person, "Organisation", "Seat", "Offer", "Provider", "Run", "Starts", "Ends", "Platform",
            "State", "Overdue", "Joined", "Completed", "Days to complete",
        ]  # fmt: skip

    def cells(self, row: Tracked) -> list[Cell]:
        person = [row.person_name or "Name not given"] if self.names else []
        return [
            row.id, *person, row.organisations, row.seat, row.offer_title, row.provider, row.run_name, row.starts_on,
            row.ends_on, self.platforms.get(row.via, ""), STATES[row.state], "yes" if row.overdue else "",
            in_london(row.joined).date(), in_london(row.completed).date() if row.completed else None, row.days,
        ]  # fmt: skip


COUNTED = ["Offer", *(outcome.value.capitalize() for outcome in Outcome), "Others together", "People", "Completed (%)"]
"""The heading of counts of people on offers, for those who may not see who they are."""


def counted(part: Part) -> list[Cell]:
    """What is not told is an empty cell."""
    completion = part.rates.completion
    return [
        part.name, *(part.counts.get(outcome) for outcome in Outcome), part.others or None,
        part.total if part.whole else None, None if completion is None else round(100 * completion),
    ]  # fmt: skip


def xlsx_file(header: Sequence[str], rows: Iterable[Sequence[Cell]], most: int = MOST_ROWS) -> Iterator[bytes]:
    """A workbook, of as many sheets as it takes, made in files that go when it is read or left."""
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryFile(dir=folder) as made:
        _write(made, folder, header, rows, most)
        made.seek(0)
        while chunk := made.read(CHUNK):
            yield chunk


def _write(made: IO[bytes], folder: str, header: Sequence[str], rows: Iterable[Sequence[Cell]], most: int) -> None:
    with Workbook(
        made,
        {
            "constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False,
            "strings_to_numbers": False, "tmpdir": folder, "default_date_format": "yyyy-mm-dd",
        },
    ) as workbook:  # fmt: skip
        sheet, at = _sheet(workbook, header), 0
        for row in rows:
            if at == most - 1:
                sheet, at = _sheet(workbook, header), 0
            at += 1
            for column, cell in enumerate(row):
                _put(sheet, at, column, cell)


def _sheet(workbook: Workbook, header: Sequence[str]) -> Worksheet:
    sheet = workbook.add_worksheet()
    sheet.freeze_panes(1, 0)
    for column, name in enumerate(header):
        sheet.write_string(0, column, name)
    return sheet


def _put(sheet: Worksheet, row: int, column: int, cell: Cell) -> None:
    """Text is written as text, whatever it looks like: a program shows it and runs nothing."""
    if isinstance(cell, str):
        if cell:
            sheet.write_string(row, column, cell[:LONGEST_CELL])
    elif isinstance(cell, date) and not isinstance(cell, datetime):
        sheet.write_datetime(row, column, datetime(cell.year, cell.month, cell.day))  # noqa: DTZ001 a day has no zone
    elif cell is not None:
        sheet.write_number(row, column, float(cell))  # type: ignore[arg-type]
