"""Tables for spreadsheet programs: no cell is a formula, and what was written can be read back."""

import csv
import io
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import islice, repeat

from hypothesis import example, given
from hypothesis import strategies as st

from catalogue.spreadsheets import csv_lines, harmless, plain

SIGNS = ("=", "+", "-", "@", "\t", "\r")
texts = st.text(st.characters(exclude_categories=["Cs"])) | st.builds(
    "".join, st.lists(st.sampled_from([*SIGNS, "'", " ", "\n", '"', ",", ";", "a", "1", "\u00a0", "＝"]), max_size=8)
)


def read_back(text: str) -> list[list[str]]:
    return [[plain(cell) for cell in row] for row in csv.reader(io.StringIO(text, newline=""))]


@given(texts)
@example("=1+1")
@example("  =1+1")
@example("\u00a0@SUM(A1)")
@example("'=1+1")
@example("-2 + 3")
def test_no_cell_is_a_formula(text: str) -> None:
    written = str(harmless(text))
    assert not written.startswith(("\t", "\r"))
    assert not written.lstrip().startswith(SIGNS)


@given(st.lists(st.lists(texts, min_size=2, max_size=2), min_size=1))
@example([["'=1", "''=1"], ["' =1", "'a"]])
def test_reading_back_gives_what_was_written(rows: list[list[str]]) -> None:
    written = "".join(csv_lines(["a", "=b"], rows, bom=True))
    assert written.startswith("\ufeff")
    assert read_back(written.removeprefix("\ufeff")) == [["a", "=b"], *rows]


@given(st.lists(st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.decimals(allow_nan=False)))
def test_numbers_stay_numbers(numbers: list[int | float | Decimal]) -> None:
    written = "".join(csv_lines([str(place) for place in range(len(numbers) + 1)], [[*numbers, "end"]]))
    assert written.splitlines()[1] == ",".join([*map(str, numbers), "end"])


def test_days_and_moments_are_written_as_iso_8601_says_and_nothing_as_nothing() -> None:
    row = [date(2026, 11, 2), datetime(2026, 11, 2, 9, 30, tzinfo=UTC), None, "-5", -5]
    assert "".join(csv_lines(["day"], [row])) == "day\r\n2026-11-02,2026-11-02T09:30:00+00:00,,'-5,-5\r\n"


def test_a_line_is_made_when_it_is_asked_for() -> None:
    assert list(islice(csv_lines(["a"], repeat(["b"])), 3)) == ["a\r\n", "b\r\n", "b\r\n"]
