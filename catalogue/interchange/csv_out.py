"""Offers as a table: a row for each run, or one for an offer without; ``tables`` reads it again."""

from collections.abc import Iterable, Iterator
from typing import Any

from catalogue.interchange.columns import COLUMNS
from catalogue.interchange.rows import RunRow
from catalogue.offers.content import OfferContent
from catalogue.spreadsheets import csv_lines

Described = tuple[str, OfferContent, tuple[RunRow, ...]]
"""Key, what it says, and its runs."""


TEMPLATE = {
    "key": "lead-1", "title": "Lead a calm handover", "summary": "Hand over a shift so that nothing is lost.",
    "outcomes": "Say what matters first | Check what was heard",
    "description": "Two mornings with people of other wards.",
    "prerequisites": "None", "accessibility": "Step-free, with a hearing loop", "url": "https://provider.example/lead-1",
    "mode": "in person", "hours": "6", "hours_estimated": "no", "price_pounds": "120", "place": "Leeds",
    "seats": "ward-manager", "conditions": "compassion | improvement", "members_only": "no",
    "mapping": "team: essential > proficient (builds)",
    "run_key": "lead-1-may", "starts_on": "2027-05-04", "ends_on": "2027-05-05", "start_time": "09:30",
    "end_time": "12:30", "run_place": "Leeds", "venue": "The Tannery, 91 Kirkstall Road", "places": "20",
}  # fmt: skip
"""One offer with one run, to show how it is done."""


def lines(offers: Iterable[Described]) -> Iterator[str]:
    return csv_lines([column.name for column in COLUMNS], _rows(offers), bom=True)


def template() -> Iterator[str]:
    row = [TEMPLATE.get(column.name, "") for column in COLUMNS]
    return csv_lines([column.name for column in COLUMNS], [row], bom=True)


def _rows(offers: Iterable[Described]) -> Iterator[list[Any]]:
    for key, content, runs in offers:
        said = content.model_dump(by_alias=True) | {"key": key}
        for place, run in enumerate(runs or (None,)):
            of_run = run.model_dump() if run else {}
            whole = said if place == 0 else {"key": key}
            yield [_cell(column.give, (of_run if column.of_run else whole).get(column.field)) for column in COLUMNS]


def _cell(give: Any, value: Any) -> Any:
    return "" if value is None or value in ("", []) else give(value)
