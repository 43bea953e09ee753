"""Reading what is held about a person, wherever it stands."""

from base64 import b64encode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import Column, Row, Table, func, literal, select, union_all

from catalogue.errors import NotThere
from catalogue.extensions import db
from catalogue.people import queries as people
from catalogue.people.models import Account, Person
from catalogue.people.rules import fold_email
from catalogue.privacy.placing import Rows, Subject, places

AT_A_TIME = 500
LABELS = {
    "offer": "slug", "run": "starts_on", "run_session": "title", "step": "title", "team": "name",
    "organisation": "name", "system": "name", "seat": "name", "framework": "label", "dimension": "name",
    "statement": "self_form", "identity_provider": "name",
    "lti_platform": "name", "lti_resource_link": "title",
}  # fmt: skip
"""What a row that is referred to is called, by table, so that an export can be read without our numbers."""
Told = str | int | float | bool | None | list[Any] | dict[str, Any]


@dataclass(frozen=True, slots=True)
class Held:
    """So many rows under one heading."""

    rows: Rows
    count: int


def subject_of(person: Person) -> Subject:
    proven = people.sign_in_addresses(person)
    return Subject(
        person.id, person.key, person.name, tuple(sorted(people.addresses_of(person))), tuple(sorted(proven))
    )


def person_by(said: str) -> Person:
    """Who has this key, or this address to sign in with; raises ``NotThere``."""
    account = select(Account.person_id).where(Account.email == fold_email(said))
    found = db.session.scalar(select(Person).where((Person.key == said.strip()) | Person.id.in_(account)))
    if found is None:
        raise NotThere
    return found


def held_about(subject: Subject) -> list[Held]:
    """What there is, heading by heading in the order of the table, counted in one question."""
    rows = places().rows
    counts = union_all(
        *(
            select(literal(number).label("number"), func.count().label("count"))
            .select_from(r.place)
            .where(r.of(subject))
            for number, r in enumerate(rows)
        )
    )
    found = {number: count for number, count in db.session.execute(counts) if count}
    return [Held(one, found[number]) for number, one in enumerate(rows) if number in found]


def shown(rows: Rows, subject: Subject) -> Iterator[dict[str, Told]]:
    """Each of the rows as it is shown to the person: names of columns in our words, and of what they refer to."""
    table = rows.place
    columns = [table.c[name] for name in rows.shown.split()]
    query = select(*columns).where(rows.of(subject)).order_by(*table.primary_key.columns)
    for some in db.session.execute(query, execution_options={"yield_per": AT_A_TIME}).partitions():
        labels: dict[str, dict[Any, Told]] = {
            column.name: _labels(there, column, some) for column in columns if (there := _named(column)) is not None
        }
        if table.name == "audit_event" and "subject" in rows.shown.split():
            labels["subject"] = _runs(some)
        for row in some:
            yield {
                _heading(column): labels[column.name].get(value, value)
                if column.name in labels
                else told(rows.told.get(column.name, _as_it_is)(value, subject))
                for column, value in zip(columns, row, strict=True)
            }


def _as_it_is(value: Any, _subject: Subject) -> Any:
    return value


def told(value: Any) -> Told:
    """A value as JSON has it; a file in base64."""
    if isinstance(value, date):  # and moments
        return value.isoformat()
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, bytes):
        return b64encode(value).decode()
    return value  # type: ignore[no-any-return]


def _heading(column: Column[Any]) -> str:
    return column.name.removesuffix("_id") if _named(column) is not None else column.name


def _named(column: Column[Any]) -> Table | None:
    """The table that the column refers to, where its rows have names."""
    there = next((key.column.table for key in column.foreign_keys), None)
    return there if there is not None and there.name in LABELS else None


def _runs(rows: Sequence[Row[Any]]) -> dict[str, Told]:
    """What the runs are that events were about, by how those name them ("run:7")."""
    named = {row.subject for row in rows if row.subject.startswith("run:")}
    run, offer = (db.metadata.tables[name].c for name in ("run", "offer"))
    ids = [int(number) for one in named if (number := one.removeprefix("run:")).isdecimal()]
    found = db.session.execute(
        select(run.id, run.starts_on, offer.slug).where(run.id.in_(ids), run.offer_id == offer.id)
    )
    return {f"run:{number}": f"{slug}, {starts_on.isoformat()}" for number, starts_on, slug in found}


def _labels(there: Table, column: Column[Any], rows: Sequence[Row[Any]]) -> dict[int, Told]:
    wanted = {row._mapping[column.name] for row in rows} - {None}
    found = db.session.execute(select(there.c.id, there.c[LABELS[there.name]]).where(there.c.id.in_(wanted)))
    return {number: told(label) for number, label in found}
