"""Exports of other systems: which column says what, and what a row says. Nothing of ours is known here.

Totara Learn: a course completion report, exported as CSV; its headings are as its report builder has them by default.
ESR (the NHS Electronic Staff Record): the lists of learning enrolments and of competences, exported as CSV. The same
column goes by several headings, since whoever makes a report may rename it; capitals, spaces and signs are no matter.
"""

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import BinaryIO

from catalogue.interchange import csv_files
from catalogue.interchange.limits import MAX_COLUMNS, Unreadable
from catalogue.records.models import Source
from catalogue.spreadsheets import RowFault

MAX_BYTES = 5_000_000
MAX_ROWS = 20_000
MAX_CODE = 200
LONGEST_DAY = 60

STAFF, EMAIL, CODE, DAY, STATUS = "staff number", "email", "course", "completion date", "status"
HEADINGS: dict[Source, dict[str, tuple[str, ...]]] = {
    Source.TOTARA: {
        STAFF: ("User ID Number", "User's ID Number", "ID Number", "Employee Number", "Staff Number"),
        EMAIL: ("User Email", "User's Email", "Email", "Email address"),
        CODE: (
            "Course ID Number", "Course ID", "Course Shortname", "Course Short Name", "Course Code", "Course Fullname",
            "Course Full Name", "Course Name",
        ),
        DAY: ("Completion Date", "Course Completion Date", "Date Completed", "Time Completed", "Completed"),
        STATUS: ("Completion Status", "Course Completion Status", "Status"),
    },
    Source.ESR: {
        STAFF: ("Employee Number", "Assignment Number", "Assignment", "Staff Number"),
        EMAIL: (),
        CODE: (
            "Competence Code", "Class Code", "Course Code", "Offering Code", "Competence", "Competence Name",
            "Class Name", "Course Name", "Offering Name",
        ),
        DAY: ("Completion Date", "Date Completed", "Achieved Date", "Date Achieved", "Date From"),
        STATUS: ("Enrolment Status", "Completion Status", "Player Status", "Status"),
    },
}  # fmt: skip
"""The first heading that a file has counts; where none has a value in a row, the next one."""

DONE = {
    "complete", "completed", "completed via rpl", "complete via rpl", "complete via recognition of prior learning",
    "passed", "pass", "attended", "achieved", "successful", "successfully completed", "yes",
}  # fmt: skip
"""What a status says of somebody who has completed it; any other leaves the row out."""


@dataclass(frozen=True, slots=True)
class Told:
    """That somebody completed something, as a row says it."""

    row: int
    staff_number: str
    email: str
    code: str
    day: date


@dataclass(frozen=True, slots=True)
class NotDone:
    """A row of somebody who has not completed it."""

    row: int


Line = Told | NotDone | RowFault


def lines(content: bytes, source: Source, today: date) -> Iterator[Line]:
    """What each row of a file says; raises ``Unreadable``, in the middle too."""
    if len(content) > MAX_BYTES:
        raise Unreadable(f"The file is larger than {MAX_BYTES // 1_000_000} MB.", "Split it into several files.")
    if not content.strip(b"\0 \t\r\n"):
        raise Unreadable("There is nothing in the file.", "Check that it is the file that you meant.")
    if content.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise Unreadable("The file is an Excel workbook.", "Export it as CSV, or save it as CSV UTF-8 from Excel.")
    if b"\0" in content[:4096] and not content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise Unreadable("The file is no CSV.", "Export the report as CSV.")
    yield from _lines(io.BytesIO(content), source, today)


def _lines(stream: BinaryIO, source: Source, today: date) -> Iterator[Line]:
    names = {_folded(name) for names in HEADINGS[source].values() for name in names}
    rows = csv_files.rows(stream, [], lambda name: True if _folded(name) in names else None)
    columns: dict[str, list[int]] | None = None
    count = 0
    for number, cells in rows:
        texts = [str(cell or "").strip() for cell in cells]
        if not any(texts):
            continue
        if len(texts) > MAX_COLUMNS:
            raise Unreadable(f"The file has more than {MAX_COLUMNS} columns.", "Export only those that are needed.")
        if columns is None:
            columns = _columns(texts, source)
            continue
        count += 1
        if count > MAX_ROWS:
            raise Unreadable(f"The file has more than {MAX_ROWS:,} rows.", "Split it into several files.")
        yield _line(number, {name: _first(texts, places) for name, places in columns.items()}, today)


def _folded(heading: str) -> str:
    return re.sub(r"[^a-z0-9]", "", heading.lower())


def _columns(headings: list[str], source: Source) -> dict[str, list[int]]:
    there: dict[str, int] = {}
    for place, heading in enumerate(headings):
        there.setdefault(_folded(heading), place)
    found = {
        column: [there[_folded(name)] for name in names if _folded(name) in there]
        for column, names in HEADINGS[source].items()
    }
    missing = [column for column in (CODE, DAY) if not found[column]]
    if not found[STAFF] and not found[EMAIL]:
        missing.insert(0, STAFF)
    if missing:
        called = "; ".join(f"{column}: {', '.join(HEADINGS[source][column][:3])}" for column in missing)
        raise Unreadable(f"The file has no column for {' and '.join(missing)}.", f"Add it to the report ({called}).")
    return found


def _first(texts: list[str], places: list[int]) -> str:
    return next((texts[place] for place in places if place < len(texts) and texts[place]), "")


def _line(number: int, said: dict[str, str], today: date) -> Line:
    status = said[STATUS].lower().rstrip(".")
    if (status and status not in DONE) or not (status or said[DAY]):
        return NotDone(number)  # without a status, a row without a day is of somebody who is not done
    day = _day(said[DAY])
    fault = _fault(said, day, today)
    if fault is not None or day is None:
        return RowFault(number, *(fault or (DAY, "is no date", "Write it as 31/03/2026")))
    return Told(number, _ASSIGNMENT.sub(r"\1", said[STAFF]).casefold(), said[EMAIL], said[CODE], day)


_ASSIGNMENT = re.compile(r"^(\d{5,})-\d{1,3}$", re.ASCII)
"""An assignment of ESR is the employee's number with a number of its own after it."""


def _fault(said: dict[str, str], day: date | None, today: date) -> tuple[str, str, str] | None:
    """The column, the reason and the remedy; none where all is well."""
    if not said[DAY]:
        return DAY, "is empty", "Enter the day on which it was completed, such as 31/03/2026"
    if day is None:
        return DAY, f"is no date: {said[DAY][:40]}", "Write it as 31/03/2026, 31-Mar-2026 or 2026-03-31"
    if day > today:
        return DAY, "is still to come", "Check the date; a completion is told of when it is done"
    if not said[CODE] or len(said[CODE]) > MAX_CODE:
        return CODE, f"is empty, or longer than {MAX_CODE} characters", "Enter the code of the course"
    if not said[STAFF] and not said[EMAIL]:
        return STAFF, "is empty", "Enter the staff number of the person"
    return None


_FORMS = ("%d/%m/%Y", "%d-%b-%Y", "%d %b %Y", "%d %B %Y", "%Y-%m-%d", "%d.%m.%Y", "%d/%m/%y", "%d-%b-%y")


def _day(said: str) -> date | None:
    """As Totara (31/03/2026), Oracle (31-MAR-2026) and ISO 8601 write it, whatever time follows."""
    if len(said) > LONGEST_DAY:
        return None  # nor is it looked for what time follows: that takes ever longer
    text = re.sub(r"[T, ]+(at )?\d{1,2}:\d\d(:\d\d)?.*$", "", said.strip())
    for form in _FORMS:
        try:
            found = datetime.strptime(text, form).date()  # noqa: DTZ007 a day has no zone
        except ValueError:
            continue
        return found if found.year >= 1990 else None
    return None
