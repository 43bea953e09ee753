"""Third-party initiated login: a platform asks us to ask it who is there.

Security Framework 1.0, section 5.1.1.1, and 5.1.1.2 for the answer: an authentication request.
https://www.imsglobal.org/spec/security/v1p0/#step-1-third-party-initiated-login
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

from sqlalchemy import select

from catalogue.extensions import db
from lti.errors import LaunchRefused
from lti.models import Platform
from lti.storage import Begun, begin_login

LONGEST_HINT = 4000
PARAMETERS = ("iss", "client_id", "login_hint", "target_link_uri", "lti_message_hint", "lti_deployment_id")
ASK_ADMINISTRATOR = "Ask whoever runs your course to check how Every Seat was added to it."


def read_login(asked: Mapping[str, str], public_url: str) -> Platform:
    """The platform that began this login; raises ``LaunchRefused``."""
    if not asked.get("iss") or not asked.get("login_hint"):
        raise LaunchRefused("a login needs iss and login_hint", ASK_ADMINISTRATOR)
    if any(len(asked.get(name, "")) > LONGEST_HINT for name in PARAMETERS):
        raise LaunchRefused("a parameter of the login is longer than we carry", ASK_ADMINISTRATOR)
    platform = _platform(asked["iss"], asked.get("client_id", ""))
    if not platform.active:
        raise LaunchRefused(
            f"the platform is {platform.state}",
            "Launches from this learning platform are switched off at present.",
            status=403, platform_id=platform.id, frame_origin=origin(platform.auth_url),
        )  # fmt: skip
    if not is_ours(asked.get("target_link_uri"), public_url):
        raise LaunchRefused(
            "the login is for an address that is not ours (target_link_uri)", ASK_ADMINISTRATOR,
            platform_id=platform.id, frame_origin=origin(platform.auth_url),
        )  # fmt: skip
    return platform


def _platform(issuer: str, client_id: str) -> Platform:
    """By issuer and client id; the client id may be left out where the issuer has one registration."""
    chosen = select(Platform).where(Platform.issuer == _storable(issuer))
    if client_id:
        chosen = chosen.where(Platform.client_id == _storable(client_id))
    found = db.session.scalars(chosen.limit(2)).all()
    if len(found) == 1:
        return found[0]
    raise LaunchRefused(
        "the login names a platform that is not registered" if not found else
        "the login names no client id, and its issuer has several registrations",
        "Every Seat does not know the learning platform that you came from. " + ASK_ADMINISTRATOR,
        status=403,
    )  # fmt: skip


def _storable(value: str) -> str:
    """PostgreSQL has no NUL in text: a name that holds one is nobody's."""
    return value.replace("\x00", "�")


def begin(platform: Platform, asked: Mapping[str, str], public_url: str) -> tuple[Begun, str]:
    """Remember the login, within a transaction; what was begun, and the address to send the browser to."""
    begun = begin_login(platform, dict(asked))
    request = {
        "scope": "openid",
        "response_type": "id_token",
        "response_mode": "form_post",
        "prompt": "none",
        "client_id": platform.client_id,
        "redirect_uri": launch_url(public_url),
        "login_hint": asked["login_hint"],
        "state": begun.state,
        "nonce": begun.nonce,
    }
    if asked.get("lti_message_hint"):
        request["lti_message_hint"] = asked["lti_message_hint"]
    parts = urlsplit(platform.auth_url)
    query = "&".join(filter(None, (parts.query, urlencode(request))))
    return begun, urlunsplit(parts._replace(query=query))


def launch_url(public_url: str) -> str:
    """The one redirect address: fixed, without a query, since platforms match it to the letter."""
    return public_url.rstrip("/") + "/lti/launch"


def origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def is_ours(url: Any, public_url: str) -> bool:
    """Whether an address is on this site."""
    if not isinstance(url, str) or "\\" in url or any(ord(c) <= 32 for c in url):
        return False
    try:
        return origin(url).lower() == origin(public_url).lower()
    except ValueError:
        return False
