"""Files and feeds that bring offers."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from catalogue.clock import now
from catalogue.extensions import Base, UtcDateTime
from catalogue.people.models import Person
from catalogue.systems.models import Organisation


class ImportState(StrEnum):
    READING = "reading"  # the dry run is under way
    READ = "read"  # its report waits for somebody to decide
    WRITING = "writing"
    DONE = "done"
    REFUSED = "refused"  # it could not be read at all


class OfferImport(Base):
    """A file on its way in: what a dry run found, and how far it is."""

    __tablename__ = "offer_import"
    id: Mapped[int] = mapped_column(primary_key=True)
    provider_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))  # none where a feed was pulled
    feed_id: Mapped[int | None] = mapped_column(ForeignKey("offer_feed.id"))
    name: Mapped[str] = mapped_column(String(300))  # of the file, or the address of the feed
    content: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)  # until it is done
    state: Mapped[ImportState] = mapped_column(String(20), default=ImportState.READING)
    done: Mapped[int] = mapped_column(default=0)  # rows
    total: Mapped[int] = mapped_column(default=0)  # rows; 0 while they are not counted yet
    report: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict, deferred=True)  # as ``report.py`` writes it
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    claimed_until: Mapped[datetime | None] = mapped_column(UtcDateTime)  # by a worker
    provider: Mapped[Organisation] = relationship()
    person: Mapped[Person | None] = relationship()


class OfferFeed(Base):
    """An address from which a provider's offers are pulled once a day."""

    __tablename__ = "offer_feed"
    __table_args__ = (UniqueConstraint("provider_id", "url"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    provider_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))  # who asked for it, and answers for it
    url: Mapped[str] = mapped_column(String(500))
    etag: Mapped[str] = mapped_column(String(300), default="")
    last_modified: Mapped[str] = mapped_column(String(100), default="")
    due_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    claimed_until: Mapped[datetime | None] = mapped_column(UtcDateTime)  # by a worker
    failing_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    warned_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # once, of a feed that goes on failing
    pulled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    outcome: Mapped[str] = mapped_column(Text, default="")  # of the last pull, in plain words
    provider: Mapped[Organisation] = relationship()
    person: Mapped[Person] = relationship()
