"""A person's answers about themself, and the levels that they come to."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from catalogue.clock import now
from catalogue.extensions import Base, UtcDateTime
from catalogue.frameworks.models import Dimension, Framework, Seat, Statement
from catalogue.people.models import Person


class AssessmentState(StrEnum):
    DRAFT = "draft"
    CLOSED = "closed"


class Form(StrEnum):
    FULL = "full"  # every statement
    SHORT = "short"  # one question for each level of a dimension


class Assessment(Base):
    """A self-assessment on one version of a framework, from one seat."""

    __tablename__ = "assessment"
    __table_args__ = (
        # One draft at a time, so that coming back always finds the same one.
        Index(
            "uq_assessment_draft",
            "person_id",
            unique=True,
            sqlite_where=text("state = 'draft'"),
            postgresql_where=text("state = 'draft'"),
        ),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    framework_id: Mapped[int] = mapped_column(ForeignKey("framework.id"))
    seat_id: Mapped[int] = mapped_column(ForeignKey("seat.id"))
    state: Mapped[AssessmentState] = mapped_column(String(20), default=AssessmentState.DRAFT)
    form: Mapped[Form] = mapped_column(String(10), default=Form.FULL, server_default="full")
    started_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    person: Mapped[Person] = relationship()
    framework: Mapped[Framework] = relationship()
    seat: Mapped[Seat] = relationship()
    answers: Mapped[list["Answer"]] = relationship(back_populates="assessment")
    results: Mapped[list["Result"]] = relationship(back_populates="assessment")
    notes: Mapped[list["Note"]] = relationship(back_populates="assessment")
    importances: Mapped[list["Importance"]] = relationship(back_populates="assessment")


class Answer(Base):
    """How far a person agrees that a statement is true of them: 0 strongly disagree to 4 strongly agree."""

    __tablename__ = "answer"
    __table_args__ = (
        UniqueConstraint("assessment_id", "statement_id"),
        CheckConstraint("agreement BETWEEN 0 AND 4", name="agreement_on_the_scale"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    assessment_id: Mapped[int] = mapped_column(ForeignKey("assessment.id"))
    statement_id: Mapped[int] = mapped_column(ForeignKey("statement.id"))
    agreement: Mapped[int]
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    assessment: Mapped[Assessment] = relationship(back_populates="answers")
    statement: Mapped[Statement] = relationship()


class LevelAnswer(Base):
    """In the short form, how far a person agrees that a level of a dimension is true of them as a whole, 0 to 4."""

    __tablename__ = "level_answer"
    __table_args__ = (
        UniqueConstraint("assessment_id", "dimension_id", "level"),
        CheckConstraint("agreement BETWEEN 0 AND 4", name="agreement_on_the_scale"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    assessment_id: Mapped[int] = mapped_column(ForeignKey("assessment.id"))
    dimension_id: Mapped[int] = mapped_column(ForeignKey("dimension.id"))
    level: Mapped[int]
    agreement: Mapped[int]
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)


class Importance(Base):
    """How important a dimension is to their role, as a person says: 1 helpful, 2 important, 3 essential."""

    __tablename__ = "importance"
    __table_args__ = (
        UniqueConstraint("assessment_id", "dimension_id"),
        CheckConstraint("importance BETWEEN 1 AND 3", name="importance_on_its_scale"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    assessment_id: Mapped[int] = mapped_column(ForeignKey("assessment.id"))
    dimension_id: Mapped[int] = mapped_column(ForeignKey("dimension.id"))
    importance: Mapped[int]
    assessment: Mapped[Assessment] = relationship(back_populates="importances")


class Note(Base):
    """Evidence that a person notes for themself about a dimension. Private."""

    __tablename__ = "note"
    __table_args__ = (UniqueConstraint("assessment_id", "dimension_id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    assessment_id: Mapped[int] = mapped_column(ForeignKey("assessment.id"))
    dimension_id: Mapped[int] = mapped_column(ForeignKey("dimension.id"))
    text: Mapped[str] = mapped_column(Text)
    assessment: Mapped[Assessment] = relationship(back_populates="notes")


class Result(Base):
    """The level in a dimension, as it came out when the assessment was closed."""

    __tablename__ = "result"
    __table_args__ = (UniqueConstraint("assessment_id", "dimension_id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    assessment_id: Mapped[int] = mapped_column(ForeignKey("assessment.id"))
    dimension_id: Mapped[int] = mapped_column(ForeignKey("dimension.id"))
    level: Mapped[int]
    assessment: Mapped[Assessment] = relationship(back_populates="results")
    dimension: Mapped[Dimension] = relationship()
