"""Badges, and the keys they are signed with."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from catalogue.clock import now
from catalogue.enrolments.models import Completion
from catalogue.extensions import Base, UtcDateTime
from catalogue.people.models import new_key


class Credential(Base):
    """A badge for a completion: an Open Badges 3.0 credential, signed once and verified at an address of its own.

    Source: https://www.imsglobal.org/spec/ob/v3p0
    """

    __tablename__ = "credential"
    __table_args__ = (
        CheckConstraint("(revoked_at IS NULL) = (revoke_reason = '')", name="revoked_with_a_reason"),
        {"sqlite_autoincrement": True},  # its number is its place on a list of what is revoked: none is given again
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(32), unique=True, default=new_key)
    completion_id: Mapped[int] = mapped_column(ForeignKey("completion.id"), unique=True)
    signed: Mapped[str] = mapped_column(Text, default="")  # compact JWS; none until a key can be opened to sign it
    name_shown: Mapped[bool] = mapped_column(default=False)  # to whoever has the address, as its holder chose
    issued_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revoke_reason: Mapped[str] = mapped_column(Text, default="")
    completion: Mapped[Completion] = relationship()


class WithdrawnBadge(Base):
    """That there was a badge which stands no more, since whose it was is erased. Nothing leads from it to them.

    Whoever was given the badge has it still, and its signature is good: only this says that it no longer stands.
    """

    __tablename__ = "withdrawn_badge"
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)  # its place on the provider's list
    provider_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    key_hash: Mapped[str] = mapped_column(String(64), unique=True)  # of the key in its address


class CredentialKey(Base):
    """What badges are signed with. Its public part stays for as long as there are badges that it signed."""

    __tablename__ = "credential_key"
    id: Mapped[int] = mapped_column(primary_key=True)
    kid: Mapped[str] = mapped_column(String(64), unique=True)
    public_jwk: Mapped[dict[str, Any]] = mapped_column(JSON)
    private_pem_encrypted: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    retired_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
