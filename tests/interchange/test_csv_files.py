"""CSV from anybody's spreadsheet: what is taken as it is, and what is said about the rest."""

import csv
import io
from collections.abc import Callable
from datetime import date, time
from typing import Any

import pytest

from catalogue.interchange import limits
from catalogue.interchange.limits import Unreadable
from catalogue.interchange.names import Names
from catalogue.interchange.reading import Reading, read
from catalogue.interchange.rows import OfferRow

NAMES = Names(
    {
        "conditions": {
            "compassion": "Compassionate, inclusive and effective leaders",
            "learning": "Systems for learning",
        },
        "seats": {"ward-manager": "Ward manager", "porter": "Porter or domestic"},
        "dimensions": {"care": "Leading with care", "team": "Engaging the team"},
        "levels": {"insufficient": "Insufficient", "essential": "Essential", "strong": "Strong"},
    }
)


def reading(text: str | bytes, name: str = "offers.csv") -> Reading:
    return read(io.BytesIO(text.encode() if isinstance(text, str) else text), name, NAMES)


def offers(text: str | bytes) -> list[OfferRow]:
    return list(reading(text))


def table(*rows: dict[str, Any]) -> str:
    written = io.StringIO()
    writer = csv.DictWriter(written, list({name: None for row in rows for name in row}), restval="")
    writer.writeheader()
    writer.writerows(rows)
    return written.getvalue()


def one(**cells: Any) -> OfferRow:
    (offer,) = offers(table({"key": "a", "title": "A", **cells}))
    return offer


def test_an_offer_with_two_runs_takes_two_rows() -> None:
    (offer,) = offers(
        table(
            {"key": "huddle", "title": "Huddles", "hours": "1.5", "run_key": "may", "starts_on": "2027-05-01"},
            {"key": "huddle", "title": "", "hours": "1.5", "run_key": "june", "starts_on": "2027-06-01"},
        )
    )
    assert (offer.number, offer.key, offer.run_numbers, offer.faults) == (2, "huddle", (2, 3), ())
    assert offer.offer == {"title": "Huddles", "hours": 1.5}
    assert offer.runs == (
        {"key": "may", "starts_on": date(2027, 5, 1)},
        {"key": "june", "starts_on": date(2027, 6, 1)},
    )


@pytest.mark.parametrize(
    ("column", "cell", "field", "value"),
    [
        ("hours", "1.5", "hours", 1.5),
        ("hours", "90 minutes", "hours", 1.5),
        ("hours", "1,200 hours", "hours", 1200),
        ("price_pounds", "£1,250.50", "price_pounds", 1250.5),
        ("price_pounds", "Free", "price_pounds", 0),
        ("price_pounds", "12 GBP", "price_pounds", 12),
        ("members_only", "Yes", "members_only", True),
        ("hours_estimated", "FALSE", "hours_estimated", False),
        ("mode", "In person", "mode", "in-person"),
        ("mode", "Self paced", "mode", "self-paced"),
        ("outcomes", "One | Two", "outcomes", ["One", "Two"]),
        ("outcomes", "Say a|b\nTwo", "outcomes", ["Say a|b", "Two"]),
        ("conditions", "Compassionate, inclusive and effective leaders", "conditions", ["compassion"]),
        ("conditions", "learning, COMPASSION", "conditions", ["learning", "compassion"]),
        ("conditions", "systems for  learning; learning", "conditions", ["learning"]),
        ("seats", "Porter or domestic | Astronaut", "seats", ["porter", "Astronaut"]),
        ("partners", "acme|beta", "partners", ["acme", "beta"]),
        ("summary", "'=SUM(A1)", "summary", "=SUM(A1)"),
        ("summary", "'Tis", "summary", "'Tis"),
    ],
)
def test_cells_are_read_forgivingly(column: str, cell: str, field: str, value: object) -> None:
    offer = one(**{column: cell})
    assert offer.faults == ()
    assert offer.offer[field] == value


@pytest.mark.parametrize(
    ("column", "cell", "field", "value"),
    [
        ("starts_on", "31/12/2026", "starts_on", date(2026, 12, 31)),
        ("starts_on", "1.2.2027", "starts_on", date(2027, 2, 1)),
        ("ends_on", "31 December 2026", "ends_on", date(2026, 12, 31)),
        ("ends_on", "3-Sept-2026", "ends_on", date(2026, 9, 3)),
        ("start_time", "9.30am", "start_time", time(9, 30)),
        ("start_time", "12 pm", "start_time", time(12)),
        ("end_time", "17:00:00", "end_time", time(17)),
        ("run_price_pounds", "0", "price_pounds", 0),
        ("places", "1,000", "places", 1000),
        ("run_place", "Leeds", "place", "Leeds"),
        ("run_accessibility", "Step-free", "accessibility", "Step-free"),
    ],
)
def test_cells_of_runs_are_read_forgivingly(column: str, cell: str, field: str, value: object) -> None:
    offer = one(**{column: cell})
    assert offer.faults == ()
    assert offer.runs == ({field: value},)


def test_a_mapping_takes_keys_and_names() -> None:
    offer = one(mapping="Leading with care: Insufficient > essential (Builds) | other/x: a to b (touches)")
    assert offer.offer["mapping"] == [
        {"framework": "", "dimension": "care", "from": "insufficient", "to": "essential", "strength": "builds"},
        {"framework": "other", "dimension": "x", "from": "a", "to": "b", "strength": "touches"},
    ]


def test_steps_have_a_title_minutes_and_text() -> None:
    offer = one(steps="## Plan (10 minutes)\nWrite.\n\n\\## not a step\n## Do it (1 min) [act]\nStand.")
    assert offer.offer["step"] == [
        {"key": "step-1", "title": "Plan", "minutes": 10, "text": "Write.\n\n## not a step"},
        {"key": "act", "title": "Do it", "minutes": 1, "text": "Stand."},
    ]


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        ("hours", "1,5"), ("hours", "some"), ("hours", "٣"), ("price_pounds", "€20"), ("price_pounds", "-5"),
        ("members_only", "perhaps"), ("starts_on", "12/31/2026"), ("starts_on", "31/12/26"),
        ("starts_on", "30 Foo 2026"), ("mapping", ">" * 90_000), ("summary", "x" * 5_000 + "\0"),
        ("ends_on", "tomorrow"), ("start_time", "9"), ("start_time", "13pm"), ("end_time", "25:00"), ("places", "some"),
        ("places", "12.5"), ("places", "9" * 20), ("mapping", "care"), ("mapping", "care: > (builds)"),
        ("steps", "Plan"), ("steps", "## Plan"), ("place", "a\x01b"), ("summary", "a\x1b[0m"),
        ("summary", "x" * 100_001),
    ],
)  # fmt: skip
def test_a_cell_that_cannot_be_read_is_named_with_row_column_and_remedy(column: str, cell: str) -> None:
    (offer,) = offers(table({"key": "a", "title": "A", " " + column.upper().replace("_", " "): cell}))
    (fault,) = offer.faults
    assert (fault.row, fault.column) == (2, column.upper().replace("_", " "))
    assert fault.reason
    assert fault.remedy.endswith((".", ")"))
    assert len(fault.reason) < 200


def test_a_row_is_numbered_as_a_spreadsheet_numbers_it() -> None:
    text = '\n\nkey,title,summary,hours\n\na,A,"two\nlines",1\nb,B,,x\n'
    first, second = offers(text)
    assert (first.number, first.offer["summary"]) == (5, "two\nlines")
    assert (second.number, second.faults[0].row) == (6, 6)


def test_headings_are_known_whatever_their_case_and_what_they_are_called_is_kept() -> None:
    (offer,) = offers("Key,TITLE,Price (£),price pounds,Run-Key\na,A,,20,r\n")
    assert offer.offer == {"title": "A", "price_pounds": 20}
    assert offer.columns["price_pounds"] == "price pounds"
    assert offer.columns["run.key"] == "Run-Key"


def test_columns_that_are_not_ours_are_left_out_and_named() -> None:
    found = reading("key,title,sumary,owner\na,A,B,C\n")
    (offer,) = found
    assert offer.offer == {"title": "A"}
    assert any("sumary" in note and "summary" in note for note in found.notes)
    assert any("owner" in note for note in found.notes)


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize(
    ("encode", "said"),
    [
        (lambda text: text.encode(), 0),
        (lambda text: text.encode("utf-8-sig"), 0),
        (lambda text: text.encode("utf-16"), 0),
        (lambda text: text.encode("cp1252"), 1),
    ],
)
def test_encodings_and_separators_are_found_out(separator: str, encode: Callable[[str], bytes], said: int) -> None:
    text = (
        separator.join(["key", "title", "price_pounds"]) + "\r\n" + separator.join(["a", "Café – one", "£5"]) + "\r\n"
    )
    found = reading(encode(text))
    (offer,) = found
    assert offer.offer == {"title": "Café – one", "price_pounds": 5}
    assert len(found.notes) == said


def test_rows_of_an_offer_that_stand_apart_are_a_fault_of_the_later_one() -> None:
    found = offers(table(*({"key": key, "title": key} for key in ("a", "b", "a"))))
    assert [len(offer.faults) for offer in found] == [0, 0, 1]
    assert "row 2" in found[2].faults[0].reason


def test_a_file_of_faults_alone_is_not_kept_whole() -> None:
    names = ("hours", "price_pounds", "members_only", "starts_on", "ends_on", "start_time", "places")
    rows = "".join(f"k{number},T{',x' * len(names)}\n" for number in range(3_000))
    found = offers(f"key,title,{','.join(names)}\n{rows}")
    assert len(found) == 3_000
    assert len(found[0].faults) == len(names)
    assert min(len(offer.faults) for offer in found) == 1, "each of them is still wrong"
    assert sum(len(offer.faults) for offer in found) < 10_000 + 3_000


def test_rows_of_an_offer_that_disagree_are_a_fault() -> None:
    (offer,) = offers(table({"key": "a", "title": "A", "place": "Leeds"}, {"key": "a", "title": "A", "place": "York"}))
    (fault,) = offer.faults
    assert (fault.row, fault.column) == (3, "place")


def test_a_row_without_a_key_is_a_fault_of_its_own() -> None:
    first, second = offers("key,title,places\na,A,\n,,5\n,B,\n")
    assert [(fault.row, fault.column) for fault in first.faults] == [(3, "key")]
    assert [(fault.row, fault.column) for fault in second.faults] == [(4, "key")]


def test_a_comma_too_many_is_a_fault() -> None:
    (offer,) = offers("key,title\na,A,b\n")
    assert (offer.faults[0].row, offer.faults[0].column) == (2, "column 3")


@pytest.mark.parametrize(
    "content",
    [
        b"", b" \r\n \n", b"%PDF-1.7\0\0", b"\x89PNG\r\n\x1a\n\0\0", b"a,b\n\x81\x8d", b"\xff\xfea",
        "name,title\n1,2\n", "key,key,title\na,b,c\n", 'key,title\na,"never closed' + "\nx" * 600_000,
        "key,title\n" + "," * 1_500_000,
        "key" + ",x" * 300 + "\n", "x" * 2_000_000,
    ],
)  # fmt: skip
def test_what_is_no_table_of_offers_is_refused_in_plain_words(content: str | bytes) -> None:
    with pytest.raises(Unreadable) as refused:
        offers(content)
    assert str(refused.value).endswith(".")
    assert refused.value.remedy.endswith(".")


def test_there_is_a_limit_to_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Unreadable, match="20 MB"):
        offers(b"key,title\n" + b"x" * limits.MAX_FILE)
    with pytest.raises(Unreadable, match="20,000 offers"):
        offers("key,title\n" + "".join(f"{number},A\n" for number in range(20_001)))
    with pytest.raises(Unreadable, match="1,000 runs"):
        offers("key,title,places\n" + "a,A,1\n" * 1_001)
    with pytest.raises(Unreadable, match="100,000 rows"):
        offers("key,title\n" + "a,A\n" * 100_001)
