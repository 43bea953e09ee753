"""Offers in versions, what each takes people from and to, and the runs on which they can be taken."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from sqlalchemy import (
    JSON,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    Numeric,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from catalogue.clock import now
from catalogue.extensions import Base, UtcDateTime
from catalogue.frameworks.models import Condition, Dimension, Seat
from catalogue.systems.models import Organisation


class Mode(StrEnum):
    IN_PERSON = "in-person"
    ONLINE = "online"
    BLENDED = "blended"
    SELF_PACED = "self-paced"


class VersionState(StrEnum):
    PUBLISHED = "published"
    RETIRED = "retired"


class RunState(StrEnum):
    SCHEDULED = "scheduled"
    OPEN = "open"
    FULL = "full"
    IN_PROGRESS = "in-progress"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


offer_partner = Table(
    "offer_partner",
    Base.metadata,
    Column("offer_id", Integer, ForeignKey("offer.id"), primary_key=True),
    Column("organisation_id", Integer, ForeignKey("organisation.id"), primary_key=True),
)

version_condition = Table(
    "version_condition",
    Base.metadata,
    Column("version_id", Integer, ForeignKey("offer_version.id"), primary_key=True),
    Column("condition_id", Integer, ForeignKey("condition.id"), primary_key=True, index=True),
)

version_seat = Table(
    "version_seat",
    Base.metadata,
    Column("version_id", Integer, ForeignKey("offer_version.id"), primary_key=True),
    Column("seat_id", Integer, ForeignKey("seat.id"), primary_key=True, index=True),
)


class Offer(Base):
    """A learning opportunity, under an address that stays. What it says is in its published version."""

    __tablename__ = "offer"
    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(100), unique=True)
    provider_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    example: Mapped[bool] = mapped_column(default=False)
    source: Mapped[str] = mapped_column(Text, default="")
    provider: Mapped[Organisation] = relationship()
    partners: Mapped[list[Organisation]] = relationship(secondary=offer_partner, order_by=Organisation.name)
    published: Mapped["OfferVersion"] = relationship(
        primaryjoin="and_(OfferVersion.offer_id == Offer.id, OfferVersion.state == 'published')", viewonly=True
    )
    runs: Mapped[list["Run"]] = relationship(back_populates="offer", order_by="Run.starts_on")


class OfferVersion(Base):
    """What an offer says. A published version never changes: an edit makes the next one."""

    __tablename__ = "offer_version"
    __table_args__ = (
        UniqueConstraint("offer_id", "number"),
        Index(
            "uq_offer_version_published",
            "offer_id",
            unique=True,
            sqlite_where=text("state = 'published'"),
            postgresql_where=text("state = 'published'"),
        ),
        CheckConstraint("hours > 0", name="hours_positive"),
        CheckConstraint("price_pence >= 0", name="price_not_negative"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    offer_id: Mapped[int] = mapped_column(ForeignKey("offer.id"))
    number: Mapped[int]
    state: Mapped[VersionState] = mapped_column(String(20), default=VersionState.PUBLISHED)
    title: Mapped[str] = mapped_column(String(200))
    summary: Mapped[str] = mapped_column(Text)
    outcomes: Mapped[list[str]] = mapped_column(JSON)
    description: Mapped[str] = mapped_column(Text)
    mode: Mapped[Mode] = mapped_column(String(20), index=True)
    hours: Mapped[Decimal] = mapped_column(Numeric(6, 2))
    hours_estimated: Mapped[bool] = mapped_column(default=False)
    price_pence: Mapped[int | None]  # none where the source does not say
    place: Mapped[str] = mapped_column(String(100), default="")
    stems: Mapped[str] = mapped_column(Text)  # " stem stem ... ", for search
    content_hash: Mapped[str] = mapped_column(String(64))
    published_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    offer: Mapped[Offer] = relationship()
    mappings: Mapped[list["Mapping"]] = relationship(back_populates="version", order_by="Mapping.id")
    steps: Mapped[list["Step"]] = relationship(back_populates="version", order_by="Step.position")
    conditions: Mapped[list[Condition]] = relationship(secondary=version_condition, order_by=Condition.position)
    seats: Mapped[list[Seat]] = relationship(secondary=version_seat, order_by=Seat.position)

    @property
    def self_paced(self) -> bool:
        return self.mode == Mode.SELF_PACED


class Mapping(Base):
    """An offer takes people in a dimension from a level to a level, with a strength."""

    __tablename__ = "mapping"
    __table_args__ = (
        UniqueConstraint("version_id", "dimension_id", "from_level"),
        CheckConstraint("from_level < to_level", name="upwards"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("offer_version.id"))
    dimension_id: Mapped[int] = mapped_column(ForeignKey("dimension.id"), index=True)
    from_level: Mapped[int]
    to_level: Mapped[int]
    strength: Mapped[str] = mapped_column(String(20))
    version: Mapped[OfferVersion] = relationship(back_populates="mappings")
    dimension: Mapped[Dimension] = relationship()


class Step(Base):
    """A part of an offer that people work through on their own."""

    __tablename__ = "step"
    __table_args__ = (UniqueConstraint("version_id", "key"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("offer_version.id"))
    key: Mapped[str] = mapped_column(String(60))
    position: Mapped[int]
    title: Mapped[str] = mapped_column(String(200))
    minutes: Mapped[int]
    text: Mapped[str] = mapped_column(Text)
    version: Mapped[OfferVersion] = relationship(back_populates="steps")


class Run(Base):
    """One presentation of an offer, with dates and a number of places."""

    __tablename__ = "run"
    __table_args__ = (
        UniqueConstraint("offer_id", "key"),
        CheckConstraint("places >= 0", name="places_not_negative"),
        CheckConstraint("starts_on <= ends_on", name="forwards"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    offer_id: Mapped[int] = mapped_column(ForeignKey("offer.id"))
    key: Mapped[str] = mapped_column(String(60))
    starts_on: Mapped[date] = mapped_column(Date, index=True)
    ends_on: Mapped[date] = mapped_column(Date)
    place: Mapped[str] = mapped_column(String(100))
    places: Mapped[int]
    state: Mapped[RunState] = mapped_column(String(20), default=RunState.OPEN)
    offer: Mapped[Offer] = relationship(back_populates="runs")
