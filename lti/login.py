"""Third-party initiated login: a platform asks us to ask it who is there.

Security Framework 1.0, section 5.1.1.1, and 5.1.1.2 for the answer: an authentication request.
https://www.imsglobal.org/spec/security/v1p0/#step-1-third-party-initiated-login
"""

from collections.abc import Mapping

from sqlalchemy import select

from catalogue.extensions import db
from lti.addresses import is_ours, launch_url, with_query
from lti.errors import LaunchRefused, Why
from lti.models import Platform, PlatformState
from lti.storage import Begun, begin_login

LONGEST = 8000
"""Of all parameters together: they are kept until the launch comes."""
PARAMETERS = (
    "iss", "client_id", "login_hint", "target_link_uri", "lti_message_hint", "lti_deployment_id", "lti_storage_target",
)  # fmt: skip


def read_login(asked: Mapping[str, str], public_url: str) -> Platform:
    """The platform that began this login; raises ``LaunchRefused``."""
    if not asked.get("iss") or not asked.get("login_hint"):
        raise LaunchRefused(Why.INCOMPLETE, "a login needs iss and login_hint")
    if sum(map(len, asked.values())) > LONGEST:
        raise LaunchRefused(Why.INCOMPLETE, "the parameters of the login are longer than we carry")
    platform = _platform(asked["iss"], asked.get("client_id", ""))
    if not platform.active:
        raise inactive(platform)
    if not is_ours(asked.get("target_link_uri"), public_url):
        raise LaunchRefused(
            Why.NOT_OURS, "the login is for an address that is not ours (target_link_uri)",
            platform_id=platform.id, frame_origin=platform.origin,
        )  # fmt: skip
    return platform


def inactive(platform: Platform) -> LaunchRefused:
    why = Why.PENDING_PLATFORM if platform.state == PlatformState.PENDING else Why.SUSPENDED_PLATFORM
    return LaunchRefused(
        why, f"the platform is {platform.state}", platform_id=platform.id, frame_origin=platform.origin
    )


def _platform(issuer: str, client_id: str) -> Platform:
    """By issuer and client id; the client id may be left out where the issuer has one registration."""
    chosen = select(Platform).where(Platform.issuer == _storable(issuer))
    if client_id:
        chosen = chosen.where(Platform.client_id == _storable(client_id))
    else:  # whoever registers for approval must not get in the way of what works
        chosen = chosen.where(Platform.state != PlatformState.PENDING)
    found = db.session.scalars(chosen.limit(2)).all()
    if len(found) == 1:
        return found[0]
    raise LaunchRefused(
        Why.UNKNOWN_PLATFORM,
        "the login names a platform that is not registered (issuer, client id)" if not found else
        "the login names no client id, and its issuer has several registrations",
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
    return begun, with_query(platform.auth_url, **request)
