"""A launch: read the message, then arrive.

Authentication response: https://www.imsglobal.org/spec/security/v1p0/#step-3-authentication-response
(Security Framework 1.0, section 5.1.1.3), and LTI Core 1.3, section 5: https://www.imsglobal.org/spec/lti/v1p3
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import jwt
from sqlalchemy import select

from catalogue.clock import now
from catalogue.extensions import db
from catalogue.people import actions
from catalogue.people.models import Person
from catalogue.people.rules import hash_token
from catalogue.systems.models import Membership
from lti import storage
from lti.claims import Launch, launch_from
from lti.errors import LaunchRefused
from lti.login import is_ours, origin
from lti.models import Arrival, Context, Deployment, Identity, Platform, ResourceLink
from lti.platform_keys import PlatformKeys
from lti.verify import verified_claims

OPEN_AGAIN = "Go back to your course and open the link again."
BLOCKED = (
    "Your browser did not keep what it needs to open Every Seat inside another site. It may be blocking "
    "cookies there. Open it in a new window instead."
)
USED_UP = "this launch was used already, or began more than ten minutes ago"


@dataclass(frozen=True, slots=True)
class Arrived:
    """Somebody is there: the token of their new sign-in, and where the link leads them."""

    token: str
    link_id: int
    target: tuple[str, str]


def read(parameters: Mapping[str, str], browser: str, keys: PlatformKeys, public_url: str, *, loopback: bool) -> Launch:
    """Verify a posted message; writes nothing. Raises ``LaunchRefused``.

    ``browser`` is what its cookie holds; ``loopback``: whether services may be on plain http.
    """
    state = parameters.get("state", "")
    if parameters.get("error"):
        raise LaunchRefused("the platform answered with an error", f"Your learning platform said no. {OPEN_AGAIN}")
    login = storage.open_login(state) if state else None
    if login is None:
        raise LaunchRefused(USED_UP, OPEN_AGAIN, frame_origin=_frame_of_sender(parameters.get("id_token", "")))
    platform = login.platform
    try:
        if not browser:
            raise LaunchRefused("the cookie of this launch did not come back", BLOCKED, again=login.asked)
        if hash_token(browser) != login.browser_hash:
            raise LaunchRefused("the launch began in another browser", OPEN_AGAIN)
        if not platform.active:
            raise LaunchRefused(f"the platform is {platform.state}", status=403)
        claims = verified_claims(parameters, login, keys, lambda url: is_ours(url, public_url))
        return launch_from(claims, platform.id, login.state_hash, login.nonce_hash, loopback=loopback)
    except LaunchRefused as refusal:
        refusal.platform_id, refusal.frame_origin = platform.id, origin(platform.auth_url)
        raise


def arrive(launch: Launch) -> Arrived:
    """Use the launch up and let the person in, in the present transaction. Raises ``LaunchRefused``.

    The platform is held meanwhile, so that its suspension either comes first or finds the new sign-in. Held by its
    key alone: launches do not wait for each other.
    """
    platform = db.session.get_one(Platform, launch.platform_id, with_for_update={"read": True, "key_share": True})
    frame = origin(platform.auth_url)
    if not platform.active:
        raise LaunchRefused("the platform is suspended", status=403, platform_id=platform.id, frame_origin=frame)
    if not storage.use_up(launch.state_hash, launch.nonce_hash, platform.id):
        raise LaunchRefused(USED_UP, OPEN_AGAIN, platform_id=platform.id, frame_origin=frame)
    identity = _identity(platform, launch)
    person = identity.person
    if person.suspended_at is not None:
        raise LaunchRefused(
            "the person is suspended", "Your access to Every Seat is switched off.",
            status=403, platform_id=platform.id, frame_origin=frame,
        )  # fmt: skip
    _refresh(person, launch)
    _join(person, platform)
    link = _link(platform, launch)
    _arrival(identity, link, launch)
    if platform.last_launch_at is None or now() - platform.last_launch_at > timedelta(minutes=1):
        platform.last_launch_at = now()  # not at each launch: the row would be written by all at once
    token = actions.begin_sign_in(
        person, platform.via, frame_origin=frame if launch.framed else "", arrived_at=f"link:{link.id}"
    )
    db.session.flush()
    return Arrived(token, link.id, launch.target)


def _identity(platform: Platform, launch: Launch) -> Identity:
    """Who this is here: by registration and ``sub`` alone. An anonymous launch is a new person each time."""
    sub = launch.subject or f"anonymous:{launch.state_hash}"
    identity = db.session.scalar(select(Identity).where(Identity.platform_id == platform.id, Identity.sub == sub))
    if identity is None:
        identity = Identity(platform=platform, sub=sub, person=actions.add_person(launch.name, launch.email))
        db.session.add(identity)
        db.session.flush()
    return identity


def _refresh(person: Person, launch: Launch) -> None:
    """What the platform says now; what it no longer says stays as it was."""
    person.name = launch.name or person.name
    person.email = launch.email or person.email


def _join(person: Person, platform: Platform) -> None:
    held = select(Membership.id).where(
        Membership.person_id == person.id, Membership.organisation_id == platform.organisation_id
    )
    if db.session.scalar(held) is None:
        db.session.add(Membership(person=person, organisation_id=platform.organisation_id))


def _link(platform: Platform, launch: Launch) -> ResourceLink:
    deployment = db.session.scalars(
        select(Deployment).where(
            Deployment.platform_id == platform.id, Deployment.deployment_id == launch.deployment_id
        )
    ).one()
    link = db.session.scalar(
        select(ResourceLink).where(
            ResourceLink.deployment_id == deployment.id,
            ResourceLink.resource_link_id == launch.resource_link.id,
        )
    )
    if link is None:
        link = ResourceLink(deployment=deployment, resource_link_id=launch.resource_link.id)
        db.session.add(link)
    link.context = _context(deployment, launch)
    link.title = launch.resource_link.title
    link.target, link.target_value = launch.target
    link.roster_url = launch.roster_url
    link.scopes = list(launch.ags.scopes) if launch.ags else []
    link.lineitems_url = launch.ags.lineitems if launch.ags else ""
    link.lineitem_url = launch.ags.lineitem if launch.ags else ""
    db.session.flush()
    return link


def _context(deployment: Deployment, launch: Launch) -> Context | None:
    if launch.context is None:
        return None
    context = db.session.scalar(
        select(Context).where(Context.deployment_id == deployment.id, Context.context_id == launch.context.id)
    )
    if context is None:
        context = Context(deployment=deployment, context_id=launch.context.id)
        db.session.add(context)
    context.label, context.title = launch.context.label, launch.context.title
    return context


def _arrival(identity: Identity, link: ResourceLink, launch: Launch) -> None:
    arrival = db.session.scalar(
        select(Arrival).where(Arrival.identity_id == identity.id, Arrival.resource_link_id == link.id)
    )
    if arrival is None:
        arrival = Arrival(identity=identity, resource_link=link)
        arrival.target, arrival.target_value = launch.target
        db.session.add(arrival)
    arrival.is_learner, arrival.is_instructor = launch.is_learner, launch.is_instructor
    arrival.last_at = now()


def _frame_of_sender(token: str) -> str:
    """Where a refusal may be shown: on the platform that an unverified message names. It grants nothing."""
    try:
        claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False}, algorithms=["RS256"])
    except (jwt.PyJWTError, ValueError, TypeError, RecursionError):
        return ""
    issuer = claims.get("iss")
    if not isinstance(issuer, str) or not issuer.isprintable():
        return ""
    auth_urls = db.session.scalars(select(Platform.auth_url).where(Platform.issuer == issuer)).all()
    return origin(auth_urls[0]) if len(auth_urls) == 1 else ""
