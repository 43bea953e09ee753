"""The chain of the audit trail: each event is sealed together with all that came before it, at the commit.

A seal is a keyed hash (HMAC-SHA-256, RFC 2104) of what the event says, of its number and of the chain's end before it;
the end is a keyed hash of the last number and its seal. Who can write into the database, and has not the secrets of the
service, can neither change an event, nor take one out or put one in, nor set the end back to where it would fit.
"""

import hashlib
import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from itertools import takewhile
from typing import Any

import structlog
from flask import current_app
from sqlalchemy import delete, event, func, select, update
from sqlalchemy.orm import Session

from catalogue.encryption import derived
from catalogue.extensions import db
from catalogue.people.models import AuditEvent, AuditHead
from catalogue.settings import Settings

log = structlog.get_logger()
AT_A_TIME = 500
"""Rows in one statement: neither database takes an endless list of parameters."""
HEAD, BEGIN = 1, 2
"""Rows of ``audit_head``: where the chain ends, and where it begins once its first events are not kept any more."""
_COLUMNS = (
    AuditEvent.id,
    AuditEvent.at,
    AuditEvent.actor_key,
    AuditEvent.action,
    AuditEvent.subject,
    AuditEvent.detail,
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a look at the whole chain found: how many events, where it ends, and the first thing that is wrong."""

    events: int
    end: str
    """``NUMBER:SEAL`` of the last event; kept elsewhere, it shows later that the end is not another one."""
    fault: str = ""


@event.listens_for(AuditEvent, "after_insert")
def _note(_mapper: Any, _connection: Any, target: AuditEvent) -> None:
    session = Session.object_session(target)
    if session is not None:
        session.info.setdefault("unsealed", []).append(target.id)


@event.listens_for(Session, "before_commit")
def _seal(session: Session) -> None:
    if session.in_nested_transaction():
        return  # a savepoint: what is in it may still be taken back
    session.flush()  # all that this transaction locks, it holds before the end of the chain: no two wait for each other
    unsealed = session.info.pop("unsealed", [])
    if unsealed:
        seal(session, unsealed)


@event.listens_for(Session, "after_rollback")
def _forget(session: Session) -> None:
    if not session.in_nested_transaction():
        session.info.pop("unsealed", None)


def seal(session: Session, ids: Sequence[int]) -> None:
    """Give those of these events that are there and have no seal their numbers and seals, in their order."""
    key = _keys()[0]
    head = _held_head(session)
    for first in range(0, len(ids), AT_A_TIME):
        among = AuditEvent.id.in_(ids[first : first + AT_A_TIME])
        rows = session.execute(select(*_COLUMNS).where(among, AuditEvent.number.is_(None)).order_by(AuditEvent.id))
        sealed = []
        for row in rows:
            head.number += 1
            sealed.append({"id": row.id, "number": head.number, "seal": _seal_of(key, head.number, row, head.seal)})
            head.seal = _end_of(key, head.number, sealed[-1]["seal"])
        if sealed:
            session.execute(update(AuditEvent), sealed)
    session.flush()


def _held_head(session: Session) -> AuditHead:
    """The end of the chain, ours until the commit. Made where a database is without one.

    Where somebody took it away from a chain, or set it back, numbers go on behind those there are, so that people can
    work; that the chain is broken there is what ``verify`` finds.
    """
    head = session.get(AuditHead, HEAD, with_for_update=True, populate_existing=True)
    last = session.scalar(select(func.max(AuditEvent.number))) or 0
    if head is None:
        head = AuditHead(id=HEAD, number=0, seal="")
        session.add(head)
    head.number = max(head.number, last)
    return head


def verify(against: str = "", up_to: int | None = None) -> Verdict:
    """Read the chain as a stream; ``against`` is the end that it had at an earlier time, ``NUMBER:SEAL``.

    ``up_to`` a number, only the events are looked at, and not whether the chain ends where it should.
    """
    head = db.session.get(AuditHead, HEAD, populate_existing=True)
    kept_number, _, kept_seal = against.partition(":")
    number, end, fault = _beginning()
    first, kept_found = number, not against or int(kept_number) < number
    if fault:
        return Verdict(0, f"{number}:{end}", fault)
    events = select(*_COLUMNS, AuditEvent.number, AuditEvent.seal).where(AuditEvent.number.is_not(None))
    if up_to is not None:
        events = events.where(AuditEvent.number <= up_to)
    try:
        for row in db.session.execute(events.order_by(AuditEvent.number), execution_options={"yield_per": AT_A_TIME}):
            next_end, fault = _checked(row, number, end)
            if fault:
                break
            number, end = row.number, next_end
            if kept_number == str(number):
                kept_found = True
                if not _same(kept_seal, end):
                    fault = f"Number {number} had another seal when it was kept: what came up to it was written anew."
                    break
    except ValueError:  # no time, or no JSON
        fault = f"What comes after number {number} cannot be read: it was changed."
    if not fault and up_to is None:
        fault = _fault_of_head(head, number, end)
    if not fault and not kept_found:
        fault = f"The chain ends with number {number}, and had reached {kept_number}: its end was cut off."
    if not fault and up_to is None:
        fault = _fault_of_unsealed()
    return Verdict(number - first, f"{number}:{end}", fault)


def _beginning() -> tuple[int, str, str]:
    """The number and the end of the chain before the first event that is still kept, and what is wrong with it."""
    begin = db.session.get(AuditHead, BEGIN, populate_existing=True)
    if begin is None:
        return 0, "", ""
    end, mark = begin.seal[:64], begin.seal[64:]
    if not any(_same(_hash(key, ["begin", begin.number, end]), mark) for key in _keys()):
        return begin.number, end, "Where the chain begins was changed."
    return begin.number, end, ""


def forget(before: datetime, limit: int) -> int:
    """Within a transaction, delete the first events of the chain, ``limit`` at most, as far as they are from before.

    Where the rest begins is sealed: nobody without the secrets can take away a beginning. Returns how many.
    """
    rows = db.session.execute(
        select(AuditEvent.id, AuditEvent.at, AuditEvent.number, AuditEvent.seal)
        .where(AuditEvent.number.is_not(None))
        .order_by(AuditEvent.number)
        .limit(limit)
    ).all()
    old = list(takewhile(lambda row: row.at < before, rows))
    if not old:
        return 0
    verdict = verify(up_to=old[-1].number)
    if verdict.fault:
        log.error("the audit trail is broken: nothing of it is forgotten", fault=verdict.fault)
        return 0
    number, end = old[-1].number, verdict.end.partition(":")[2]
    begin = db.session.get(AuditHead, BEGIN) or AuditHead(id=BEGIN)
    begin.number, begin.seal = number, end + _hash(_keys()[0], ["begin", number, end])
    db.session.add(begin)
    db.session.execute(delete(AuditEvent).where(AuditEvent.id.in_([row.id for row in old])))
    return len(old)


def _checked(row: Any, number: int, end: str) -> tuple[str, str]:
    """The end of the chain with this event, which follows ``number``, or what is wrong with it."""
    if row.number != number + 1:
        return "", f"Number {number + 1} is missing: it was taken out, or moved. The next is number {row.number}."
    key = next((key for key in _keys() if _same(_seal_of(key, row.number, row, end), row.seal)), None)
    if key is None:
        return "", (
            f"Number {row.number} is not what was sealed: it was changed, moved or put in, or the secret that "
            "sealed it is not among those that are set."
        )
    return _end_of(key, row.number, row.seal), ""


def _fault_of_unsealed() -> str:
    unsealed = db.session.scalar(select(func.count()).where(AuditEvent.number.is_(None))) or 0
    if not unsealed:
        return ""
    return (
        f"{unsealed:,} without a seal. Those from before there was a chain are sealed by: everyseat audit seal. "
        "Where that has been done, they were put in past the service."
    )


def _fault_of_head(head: AuditHead | None, number: int, end: str) -> str:
    if head is None:
        return "" if number == 0 else "The head of the chain was taken away."
    if head.number > number:
        return f"The end was cut off: numbers {number + 1} to {head.number} are missing."
    if head.number < number or not _same(head.seal, end):
        return f"The head of the chain was changed, or what came after number {number} was taken out."
    return ""


def unsealed_ids(limit: int) -> list[int]:
    """The oldest events without a seal."""
    query = select(AuditEvent.id).where(AuditEvent.number.is_(None)).order_by(AuditEvent.id).limit(limit)
    return list(db.session.scalars(query))


def seal_at_commit(ids: Sequence[int]) -> None:
    """Within a transaction, have events from before there was a chain sealed with its own."""
    db.session().info.setdefault("unsealed", []).extend(ids)


def _keys() -> list[bytes]:
    """Made of the secrets that are set, newest first: what an older one sealed stays right while it is kept."""
    settings: Settings = current_app.extensions["settings"]
    return [_key(secret) for secret in settings.encryption_secrets]


@cache
def _key(secret: str) -> bytes:
    return derived(secret, "audit chain")


def _seal_of(key: bytes, number: int, row: Any, end: str) -> str:
    at: datetime = row.at
    detail = json.loads(json.dumps(row.detail))  # as a database gives it back
    when = at.astimezone(UTC).isoformat(timespec="microseconds")
    return _hash(key, ["event", number, row.id, when, row.actor_key, row.action, row.subject, detail, end])


def _end_of(key: bytes, number: int, seal: str) -> str:
    return _hash(key, ["end", number, seal])


def _hash(key: bytes, what: list[Any]) -> str:
    said = json.dumps(what, sort_keys=True, separators=(",", ":"))
    return hmac.new(key, said.encode(), hashlib.sha256).hexdigest()


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())
