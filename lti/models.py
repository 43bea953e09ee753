"""Platforms, what they have told us, and our own signing keys.

A registration is (issuer, client id); a person from a platform is (registration, sub). Nothing is keyed by
issuer alone, and an e-mail address in a claim identifies nobody.
"""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from catalogue.clock import now
from catalogue.extensions import Base, UtcDateTime
from catalogue.offers.models import Offer
from catalogue.people.models import Person
from catalogue.systems.models import Organisation
from lti.addresses import origin
from lti.claims import Grading


def via_of(platform_id: int) -> str:
    """What a sign-in through a platform is marked with, and whatever begins in it."""
    return f"platform:{platform_id}"


class PlatformState(StrEnum):
    PENDING = "pending"
    ACTIVE = "active"
    SUSPENDED = "suspended"


class Platform(Base):
    """A registration with a learning platform, for one organisation: a launch gives membership there only.

    One that registered itself is pending, and nobody's, until an administrator approves it.
    """

    __tablename__ = "lti_platform"
    __table_args__ = (
        UniqueConstraint("issuer", "client_id"),
        CheckConstraint("state = 'pending' OR organisation_id IS NOT NULL", name="approved_for_somebody"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    issuer: Mapped[str] = mapped_column(String(500))  # exactly as sent, path included
    client_id: Mapped[str] = mapped_column(String(255))
    jwks_url: Mapped[str] = mapped_column(String(1000))
    auth_url: Mapped[str] = mapped_column(String(1000))
    token_url: Mapped[str] = mapped_column(String(1000))
    token_audience: Mapped[str | None] = mapped_column(String(1000))  # where it is not the token URL
    frames_origin: Mapped[str] = mapped_column(String(300), default="")  # where it is not that of the auth URL
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"), index=True)
    state: Mapped[PlatformState] = mapped_column(String(20), default=PlatformState.ACTIVE)
    allows_anonymous: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    last_launch_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    organisation: Mapped[Organisation | None] = relationship()
    deployments: Mapped[list["Deployment"]] = relationship(back_populates="platform", order_by="Deployment.id")

    @property
    def active(self) -> bool:
        return self.state == PlatformState.ACTIVE

    @property
    def via(self) -> str:
        """What a sign-in through this platform is marked with."""
        return via_of(self.id)

    @property
    def origin(self) -> str:
        """Where its frames are from: who may show our pages, and whom a script of ours speaks with."""
        return self.frames_origin or origin(self.auth_url)


class Deployment(Base):
    """One place within a platform where the tool is installed."""

    __tablename__ = "lti_deployment"
    __table_args__ = (UniqueConstraint("platform_id", "deployment_id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    platform_id: Mapped[int] = mapped_column(ForeignKey("lti_platform.id"))
    deployment_id: Mapped[str] = mapped_column(String(255))
    label: Mapped[str] = mapped_column(String(200), default="")
    platform: Mapped[Platform] = relationship(back_populates="deployments")


class Context(Base):
    """A course on a platform; its id is unique within a deployment only."""

    __tablename__ = "lti_context"
    __table_args__ = (UniqueConstraint("deployment_id", "context_id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    deployment_id: Mapped[int] = mapped_column(ForeignKey("lti_deployment.id"))
    context_id: Mapped[str] = mapped_column(String(255))
    label: Mapped[str] = mapped_column(String(200), default="")
    title: Mapped[str] = mapped_column(String(500), default="")
    copied_from_id: Mapped[int | None] = mapped_column(ForeignKey("lti_context.id"))
    deployment: Mapped[Deployment] = relationship()
    copied_from: Mapped["Context | None"] = relationship(remote_side=[id])


class ResourceLink(Base):
    """A link in a course: what it opens, and the services that the platform offers through it."""

    __tablename__ = "lti_resource_link"
    __table_args__ = (UniqueConstraint("deployment_id", "resource_link_id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    deployment_id: Mapped[int] = mapped_column(ForeignKey("lti_deployment.id"))
    context_id: Mapped[int | None] = mapped_column(ForeignKey("lti_context.id"), index=True)
    resource_link_id: Mapped[str] = mapped_column(String(255))
    title: Mapped[str] = mapped_column(String(500), default="")
    target: Mapped[str] = mapped_column(String(30), default="home")
    target_value: Mapped[str] = mapped_column(String(500), default="")
    grading: Mapped[Grading] = mapped_column(String(20), default=Grading.COMPLETION)
    lineitems_url: Mapped[str] = mapped_column(Text, default="")
    lineitem_url: Mapped[str] = mapped_column(Text, default="")
    scopes: Mapped[list[str]] = mapped_column(JSON, default=list)
    roster_url: Mapped[str] = mapped_column(Text, default="")
    deployment: Mapped[Deployment] = relationship()
    context: Mapped[Context | None] = relationship()

    @property
    def platform(self) -> Platform:
        return self.deployment.platform


class Identity(Base):
    """Who a person is on a platform."""

    __tablename__ = "lti_identity"
    __table_args__ = (UniqueConstraint("platform_id", "sub"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    platform_id: Mapped[int] = mapped_column(ForeignKey("lti_platform.id"))
    sub: Mapped[str] = mapped_column(String(255))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    person: Mapped[Person] = relationship()
    platform: Mapped[Platform] = relationship()


class Arrival(Base):
    """That somebody came through a link, and as what they came the last time.

    What the link opened the first time stays: a teacher who edits the link later sees no more of what was before.
    """

    __tablename__ = "lti_arrival"
    __table_args__ = (UniqueConstraint("identity_id", "resource_link_id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    identity_id: Mapped[int] = mapped_column(ForeignKey("lti_identity.id"))
    resource_link_id: Mapped[int] = mapped_column(ForeignKey("lti_resource_link.id"), index=True)
    is_learner: Mapped[bool] = mapped_column(default=False)
    is_instructor: Mapped[bool] = mapped_column(default=False)
    target: Mapped[str] = mapped_column(String(30), default="home")
    target_value: Mapped[str] = mapped_column(String(500), default="")
    first_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    last_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    identity: Mapped[Identity] = relationship()
    resource_link: Mapped[ResourceLink] = relationship()


class CourseEnrolment(Base):
    """That a teacher enrolled somebody from the page of their course."""

    __tablename__ = "lti_course_enrolment"
    id: Mapped[int] = mapped_column(primary_key=True)
    enrolment_id: Mapped[int] = mapped_column(ForeignKey("enrolment.id"), unique=True)
    resource_link_id: Mapped[int] = mapped_column(ForeignKey("lti_resource_link.id"), index=True)


class LineItem(Base):
    """Where completions of an offer through a link are graded. Without an address it is just being made."""

    __tablename__ = "lti_line_item"
    __table_args__ = (UniqueConstraint("resource_link_id", "offer_id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    resource_link_id: Mapped[int] = mapped_column(ForeignKey("lti_resource_link.id"))
    offer_id: Mapped[int] = mapped_column(ForeignKey("offer.id"), index=True)
    url: Mapped[str] = mapped_column(Text, default="")
    score_maximum: Mapped[float] = mapped_column(default=100.0)
    claimed_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)  # by the worker that makes it
    offer: Mapped[Offer] = relationship()


class LoginState(Base):
    """A launch under way, bound to the browser and registration that it began with. Used up by deletion."""

    __tablename__ = "lti_login_state"
    id: Mapped[int] = mapped_column(primary_key=True)
    state_hash: Mapped[str] = mapped_column(String(64), unique=True)
    nonce_hash: Mapped[str] = mapped_column(String(64))
    browser_hash: Mapped[str] = mapped_column(String(64))
    platform_id: Mapped[int] = mapped_column(ForeignKey("lti_platform.id"), index=True)
    asked: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)  # to begin again, in a new window
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    platform: Mapped[Platform] = relationship(lazy="joined")


class DeepLinking(Base):
    """A teacher choosing for a course, from the platform's request to the one answer to it.

    Its pages know the teacher by a token in their forms: no cookie is needed, and it never leaves its frame.
    """

    __tablename__ = "lti_deep_linking"
    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    deployment_id: Mapped[int] = mapped_column(ForeignKey("lti_deployment.id"), index=True)
    identity_id: Mapped[int] = mapped_column(ForeignKey("lti_identity.id"))
    course: Mapped[str] = mapped_column(String(500), default="")
    return_url: Mapped[str] = mapped_column(Text)
    data: Mapped[str | None] = mapped_column(Text)  # to be echoed, where it was sent
    takes_several: Mapped[bool] = mapped_column(default=False)
    takes_line_items: Mapped[bool] = mapped_column(default=True)
    basket: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    deployment: Mapped[Deployment] = relationship()
    identity: Mapped[Identity] = relationship()


class Handover(Base):
    """A launch that a frame without cookies hands to a new window: used up by deletion, within minutes."""

    __tablename__ = "lti_handover"
    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    platform_id: Mapped[int] = mapped_column(ForeignKey("lti_platform.id"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    arrived_at: Mapped[str] = mapped_column(String(60))
    page: Mapped[str] = mapped_column(Text)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class ServiceToken(Base):
    """What a platform granted us for some of its services, until a minute before it runs out."""

    __tablename__ = "lti_service_token"
    __table_args__ = (UniqueConstraint("platform_id", "scopes_hash"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    platform_id: Mapped[int] = mapped_column(ForeignKey("lti_platform.id"))
    scopes_hash: Mapped[str] = mapped_column(String(64))
    token_encrypted: Mapped[str] = mapped_column(Text)
    until: Mapped[datetime] = mapped_column(UtcDateTime)


class SigningKey(Base):
    """One of our own keys. Published before it signs, and for a while after it was retired."""

    __tablename__ = "lti_signing_key"
    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(unique=True)  # counts up, so that two processes cannot add the same one
    kid: Mapped[str] = mapped_column(String(64), unique=True)
    private_pem_encrypted: Mapped[str] = mapped_column(Text)
    public_jwk: Mapped[dict[str, Any]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    signs_from: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    retired_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Refusal(Base):
    """A launch that was refused, and why: nothing of who it was. A bounded number is kept."""

    __tablename__ = "lti_refusal"
    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(String(20), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=now, index=True)
    platform_id: Mapped[int | None] = mapped_column(ForeignKey("lti_platform.id"), index=True)
    reason: Mapped[str] = mapped_column(Text)
    deployment_id: Mapped[str] = mapped_column(String(255), default="")  # unknown, in a message that verified
    platform: Mapped[Platform | None] = relationship()
