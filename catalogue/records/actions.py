"""Keeping the statements that programs send, and recording the completions that they tell of."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from flask import current_app

from catalogue.clock import now
from catalogue.enrolments import completing
from catalogue.enrolments.letters import write_confirmation, write_from_elsewhere
from catalogue.enrolments.models import CompletedBy
from catalogue.errors import DomainError
from catalogue.extensions import db
from catalogue.people import audit
from catalogue.people.models import Person, Role
from catalogue.people.rules import hash_token
from catalogue.records import identities, queries
from catalogue.records.comparing import same
from catalogue.records.models import OutsideCompletion, Source, XapiAttachment, XapiMention, XapiStatement
from catalogue.records.multipart import File
from catalogue.records.naming import named
from catalogue.records.reading import Json, Malformed
from catalogue.records.statements import VOIDED, with_lists
from catalogue.records.values import moment

COMPLETES = {
    "http://adlnet.gov/expapi/verbs/completed",
    "http://adlnet.gov/expapi/verbs/passed",
    "http://adlnet.gov/expapi/verbs/mastered",
}
"""Verbs after which somebody has completed an activity, where the result does not say otherwise."""


class Conflict(DomainError):
    """Another statement has this identifier already (part two, section 2.3.1)."""

    status = 409


class NotYours(DomainError):
    status = 403
    title = "That could not be done here"


@dataclass(frozen=True, slots=True)
class Sent:
    """A statement whose shape is right, with the files that came with it."""

    document: Json
    files: Sequence[File] = ()


def keep(sent: Sequence[Sent], teller: Person) -> list[str]:
    """Keep statements, all of them or none; returns their identifiers. What is kept already changes nothing.

    Raises ``Conflict``, ``NotYours`` and ``Malformed``.
    """
    given = [one.document["id"].lower() for one in sent if "id" in one.document]
    if len(set(given)) < len(given):
        raise Malformed("Two of the statements have the same id.")
    return [_keep(one, teller) for one in sent]


def _keep(sent: Sent, teller: Person) -> str:
    document = with_lists(sent.document)
    said_id: str = document.get("id") or str(uuid4())
    there = queries.by_identifier(said_id)
    if there is not None:
        if there.authority_id != teller.id or not same(there.document, document):
            raise Conflict("There is another statement with this id already.")
        return said_id
    stored = now()
    target = document["object"]
    row = XapiStatement(
        identifier=said_id.lower(),
        authority_id=teller.id,
        verb=document["verb"]["id"],
        target=target["id"].lower() if target.get("objectType") == "StatementRef" else None,
        registration=document.get("context", {}).get("registration", "").lower(),
        timestamp=moment(document["timestamp"], "timestamp") if "timestamp" in document else stored,
        stored_at=stored,
        document=document | _ours(document, said_id, stored.isoformat(), teller),
    )
    db.session.add(row)
    db.session.flush()
    db.session.add_all(
        XapiMention(statement_id=row.id, named=hash_token(name), closely=closely)
        for name, closely in named(row.document).items()
    )
    db.session.add_all(
        XapiAttachment(statement_id=row.id, sha2=file.sha2, content_type=file.content_type, content=file.content)
        for file in sent.files
    )
    if row.verb == VOIDED:
        _void(row, teller)
    else:
        before = queries.voiding(teller, row.identifier, VOIDED)
        if before is not None:
            row.voided_by = before.identifier
        else:
            _complete(row, document, teller)
    db.session.flush()
    return said_id


def _ours(document: Json, said_id: str, stored: str, teller: Person) -> dict[str, Any]:
    """What a store sets (part two, sections 2.4.7 to 2.4.10)."""
    home_page = current_app.extensions["settings"].public_url.rstrip("/")
    return {
        "id": said_id,
        "stored": stored,
        "timestamp": document.get("timestamp", stored),
        "version": document.get("version", "1.0.0"),
        "authority": {"objectType": "Agent", "account": {"homePage": home_page, "name": teller.key}},
    }


def _complete(row: XapiStatement, document: Json, teller: Person) -> None:
    if row.verb not in COMPLETES or document["object"].get("objectType", "Activity") != "Activity":
        return
    result = document.get("result", {})
    if result.get("success") is False or result.get("completion") is False:
        return
    activity = document["object"]["id"]
    offer, is_ours = queries.offer_meant(activity, teller)
    if offer is None:
        if is_ours:
            raise NotYours(f"There is no offer at {activity} that you write for.")
        return
    person = identities.person_meant(document["actor"], offer, teller)
    if person is None:
        audit.record("statement of nobody known", f"statement:{row.identifier}", teller.key, offer=offer.id)
        return
    row.person_id = person.id
    told = completing.complete_from_elsewhere(person, offer, row.timestamp, teller)
    write_from_elsewhere(told)
    db.session.add(OutsideCompletion(source=Source.XAPI, key=row.identifier, completion=told.completion))


def _void(row: XapiStatement, teller: Person) -> None:
    """Void the statement that another names; the completion that it alone stands for goes with it."""
    target = queries.by_identifier(row.target or "")
    if target is None:
        return  # it may come yet
    if target.authority_id != teller.id and not teller.has(Role.ADMINISTRATOR):
        raise NotYours("That statement is not yours to void.")
    if target.verb == VOIDED:
        raise Malformed("statement.object: names a statement that voids another, which cannot be voided.")
    if target.voided_by is not None:
        return
    target.voided_by = row.identifier
    record = queries.told(Source.XAPI, target.identifier)
    if record is None or not queries.stands_alone(record):
        return
    completion = queries.completion(record)
    if completion.by == CompletedBy.ELSEWHERE and completion.voided_at is None:
        for promoted in completing.void(completion, "The system that told of it took it back.", teller):
            write_confirmation(promoted)
