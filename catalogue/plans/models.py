"""What somebody means to do: commitments in their own words, offers that they plan to take, a day to assess themself
again; and with whom they share it, and what those write.
"""

from datetime import date, datetime

from sqlalchemy import Date, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from catalogue.clock import now
from catalogue.extensions import Base, UtcDateTime
from catalogue.frameworks.models import Dimension
from catalogue.offers.models import Offer
from catalogue.people.models import Person
from catalogue.plans.rules import OPEN, CommitmentState


class Commitment(Base):
    """What somebody will do, and by when."""

    __tablename__ = "commitment"
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    words: Mapped[str] = mapped_column(Text)
    dimension_id: Mapped[int | None] = mapped_column(ForeignKey("dimension.id"))
    by: Mapped[date] = mapped_column(Date, index=True)
    began_from: Mapped[str] = mapped_column(String(40), default="")
    """What led to it: "feedback:7" (a round), "assessment:3", or nothing. Those go in their time; the words stay."""
    state: Mapped[CommitmentState] = mapped_column(String(20), default=CommitmentState.MADE)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    set_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    """When its day was set last: what is set for soon needs no reminder."""
    reminded_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    person: Mapped[Person] = relationship()
    dimension: Mapped[Dimension | None] = relationship()
    changes: Mapped[list["CommitmentChange"]] = relationship(
        back_populates="commitment", order_by="CommitmentChange.id", cascade="all, delete-orphan"
    )

    @property
    def open(self) -> bool:
        return self.state in OPEN


class CommitmentChange(Base):
    """What became of a commitment, with what its person notes on it."""

    __tablename__ = "commitment_change"
    __table_args__ = (UniqueConstraint("commitment_id", "state"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    commitment_id: Mapped[int] = mapped_column(ForeignKey("commitment.id"))
    state: Mapped[CommitmentState] = mapped_column(String(20))
    note: Mapped[str] = mapped_column(Text, default="")
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    commitment: Mapped[Commitment] = relationship(back_populates="changes")


class PlannedOffer(Base):
    """An offer that somebody means to take: a step of their plan until they join it, whichever way that happens."""

    __tablename__ = "planned_offer"
    __table_args__ = (UniqueConstraint("person_id", "offer_id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    offer_id: Mapped[int] = mapped_column(ForeignKey("offer.id"), index=True)
    by: Mapped[date | None] = mapped_column(Date)
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    offer: Mapped[Offer] = relationship()


class Reassessment(Base):
    """The day on which somebody means to assess themself again; one at a time."""

    __tablename__ = "reassessment"
    __table_args__ = (
        Index(
            "uq_reassessment_open",
            "person_id",
            unique=True,
            sqlite_where=text("done_at IS NULL"),
            postgresql_where=text("done_at IS NULL"),
        ),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    due_on: Mapped[date] = mapped_column(Date, index=True)
    told_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When they were written to, on that day."""
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    person: Mapped[Person] = relationship()


class PlanShare(Base):
    """A line manager whom somebody shows their plan, by a link that is theirs alone; one at a time."""

    __tablename__ = "plan_share"
    __table_args__ = (
        Index(
            "uq_plan_share_open",
            "person_id",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    manager_name: Mapped[str] = mapped_column(String(200))
    manager_email: Mapped[str] = mapped_column(String(254))
    token_hash: Mapped[str | None] = mapped_column(String(64), unique=True)
    """None once it has ended: no link opens it."""
    shared_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    sent_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    until: Mapped[date] = mapped_column(Date)
    """The last day on which the link opens."""
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    person: Mapped[Person] = relationship()


class PlanComment(Base):
    """What a manager wrote on a plan, or on one step of it. It is the person's to keep and to remove."""

    __tablename__ = "plan_comment"
    id: Mapped[int] = mapped_column(primary_key=True)
    share_id: Mapped[int] = mapped_column(ForeignKey("plan_share.id"), index=True)
    step: Mapped[str] = mapped_column(String(40), default="")
    """The key of the step, as ``steps.Step`` has it; nothing for the plan as a whole."""
    words: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    seen_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    share: Mapped[PlanShare] = relationship()
