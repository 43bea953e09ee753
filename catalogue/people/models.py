"""People, how they sign in, and what they may do."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import uuid4

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    ColumnElement,
    Date,
    ForeignKey,
    Index,
    String,
    Text,
    UniqueConstraint,
    or_,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from catalogue.clock import now, today
from catalogue.extensions import Base, UtcDateTime


def new_key() -> str:
    return uuid4().hex


class Role(StrEnum):
    """What a grant lets a person do. Without a grant a person is a learner."""

    LEARNER = "learner"
    LEAD = "lead"
    PARTNER = "partner"  # answers for what a provider publishes, and for who works on it
    EDITOR = "editor"  # works on a provider's offers
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
    all_grants: Mapped[list["Grant"]] = relationship(
        back_populates="person", lazy="selectin", foreign_keys="Grant.person_id"
    )

    @property
    def administers(self) -> bool:
        """Whether they are an administrator of anything at all, today or on a day to come."""
        return any(
            grant.role == Role.ADMINISTRATOR and (grant.ends_on is None or grant.ends_on >= today())
            for grant in self.all_grants
        )

    @property
    def grants(self) -> list["Grant"]:
        """Those in force today."""
        return [grant for grant in self.all_grants if grant.in_force(today())]

    def has(self, role: Role) -> bool:
        """Whether the role is held everywhere; one that is held within an organisation or a system does not count."""
        return any(grant.role == role and grant.everywhere for grant in self.grants)

    def organisations_as(self, *roles: Role) -> set[int]:
        """The ids of the organisations within which one of the roles is held."""
        return {
            grant.organisation_id for grant in self.grants if grant.role in roles and grant.organisation_id is not None
        }

    def systems_as(self, *roles: Role) -> set[int]:
        """The ids of the systems within which one of the roles is held."""
        return {grant.system_id for grant in self.grants if grant.role in roles and grant.system_id is not None}


class Account(Base):
    """A local sign-in: an e-mail address and a password, kept apart from identities on platforms."""

    __tablename__ = "account"
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), unique=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)  # folded by people.rules.fold_email
    password_hash: Mapped[str] = mapped_column(String(200), default="")
    person: Mapped[Person] = relationship()


class Grant(Base):
    """A role, everywhere or within one organisation or one system, from a day to a day, both included."""

    __tablename__ = "grant"
    __table_args__ = (
        CheckConstraint("starts_on <= ends_on", name="forwards"),
        # Two of the same role in the same place with the same last day, or none, would hold at the same time. Nulls
        # are never alike to a unique rule, so something else stands for them.
        Index(
            "uq_grant_last_day", "person_id", "role", text("coalesce(organisation_id, 0)"),
            text("coalesce(system_id, 0)"), text("coalesce(ends_on, '9999-12-31')"), unique=True,
        ),
    )  # fmt: skip
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    role: Mapped[Role] = mapped_column(String(20))
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    system_id: Mapped[int | None] = mapped_column(ForeignKey("system.id"))
    starts_on: Mapped[date | None] = mapped_column(Date)  # none: from when it was given
    ends_on: Mapped[date | None] = mapped_column(Date)  # none: until it is taken away
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    person: Mapped[Person] = relationship(back_populates="all_grants", foreign_keys=[person_id])

    @property
    def everywhere(self) -> bool:
        return self.organisation_id is None and self.system_id is None

    def in_force(self, day: date) -> bool:
        return (self.starts_on is None or self.starts_on <= day) and (self.ends_on is None or day <= self.ends_on)

    @classmethod
    def holds(cls, day: date) -> ColumnElement[bool]:
        """The same, asked of the database."""
        return or_(cls.starts_on.is_(None), cls.starts_on <= day) & cls.lasts(day)

    @classmethod
    def lasts(cls, day: date) -> ColumnElement[bool]:
        """Whether it has not ended by then: it is in force, or still to come."""
        return or_(cls.ends_on.is_(None), cls.ends_on >= day)


class IdentityProvider(Base):
    """Where the staff of an organisation, or of several, sign in: an OpenID provider.

    OpenID Connect Core 1.0: https://openid.net/specs/openid-connect-core-1_0.html
    """

    __tablename__ = "identity_provider"
    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(40), unique=True)  # in its addresses
    name: Mapped[str] = mapped_column(String(100))
    issuer: Mapped[str] = mapped_column(String(300))
    client_id: Mapped[str] = mapped_column(String(300))
    client_secret_encrypted: Mapped[str] = mapped_column(Text, default="")
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))  # none where several share it
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    @property
    def via(self) -> str:
        """How a sign-in says that this vouched for the person."""
        return f"provider:{self.id}"


class StaffIdentity(Base):
    """Who a person is at an identity provider: its subject, and never an e-mail address."""

    __tablename__ = "staff_identity"
    __table_args__ = (UniqueConstraint("provider_id", "subject"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    provider_id: Mapped[int] = mapped_column(ForeignKey("identity_provider.id"))
    subject: Mapped[str] = mapped_column(String(255))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    provider: Mapped[IdentityProvider] = relationship()
    person: Mapped[Person] = relationship()


class Authenticator(Base):
    """What makes the codes that a person adds to their password (RFC 6238)."""

    __tablename__ = "authenticator"
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), unique=True)
    secret_encrypted: Mapped[str] = mapped_column(Text)
    last_step: Mapped[int] = mapped_column(BigInteger, default=0)  # a code of it, or of one before, counts no more
    recovery_hashes: Mapped[list[str]] = mapped_column(JSON, default=list)  # of the codes that have not been used
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    person: Mapped[Person] = relationship()


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


class BreakGlassLink(Base):
    """A link that signs an administrator in once, where neither password nor authenticator can."""

    __tablename__ = "break_glass_link"
    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class AuditEvent(Base):
    """What was done, by whom and to whom: opaque keys only, written in the transaction it records."""

    __tablename__ = "audit_event"
    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=now, index=True)
    actor_key: Mapped[str] = mapped_column(String(32), default="", index=True)
    action: Mapped[str] = mapped_column(String(60), index=True)
    subject: Mapped[str] = mapped_column(String(100), index=True)
    detail: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    number: Mapped[int | None] = mapped_column(unique=True)  # its place in the chain; given at the commit
    seal: Mapped[str] = mapped_column(String(64), default="")  # of it and of the seal before it, in hexadecimal


class AuditHead(Base):
    """The end of the chain: row 1, held by whoever adds to it until their commit; and where it begins, row 2."""

    __tablename__ = "audit_head"
    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int]
    seal: Mapped[str] = mapped_column(String(128))  # of where it begins: the end before it, and the seal of that


class Scope(StrEnum):
    """What a token lets a program do of what its person may."""

    READ_OFFERS = "offers:read"
    WRITE_OFFERS = "offers:write"
    READ_STATEMENTS = "statements:read"
    WRITE_STATEMENTS = "statements:write"


class ApiToken(Base):
    """What a person gives a program of theirs, so that it may do a part of what they may: its scopes."""

    __tablename__ = "api_token"
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    name: Mapped[str] = mapped_column(String(100))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    scopes: Mapped[list[str]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    person: Mapped[Person] = relationship(lazy="joined")
