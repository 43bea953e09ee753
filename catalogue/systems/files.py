"""Reading a table of comma-separated values (RFC 4180) that somebody sends in, by the headings of its columns."""

import csv
import io
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from catalogue.errors import DomainError
from catalogue.spreadsheets import plain

MAX_FILE = 400_000  # bytes: it travels with the form that confirms it
MAX_ROWS = 10_000
_SEPARATORS = ",;\t"


class Unreadable(DomainError):
    """A file of which nothing can be read; the message says why, and what to do."""

    status = 422
    title = "We could not read that file"


@dataclass(frozen=True, slots=True)
class Line:
    number: int
    """Of the row in the file, headings being the first."""
    cells: Mapping[str, str]
    """By column; those that the file does not have are left out."""

    def get(self, column: str) -> str:
        return self.cells.get(column, "")


def read(content: bytes, columns: Mapping[str, Collection[str]], needed: Collection[str]) -> list[Line]:
    """The rows that hold anything. ``columns`` has other headings for each column, in lower case and single spaces.

    Raises ``Unreadable``. Columns that we do not know are passed over.
    """
    text = text_of(content)
    if "\0" in text:
        raise Unreadable("The file holds characters that are none. Save it as CSV UTF-8, then try again.")
    separator = max(_SEPARATORS, key=text.partition("\n")[0].count)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=False))
    except csv.Error as fault:
        raise Unreadable("The file is no table. Save it as CSV UTF-8 from a spreadsheet, then try again.") from fault
    if not rows:
        raise Unreadable("The file is empty.")
    if len(rows) > MAX_ROWS + 1:
        raise Unreadable(f"The file has more than {MAX_ROWS:,} rows. Split it, and send the parts one after another.")
    known = {heading: name for name, others in columns.items() for heading in (name.lower(), *others)}
    places = {known[heading]: at for at, cell in enumerate(rows[0]) if (heading := _heading(cell)) in known}
    if missing := [name for name in needed if name not in places]:
        raise Unreadable(
            f"The first row has to name the columns, and there is none called {' or '.join(missing)}. "
            f"We know: {', '.join(columns)}."
        )
    return [
        Line(number, {name: plain(row[at]).strip() for name, at in places.items() if at < len(row)})
        for number, row in enumerate(rows[1:], 2)
        if any(cell.strip() for cell in row)
    ]


def text_of(content: bytes) -> str:
    """What a file says, in whichever of the usual encodings it is; raises ``Unreadable``."""
    if len(content) > MAX_FILE:
        raise Unreadable(f"The file is larger than {MAX_FILE // 1000} KB. Split it, and send the parts one by one.")
    for encoding in ("utf-16",) if content[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8-sig", "cp1252"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Unreadable("The file is in an encoding that we do not know. Save it as CSV UTF-8, then try again.")


def _heading(cell: str) -> str:
    return re.sub(r"[^a-z0-9]+", " ", cell.lower()).strip()
