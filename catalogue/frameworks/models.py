"""Frameworks as data: nothing here knows how many dimensions or levels there are."""

from sqlalchemy import JSON, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from catalogue.extensions import Base


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
    """One version of a framework. What was assessed with it stays with it."""

    __tablename__ = "framework"
    __table_args__ = (UniqueConstraint("key", "version"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(100))
    version: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(200))
    label: Mapped[str] = mapped_column(String(300))
    notice: Mapped[str] = mapped_column(String(300))
    owner: Mapped[str] = mapped_column(String(200))
    source: Mapped[str] = mapped_column(Text)
    content_hash: Mapped[str] = mapped_column(String(64))
    levels: Mapped[list["Level"]] = relationship(order_by="Level.value", back_populates="framework")
    dimensions: Mapped[list["Dimension"]] = relationship(order_by="Dimension.position", back_populates="framework")


class Level(Base):
    """A level of a framework; 0 is below the first described one."""

    __tablename__ = "level"
    __table_args__ = (UniqueConstraint("framework_id", "value"), UniqueConstraint("framework_id", "key"))
    id: Mapped[int] = mapped_column(primary_key=True)
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
    dimension_id: Mapped[int] = mapped_column(ForeignKey("dimension.id"))
    level: Mapped[int]
    heading: Mapped[str] = mapped_column(String(200))


class Statement(Base):
    """Something a leader at a level does: said of oneself, and of another."""

    __tablename__ = "statement"
    __table_args__ = (UniqueConstraint("dimension_id", "key"),)
    id: Mapped[int] = mapped_column(primary_key=True)
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
