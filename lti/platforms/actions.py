"""Changing registrations."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from urllib.parse import urlsplit

from sqlalchemy import select

from catalogue.errors import NotThere
from catalogue.extensions import db
from catalogue.people import actions, audit
from catalogue.systems.models import Organisation
from lti.models import Deployment, Platform, PlatformState, Refusal

URLS = ("jwks_url", "auth_url", "token_url")
ADDRESSES = ("issuer", *URLS)
REGISTERED = "This is registered already; whoever runs Every Seat can change its addresses (everyseat platforms add)"
LONGEST = {"name": 200, "issuer": 500, "client_id": 255, "deployment": 255} | dict.fromkeys(URLS, 1000)
LABELS = {
    "name": "a name",
    "issuer": "the issuer, which Moodle calls platform ID",
    "client_id": "the client ID",
    "deployment": "the deployment ID",
    "jwks_url": "the address of the platform's key set",
    "auth_url": "the authentication request URL",
    "token_url": "the access token URL",
}


class Unfit(Exception):
    """What was given does not make a registration: field and message, for each fault."""

    def __init__(self, faults: dict[str, str]) -> None:
        super().__init__("; ".join(f"{name}: {message}" for name, message in faults.items()))
        self.faults = faults


@dataclass(frozen=True, slots=True)
class Registration:
    """What makes a platform known; the organisation's key may be empty, for one of the platform's name."""

    name: str
    issuer: str
    client_id: str
    deployment: str
    jwks_url: str
    auth_url: str
    token_url: str
    organisation: str = ""


@dataclass(frozen=True, slots=True)
class Added:
    platform: Platform
    new: bool
    changed: tuple[str, ...]


def faults_of(given: Mapping[str, str], *, development: bool) -> dict[str, str]:
    """What is wrong with a registration, by field; an empty answer where it is fit. Pure."""
    faults: dict[str, str] = {}
    for name, longest in LONGEST.items():
        value = given.get(name, "")
        if not value.strip():
            faults[name] = f"Enter {LABELS[name]}"
        elif len(value) > longest:
            faults[name] = f"This must be {longest} characters or fewer"
        elif any(ord(c) < 32 for c in value) or value != value.strip():
            faults[name] = "This must not begin or end with a space, or hold line breaks"
        elif name in ADDRESSES and not _is_fit_url(value, development=development):
            faults[name] = f"Enter an address that starts with {'http:// or ' if development else ''}https://"
    return faults


def _is_fit_url(url: str, *, development: bool) -> bool:
    try:
        parts = urlsplit(url)
        port_is_fit = parts.port is None or parts.port > 0
    except ValueError:
        return False
    schemes = {"https", "http"} if development else {"https"}
    # The origin of the authentication URL goes into a header that lists origins: it must be nothing but one.
    fit_host = re.fullmatch(
        r"[A-Za-z0-9.\-]+|\[[0-9a-fA-F:]+\]", parts.netloc.rsplit(":", 1)[0] if parts.port else parts.netloc
    )
    return parts.scheme in schemes and bool(fit_host) and port_is_fit and " " not in url


def add_platform(given: Registration, *, development: bool, actor_key: str = "", moves: bool = True) -> Added:
    """Add a registration, or bring the one of this issuer and client id up to date. Raises ``Unfit``.

    ``moves``: whether one that is there may get other addresses. Who came by the old ones is signed out then.
    """
    values = {name: getattr(given, name) for name in LONGEST}
    if faults := faults_of(values, development=development):
        raise Unfit(faults)
    platform = db.session.scalar(
        select(Platform).where(Platform.issuer == given.issuer, Platform.client_id == given.client_id)
    )
    new = platform is None
    if platform is None:
        organisation = _organisation(given)
        platform = Platform(issuer=given.issuer, client_id=given.client_id, organisation=organisation)
        db.session.add(platform)
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
        actions.end_all_sign_ins(via=platform.via)
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


def _organisation(given: Registration) -> Organisation:
    """The one that was named, or a new one of the platform's name: a like name makes nobody a member."""
    if given.organisation:
        named = _organisation_of(given.organisation)
        if named is None:
            raise Unfit({"organisation": f"There is no organisation {given.organisation}"})
        return named
    base = re.sub(r"[^a-z0-9]+", "-", given.name.lower()).strip("-")[:90] or "platform"
    keys = (f"{base}-{number}" if number > 1 else base for number in count(1))
    made = Organisation(key=next(key for key in keys if _organisation_of(key) is None), name=given.name, kind="trust")
    db.session.add(made)
    db.session.flush()
    return made


def _organisation_of(key: str) -> Organisation | None:
    return db.session.scalar(select(Organisation).where(Organisation.key == key))


def platform(platform_id: int) -> Platform:
    found = db.session.get(Platform, platform_id)
    if found is None:
        raise NotThere("There is no such platform.")
    return found


def suspend(platform: Platform, actor_key: str = "") -> None:
    """No more launches, and every sign-in that came through it ends; launches under way are waited for."""
    db.session.refresh(platform, with_for_update=True)
    platform.state = PlatformState.SUSPENDED
    actions.end_all_sign_ins(via=platform.via)
    audit.record("platform suspended", platform.via, actor_key)


def activate(platform: Platform, actor_key: str = "") -> None:
    platform.state = PlatformState.ACTIVE
    audit.record("platform activated", platform.via, actor_key)


def accept_deployment(platform: Platform, refusal_id: int, actor_key: str = "") -> None:
    """Take the unknown deployment that a verified message named. Raises ``NotThere``."""
    refusal = db.session.get(Refusal, refusal_id)
    if refusal is None or refusal.platform_id != platform.id or not refusal.deployment_id:
        raise NotThere("There is no such deployment to take.")
    if add_deployment(platform, refusal.deployment_id):
        audit.record("deployment added", platform.via, actor_key)
