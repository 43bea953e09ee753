"""People, how they sign in, and what they may do."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import uuid4

from sqlalchemy import JSON, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from catalogue.clock import now
from catalogue.extensions import Base, UtcDateTime


def new_key() -> str:
    return uuid4().hex


class Role(StrEnum):
    """What a grant lets a person do. Without a grant a person is a learner."""

    LEARNER = "learner"
    LEAD = "lead"
    PARTNER = "partner"
    REVIEWER = "reviewer"
    FACILITATOR = "facilitator"
    ADMINISTRATOR = "administrator"


class Person(Base):
    """Somebody, known by an opaque key. An e-mail address here is for writing to them and identifies nobody."""

    __tablename__ = "person"
    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(32), unique=True, default=new_key)
    name: Mapped[str] = mapped_column(String(200), default="")
    email: Mapped[str] = mapped_column(String(254), default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    suspended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    grants: Mapped[list["Grant"]] = relationship(
        back_populates="person", lazy="selectin", foreign_keys="Grant.person_id"
    )

    def has(self, role: Role) -> bool:
        """Whether the role is held everywhere; one that is held within an organisation does not count."""
        return any(grant.role == role and grant.organisation_id is None for grant in self.grants)


class Account(Base):
    """A local sign-in: an e-mail address and a password, kept apart from identities on platforms."""

    __tablename__ = "account"
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), unique=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)  # folded by people.rules.fold_email
    password_hash: Mapped[str] = mapped_column(String(200), default="")
    person: Mapped[Person] = relationship()


class Grant(Base):
    """A role, everywhere or within one organisation."""

    __tablename__ = "grant"
    __table_args__ = (UniqueConstraint("person_id", "role", "organisation_id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    role: Mapped[Role] = mapped_column(String(20))
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    person: Mapped[Person] = relationship(back_populates="grants", foreign_keys=[person_id])


class SignIn(Base):
    """One browser, signed in: kept here, so that it can be ended here."""

    __tablename__ = "sign_in"
    __table_args__ = (Index("ix_sign_in_via", "via"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    via: Mapped[str] = mapped_column(String(60))  # "password", or what vouched for them: "platform:7"
    frame_origin: Mapped[str] = mapped_column(String(300), default="")  # who may show our pages in a frame
    arrived_at: Mapped[str] = mapped_column(String(60), default="")  # the link in a course they came through
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    person: Mapped[Person] = relationship(lazy="joined")


class PasswordReset(Base):
    """A link that sets a password, once."""

    __tablename__ = "password_reset"
    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    account: Mapped[Account] = relationship()


class AuditEvent(Base):
    """What was done, by whom and to whom: opaque keys only, written in the transaction it records."""

    __tablename__ = "audit_event"
    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    actor_key: Mapped[str] = mapped_column(String(32), default="")
    action: Mapped[str] = mapped_column(String(60), index=True)
    subject: Mapped[str] = mapped_column(String(100), index=True)
    detail: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
