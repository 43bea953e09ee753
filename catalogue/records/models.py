"""What other systems said, and which completion each of it stands for."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from catalogue.clock import now
from catalogue.enrolments.models import Completion
from catalogue.extensions import Base, UtcDateTime
from catalogue.offers.models import Offer
from catalogue.people.models import Person
from catalogue.systems.models import Organisation


class Source(StrEnum):
    XAPI = "xapi"
    TOTARA = "totara"
    ESR = "esr"


class XapiStatement(Base):
    """An xAPI statement as it was received. Never changed; another one can void it.

    Source: Experience API 1.0.3, part two, section 2 (statements) and 2.3.2 (voiding).
    """

    __tablename__ = "xapi_statement"
    __table_args__ = (Index("ix_xapi_statement_stored", "authority_id", "stored_at", "id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    identifier: Mapped[str] = mapped_column(String(36), unique=True)  # the statement's own
    authority_id: Mapped[int] = mapped_column(ForeignKey("person.id"))  # whose token it came with
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)  # of whom it is, where known
    verb: Mapped[str] = mapped_column(String(500))
    target: Mapped[str | None] = mapped_column(String(36), index=True)  # the statement that it is about, where it is
    registration: Mapped[str] = mapped_column(String(36), default="")
    timestamp: Mapped[datetime] = mapped_column(UtcDateTime)
    stored_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    document: Mapped[dict[str, Any]] = mapped_column(JSON)
    voided_by: Mapped[str | None] = mapped_column(String(36))
    authority: Mapped[Person] = relationship(foreign_keys=[authority_id])
    person: Mapped[Person | None] = relationship(foreign_keys=[person_id])


class XapiMention(Base):
    """Whom or what a statement names, as a hash: it is only ever looked for, and never read."""

    __tablename__ = "xapi_mention"
    statement_id: Mapped[int] = mapped_column(ForeignKey("xapi_statement.id", ondelete="CASCADE"), primary_key=True)
    named: Mapped[str] = mapped_column(String(64), primary_key=True, index=True)
    closely: Mapped[bool]  # in its actor or its object, and not merely around them


class XapiAttachment(Base):
    """A file that came with a statement, under the hash that the statement names it by."""

    __tablename__ = "xapi_attachment"
    statement_id: Mapped[int] = mapped_column(ForeignKey("xapi_statement.id", ondelete="CASCADE"), primary_key=True)
    sha2: Mapped[str] = mapped_column(String(128), primary_key=True)
    content_type: Mapped[str] = mapped_column(String(500))
    content: Mapped[bytes] = mapped_column(LargeBinary)


class OutsideCompletion(Base):
    """That a completion was told of by another system, once for each of its records."""

    __tablename__ = "outside_completion"
    __table_args__ = (UniqueConstraint("source", "key"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    source: Mapped[Source] = mapped_column(String(10))
    key: Mapped[str] = mapped_column(String(200))  # what makes a record of that system the same one again
    completion_id: Mapped[int] = mapped_column(ForeignKey("completion.id"), index=True)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    completion: Mapped[Completion] = relationship()


class CourseCode(Base):
    """What an organisation's other system calls an offer."""

    __tablename__ = "course_code"
    __table_args__ = (UniqueConstraint("source", "organisation_id", "code"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    source: Mapped[Source] = mapped_column(String(10))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    code: Mapped[str] = mapped_column(String(200))
    offer_id: Mapped[int] = mapped_column(ForeignKey("offer.id"))
    offer: Mapped[Offer] = relationship()


class CompletionImport(Base):
    """A file with completions on its way in: kept while it is looked at, and then no more than what came of it."""

    __tablename__ = "completion_import"
    id: Mapped[int] = mapped_column(primary_key=True)
    source: Mapped[Source] = mapped_column(String(10))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))  # who brought it
    name: Mapped[str] = mapped_column(String(300))
    content: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)  # until it is written
    counts: Mapped[dict[str, int]] = mapped_column(JSON, default=dict)  # of rows, by kind, once it is written
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    written_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    organisation: Mapped[Organisation] = relationship()
    person: Mapped[Person | None] = relationship()
