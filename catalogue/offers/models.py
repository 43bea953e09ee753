"""Offers in versions, what each takes people from and to, and the runs on which they can be taken."""

from datetime import date, datetime, time
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
    Time,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.engine.default import DefaultExecutionContext
from sqlalchemy.orm import Mapped, mapped_column, relationship

from catalogue.clock import now
from catalogue.extensions import Base, UtcDateTime
from catalogue.frameworks.models import Condition, Dimension, Seat
from catalogue.people.models import Person
from catalogue.systems.models import Organisation, System


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

version_prerequisite = Table(
    "version_prerequisite",
    Base.metadata,
    Column("version_id", Integer, ForeignKey("offer_version.id"), primary_key=True),
    Column("offer_id", Integer, ForeignKey("offer.id"), primary_key=True),
)

version_system = Table(
    "version_system",
    Base.metadata,
    Column("version_id", Integer, ForeignKey("offer_version.id"), primary_key=True),
    Column("system_id", Integer, ForeignKey("system.id"), primary_key=True, index=True),
)


def _slug_of(context: DefaultExecutionContext) -> str:
    return str(context.get_current_parameters()["slug"])  # type: ignore[no-untyped-call]


class Offer(Base):
    """A learning opportunity, under an address that stays. What it says is in its published version."""

    __tablename__ = "offer"
    __table_args__ = (UniqueConstraint("provider_id", "key"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(100), unique=True)
    provider_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    key: Mapped[str] = mapped_column(String(300), default=_slug_of)
    """What the provider calls it: the same in every file and feed that they send; its address where they do not say."""
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
    prerequisites: Mapped[str] = mapped_column(Text, default="")
    accessibility: Mapped[str] = mapped_column(Text, default="")
    url: Mapped[str] = mapped_column(String(500), default="")  # the provider's own page on it
    members_only: Mapped[bool] = mapped_column(default=False)
    """Whether only people of the organisations that provide it find it."""
    approval_needed: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Whether a line manager has to agree before somebody has a place."""
    for_plan_leads: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Whether it is for those alone who are responsible for implementing part or all of their system's plan."""
    for_seats_only: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Whether only people in its seats may join; else the seats say for whom it was made."""
    sessions_needed: Mapped[int | None]  # to attend, to complete it; none where the provider says who completed it
    reassessment_needed: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Whether completing it takes a self-assessment made after joining."""
    is_programme: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Whether other offers are among its steps: kept, so that lists and counts need not look."""
    retire_on: Mapped[date | None] = mapped_column(Date, index=True)
    title_stems: Mapped[str] = mapped_column(Text)  # " stem stem ... ", for search
    stems: Mapped[str] = mapped_column(Text)  # the same of all that it says
    content_hash: Mapped[str] = mapped_column(String(64))
    published_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    offer: Mapped[Offer] = relationship()
    mappings: Mapped[list["Mapping"]] = relationship(back_populates="version", order_by="Mapping.id")
    steps: Mapped[list["Step"]] = relationship(back_populates="version", order_by="Step.position")
    step_groups: Mapped[list["StepGroup"]] = relationship(back_populates="version", order_by="StepGroup.position")
    prerequisite_offers: Mapped[list[Offer]] = relationship(secondary=version_prerequisite, order_by=Offer.slug)
    """Offers to have completed before this one can be joined."""
    conditions: Mapped[list[Condition]] = relationship(secondary=version_condition, order_by=Condition.position)
    seats: Mapped[list[Seat]] = relationship(secondary=version_seat, order_by=Seat.position)
    systems: Mapped[list[System]] = relationship(secondary=version_system, order_by=System.name)
    """Whose people it is for; none where it is for everyone."""

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


class StepGroup(Base):
    """Steps of a programme that belong together: all of them are to be done, or some of them by choice (electives)."""

    __tablename__ = "step_group"
    __table_args__ = (
        UniqueConstraint("version_id", "key"),
        CheckConstraint("choose >= 1", name="choose_positive"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("offer_version.id"))
    key: Mapped[str] = mapped_column(String(60))
    position: Mapped[int]
    title: Mapped[str] = mapped_column(String(200))
    text: Mapped[str] = mapped_column(Text, default="")
    choose: Mapped[int | None]  # how many of its steps; none for all of them
    version: Mapped[OfferVersion] = relationship(back_populates="step_groups")
    steps: Mapped[list["Step"]] = relationship(back_populates="group", order_by="Step.position")


class Step(Base):
    """A part of an offer: what people work through on their own, or another offer, done by completing that."""

    __tablename__ = "step"
    __table_args__ = (UniqueConstraint("version_id", "key"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("offer_version.id"))
    key: Mapped[str] = mapped_column(String(60))
    position: Mapped[int]
    title: Mapped[str] = mapped_column(String(200))
    minutes: Mapped[int]
    text: Mapped[str] = mapped_column(Text)
    group_id: Mapped[int | None] = mapped_column(ForeignKey("step_group.id"))
    offer_id: Mapped[int | None] = mapped_column(ForeignKey("offer.id"), index=True)  # that does this step
    version: Mapped[OfferVersion] = relationship(back_populates="steps")
    group: Mapped[StepGroup | None] = relationship(back_populates="steps")
    offer: Mapped[Offer | None] = relationship()


class Run(Base):
    """One presentation of an offer, with dates and a number of places; of a programme, a cohort.

    Whether it is full is for enrolments to keep.
    """

    __tablename__ = "run"
    __table_args__ = (
        UniqueConstraint("offer_id", "key"),
        CheckConstraint("places >= 0", name="places_not_negative"),
        CheckConstraint("starts_on <= ends_on", name="forwards"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    offer_id: Mapped[int] = mapped_column(ForeignKey("offer.id"))
    key: Mapped[str] = mapped_column(String(300))  # the provider's own, like that of its offer
    starts_on: Mapped[date] = mapped_column(Date, index=True)
    ends_on: Mapped[date] = mapped_column(Date)
    start_time: Mapped[time | None] = mapped_column(Time)  # in London, on the first day
    end_time: Mapped[time | None] = mapped_column(Time)  # in London, on the last day
    place: Mapped[str] = mapped_column(String(100))
    venue: Mapped[str] = mapped_column(Text, default="")
    join_link: Mapped[str] = mapped_column(String(500), default="")  # for those who hold a place
    accessibility: Mapped[str] = mapped_column(Text, default="")
    price_pence: Mapped[int | None]  # none where it is the offer's
    places: Mapped[int]
    name: Mapped[str] = mapped_column(String(100), default="", server_default=text("''"))  # of a cohort
    apply_by: Mapped[date | None] = mapped_column(Date)  # the last day to join; none for the day before it starts
    withdraw_by: Mapped[date | None] = mapped_column(Date)  # the last day to leave without the provider
    state: Mapped[RunState] = mapped_column(String(20), default=RunState.OPEN)
    offer: Mapped[Offer] = relationship(back_populates="runs")
    sessions: Mapped[list["RunSession"]] = relationship(back_populates="run", order_by="RunSession.starts_at")


class RunSession(Base):
    """A time at which the people of a run meet, and at which a register is kept."""

    __tablename__ = "run_session"
    __table_args__ = (
        UniqueConstraint("run_id", "key"),
        CheckConstraint("starts_at < ends_at", name="forwards"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("run.id"))
    key: Mapped[str] = mapped_column(String(60))
    title: Mapped[str] = mapped_column(String(200))
    starts_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)
    place: Mapped[str] = mapped_column(String(100), default="")
    run: Mapped[Run] = relationship(back_populates="sessions")


class SavedSearch(Base):
    """What a person looks for again and again: the query of an address, under a name of theirs."""

    __tablename__ = "saved_search"
    __table_args__ = (UniqueConstraint("person_id", "name"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    name: Mapped[str] = mapped_column(String(100))
    query: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    person: Mapped[Person] = relationship()


class SearchWord(Base):
    """A word that stands in what has been published, and the stem under which it is found."""

    __tablename__ = "search_word"
    word: Mapped[str] = mapped_column(String(60), primary_key=True)
    stem: Mapped[str] = mapped_column(String(60), index=True)


class ChangedPart(StrEnum):
    OFFERS = "offers"
    RUNS = "runs"


class CatalogueChange(Base):
    """How often a part of the catalogue has changed: the sum over its slots, of which each session writes one."""

    __tablename__ = "catalogue_change"
    part: Mapped[ChangedPart] = mapped_column(String(10), primary_key=True)
    slot: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    number: Mapped[int]
