"""What is not published yet. It stands apart from what is, so that no page for the public can show it."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Column, Date, ForeignKey, Integer, String, Table, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from catalogue.clock import now
from catalogue.extensions import Base, UtcDateTime
from catalogue.offers.models import Offer
from catalogue.people.models import Person


class DraftState(StrEnum):
    DRAFT = "draft"
    SUBMITTED = "submitted"
    CHANGES_REQUESTED = "changes-requested"
    APPROVED = "approved"  # published on the day that was chosen


offer_collaborator = Table(
    "offer_collaborator",
    Base.metadata,
    Column("offer_id", Integer, ForeignKey("offer.id"), primary_key=True),
    Column("person_id", Integer, ForeignKey("person.id"), primary_key=True, index=True),
)
"""People from outside a provider who work on one of its offers."""


class OfferDraft(Base):
    """What an offer is to say next: an ``OfferContent`` as far as it has been written. One for each offer at most."""

    __tablename__ = "offer_draft"
    id: Mapped[int] = mapped_column(primary_key=True)
    offer_id: Mapped[int] = mapped_column(ForeignKey("offer.id"), unique=True)
    state: Mapped[DraftState] = mapped_column(String(20), default=DraftState.DRAFT, index=True)
    content: Mapped[dict[str, Any]] = mapped_column(JSON)
    revision: Mapped[int] = mapped_column(default=1)
    """Counts the changes, so that nobody writes over what they have not seen."""
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    changed_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))  # none where a feed brought it
    submitted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    publish_on: Mapped[date | None] = mapped_column(Date, index=True)
    retire_on: Mapped[date | None] = mapped_column(Date)
    offer: Mapped[Offer] = relationship()
    changed_by: Mapped[Person | None] = relationship()


class OfferComment(Base):
    """What a reviewer and those who work on an offer say to each other about it."""

    __tablename__ = "offer_comment"
    id: Mapped[int] = mapped_column(primary_key=True)
    offer_id: Mapped[int] = mapped_column(ForeignKey("offer.id"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    text: Mapped[str] = mapped_column(Text)
    person: Mapped[Person] = relationship()
