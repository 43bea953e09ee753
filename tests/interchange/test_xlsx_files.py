"""Excel workbooks: the same columns as CSV, and nothing that unpacks into more than it should."""

import io
import zipfile
from datetime import date, datetime, time

import pytest

from catalogue.interchange.limits import Unreadable
from catalogue.interchange.reading import read
from catalogue.interchange.rows import OfferRow
from tests import drills
from tests.interchange.memory import growth
from tests.interchange.workbooks import BOMBS, SHEET_PART, inline, shared, sheet, with_parts, workbook


def offers(content: bytes) -> list[OfferRow]:
    return list(read(io.BytesIO(content), "offers.xlsx"))


def test_cells_are_what_the_spreadsheet_says_they_are() -> None:
    headings = ["Key", "Title", "Hours", "Members only", "Starts on", "Ends on", "Start time", "Places", "Run key"]
    may = datetime(2027, 5, 1, tzinfo=None)  # noqa: DTZ001 as Excel has it
    first, second = offers(
        workbook(
            [
                headings,
                (1023, "Café ☕", 1.5, True, may, date(2027, 5, 2), time(9, 30), 20.0, "may"),
                (),
                ("b", "'quoted", "#N/A", "no", "31/12/2026", None, "9am", "x", None),
            ]
        )
    )
    assert (first.key, first.number, first.faults) == ("1023", 2, ())
    assert first.offer == {"title": "Café ☕", "hours": 1.5, "members_only": True}
    (run,) = first.runs
    assert (run["key"], run["starts_on"], run["ends_on"]) == ("may", date(2027, 5, 1), date(2027, 5, 2))
    assert (run["start_time"], run["places"]) == (time(9, 30), 20)
    assert (second.number, second.offer["title"]) == (4, "'quoted")
    assert [(fault.row, fault.column) for fault in second.faults] == [(4, "Hours"), (4, "Places")]


def test_texts_that_cells_share_are_read() -> None:
    found = offers(shared(["a", "A", "b", "A &amp; B"]))
    assert [(offer.key, offer.offer["title"]) for offer in found] == [("a", "A"), ("b", "A & B")]


def test_a_row_keeps_its_number_where_rows_are_left_out() -> None:
    (offer,) = offers(with_parts({SHEET_PART: sheet(f'<row r="7">{inline(["a", "A"])}</row>')}))
    assert offer.number == 7


def test_a_size_that_is_declared_too_small_loses_nothing() -> None:
    content = with_parts(
        {
            SHEET_PART: sheet(f"<row>{inline(['a', 'A'])}</row>").replace(
                "<sheetData>", '<dimension ref="A1"/><sheetData>'
            )
        }
    )
    assert [offer.key for offer in offers(content)] == ["a"]


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_bomb_is_refused_in_plain_words(bomb: str) -> None:
    with pytest.raises(Unreadable) as refused:
        offers(BOMBS[bomb]())
    assert str(refused.value).endswith(".")
    assert refused.value.remedy.endswith(".")


def test_what_is_no_workbook_is_refused() -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as written:
        written.writestr("content.xml", "<office/>")
    whole = workbook([("key", "title"), ("a", "A")])
    for content in (
        archive.getvalue(),
        whole[:-200],
        whole[:50] + b"\xff" * 100 + whole[150:],
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" * 100,
    ):
        with pytest.raises(Unreadable):
            offers(content)


def test_no_file_takes_much_memory() -> None:
    """Twelve bombs one after another in a process of its own, and a workbook as large as it may be."""
    chance, count = drills.dice(), drills.many(4_000, 20_000)
    large = shared(f"{chance.getrandbits(1600):x}" for _ in range(2 * count))
    files = [make() for make in BOMBS.values()]
    assert len(files) >= 12
    grown, read = growth([*files, large])
    drills.say(f"workbooks: {len(files)} bombs refused, {len(large):,} bytes read; memory grew by {grown:,} bytes")
    assert read >= count
    assert grown < 50_000_000
