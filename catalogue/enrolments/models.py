"""Who takes what, and who has completed it. Completions are only ever added, or voided with a reason."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from catalogue.clock import now
from catalogue.extensions import Base, UtcDateTime
from catalogue.frameworks.models import Seat
from catalogue.offers.models import Offer, OfferVersion, Run, Step
from catalogue.people.models import Person
from catalogue.systems.models import Organisation, System


class EnrolmentState(StrEnum):
    NOMINATED = "nominated"  # a place is held; the person's word, or their manager's, is awaited
    REQUESTED = "requested"  # the manager's word is awaited, and no place is held
    DECLINED = "declined"
    BOOKED = "booked"
    WAITLISTED = "waitlisted"
    ATTENDED = "attended"  # was there, and has not completed it yet
    NO_SHOW = "no-show"
    COMPLETED = "completed"
    WITHDRAWN = "withdrawn"


ON_IT = (EnrolmentState.BOOKED, EnrolmentState.ATTENDED)
"""Who takes part now: they work on its steps, are on its register and can complete it."""
ACTIVE = (EnrolmentState.NOMINATED, EnrolmentState.REQUESTED, EnrolmentState.WAITLISTED, *ON_IT)
"""At most one of these for each person and offer."""
TAKES_A_PLACE = (EnrolmentState.NOMINATED, *ON_IT, EnrolmentState.NO_SHOW, EnrolmentState.COMPLETED)
_ACTIVE_SQL = "state IN ('nominated', 'requested', 'waitlisted', 'booked', 'attended')"


class CompletedBy(StrEnum):
    """How it came to be known that somebody completed an offer."""

    LAST_STEP = "last-step"
    PROVIDER = "provider"
    ADMINISTRATOR = "administrator"
    RULE = "rule"  # sessions attended, steps done and a reassessment made, as the offer asks
    ELSEWHERE = "elsewhere"  # another system says so


class SeatAllocation(Base):
    """Places of a run kept for the people of a system, or of a partner, until a day; from then on for whoever waits."""

    __tablename__ = "seat_allocation"
    __table_args__ = (
        UniqueConstraint("run_id", "system_id"),
        UniqueConstraint("run_id", "organisation_id"),
        CheckConstraint("(system_id IS NULL) <> (organisation_id IS NULL)", name="for_one_body"),
        CheckConstraint("seats >= 0", name="seats_not_negative"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("run.id"))
    system_id: Mapped[int | None] = mapped_column(ForeignKey("system.id"), index=True)
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"), index=True)
    seats: Mapped[int]
    release_on: Mapped[date] = mapped_column(Date, index=True)  # the first day on which they are not kept
    released_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # when those waiting were given what was left
    run: Mapped[Run] = relationship()
    system: Mapped[System | None] = relationship()
    organisation: Mapped[Organisation | None] = relationship()


class Team(Base):
    """People who were enrolled on a run together: all of them have places, or none."""

    __tablename__ = "team"
    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("run.id"), index=True)
    name: Mapped[str] = mapped_column(String(100))
    by_person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)


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
            sqlite_where=text(_ACTIVE_SQL),
            postgresql_where=text(_ACTIVE_SQL),
        ),
        Index("ix_enrolment_run_state", "run_id", "state", "id"),
        # What is counted of very many: by what has become of them, by offer and by person, without reading the rows.
        Index("ix_enrolment_state", "state", "run_id", "created_at"),
        Index("ix_enrolment_person_state", "person_id", "state", "run_id", "created_at"),
        Index("ix_enrolment_offer_state", "offer_id", "state", "run_id", "created_at"),
        Index("ix_enrolment_created_at", "created_at"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    offer_id: Mapped[int] = mapped_column(ForeignKey("offer.id"))
    version_id: Mapped[int] = mapped_column(ForeignKey("offer_version.id"))
    run_id: Mapped[int | None] = mapped_column(ForeignKey("run.id"))
    state: Mapped[EnrolmentState] = mapped_column(String(20))
    allocation_id: Mapped[int | None] = mapped_column(ForeignKey("seat_allocation.id"), index=True)
    """The allocation whose seat is taken; none for a place that is open to everyone."""
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id"), index=True)
    nominated_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    accepted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # by the person who was nominated
    answer_by: Mapped[date | None] = mapped_column(Date, index=True)  # the last day on which a nomination holds
    seat_id: Mapped[int | None] = mapped_column(ForeignKey("seat.id"))  # in which they join
    plan_part: Mapped[str] = mapped_column(Text, default="")  # what they answer for of their system's plan
    name_shown: Mapped[bool] = mapped_column(default=False)  # to others of their system on the same run
    via: Mapped[str] = mapped_column(String(60), default="")  # what vouched for them as they joined: "platform:7"
    reason: Mapped[str] = mapped_column(Text, default="")  # of withdrawing, of a decline, of not coming
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    person: Mapped[Person] = relationship(foreign_keys=[person_id])
    nominated_by: Mapped[Person | None] = relationship(foreign_keys=[nominated_by_id])
    allocation: Mapped[SeatAllocation | None] = relationship()
    team: Mapped[Team | None] = relationship()
    seat: Mapped[Seat | None] = relationship()
    offer: Mapped[Offer] = relationship()
    version: Mapped[OfferVersion] = relationship()
    run: Mapped[Run | None] = relationship()
    steps_done: Mapped[list["StepDone"]] = relationship(back_populates="enrolment")


class Approval(Base):
    """What a line manager was asked, by a link that is theirs alone, and what they said."""

    __tablename__ = "approval"
    id: Mapped[int] = mapped_column(primary_key=True)
    enrolment_id: Mapped[int] = mapped_column(ForeignKey("enrolment.id"), index=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    manager_name: Mapped[str] = mapped_column(String(200))
    manager_email: Mapped[str] = mapped_column(String(254))
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    answer_by: Mapped[date] = mapped_column(Date)
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    approved: Mapped[bool | None]
    reason: Mapped[str] = mapped_column(Text, default="")
    enrolment: Mapped[Enrolment] = relationship()


class Reminder(Base):
    """That somebody has been reminded of something about an enrolment: once each."""

    __tablename__ = "reminder"
    __table_args__ = (UniqueConstraint("enrolment_id", "kind"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    enrolment_id: Mapped[int] = mapped_column(ForeignKey("enrolment.id"))
    kind: Mapped[str] = mapped_column(String(10))  # "week", "day" or "answer"
    sent_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)


class CalendarFeed(Base):
    """The private address under which a person's calendar program reads their dates."""

    __tablename__ = "calendar_feed"
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), unique=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    person: Mapped[Person] = relationship()


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
    was: Mapped[EnrolmentState] = mapped_column(String(20), default=EnrolmentState.BOOKED, server_default="booked")
    """How the enrolment stood before: so it stands again where the completion is voided."""
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    voided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    void_reason: Mapped[str] = mapped_column(Text, default="")
    enrolment: Mapped[Enrolment] = relationship()
    person: Mapped[Person] = relationship(foreign_keys=[person_id])
    offer: Mapped[Offer] = relationship()
