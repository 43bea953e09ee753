"""Who takes what, and who has completed it. Completions are only ever added, or voided with a reason."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from catalogue.clock import now
from catalogue.extensions import Base, UtcDateTime
from catalogue.offers.models import Offer, OfferVersion, Run, Step
from catalogue.people.models import Person


class EnrolmentState(StrEnum):
    BOOKED = "booked"
    WAITLISTED = "waitlisted"
    COMPLETED = "completed"
    WITHDRAWN = "withdrawn"


ACTIVE = (EnrolmentState.BOOKED, EnrolmentState.WAITLISTED)
TAKES_A_PLACE = (EnrolmentState.BOOKED, EnrolmentState.COMPLETED)


class CompletedBy(StrEnum):
    """How it came to be known that somebody completed an offer."""

    LAST_STEP = "last-step"
    PROVIDER = "provider"
    ADMINISTRATOR = "administrator"


class Enrolment(Base):
    """A person on an offer: on one of its runs, or at their own pace. They keep the version they enrolled on."""

    __tablename__ = "enrolment"
    __table_args__ = (
        # One active enrolment for each person and offer, whoever asks at the same moment.
        Index(
            "uq_enrolment_active",
            "person_id",
            "offer_id",
            unique=True,
            sqlite_where=text("state IN ('booked', 'waitlisted')"),
            postgresql_where=text("state IN ('booked', 'waitlisted')"),
        ),
        Index("ix_enrolment_run_state", "run_id", "state", "id"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    offer_id: Mapped[int] = mapped_column(ForeignKey("offer.id"), index=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("offer_version.id"))
    run_id: Mapped[int | None] = mapped_column(ForeignKey("run.id"))
    state: Mapped[EnrolmentState] = mapped_column(String(20))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    person: Mapped[Person] = relationship()
    offer: Mapped[Offer] = relationship()
    version: Mapped[OfferVersion] = relationship()
    run: Mapped[Run | None] = relationship()
    steps_done: Mapped[list["StepDone"]] = relationship(back_populates="enrolment")


class StepDone(Base):
    __tablename__ = "step_done"
    __table_args__ = (UniqueConstraint("enrolment_id", "step_id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    enrolment_id: Mapped[int] = mapped_column(ForeignKey("enrolment.id"))
    step_id: Mapped[int] = mapped_column(ForeignKey("step.id"))
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    enrolment: Mapped[Enrolment] = relationship(back_populates="steps_done")
    step: Mapped[Step] = relationship()


class Completion(Base):
    """That somebody completed an offer. Never changed or removed: one made in error is voided, with a reason."""

    __tablename__ = "completion"
    __table_args__ = (
        CheckConstraint("(voided_at IS NULL) = (void_reason = '')", name="voided_with_a_reason"),
        Index(
            "uq_completion_standing",
            "enrolment_id",
            unique=True,
            sqlite_where=text("voided_at IS NULL"),
            postgresql_where=text("voided_at IS NULL"),
        ),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    enrolment_id: Mapped[int] = mapped_column(ForeignKey("enrolment.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    offer_id: Mapped[int] = mapped_column(ForeignKey("offer.id"), index=True)
    by: Mapped[CompletedBy] = mapped_column(String(20))
    by_person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    voided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    void_reason: Mapped[str] = mapped_column(Text, default="")
    enrolment: Mapped[Enrolment] = relationship()
    person: Mapped[Person] = relationship(foreign_keys=[person_id])
    offer: Mapped[Offer] = relationship()
