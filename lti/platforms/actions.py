"""Changing registrations."""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from urllib.parse import urlsplit

from sqlalchemy import delete, select, update

from catalogue.clock import now
from catalogue.errors import NotThere, Refused
from catalogue.extensions import db
from catalogue.outbox import Delivery, DeliveryState
from catalogue.people import actions, audit
from catalogue.systems.models import Organisation
from lti.grading.queries import with_deployment
from lti.models import (
    DeepLinking,
    Deployment,
    Handover,
    LoginState,
    Platform,
    PlatformState,
    Refusal,
    ServiceToken,
)
from lti.platforms.rules import LONGEST, URLS, Registration, Unfit, bare_origin, fault_of, faults_of, same_address

MOST_PENDING = 20
MOST_PENDING_OF_A_HOST = 3
PENDING_FOR = timedelta(days=14)
REGISTERED = (
    "This client ID is registered already; whoever runs Every Seat can change its addresses (everyseat platforms add)"
)
PENDING = "This platform has registered itself, and waits for approval: approve it instead"


@dataclass(frozen=True, slots=True)
class Added:
    platform: Platform
    new: bool
    changed: tuple[str, ...]


def add_platform(given: Registration, *, development: bool, actor_key: str = "", moves: bool = True) -> Added:
    """Add a registration by hand, or bring the one of this issuer and client id up to date. Raises ``Unfit``.

    ``moves``: whether one that is there may get other addresses. Who came by the old ones is signed out then.
    """
    values = {name: getattr(given, name) for name in LONGEST}
    if faults := faults_of(values, development=development):
        raise Unfit(faults)
    there = select(Platform).where(Platform.issuer == given.issuer, Platform.client_id == given.client_id)
    platform = db.session.scalar(there.with_for_update())
    new = platform is None
    if platform is None:
        organisation = _organisation(given.organisation, given.name)
        platform = Platform(issuer=given.issuer, client_id=given.client_id, organisation=organisation)
        db.session.add(platform)
    elif platform.state == PlatformState.PENDING:
        raise Unfit({"client_id": PENDING})
    elif given.organisation and _key_of(platform) != given.organisation:
        raise Unfit({"organisation": "This platform belongs to another organisation already; that does not change"})
    changed = [name for name in ("name", *URLS) if getattr(platform, name) != values[name]]
    moved = {} if new else {name: [getattr(platform, name), values[name]] for name in changed if name in URLS}
    if moved and not moves:
        raise Unfit({"client_id": REGISTERED})
    for name in changed:
        setattr(platform, name, values[name])
    db.session.flush()
    if add_deployment(platform, given.deployment):
        changed.append("deployment")
    if new or changed:
        audit.record("platform added" if new else "platform changed", platform.via, actor_key, **moved)
    if moved:
        # A message that the old key set has verified meanwhile must find its login gone.
        db.session.execute(delete(LoginState).where(LoginState.platform_id == platform.id))
        _end_what_came(platform)
    return Added(platform, new, tuple(changed))


def _key_of(platform: Platform) -> str:
    return platform.organisation.key if platform.organisation else ""


def add_deployment(platform: Platform, deployment_id: str) -> bool:
    """Whether it was added: false where it was there already."""
    held = select(Deployment.id).where(Deployment.platform_id == platform.id, Deployment.deployment_id == deployment_id)
    if db.session.scalar(held) is not None:
        return False
    db.session.add(Deployment(platform=platform, deployment_id=deployment_id))
    db.session.flush()
    return True


def add_pending(given: Registration) -> Platform:
    """Keep what a platform made of our registration, until somebody approves it. Raises ``Refused``.

    Those that have waited for too long are forgotten.
    """
    _forget_old()
    check_pending(given.issuer)
    there = select(Platform).where(Platform.issuer == given.issuer, Platform.client_id == given.client_id)
    if (held := db.session.scalar(there)) is not None:
        waiting = held.state == PlatformState.PENDING
        raise Refused(
            f"Every Seat knows this registration already ({given.client_id}), and left it as it is. "
            + ("It waits to be approved." if waiting else "An administrator can look after it.")
        )
    if taken := _taken(given, db.session.scalars(select(Platform).where(Platform.state != PlatformState.PENDING))):
        raise Refused(f"Another platform is registered with this {taken}; an administrator can add yours by hand.")
    platform = Platform(
        name=given.name, issuer=given.issuer, client_id=given.client_id, jwks_url=given.jwks_url,
        auth_url=given.auth_url, token_url=given.token_url, state=PlatformState.PENDING,
    )  # fmt: skip
    db.session.add(platform)
    db.session.flush()
    if given.deployment:
        add_deployment(platform, given.deployment)
    audit.record("platform registered", platform.via)
    return platform


def _taken(given: Registration | Platform, others: Iterable[Platform]) -> str:
    """What it has of its own that is another issuer's already; empty where there is nothing.

    One key of ours signs for all of them. What it signs for a stranger who has another's client id could be used there.
    """
    for other in others:
        if other.issuer == given.issuer:
            continue
        if other.client_id.lower() == given.client_id.lower():  # some platforms look for it without regard to case
            return "client ID"
        if same_address(other.token_url, given.token_url):
            return "access token URL"
        if same_address(other.jwks_url, given.jwks_url):
            return "key set URL"
    return ""


def check_pending(url: str) -> None:
    """Raise ``Refused`` where as many wait to be approved as we keep, in all or of the host of an address.

    Anybody can have one registered.
    """
    waiting = select(Platform.issuer).where(
        Platform.state == PlatformState.PENDING, Platform.created_at > now() - PENDING_FOR
    )
    hosts = [urlsplit(issuer).hostname for issuer in db.session.scalars(waiting)]
    if len(hosts) >= MOST_PENDING or hosts.count(urlsplit(url).hostname) >= MOST_PENDING_OF_A_HOST:
        raise Refused(
            "As many platforms wait to be approved as Every Seat keeps. An administrator has to approve or decline "
            "some of them first."
        )


def _forget_old() -> None:
    """Those that nobody has approved for two weeks."""
    old = select(Platform).where(Platform.state == PlatformState.PENDING, Platform.created_at <= now() - PENDING_FOR)
    found = db.session.scalars(old.with_for_update()).all()
    for platform in found:
        audit.record("platform forgotten", platform.via)
    _forget([platform.id for platform in found])


def approve(platform: Platform, organisation: str, actor_key: str = "", *, name: str | None = None) -> None:
    """Let people come from a platform that registered itself; they become members of the organisation.

    ``organisation`` is a key; where it is empty, a new one is made, of the platform's name. ``name``: what the platform
    is called from now on. Raises ``Unfit`` and ``Refused``.
    """
    db.session.refresh(platform, with_for_update=True)
    if platform.state != PlatformState.PENDING:
        raise Refused("This platform was approved already.")
    if taken := _taken(platform, db.session.scalars(select(Platform).where(Platform.id != platform.id))):
        raise Refused(
            f"Another platform is registered with this {taken}. One of the two may be a stranger’s: decline that one. "
            "If you know whose both are, decline this one, and add it by hand."
        )
    if name is not None:
        _rename(platform, name)
    platform.organisation = _organisation(organisation, platform.name)
    platform.state = PlatformState.ACTIVE
    audit.record("platform approved", platform.via, actor_key, organisation=platform.organisation.key)


def decline(platform: Platform, actor_key: str = "") -> None:
    """Forget a platform that registered itself. Raises ``Refused`` for one that was approved."""
    db.session.refresh(platform, with_for_update=True)
    if platform.state != PlatformState.PENDING:
        raise Refused("This platform was approved already: it can be suspended.")
    audit.record("platform declined", platform.via, actor_key)
    _forget([platform.id])


def _forget(platform_ids: Collection[int]) -> None:
    """Platforms that nobody has approved, with what hangs on them."""
    its_own = Refusal.platform_id.in_(platform_ids)
    db.session.execute(update(Refusal).where(its_own).values(platform_id=None, deployment_id=""))
    _drop_what_came(platform_ids)
    for model in (LoginState, Deployment):
        db.session.execute(delete(model).where(model.platform_id.in_(platform_ids)))
    db.session.execute(delete(Platform).where(Platform.id.in_(platform_ids)))


def _rename(platform: Platform, name: str) -> None:
    """Raises ``Unfit``."""
    if fault := fault_of("name", name, development=False):
        raise Unfit({"name": fault})
    platform.name = name


def change_settings(
    platform: Platform, *, name: str, frames_origin: str, allows_anonymous: bool, development: bool, actor_key: str = ""
) -> None:
    """``frames_origin`` is a bare origin, or empty for that of the authentication URL. Raises ``Unfit``."""
    before = (platform.name, platform.frames_origin, platform.allows_anonymous)
    _rename(platform, name)
    platform.frames_origin = bare_origin(frames_origin, development=development) if frames_origin else ""
    platform.allows_anonymous = allows_anonymous
    if before != (platform.name, platform.frames_origin, platform.allows_anonymous):
        audit.record(
            "platform settings changed", platform.via, actor_key,
            frames_origin=platform.frames_origin, allows_anonymous=allows_anonymous,
        )  # fmt: skip


def _organisation(key: str, name: str) -> Organisation:
    """The one that was named, or a new one of the platform's name: a like name makes nobody a member."""
    if key:
        named = _organisation_of(key)
        if named is None:
            raise Unfit({"organisation": f"There is no organisation {key}"})
        return named
    base = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:90] or "platform"
    keys = (f"{base}-{number}" if number > 1 else base for number in count(1))
    made = Organisation(key=next(key for key in keys if _organisation_of(key) is None), name=name, kind="trust")
    db.session.add(made)
    db.session.flush()
    return made


def _organisation_of(key: str) -> Organisation | None:
    return db.session.scalar(select(Organisation).where(Organisation.key == key))


def suspend(platform: Platform, actor_key: str = "") -> None:
    """No more launches, and what came through it ends; a launch that is just being let in is waited for.

    Raises ``Refused``.
    """
    db.session.refresh(platform, with_for_update=True)
    if platform.state == PlatformState.PENDING:
        raise Refused("This platform waits for approval: nobody can come from it yet.")
    platform.state = PlatformState.SUSPENDED
    _end_what_came(platform)
    audit.record("platform suspended", platform.via, actor_key)


def _end_what_came(platform: Platform) -> None:
    """Sign-ins, teachers' choosing, and launches that were to go on in another window."""
    _drop_what_came([platform.id])
    actions.end_all_sign_ins(via=platform.via)


def _drop_what_came(platform_ids: Collection[int]) -> None:
    their_own = select(Deployment.id).where(Deployment.platform_id.in_(platform_ids))
    db.session.execute(
        delete(DeepLinking).where(DeepLinking.deployment_id.in_(their_own)).execution_options(synchronize_session=False)
    )
    for model in (Handover, ServiceToken):
        db.session.execute(delete(model).where(model.platform_id.in_(platform_ids)))


def activate(platform: Platform, actor_key: str = "") -> None:
    """After a suspension; grades that waited for it go out soon. Raises ``Refused`` for one that nobody approved."""
    if platform.state == PlatformState.PENDING:
        raise Refused("This platform waits for approval: approve it instead.")
    platform.state = PlatformState.ACTIVE
    _send_what_waited(platform)
    audit.record("platform activated", platform.via, actor_key)


def _send_what_waited(platform: Platform) -> None:
    scores = with_deployment(select(Delivery.id)).where(Deployment.platform_id == platform.id)
    db.session.execute(
        update(Delivery)
        .where(Delivery.id.in_(scores), Delivery.state == DeliveryState.WAITING, Delivery.last_error != "")
        .values(due_at=now(), last_error="")
        .execution_options(synchronize_session=False)
    )


def accept_deployment(platform: Platform, refusal_id: int, actor_key: str = "") -> None:
    """Take the unknown deployment that a verified message named. Raises ``NotThere``."""
    refusal = db.session.get(Refusal, refusal_id)
    if refusal is None or refusal.platform_id != platform.id or not refusal.deployment_id:
        raise NotThere("There is no such deployment to take.")
    if add_deployment(platform, refusal.deployment_id):
        audit.record("deployment added", platform.via, actor_key)
