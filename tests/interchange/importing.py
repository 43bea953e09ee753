"""Rows of offers for the tests of imports, and imports of them without a file."""

import csv
import io
from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import literal, select

from catalogue.extensions import db
from catalogue.interchange.access import Rights
from catalogue.interchange.columns import COLUMNS
from catalogue.interchange.plan import PlannedRow
from catalogue.interchange.rows import OfferRow
from catalogue.interchange.write import By, plan_all, write_all
from catalogue.people.models import Person
from catalogue.systems.models import Organisation
from catalogue.transactions import run

PROVIDER = "example-saltbeck"
MAPPING = {"framework": "", "dimension": "care", "from": "essential", "to": "proficient", "strength": "builds"}


def course(number: int, **said: Any) -> dict[str, Any]:
    """All that is needed to publish."""
    return {
        "title": f"Leading a team, part {number}",
        "summary": f"How to lead a team: part {number}.",
        "outcomes": ["Say what a team is for", "Hold a meeting that ends on time"],
        "description": f"Part {number} of a series on leading a team in health and care.",
        "mode": "in-person",
        "hours": 6.0,
        "place": "Leeds",
        "conditions": ["compassion"],
        "mapping": [
            {"framework": "", "dimension": "care", "from": "essential", "to": "proficient", "strength": "builds"}
        ],
        **said,
    }


def dates(key: str, **said: Any) -> dict[str, Any]:
    """A run."""
    return {
        "key": key, "starts_on": date(2031, 3, 1), "ends_on": date(2031, 3, 2), "place": "Leeds", "places": 2, **said
    }  # fmt: skip


def rows(count: int, **said: Any) -> list[OfferRow]:
    return [OfferRow(number + 1, f"c{number}", course(number, **said), (dates("a"),)) for number in range(1, count + 1)]


def provider() -> Organisation:
    return db.session.scalars(select(Organisation).where(Organisation.key == PROVIDER)).one()


def dry_run(wanted: Sequence[OfferRow], rights: Rights = Rights.PUBLISH) -> list[PlannedRow]:
    return [row for chunk in plan_all(provider().id, wanted, rights) for row in chunk]


def import_rows(
    wanted: Sequence[OfferRow], rights: Rights = Rights.PUBLISH, person_id: int | None = None
) -> list[PlannedRow]:
    def write() -> list[PlannedRow]:
        person = db.session.get_one(Person, person_id) if person_id else None
        return [row for chunk in write_all(provider(), wanted, By(rights, person)) for row in chunk]

    return run(write)


def kinds(planned: Sequence[PlannedRow]) -> list[str]:
    return [str(row.kind) for row in planned]


def everything(connection: Any = None, *, ids: bool = True) -> dict[str, list[tuple[Any, ...]]]:
    """What stands in every table that an import writes, but for when; without ``ids``, also but for its numbers."""
    said = {}
    for table in db.metadata.sorted_tables:
        if table.name in (
            "audit_event",
            "audit_head",
            "sign_in",
            "offer_import",
            "offer_feed",
            "delivery",
            "catalogue_change",
        ):
            continue
        columns = [column for column in table.columns if not column.name.endswith("_at")]
        if not ids:  # a sequence of PostgreSQL goes on, whatever was taken back
            columns = [column for column in columns if column.name != "id" and not column.foreign_keys] or [literal(1)]
        said[table.name] = sorted(
            (
                tuple(str(value) for value in row)
                for row in (connection or db.session).execute(select(*columns).select_from(table))
            ),
        )
    return said


def as_csv(wanted: Sequence[OfferRow]) -> str:
    """A partner's file: a row for each offer, with the first of its runs."""
    written = io.StringIO()
    columns = [column for column in COLUMNS if column.name != "steps"]
    table = csv.writer(written)
    table.writerow([column.name for column in columns])
    for row in wanted:
        offer, dates = row.offer | {"key": row.key}, row.runs[0] if row.runs else {}
        said = [(dates if column.of_run else offer).get(column.field) for column in columns]
        table.writerow(
            ["" if value is None else column.give(value) for column, value in zip(columns, said, strict=True)]
        )
    return written.getvalue()
