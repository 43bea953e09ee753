"""Erasing a person: what is about them goes, what has to stay leads to nobody."""

import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from flask import current_app
from sqlalchemy import delete, or_, select, update

from catalogue.clock import now
from catalogue.credentials import actions as badges
from catalogue.enrolments import actions as enrolments
from catalogue.enrolments.models import ACTIVE, Enrolment, EnrolmentState
from catalogue.errors import NotThere, Refused
from catalogue.extensions import db
from catalogue.outbox import Delivery, DeliveryState
from catalogue.people import actions as people
from catalogue.people import audit
from catalogue.people.models import Person, Role
from catalogue.privacy.holding import subject_of
from catalogue.privacy.models import Erasure
from catalogue.privacy.placing import NAME_OF_NOBODY, Rows, Subject, places
from catalogue.privacy.whose import in_json
from catalogue.transactions import run


def erase_on_request(key: str, actor_key: str, **detail: str) -> None:
    """Within a transaction, erase whoever has this key, as they asked.

    Raises ``NotThere`` where nobody has it (any more), and ``Refused`` for the last administrator.
    """
    person = db.session.scalar(select(Person).where(Person.key == key))
    if person is None:
        raise NotThere
    if person.has(Role.ADMINISTRATOR):
        people.another_administrator_than(person.id)
    erase(person, actor_key, **detail)


def erase(person: Person, actor_key: str, **detail: str) -> None:
    """Within a transaction, erase a person for good."""
    db.session.refresh(person, with_for_update=True)
    subject = subject_of(person)
    _leave_everything(person)
    badges.withdraw_all(person)
    for rows in _children_first():
        _erase_rows(rows, subject)
    _take_out_of_messages(subject)
    if db.session.scalar(select(Erasure.id).where(Erasure.person_key == subject.key)) is None:
        db.session.add(Erasure(person_key=subject.key))
    audit.record("person erased", subject.key, actor_key, **detail)
    db.session.flush()
    db.session.expire_all()
    _keep_in_ledger([(subject.key, now())])  # before the commit: a restored database never forgets one of them


def _leave_everything(person: Person) -> None:
    """Their places go to whoever waits for them."""
    active = select(Enrolment).where(Enrolment.person_id == person.id, Enrolment.state.in_(ACTIVE))
    for enrolment in db.session.scalars(active.order_by(Enrolment.run_id, Enrolment.id)).all():
        try:
            enrolments.withdraw(enrolment, person)
        except Refused:  # it is too late for leaving it, and not for being forgotten
            enrolment.state, enrolment.changed_at = EnrolmentState.WITHDRAWN, now()
    db.session.flush()


def _children_first() -> Iterator[Rows]:
    """Rows that refer to others before those.

    What only names the person is let go of first, and what is found by a condition is looked for while all is there.
    """
    order = {table.name: number for number, table in enumerate(db.metadata.sorted_tables)}
    yield from sorted(places().rows, key=lambda rows: (not rows.names, not callable(rows.whose), -order[rows.table]))


def _erase_rows(rows: Rows, subject: Subject) -> None:
    if rows.erased is None:
        db.session.execute(delete(rows.place).where(rows.of(subject)))
    elif rows.erased:
        values = {name: value(rows.place) if callable(value) else value for name, value in rows.erased.items()}
        db.session.execute(update(rows.place).where(rows.of(subject)).values(values))


def _take_out_of_messages(subject: Subject) -> None:
    """Of messages to others that wait, or were given up: names and addresses in their words, and in nothing else.

    A name may be a word of any message, or a part of a link: only as it is written, and outside links, is it theirs.
    """
    words = [word for word in (subject.name, *subject.emails) if word]
    if not words:
        return
    waiting = select(Delivery).where(
        Delivery.kind == "mail",
        Delivery.state != DeliveryState.DELIVERED,
        or_(*(in_json(Delivery.payload, word) for word in words)),
    )
    said = re.compile(rf"\w+://\S+|(?<!\w)({'|'.join(map(re.escape, words))})(?!\w)")
    for delivery in db.session.scalars(waiting):
        payload = delivery.payload
        delivery.payload = payload | {part: said.sub(_nobody, payload[part]) for part in ("subject", "text")}
    db.session.flush()


def _nobody(found: re.Match[str]) -> str:
    return NAME_OF_NOBODY if found[1] else found[0]


# The ledger: keys of those who were erased, in a file, so that a database restored from a backup can be told.


@dataclass(frozen=True, slots=True)
class Replayed:
    erased: int
    already: int
    """Keys that lead to nobody (any more)."""


def ledger() -> Path:
    folder: Path = current_app.extensions["settings"].folder
    return folder / "erasures.jsonl"


def _keep_in_ledger(erasures: list[tuple[str, datetime]]) -> None:
    """One line each, on the disk when this returns; nothing that is in it is ever changed."""
    lines = "".join(json.dumps({"key": key, "at": at.isoformat()}) + "\n" for key, at in erasures)
    file = os.open(ledger(), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(file, lines.encode())
        os.fsync(file)
    finally:
        os.close(file)


def keys_in_ledger() -> set[str]:
    """A line that was cut short by a fault of the disk says nothing."""
    if not ledger().exists():
        return set()
    found = re.findall(r'^\{"key": "([0-9a-f]{32})"', ledger().read_text("utf-8"), re.MULTILINE)
    return set(found)


def complete_ledger() -> None:
    """Write into this machine's ledger those who were erased on another one."""
    kept = keys_in_ledger()
    missing = [row for row in db.session.execute(select(Erasure.person_key, Erasure.at)) if row.person_key not in kept]
    db.session.rollback()
    if missing:
        _keep_in_ledger([(row.person_key, row.at) for row in missing])


def replay() -> Replayed:
    """Erase again whoever the ledger names, after a restore; and write into it whom only the database names."""
    complete_ledger()
    keys = sorted(keys_in_ledger())
    erased = sum(run(lambda key=key: _erase_again(key)) for key in keys)  # type: ignore[misc]
    return Replayed(erased, len(keys) - erased)


def _erase_again(key: str) -> bool:
    person = db.session.scalar(select(Person).where(Person.key == key))
    if person is not None:
        erase(person, "")
    return person is not None
