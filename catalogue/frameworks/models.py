"""Frameworks as data: nothing here knows how many dimensions or levels there are."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import uuid4

from sqlalchemy import JSON, ForeignKey, String, Text, UniqueConstraint, event, inspect
from sqlalchemy.orm import Mapped, mapped_column, relationship

from catalogue.clock import now
from catalogue.errors import Refused
from catalogue.extensions import Base, UtcDateTime
from catalogue.people.models import Person


def new_identifier() -> str:
    return str(uuid4())


class FrameworkState(StrEnum):
    PUBLISHED = "published"
    RETIRED = "retired"


class DraftState(StrEnum):
    DRAFT = "draft"
    IN_REVIEW = "in-review"
    CHANGES_REQUESTED = "changes-requested"


class Condition(Base):
    """One of the conditions for good leadership that every offer is mapped to."""

    __tablename__ = "condition"
    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(60), unique=True)
    position: Mapped[int]
    name: Mapped[str] = mapped_column(String(200))
    meaning: Mapped[str] = mapped_column(Text)
    source: Mapped[str] = mapped_column(Text, default="")


class Framework(Base):
    """One version of a framework. What was assessed with it stays with it: once published it never changes."""

    __tablename__ = "framework"
    __table_args__ = (UniqueConstraint("key", "version"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    identifier: Mapped[str] = mapped_column(String(36), unique=True, default=new_identifier)
    key: Mapped[str] = mapped_column(String(100))
    version: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(200))
    label: Mapped[str] = mapped_column(String(300))
    notice: Mapped[str] = mapped_column(String(300))
    owner: Mapped[str] = mapped_column(String(200))
    source: Mapped[str] = mapped_column(Text)
    licence: Mapped[str] = mapped_column(String(300), default="")  # an address, or words
    open: Mapped[bool] = mapped_column(default=False)
    """Whether anybody may have all its words, as data. Its owner decides that."""
    state: Mapped[FrameworkState] = mapped_column(String(20), default=FrameworkState.PUBLISHED)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    published_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    retired_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    content_hash: Mapped[str] = mapped_column(String(64))
    levels: Mapped[list["Level"]] = relationship(order_by="Level.value", back_populates="framework")
    dimensions: Mapped[list["Dimension"]] = relationship(order_by="Dimension.position", back_populates="framework")


class Level(Base):
    """A level of a framework; 0 is below the first described one."""

    __tablename__ = "level"
    __table_args__ = (UniqueConstraint("framework_id", "value"), UniqueConstraint("framework_id", "key"))
    id: Mapped[int] = mapped_column(primary_key=True)
    identifier: Mapped[str] = mapped_column(String(36), unique=True, default=new_identifier)
    framework_id: Mapped[int] = mapped_column(ForeignKey("framework.id"))
    value: Mapped[int]
    key: Mapped[str] = mapped_column(String(60))
    name: Mapped[str] = mapped_column(String(100))
    meaning: Mapped[str] = mapped_column(Text)
    framework: Mapped[Framework] = relationship(back_populates="levels")


class Dimension(Base):
    __tablename__ = "dimension"
    __table_args__ = (UniqueConstraint("framework_id", "key"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    identifier: Mapped[str] = mapped_column(String(36), unique=True, default=new_identifier)
    framework_id: Mapped[int] = mapped_column(ForeignKey("framework.id"))
    key: Mapped[str] = mapped_column(String(60))
    position: Mapped[int]
    name: Mapped[str] = mapped_column(String(100))
    what: Mapped[str] = mapped_column(Text)
    why: Mapped[str] = mapped_column(Text)
    what_it_is_not: Mapped[list[str]] = mapped_column(JSON)
    framework: Mapped[Framework] = relationship(back_populates="dimensions")
    headings: Mapped[list["LevelHeading"]] = relationship(order_by="LevelHeading.level")
    statements: Mapped[list["Statement"]] = relationship(order_by="Statement.position")


class LevelHeading(Base):
    """What a level is called within a dimension."""

    __tablename__ = "level_heading"
    __table_args__ = (UniqueConstraint("dimension_id", "level"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    identifier: Mapped[str] = mapped_column(String(36), unique=True, default=new_identifier)
    dimension_id: Mapped[int] = mapped_column(ForeignKey("dimension.id"))
    level: Mapped[int]
    heading: Mapped[str] = mapped_column(String(200))


class Statement(Base):
    """Something a leader at a level does: said of oneself, and of another."""

    __tablename__ = "statement"
    __table_args__ = (UniqueConstraint("dimension_id", "key"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    identifier: Mapped[str] = mapped_column(String(36), unique=True, default=new_identifier)
    dimension_id: Mapped[int] = mapped_column(ForeignKey("dimension.id"))
    key: Mapped[str] = mapped_column(String(100))
    level: Mapped[int]
    position: Mapped[int]
    self_form: Mapped[str] = mapped_column(Text)
    others_form: Mapped[str] = mapped_column(Text)


class Seat(Base):
    """A kind of job to lead from: ward manager, receptionist, chief executive."""

    __tablename__ = "seat"
    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(60), unique=True)
    position: Mapped[int]
    name: Mapped[str] = mapped_column(String(100))
    description: Mapped[str] = mapped_column(Text)


class RoleTarget(Base):
    """The level that a seat asks for in a dimension, and how much it matters there (1 to 3)."""

    __tablename__ = "role_target"
    __table_args__ = (UniqueConstraint("seat_id", "dimension_id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    seat_id: Mapped[int] = mapped_column(ForeignKey("seat.id"))
    dimension_id: Mapped[int] = mapped_column(ForeignKey("dimension.id"), index=True)
    level: Mapped[int]
    importance: Mapped[int]


class FrameworkDraft(Base):
    """A version to be: a ``FrameworkContent`` as far as it has been written."""

    __tablename__ = "framework_draft"
    id: Mapped[int] = mapped_column(primary_key=True)
    state: Mapped[DraftState] = mapped_column(String(20), default=DraftState.DRAFT)
    content: Mapped[dict[str, Any]] = mapped_column(JSON)
    revision: Mapped[int] = mapped_column(default=1)
    """Counts the changes, so that nobody writes over what they have not seen."""
    comment: Mapped[str] = mapped_column(Text, default="")  # the reviewer's, where changes are asked for
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    changed_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    submitted_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    changed_by: Mapped[Person] = relationship(foreign_keys=[changed_by_id])
    submitted_by: Mapped[Person | None] = relationship(foreign_keys=[submitted_by_id])


MAY_CHANGE = {"state", "open", "licence", "changed_at", "retired_at"}
"""Of a version: what is no part of what it says."""


@event.listens_for(Framework, "before_update")
@event.listens_for(Level, "before_update")
@event.listens_for(Dimension, "before_update")
@event.listens_for(LevelHeading, "before_update")
@event.listens_for(Statement, "before_update")
def _keep_the_words(_mapper: Any, _connection: Any, row: Base) -> None:
    """A version that is published never changes, whoever tries: what was assessed with it has to mean the same."""
    columns = inspect(type(row)).column_attrs.keys()
    changed = {name for name in columns if inspect(row).attrs[name].history.has_changes()}
    if changed - (MAY_CHANGE if isinstance(row, Framework) else set()):
        raise Refused("A published version of a framework never changes. Make a new version of it.")


@event.listens_for(Framework, "before_delete")
@event.listens_for(Level, "before_delete")
@event.listens_for(Dimension, "before_delete")
@event.listens_for(LevelHeading, "before_delete")
@event.listens_for(Statement, "before_delete")
def _keep_the_rows(_mapper: Any, _connection: Any, _row: Base) -> None:
    raise Refused("A published version of a framework stays. Retire it instead.")


class CrosswalkKind(StrEnum):
    """How a dimension stands to one of another framework: the association types of CASE 1.0, section 6.2.3."""

    SAME = "exactMatchOf"
    RELATED = "isRelatedTo"
    PART = "isPartOf"


class Crosswalk(Base):
    """A dimension of one framework beside one of another: what is assessed or offered there says something here."""

    __tablename__ = "crosswalk"
    __table_args__ = (UniqueConstraint("origin_id", "destination_id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    identifier: Mapped[str] = mapped_column(String(36), unique=True, default=new_identifier)
    origin_id: Mapped[int] = mapped_column(ForeignKey("dimension.id"))
    destination_id: Mapped[int] = mapped_column(ForeignKey("dimension.id"), index=True)
    kind: Mapped[CrosswalkKind] = mapped_column(String(20))
    origin: Mapped[Dimension] = relationship(foreign_keys=[origin_id])
    destination: Mapped[Dimension] = relationship(foreign_keys=[destination_id])
