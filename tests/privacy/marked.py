"""A person about whom there is a row in every table, with a marker in every text."""

from datetime import date
from typing import Any

from sqlalchemy import JSON, Boolean, Column, Date, DateTime, LargeBinary, String, Table, insert, select, update

from catalogue.clock import now, today
from catalogue.extensions import UtcDateTime, db
from catalogue.people.models import Account, Person
from catalogue.people.rules import fold_email
from catalogue.privacy.placing import Rows, Subject, places
from catalogue.privacy.whose import STAFF
from catalogue.systems.models import Membership

SET: dict[str, dict[str, Any]] = {
    "enrolment": {"state": "completed", "allocation_id": None, "run_id": None},
    "completion": {"by": "provider", "voided_at": now(), "by_person_id": None},
    "answer": {"agreement": 1},
    "credential": {"revoked_at": now()},
    "grant": {"role": "facilitator", "starts_on": None, "ends_on": None},
    "assessment": {"state": "closed"},
    "delivery": {"kind": "mail", "state": "waiting"},
    "sign_in": {"ended_at": None},
    "feedback_round": {"state": "released", "closed_at": now()},
    "person": {"suspended_at": None},
}
"""What a table's own rules ask for, or what its rows would else not be found by."""


def mark_everything(person_id: int, marker: str) -> None:
    """Within a transaction, one row for each of the person's own places, that none has yet."""
    person = db.session.get_one(Person, person_id)
    person.name, person.email = f"{marker} Name", f"{marker}@test.example"
    db.session.flush()
    subject = Subject(person_id, person.key, person.name, (person.email,), (person.email,))
    made: dict[str, Any] = {"person": person_id}
    order = {table.name: number for number, table in enumerate(db.metadata.sorted_tables)}
    for rows in sorted(places().rows, key=lambda rows: (callable(rows.whose), order[rows.table])):
        if rows.table != "person" and not rows.names:
            made[rows.table] = _row(rows, subject, made, marker)
    db.session.execute(update(Account).where(Account.person_id == person_id).values(email=fold_email(person.email)))


def _row(rows: Rows, subject: Subject, made: dict[str, Any], marker: str) -> Any:
    table, number = rows.place, len(made)
    values: dict[str, Any] = {}
    for column in table.columns:
        if column.foreign_keys:
            values[column.name] = _referred(column, made)
        elif not (column.primary_key and not isinstance(column.type, String)):
            values[column.name] = _value(column, f"{marker}{rows.table}{number}{column.name}"[: _room(column)])
    values |= SET.get(rows.table, {})
    if rows.table == "audit_event":
        values |= {"actor_key": subject.key, "subject": subject.key, "number": None}
        if "detail" not in rows.shown.split():  # a list of people, which does not name them
            staff = db.session.get_one(Membership, made["membership"]).organisation
            values |= {"actor_key": "another", "action": STAFF, "subject": f"organisation:{staff.key}"}
    if rows.table == "completion":
        values["by_person_id"] = subject.id
    if rows.table == "delivery":
        values["payload"] = {"to": subject.emails[0], "text": f"Dear {marker}"}
        if callable(rows.whose) and rows.whose.__module__.startswith("lti"):
            values |= {"kind": "score", "lane": f"score:1:1:{made['lti_identity']}"}
    if rows.table == "xapi_statement" and callable(rows.whose):
        values |= {"person_id": None, "document": {"actor": {"mbox": f"mailto:{subject.emails[0]}"}, "m": marker}}
    there = db.session.execute(select(table).where(rows.of(subject)).limit(1)).first()
    if there is not None and rows.table in ("account", "sign_in"):
        db.session.execute(table.update().where(rows.of(subject)).values({
            name: value for name, value in values.items() if isinstance(value, str) and name != "via"}))  # fmt: skip
        return there.id
    key = db.session.execute(insert(table).values(values)).inserted_primary_key
    assert db.session.execute(select(table).where(rows.of(subject))).first(), f"{rows.heading}: nothing was made"
    return key[0] if key else None


def _referred(column: Column[Any], made: dict[str, Any]) -> Any:
    there = next(iter(column.foreign_keys)).column.table
    if there.name in made:
        return made[there.name]
    found = db.session.scalar(select(there.c.id).limit(1))
    return found if found is not None or column.nullable else _plain_row(there, made)


def _plain_row(table: Table, made: dict[str, Any]) -> Any:
    """A row of a table about nobody, for others to refer to."""
    values = {
        column.name: _referred(column, made) if column.foreign_keys else _value(column, f"plain {column.name}")
        for column in table.columns
        if not column.primary_key
    }
    return db.session.execute(insert(table).values(values)).inserted_primary_key[0]


def _room(column: Column[Any]) -> int:
    return getattr(column.type, "length", None) or 200


def _value(column: Column[Any], text: str) -> Any:
    kind = column.type
    if isinstance(kind, Date | DateTime | UtcDateTime):
        day = isinstance(kind, Date)
        return None if column.nullable else today() if day else now()
    if isinstance(kind, JSON):
        return {"said": text}
    if isinstance(kind, LargeBinary):
        return text.encode()
    if isinstance(kind, Boolean):
        return True
    return text if isinstance(kind, String) else 1


def residue(marker: str) -> dict[str, set[str]]:
    """Where the marker still stands: columns by table, whatever their kind."""
    found: dict[str, set[str]] = {}
    for table in db.metadata.sorted_tables:
        for row in db.session.execute(select(table)).mappings():
            for name, value in row.items():
                said = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
                if not isinstance(value, date) and marker in said:
                    found.setdefault(table.name, set()).add(name)
    return found
