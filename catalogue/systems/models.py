"""Systems and organisations, with their ends and successors, and who belongs where."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from catalogue.clock import now
from catalogue.extensions import Base, UtcDateTime
from catalogue.people.models import Person


class SystemKind(StrEnum):
    STP = "STP"  # sustainability and transformation plan: the catalogue goes by these areas
    ICS = "ICS"  # integrated care system: what followed one of them, or several


class System(Base):
    """A local health and care system: an STP, or an ICS that followed it."""

    __tablename__ = "system"
    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(100), unique=True)
    number: Mapped[int | None]
    name: Mapped[str] = mapped_column(String(200))
    kind: Mapped[SystemKind] = mapped_column(String(10))
    started_on: Mapped[date | None] = mapped_column(Date)
    ended_on: Mapped[date | None] = mapped_column(Date)
    edited_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When an administrator last changed it: from then on the files of ``seed/`` leave it as it is."""
    successor_id: Mapped[int | None] = mapped_column(ForeignKey("system.id"))
    followed_by: Mapped["System | None"] = relationship(remote_side=[id], lazy="joined", join_depth=1)

    @property
    def successor(self) -> str:
        """What followed it, in words; empty where nothing did."""
        return f"{self.followed_by.name} ({self.followed_by.kind})" if self.followed_by else ""

    def ended(self, today: date) -> bool:
        return self.ended_on is not None and self.ended_on <= today


class Organisation(Base):
    """A body: one that people work for, one that publishes offers (a provider), or a national one."""

    __tablename__ = "organisation"
    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(100), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(30))
    description: Mapped[str] = mapped_column(Text, default="")
    publishes: Mapped[bool] = mapped_column(default=False)
    ods_code: Mapped[str | None] = mapped_column(String(10), unique=True)
    """In the register of the Organisation Data Service; none where it is not known, or there is none."""
    started_on: Mapped[date | None] = mapped_column(Date)
    ended_on: Mapped[date | None] = mapped_column(Date)
    successor: Mapped[str] = mapped_column(String(200), default="")
    source: Mapped[str] = mapped_column(Text, default="")
    example: Mapped[bool] = mapped_column(default=False)
    edited_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # as of a system
    system_id: Mapped[int | None] = mapped_column(ForeignKey("system.id"), index=True)  # none for a national body
    system: Mapped[System | None] = relationship()

    def ended(self, today: date) -> bool:
        return self.ended_on is not None and self.ended_on <= today


class LocalPartner(Base):
    """An organisation that has been assigned to support a system, from a day to a day, both included."""

    __tablename__ = "local_partner"
    __table_args__ = (
        UniqueConstraint("system_id", "organisation_id"),
        CheckConstraint("starts_on <= ends_on", name="forwards"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    system_id: Mapped[int] = mapped_column(ForeignKey("system.id"))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    starts_on: Mapped[date | None] = mapped_column(Date)
    ends_on: Mapped[date | None] = mapped_column(Date)
    system: Mapped[System] = relationship()
    organisation: Mapped[Organisation] = relationship()

    def stands(self, day: date) -> bool:
        """Whether the organisation supports the system on this day; what has ended supports nobody."""
        begun = self.starts_on is None or self.starts_on <= day
        return begun and (self.ends_on is None or day <= self.ends_on) and not self.organisation.ended(day)


class Membership(Base):
    """A person belongs to an organisation: those who answer for it see what they enrol on and complete."""

    __tablename__ = "membership"
    __table_args__ = (
        UniqueConstraint("person_id", "organisation_id"),
        Index(
            "uq_membership_staff_number",
            "organisation_id",
            "staff_number",
            unique=True,
            sqlite_where=text("staff_number <> ''"),
            postgresql_where=text("staff_number <> ''"),
        ),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    staff_number: Mapped[str] = mapped_column(String(40), default="")  # the organisation's own, as ESR has it
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    person: Mapped[Person] = relationship()
    organisation: Mapped[Organisation] = relationship()


class MembershipRequest(Base):
    """A person is asked whether they belong to an organisation: they do when they say yes. It goes as they answer.

    A table of its own, and no membership with a flag: whoever reads memberships need not think of it.
    """

    __tablename__ = "membership_request"
    __table_args__ = (UniqueConstraint("person_id", "organisation_id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    staff_number: Mapped[str] = mapped_column(String(40), default="")
    asked_as: Mapped[str] = mapped_column(String(254))
    """The address or key by which they were named: all that whoever asked may know of them."""
    asked_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    person: Mapped[Person] = relationship(foreign_keys=[person_id])
    organisation: Mapped[Organisation] = relationship()
    asked_by: Mapped[Person | None] = relationship(foreign_keys=[asked_by_id])
