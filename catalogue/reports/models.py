"""Views of a report that people keep, and have sent to them."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import Date, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from catalogue.clock import now
from catalogue.extensions import Base, UtcDateTime
from catalogue.people.models import Person


class Every(StrEnum):
    WEEK = "week"
    MONTH = "month"


class SavedView(Base):
    """The filters of the completions page, under a name; sent by e-mail from time to time, if its person asks."""

    __tablename__ = "saved_view"
    __table_args__ = (UniqueConstraint("person_id", "name"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    name: Mapped[str] = mapped_column(String(100))
    query: Mapped[str] = mapped_column(Text)
    every: Mapped[Every | None] = mapped_column(String(10))
    next_on: Mapped[date | None] = mapped_column(Date, index=True)
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    person: Mapped[Person] = relationship()
