"""A round of feedback, and whom it asks. What raters have said is kept with them, and goes with them at the close."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Date, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from catalogue.clock import now
from catalogue.extensions import Base, UtcDateTime
from catalogue.feedback.rules import Group
from catalogue.frameworks.models import Framework
from catalogue.people.models import Person
from catalogue.systems.models import Organisation, System


class RoundState(StrEnum):
    OPEN = "open"
    CLOSED = "closed"  # its report waits for the facilitator
    RELEASED = "released"


class FeedbackRound(Base):
    """Somebody asks others how they lead, on one version of a framework."""

    __tablename__ = "feedback_round"
    __table_args__ = (
        Index(
            "uq_feedback_round_open",
            "person_id",
            unique=True,
            sqlite_where=text("state = 'open'"),
            postgresql_where=text("state = 'open'"),
        ),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    framework_id: Mapped[int] = mapped_column(ForeignKey("framework.id"))
    state: Mapped[RoundState] = mapped_column(String(20), default=RoundState.OPEN)
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    closes_on: Mapped[date] = mapped_column(Date)
    """The last day to answer."""
    reminded_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    released_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    facilitator_name: Mapped[str] = mapped_column(String(200), default="")
    facilitator_email: Mapped[str] = mapped_column(String(254), default="")
    facilitator_token_hash: Mapped[str | None] = mapped_column(String(64), unique=True)
    facilitator_asked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    held_back: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    """The report while the facilitator has it: no page and no export of the person's knows this column."""
    report: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    """The report once it is released: written once, by ``report.written``."""
    in_group_report: Mapped[bool] = mapped_column(default=False)
    """Whether the report counts in that of a group; in one only, for good."""
    person: Mapped[Person] = relationship()
    framework: Mapped[Framework] = relationship()
    raters: Mapped[list["FeedbackRater"]] = relationship(
        back_populates="round", order_by="FeedbackRater.id", passive_deletes=True
    )


class FeedbackRater(Base):
    """Somebody who is asked. All that ties a rater to an answer is in this row; it is deleted when the round closes."""

    __tablename__ = "feedback_rater"
    __table_args__ = (
        # There is one line manager, who knows that they can be told from the others.
        Index(
            "uq_feedback_rater_manager",
            "round_id",
            unique=True,
            sqlite_where=text("relation = 'manager'"),
            postgresql_where=text("relation = 'manager'"),
        ),
        CheckConstraint("sent_at IS NULL OR declined_at IS NULL", name="sent_or_declined"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    round_id: Mapped[int] = mapped_column(ForeignKey("feedback_round.id", ondelete="CASCADE"), index=True)
    relation: Mapped[Group] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(200))
    email: Mapped[str] = mapped_column(String(254))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    knows_named: Mapped[bool] = mapped_column(default=False)
    """A line manager has said that they know that their answers are told as theirs."""
    answers: Mapped[dict[str, int | None]] = mapped_column(JSON, default=dict)
    """By statement id: 0 (strongly disagree) to 4 (strongly agree), None for "cannot say"."""
    importance: Mapped[dict[str, int]] = mapped_column(JSON, default=dict)
    """By dimension id: how much it matters in the person's job, 0 to 4."""
    comments: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    declined_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    round: Mapped[FeedbackRound] = relationship(back_populates="raters")


class FeedbackGroupReport(Base):
    """What ten reports or more come to, each of which counts in no other: of one of a system's organisations, or of the
    others in the system."""

    __tablename__ = "feedback_group_report"
    __table_args__ = (UniqueConstraint("system_id", "number"), CheckConstraint("people >= 10", name="ten_people"))
    id: Mapped[int] = mapped_column(primary_key=True)
    system_id: Mapped[int] = mapped_column(ForeignKey("system.id"))
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"), index=True)
    number: Mapped[int]
    """Of all that are about the system."""
    people: Mapped[int]
    made_on: Mapped[date] = mapped_column(Date)
    content: Mapped[dict[str, Any]] = mapped_column(JSON)
    system: Mapped[System] = relationship()
    organisation: Mapped[Organisation | None] = relationship()
