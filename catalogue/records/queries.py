"""Reading the statements that programs have sent: each reads its own, and who administers the service reads all."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from flask import current_app
from sqlalchemy import ColumnElement, CompoundSelect, select, true, tuple_
from sqlalchemy.orm import aliased

from catalogue.enrolments.models import Completion
from catalogue.errors import NotThere
from catalogue.extensions import db
from catalogue.offers.access import can_write_for
from catalogue.offers.models import Offer
from catalogue.people.models import Person, Role
from catalogue.people.rules import hash_token
from catalogue.records.models import OutsideCompletion, Source, XapiAttachment, XapiMention, XapiStatement
from catalogue.records.multipart import File
from catalogue.systems.models import Organisation


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which statements a program asks for (Experience API 1.0.3, part three, section 2.1.3)."""

    verb: str = ""
    registration: str = ""
    named: Mapping[str, bool] = field(default_factory=dict)
    """Whom and what they name (``naming``), and whether it has to be closely."""
    since: datetime | None = None
    until: datetime | None = None
    ascending: bool = False
    limit: int = 100
    after: tuple[datetime, int] | None = None
    """Where the page before ended."""


def readable_by(person: Person, row: type[XapiStatement] = XapiStatement) -> ColumnElement[bool]:
    return true() if person.has(Role.ADMINISTRATOR) else row.authority_id == person.id


def by_identifier(identifier: str) -> XapiStatement | None:
    return db.session.scalar(select(XapiStatement).where(XapiStatement.identifier == identifier.lower()))


def statement(person: Person, identifier: str, *, voided: bool) -> XapiStatement:
    """One that stands, or one that was voided; raises ``NotThere``."""
    found = db.session.scalar(
        select(XapiStatement).where(XapiStatement.identifier == identifier.lower(), readable_by(person))
    )
    if found is None or (found.voided_by is not None) != voided:
        raise NotThere("There is no such statement of yours.")
    return found


def statements(person: Person, wanted: Wanted) -> tuple[Sequence[XapiStatement], bool]:
    """A page of those that stand, newest first unless it is said otherwise, and whether there are more."""
    at = tuple_(XapiStatement.stored_at, XapiStatement.id)
    order = (XapiStatement.stored_at, XapiStatement.id)
    found = select(XapiStatement).where(readable_by(person), XapiStatement.voided_by.is_(None))
    if wanted.verb or wanted.registration or wanted.named:
        found = found.where(XapiStatement.id.in_(_meeting(person, wanted)))
    if wanted.since:
        found = found.where(XapiStatement.stored_at > wanted.since)
    if wanted.until:
        found = found.where(XapiStatement.stored_at <= wanted.until)
    if wanted.after:
        position = tuple_(*wanted.after)
        found = found.where(at > position if wanted.ascending else at < position)
    found = found.order_by(*(order if wanted.ascending else (column.desc() for column in order)))
    rows = db.session.scalars(found.limit(wanted.limit + 1)).all()
    return rows[: wanted.limit], len(rows) > wanted.limit


def _meeting(person: Person, wanted: Wanted) -> CompoundSelect[int]:
    """The numbers of those that say what is asked for, and of those about them, however far (2.1.3, StatementRefs).

    One that was voided is not given, and what is about it is.
    """
    meets, target, about, further = (aliased(XapiStatement) for _ in range(4))
    reached = (
        select(about.id, about.identifier)
        .join(target, about.target == target.identifier)
        .where(readable_by(person, about), *_says(target, person, wanted))
        .cte("reached", recursive=True)
    )
    reached = reached.union(
        select(further.id, further.identifier)
        .join(reached, further.target == reached.c.identifier)
        .where(readable_by(person, further))
    )
    return select(meets.id).where(*_says(meets, person, wanted)).union(select(reached.c.id))


def _says(row: type[XapiStatement], person: Person, wanted: Wanted) -> Iterator[ColumnElement[bool]]:
    yield readable_by(person, row)
    if wanted.verb:
        yield row.verb == wanted.verb
    if wanted.registration:
        yield row.registration == wanted.registration
    for name, closely in wanted.named.items():
        mentions = select(XapiMention.statement_id).where(XapiMention.named == hash_token(name))
        yield row.id.in_(mentions.where(XapiMention.closely) if closely else mentions)


def files_of(rows: Sequence[XapiStatement]) -> list[File]:
    """The files that came with these, each once."""
    ids = [row.id for row in rows]
    found = db.session.scalars(
        select(XapiAttachment)
        .where(XapiAttachment.statement_id.in_(ids))
        .order_by(XapiAttachment.statement_id, XapiAttachment.sha2)
    )
    return list({one.sha2: File(one.sha2, one.content_type, one.content) for one in found}.values())


def keys_of(person_ids: Collection[int]) -> list[str]:
    return list(db.session.scalars(select(Person.key).where(Person.id.in_(person_ids)).order_by(Person.key)))


def voiding(person: Person, identifier: str, verb: str) -> XapiStatement | None:
    """A statement of this person's that voids another, which may come after it."""
    return db.session.scalar(
        select(XapiStatement)
        .where(
            XapiStatement.verb == verb,
            XapiStatement.target == identifier.lower(),
            XapiStatement.authority_id == person.id,
        )
        .limit(1)
    )


def offer_meant(activity: str, teller: Person) -> tuple[Offer | None, bool]:
    """The offer that an activity is, of those that somebody writes for; and whether the address is one of ours.

    It is named by its address here, by the address that the API has for it, or by the provider's own key.
    """
    own = current_app.extensions["settings"].public_url.rstrip("/") + "/"
    is_ours = activity.startswith(own)
    parts = activity.removeprefix(own).rstrip("/").split("/") if is_ours else []
    if len(parts) == 2 and parts[0] == "offers":
        found = db.session.scalars(select(Offer).where(Offer.slug == parts[1])).all()
    elif len(parts) == 6 and parts[:3] == ["api", "v1", "providers"] and parts[4] == "offers":
        found = db.session.scalars(
            select(Offer).join(Offer.provider).where(Organisation.key == parts[3], Offer.key == parts[5])
        ).all()
    else:
        found = db.session.scalars(select(Offer).where(Offer.key == activity)).all()
    theirs = [offer for offer in found if can_write_for(teller, offer.provider_id)]
    names_an_offer = is_ours and bool(parts) and (parts[0] == "offers" or parts[:3] == ["api", "v1", "providers"])
    return (theirs[0] if len(theirs) == 1 else None), names_an_offer


def told(source: Source, key: str) -> OutsideCompletion | None:
    return db.session.scalar(
        select(OutsideCompletion).where(OutsideCompletion.source == source, OutsideCompletion.key == key)
    )


def stands_alone(record: OutsideCompletion) -> bool:
    """Whether no other record that stands tells of the same completion."""
    others = db.session.execute(
        select(OutsideCompletion.source, XapiStatement.voided_by)
        .outerjoin(
            XapiStatement,
            (OutsideCompletion.source == Source.XAPI) & (XapiStatement.identifier == OutsideCompletion.key),
        )
        .where(OutsideCompletion.completion_id == record.completion_id, OutsideCompletion.id != record.id)
    ).all()
    return all(source == Source.XAPI and voided_by is not None for source, voided_by in others)


def completion(record: OutsideCompletion) -> Completion:
    return db.session.get_one(Completion, record.completion_id)
