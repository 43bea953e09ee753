"""What people have said of advice, and the advice that groups are given."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Date, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from catalogue.clock import now
from catalogue.extensions import Base, UtcDateTime
from catalogue.systems.models import Organisation, System


class Because(StrEnum):
    """Why somebody does not want an offer."""

    KNOWN = "known"
    LEVEL = "level"
    TIME = "time"
    PLACE = "place"
    KIND = "kind"
    OTHER = "other"


class SetAside(Base):
    """An offer that somebody does not want to be advised to take. It changes what they are told, and nobody else."""

    __tablename__ = "set_aside"
    __table_args__ = (UniqueConstraint("person_id", "offer_id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    offer_id: Mapped[int] = mapped_column(ForeignKey("offer.id"), index=True)
    because: Mapped[Because] = mapped_column(String(20))
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)


class GroupAdvice(Base):
    """Which offers would help the people of a system, or of one of its organisations, most together: once a quarter."""

    __tablename__ = "group_advice"
    __table_args__ = (
        CheckConstraint("people >= 10", name="ten_people"),
        Index(
            "uq_group_advice_system",
            "system_id",
            "quarter",
            unique=True,
            sqlite_where=text("organisation_id IS NULL"),
            postgresql_where=text("organisation_id IS NULL"),
        ),
        UniqueConstraint("organisation_id", "quarter"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    system_id: Mapped[int] = mapped_column(ForeignKey("system.id"))
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    quarter: Mapped[date] = mapped_column(Date)
    """Its first day."""
    made_on: Mapped[date] = mapped_column(Date)
    people: Mapped[int]
    """How many it is about, to the nearest five."""
    content: Mapped[dict[str, Any]] = mapped_column(JSON)
    """Written once, by ``grouping``: nothing of it can be led back to one of them."""
    system: Mapped[System] = relationship()
    organisation: Mapped[Organisation | None] = relationship()
