"""A launch: read the message, then arrive.

Authentication response: https://www.imsglobal.org/spec/security/v1p0/#step-3-authentication-response
(Security Framework 1.0, section 5.1.1.3), and LTI Core 1.3, section 5: https://www.imsglobal.org/spec/lti/v1p3
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import jwt
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from catalogue.clock import now
from catalogue.extensions import db
from catalogue.people import actions
from catalogue.people.models import Person
from catalogue.people.rules import hash_token
from catalogue.systems.actions import vouched_for
from lti import storage
from lti.addresses import is_ours
from lti.claims import Launch, launch_from
from lti.errors import LaunchRefused, Why
from lti.login import inactive
from lti.models import Arrival, Context, Deployment, Identity, Platform, PlatformState, ResourceLink
from lti.platform_keys import PlatformKeys
from lti.verify import verified_claims

USED_UP = "this launch was used already, or began more than ten minutes ago"


@dataclass(frozen=True, slots=True)
class Arrived:
    """Somebody came: through what, and where that leads them."""

    person: Person
    platform: Platform
    arrived_at: str  # what they came through, as their sign-in keeps it
    target: tuple[str, str]


def read(parameters: Mapping[str, str], browser: str, keys: PlatformKeys, public_url: str, *, loopback: bool) -> Launch:
    """Verify a posted message; writes nothing. Raises ``LaunchRefused``.

    ``browser`` is what was kept in it when the login began; ``loopback``: whether services may be on plain http.
    """
    state = parameters.get("state", "")
    if parameters.get("error"):
        raise LaunchRefused(Why.PLATFORM_STOPPED, "the platform answered with an error")
    login = storage.open_login(state) if state else None
    if login is None:
        raise LaunchRefused(Why.USED_UP, USED_UP, frame_origin=_frame_of_sender(parameters.get("id_token", "")))
    platform = login.platform
    try:
        if not browser:
            raise LaunchRefused(Why.COOKIE_LOST, "the cookie of this launch did not come back", again=dict(login.asked))
        if hash_token(browser) != login.browser_hash:
            raise LaunchRefused(Why.OTHER_BROWSER, "the launch began in another browser")
        if not platform.active:
            raise inactive(platform)
        claims = verified_claims(parameters, login, keys, lambda url: is_ours(url, public_url))
        return launch_from(claims, platform.id, login.state_hash, login.nonce_hash, loopback=loopback)
    except LaunchRefused as refusal:
        refusal.platform_id, refusal.frame_origin = platform.id, platform.origin
        raise


def admit(launch: Launch) -> Identity:
    """Use the launch up, in the present transaction: who came by it. Raises ``LaunchRefused``.

    The platform is held meanwhile, so that its suspension either comes first or finds the new sign-in. Held by its
    key alone: launches do not wait for each other.
    """
    platform = db.session.get_one(Platform, launch.platform_id, with_for_update={"read": True, "key_share": True})
    if not platform.active:
        raise inactive(platform)
    if not storage.use_up(launch.state_hash, launch.nonce_hash, platform.id):
        raise LaunchRefused(Why.USED_UP, USED_UP, platform_id=platform.id, frame_origin=platform.origin)
    identity = _identity(platform, launch)
    if identity.person.suspended_at is not None:
        raise LaunchRefused(
            Why.SUSPENDED_PERSON, "the person is suspended", platform_id=platform.id, frame_origin=platform.origin
        )
    _refresh(identity.person, launch)
    vouched_for([identity.person], platform.organisation_id)
    if platform.last_launch_at is None or now() - platform.last_launch_at > timedelta(minutes=1):
        platform.last_launch_at = now()  # not at each launch: the row would be written by all at once
    return identity


def arrive(launch: Launch) -> Arrived:
    """Let the person in through the link, in the present transaction. Raises ``LaunchRefused``."""
    identity = admit(launch)
    link = _link(identity.platform, launch)
    _arrival(identity, link, launch)
    db.session.flush()
    return Arrived(identity.person, identity.platform, f"link:{link.id}", (link.target, link.target_value))


def sign_in(arrived: Arrived, *, framed: bool) -> str:
    """Begin a sign-in, in the present transaction; returns its token."""
    return actions.begin_sign_in(
        arrived.person,
        arrived.platform.via,
        frame_origin=arrived.platform.origin if framed else "",
        arrived_at=arrived.arrived_at,
    )


def take_over(token: str) -> tuple[str, str]:
    """Go on in a new window, in the present transaction: the token of a new sign-in, and its page.

    Raises ``LaunchRefused``.
    """
    handed = storage.take_over(token)
    if handed is None:
        raise LaunchRefused(Why.USED_UP, "this page was used already, or is older than five minutes")
    platform = db.session.get_one(Platform, handed.platform_id, with_for_update={"read": True, "key_share": True})
    person = db.session.get_one(Person, handed.person_id)
    if not platform.active:
        raise inactive(platform)
    if person.suspended_at is not None:
        raise LaunchRefused(Why.SUSPENDED_PERSON, "the person is suspended", platform_id=platform.id)
    return actions.begin_sign_in(person, platform.via, arrived_at=handed.arrived_at), handed.page


def _identity(platform: Platform, launch: Launch) -> Identity:
    """Who this is here: by registration and ``sub`` alone. An anonymous launch is a new person each time."""
    sub = launch.subject or f"anonymous:{launch.state_hash}"
    identity = db.session.scalar(select(Identity).where(Identity.platform_id == platform.id, Identity.sub == sub))
    if identity is None:
        person = known_elsewhere(platform, [sub]).get(sub) or actions.add_person(launch.name, launch.email)
        identity = Identity(platform=platform, sub=sub, person=person)
        db.session.add(identity)
        db.session.flush()
    return identity


def known_elsewhere(platform: Platform, subs: Collection[str]) -> dict[str, Person]:
    """By ``sub``, who came through another registration of the same platform: same issuer, key set and house."""
    same = select(Platform.id).where(
        Platform.id != platform.id,
        Platform.issuer == platform.issuer,
        Platform.jwks_url == platform.jwks_url,
        Platform.organisation_id == platform.organisation_id,
        Platform.state == PlatformState.ACTIVE,
    )
    found = db.session.scalars(
        select(Identity)
        .where(Identity.sub.in_(subs), Identity.platform_id.in_(same))
        .options(joinedload(Identity.person))
        .order_by(Identity.id.desc())  # of several the first counts
    )
    return {identity.sub: identity.person for identity in found}


def _refresh(person: Person, launch: Launch) -> None:
    """What the platform says now; what it no longer says stays as it was."""
    person.name = launch.name or person.name
    person.email = launch.email or person.email


def deployment_of(platform: Platform, launch: Launch) -> Deployment:
    return db.session.scalars(
        select(Deployment).where(
            Deployment.platform_id == platform.id, Deployment.deployment_id == launch.deployment_id
        )
    ).one()


def _link(platform: Platform, launch: Launch) -> ResourceLink:
    if launch.resource_link is None:
        raise ValueError("only a resource link launch has a link")
    deployment = deployment_of(platform, launch)
    link = db.session.scalar(
        select(ResourceLink).where(
            ResourceLink.deployment_id == deployment.id,
            ResourceLink.resource_link_id == launch.resource_link.id,
        )
    )
    if link is None:
        link = ResourceLink(deployment=deployment, resource_link_id=launch.resource_link.id)
        db.session.add(link)
    # A message without these does not say that they are gone: what was completed meanwhile would be lost.
    link.context = _context(deployment, launch) or link.context
    if launch.ags is not None:
        link.scopes = list(launch.ags.scopes)
        link.lineitems_url, link.lineitem_url = launch.ags.lineitems, launch.ags.lineitem
    link.title = launch.resource_link.title
    link.target, link.target_value = launch.target
    link.grading = launch.grading
    link.roster_url = launch.roster_url
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
    context.copied_from = _original(context, launch.copied_from)
    return context


def _original(context: Context, history: tuple[str, ...]) -> Context | None:
    """The nearest course that this one is a copy of and that we know, in the same deployment."""
    if not history:
        return context.copied_from
    known = db.session.scalars(
        select(Context).where(Context.deployment_id == context.deployment.id, Context.context_id.in_(history))
    ).all()
    found = {one.context_id: one for one in known if one is not context}
    return next((found[one] for one in history if one in found), None)


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
    found = db.session.scalars(
        select(Platform).where(Platform.issuer == issuer, Platform.state != PlatformState.PENDING).limit(2)
    ).all()
    return found[0].origin if len(found) == 1 else ""
