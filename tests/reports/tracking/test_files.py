"""The files: what is on the page, to the row; harmless; and written with little memory, however much it is."""

import csv
import io
import subprocess
import sys
from collections.abc import Iterator, Sequence
from datetime import date
from tempfile import TemporaryFile
from typing import Any

import pytest
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from bench.enrolments import enrolments
from catalogue.reports.tracking.files import xlsx_file
from catalogue.settings import Settings
from catalogue.spreadsheets import BYTE_ORDER_MARK, Cell, csv_lines
from tests.conftest import Ask
from tests.drills import many, say
from tests.interchange.memory import PEAK
from tests.reports.tracking.conftest import World
from tests.visitor import ORIGIN, Visitor

MOST = many(15, 50) * 1024**2  # bytes


def shown(visitor: Visitor, path: str) -> Iterator[list[str]]:
    """The rows of all pages: number, person, offer, state, and the days of joining and completing."""
    while path:
        page = visitor.get(path)
        for row in page.select("tr[id^=row-]"):
            cells = [next(iter(cell.stripped_strings)) for cell in row.select("th, td")]
            yield [str(row["id"]).removeprefix("row-"), *cells[:2], *cells[-4:]]
        older = page.find("a", string="Older")
        path = str(older["href"]) if older else ""  # type: ignore[index]


def in_csv(visitor: Visitor, query: str) -> list[dict[str, str]]:
    visitor.get(f"/track/completions.csv?{query}")
    return list(csv.DictReader(io.StringIO(visitor.response.text.removeprefix(BYTE_ORDER_MARK), newline="")))


def in_xlsx(visitor: Visitor, query: str) -> list[dict[str, Any]]:
    answer = visitor.client.get(f"/track/completions.xlsx?{query}", base_url=ORIGIN)
    (sheet,) = load_workbook(io.BytesIO(answer.data)).worksheets
    header, *rows = sheet.iter_rows(values_only=True)
    assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row)
    return [dict(zip(map(str, header), row, strict=True)) for row in rows]


def written(day: str) -> str:
    """A day as a page writes it."""
    if not day:
        return "–"
    found = date.fromisoformat(day[:10])
    return f"{found.day} {found:%B %Y}"


@pytest.mark.both_databases
@pytest.mark.parametrize("query", ["", "state=overdue", "system=nottinghamshire", "state=completed&since=2026-01-01"])
def test_files_are_the_filtered_page_to_the_row(app: Flask, administrator: Visitor, change: Ask, query: str) -> None:
    change(lambda: enrolments(230))
    pages = list(shown(administrator, f"/track?names=1&{query}"))
    from_csv, from_xlsx = in_csv(administrator, f"names=1&{query}"), in_xlsx(administrator, f"names=1&{query}")
    states = [row[3] for row in pages]
    assert len(pages) > 2
    for file in (from_csv, from_xlsx):
        assert [str(row["Number"]) for row in file] == [row[0] for row in pages]
        assert [str(row["Person"]).removeprefix("'") for row in file] == [row[1] for row in pages]
        assert [row["Offer"] for row in file] == [row[2] for row in pages]
        assert [row["State"] for row in file] == states
        assert [written(str(row["Joined"] or "")) for row in file] == [row[4] for row in pages]
        assert [written(str(row["Completed"] or "")) for row in file] == [row[5] for row in pages]
        assert [str(row["Days to complete"] if row["Days to complete"] not in (None, "") else "–") for row in file] == [
            row[6] for row in pages
        ]
    assert f"{len(pages)} enrolment" in administrator_says(administrator, query)


def administrator_says(visitor: Visitor, query: str) -> str:
    visitor.get(f"/track?{query}")
    return visitor.text()


def test_who_did_not_ask_for_names_has_none(world: World, administrator: Visitor) -> None:
    assert "Person" not in in_csv(administrator, "")[0]
    assert "Person" not in in_xlsx(administrator, "")[0]


texts = st.text(st.characters(codec="utf-8", exclude_characters="\0", exclude_categories=("Cs",)), max_size=20)
signs = st.sampled_from(["=", "+", "-", "@", "\t", "\r", "'=", " =", "＝", "http://", "{=", "1e3", ""])
cells = st.one_of(st.builds(lambda sign, text: sign + text, signs, texts), st.integers(-5, 5), st.none(), st.dates())


def workbook(header: Sequence[str], rows: Sequence[Sequence[Cell]], most: int = 1000) -> Any:
    with TemporaryFile() as made:
        for part in xlsx_file(header, rows, most):
            made.write(part)
        made.seek(0)
        return load_workbook(io.BytesIO(made.read()))


@settings(deadline=None, max_examples=40)
@given(st.lists(st.lists(cells, min_size=3, max_size=3), min_size=1, max_size=5))
def test_no_cell_of_a_spreadsheet_is_anything_but_text_a_number_or_a_day(rows: list[list[Cell]]) -> None:
    book = workbook(["=a", "b", "c"], rows)
    for row in book.active.iter_rows():
        for cell in row:
            assert cell.data_type in ("s", "n", "d", "inlineStr")
            assert cell.hyperlink is None
    for lines in csv.reader(io.StringIO("".join(csv_lines(["a"], rows)), newline="")):
        for text in lines:
            assert not text or (text[0] not in "=+@\t\r" and (text[0] != "-" or text[1:].isdigit()))


def test_more_rows_than_a_sheet_holds_go_on_in_the_next() -> None:
    book = workbook(["n"], [[number] for number in range(25)], most=11)
    sheets = [[row[0] for row in sheet.iter_rows(values_only=True)] for sheet in book.worksheets]
    assert [sheet[0] for sheet in sheets] == ["n"] * 3
    assert [number for sheet in sheets for number in sheet[1:]] == list(range(25))
    assert [len(sheet) for sheet in sheets] == [11, 11, 6]


_MEASURE = f"""
import sys
from sqlalchemy import select
from catalogue.extensions import db
from catalogue.people import actions
from catalogue.people.models import Account
from catalogue.settings import Settings
from catalogue.transactions import run
from everyseat import create_app
from tests.visitor import ORIGIN, Visitor
{PEAK}
app = create_app(Settings(env="development", database_url=sys.argv[1], instance=sys.argv[2]))
with app.app_context():
    find = select(Account).where(Account.email == "adam.administrator@test.example")
    token = run(lambda: actions.begin_sign_in(db.session.scalars(find).one().person, "password"))
client = Visitor(app, token).client
def read(name, query):
    answer, size, lines = client.get(f"/track/completions.{{name}}?{{query}}", base_url=ORIGIN, buffered=False), 0, 0
    for part in answer.iter_encoded():
        size, lines = size + len(part), lines + part.count(b"\\n")
    return size, lines
for name in ("csv", "xlsx"):  # what all of this takes by itself
    read(name, "names=1&state=declined&since=2026-11-01")
for name in ("csv", "xlsx"):
    before = peak()
    size, lines = read(name, "names=1")
    print(name, peak() - before, size, lines)
"""


@pytest.mark.both_databases
def test_very_many_rows_take_little_memory(
    app: Flask, administrator: Visitor, change: Ask, settings: Settings, database: str
) -> None:
    count = many(6_000, 1_000_000)
    change(lambda: enrolments(count))
    command = [sys.executable, "-c", _MEASURE, settings.database, str(settings.instance)]
    ran = subprocess.run(command, check=True, capture_output=True, text=True, timeout=3600)
    for line in ran.stdout.splitlines():
        name, *figures = line.split()
        grown, size, lines = map(int, figures)
        say(f"export, {database}: {count:,} rows as {name}: {size / 1e6:.0f} MB, peak memory grew {grown / 1e6:.0f} MB")
        assert grown < MOST, line
        assert name != "csv" or lines == count + 1
    assert len(ran.stdout.splitlines()) == 2
