"""Tables for spreadsheet programs: comma-separated values (RFC 4180) in which no cell is a formula.

A program that opens such a file runs what starts with a sign of a formula (OWASP, CSV Injection). An apostrophe before
it makes it text again, and so does one more before what looks as if it had ours: ``plain`` takes away what was added.
"""

import csv
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

Cell = str | int | float | Decimal | date | datetime | None

BYTE_ORDER_MARK = "\ufeff"
_FORMULA = re.compile(r"'*\s*[=+\-@\t\r\n＝＋－＠]")


@dataclass(frozen=True, slots=True)
class RowFault:
    """What is wrong in a table that somebody sent, where, and what to do about it, in plain words."""

    row: int
    column: str
    reason: str
    remedy: str = ""


def csv_lines(header: Iterable[str], rows: Iterable[Iterable[Cell]], *, bom: bool = False) -> Iterator[str]:
    """The lines of a file, each made when it is asked for; ``bom`` is for programs that else take UTF-8 for Latin-1.

    Numbers are written as numbers, days and moments in ISO 8601, and nothing as an empty cell.
    """
    if bom:
        yield BYTE_ORDER_MARK
    writer = csv.writer(_Handed(), lineterminator="\r\n")
    yield writer.writerow([harmless(name) for name in header])
    for row in rows:
        yield writer.writerow([harmless(cell) for cell in row])


def harmless(cell: Cell) -> Cell:
    """The cell as it may stand in a spreadsheet: no text that a program would run."""
    if isinstance(cell, date):
        return cell.isoformat()
    return f"'{cell}" if isinstance(cell, str) and _FORMULA.match(cell) else cell


def plain(cell: str) -> str:
    """What was written, of a cell that was read back: the inverse of ``harmless`` for text."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell


class _Handed:
    """What the writer of the standard library writes into: it hands each line back, and so nothing piles up."""

    def write(self, line: str) -> str:
        return line
