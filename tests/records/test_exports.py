"""Rows of exports: dates, statuses and headings as other systems write them."""

from contextlib import suppress
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalogue.interchange.limits import Unreadable
from catalogue.records.exports import DAY, HEADINGS, NotDone, Told, lines
from catalogue.records.models import Source
from catalogue.spreadsheets import RowFault

TODAY = date(2026, 11, 26)
HEAD = "ID Number,Course Shortname,Status,Completion Date\n"


def one(row: str, head: str = HEAD, source: Source = Source.TOTARA) -> object:
    (line,) = lines((head + row + "\n").encode(), source, TODAY)
    return line


@pytest.mark.parametrize(
    "said",
    ["31/03/2026", "31-Mar-2026", "31-MAR-2026", "31 Mar 2026", "31 March 2026", "2026-03-31", "31.03.2026", "31/03/26",
     "2026-03-31T09:15:00Z", "31/03/2026 09:15", '"31 March 2026, 09:15"', '"31 Mar 2026 at 09:15"'],
)  # fmt: skip
def test_a_day_is_read_as_each_system_writes_it(said: str) -> None:
    assert one(f"1,a,Complete,{said}") == Told(2, "1", "", "a", date(2026, 3, 31))


@pytest.mark.parametrize("said", ["03/31/2026", "31/02/2026", "yesterday", "1", "01/01/1900", f"x{'T' * 90_000}x"])
def test_what_is_no_day_is_said_so(said: str) -> None:
    found = one(f"1,a,Complete,{said}")
    assert isinstance(found, RowFault)
    assert (found.row, found.column) == (2, DAY)


def test_a_day_to_come_is_wrong_and_today_is_not() -> None:
    assert isinstance(one("1,a,Complete,27/11/2026"), RowFault)
    assert isinstance(one("1,a,Complete,26/11/2026"), Told)


@pytest.mark.parametrize("status", ["In progress", "Not yet started", "No Show", "Enrolled", "Failed"])
def test_who_has_not_completed_it_is_left_out(status: str) -> None:
    assert one(f"1,a,{status},04/03/2026") == NotDone(2)


def test_the_next_column_counts_where_the_first_is_empty() -> None:
    head = "ID Number,Course ID Number,Course Shortname,Status,Completion Date\n"
    assert one("1,,short,Complete,04/03/2026", head) == Told(2, "1", "", "short", date(2026, 3, 4))
    assert one("1,id,short,Complete,04/03/2026", head) == Told(2, "1", "", "id", date(2026, 3, 4))


@pytest.mark.parametrize("source", HEADINGS)
def test_headings_are_known_in_any_letters_separators_and_encodings(source: Source) -> None:
    first = {column: names[0] for column, names in HEADINGS[source].items() if names}
    values = {"staff number": "1", "course": "Größe", "completion date": "04/03/2026", "status": "Completed"}
    for separator in ",;\t":
        for encoding in ("utf-8-sig", "cp1252", "utf-16"):
            head = separator.join(f" {name.upper()}_" for name in first.values())
            row = separator.join(values.get(column, "") for column in first)
            (line,) = lines(f"{head}\r\n{row}\r\n".encode(encoding), source, TODAY)
            assert line == Told(2, "1", "", "Größe", date(2026, 3, 4)), (separator, encoding)


@given(st.binary(max_size=400), st.sampled_from(list(HEADINGS)), st.booleans())
def test_whatever_is_sent_is_read_or_refused_and_never_a_fault(body: bytes, source: Source, headed: bool) -> None:
    with suppress(Unreadable):
        for line in lines((HEAD.encode() if headed else b"") + body, source, TODAY):
            assert line.row > 1
