"""The claims of a verified message become one frozen ``Launch``; no claim is read anywhere else. Pure.

LTI Core 1.3, section 5.3, Message claims: https://www.imsglobal.org/spec/lti/v1p3#required-message-claims
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from pylti1p3.roles import StudentRole, TeacherRole

from lti.errors import LaunchRefused

LTI = "https://purl.imsglobal.org/spec/lti/claim/"
AGS_CLAIM = "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"
NRPS_CLAIM = "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice"
RESOURCE_LINK_MESSAGE = "LtiResourceLinkRequest"
LONGEST_ID = 255
LONGEST_EMAIL = 254
SUB_ROLE = re.compile(r"(http://purl\.imsglobal\.org/vocab/lis/v2/membership)/([^/#]+)[^#]*#.*")
TARGETS = ("home", "assessment", "recommendations", "offers", "offer")


@dataclass(frozen=True, slots=True)
class ContextClaim:
    id: str
    label: str
    title: str


@dataclass(frozen=True, slots=True)
class LinkClaim:
    id: str
    title: str


@dataclass(frozen=True, slots=True)
class AgsClaim:
    """Assignment and Grade Services: addresses are empty where left out, or none that we call."""

    scopes: tuple[str, ...]
    lineitems: str
    lineitem: str


@dataclass(frozen=True, slots=True)
class Launch:
    """A message that was verified. Text is clean and bounded; what was left out is empty."""

    platform_id: int
    deployment_id: str
    subject: str  # empty: an anonymous launch, on a platform that may send them
    message_type: str
    resource_link: LinkClaim
    context: ContextClaim | None = None
    name: str = ""
    given_name: str = ""
    family_name: str = ""
    email: str = ""
    roles: tuple[str, ...] = ()
    is_learner: bool = False
    is_instructor: bool = False
    custom: Mapping[str, str] = field(default_factory=dict)
    ags: AgsClaim | None = None
    roster_url: str = ""
    document_target: str = ""
    return_url: str = ""
    locale: str = ""
    state_hash: str = ""
    nonce_hash: str = ""

    @property
    def framed(self) -> bool:
        """Whether a page of the platform shows us; platforms that leave it out mean a frame."""
        return self.document_target in ("", "iframe", "frame")

    @property
    def target(self) -> tuple[str, str]:
        """What the link opens, by custom parameters, which only route: a kind of page, an offer's slug."""
        kind = self.custom.get("target", "").strip().lower()
        if kind not in TARGETS:
            kind = "home"
        offer = self.custom.get("offer", "").strip()[:100] if kind == "offer" else ""
        return ("offers", "") if kind == "offer" and not offer else (kind, offer)


def launch_from(
    claims: dict[str, Any], platform_id: int, state_hash: str, nonce_hash: str, *, loopback: bool = False
) -> Launch:
    """Raises ``LaunchRefused`` where an identifier is not fit to be one.

    ``loopback``: whether services may be on plain http.
    """
    link, context = _object(claims, LTI + "resource_link"), _object(claims, LTI + "context")
    presentation = _object(claims, LTI + "launch_presentation")
    roles = tuple(claims[LTI + "roles"])
    roster = _object(claims, NRPS_CLAIM).get("context_memberships_url")
    return Launch(
        platform_id=platform_id,
        deployment_id=identifier(claims, LTI + "deployment_id"),
        subject=identifier(claims, "sub") if claims.get("sub") is not None else "",
        message_type=str(claims[LTI + "message_type"]),
        resource_link=LinkClaim(identifier(link, "id"), text(link.get("title"), 500)),
        context=(
            ContextClaim(identifier(context, "id"), text(context.get("label")), text(context.get("title"), 500))
            if context.get("id")
            else None
        ),
        name=name_of(claims),
        given_name=text(claims.get("given_name"), 100),
        family_name=text(claims.get("family_name"), 100),
        email=_email(claims),
        roles=roles,
        is_learner=has_role(roles, StudentRole),
        is_instructor=has_role(roles, TeacherRole),
        custom={k: text(v, 500) for k, v in _object(claims, LTI + "custom").items() if isinstance(v, str)},
        ags=_ags(_object(claims, AGS_CLAIM), loopback=loopback),
        roster_url=service_url(roster, loopback=loopback),
        document_target=text(presentation.get("document_target"), 20).lower(),
        return_url=service_url(presentation.get("return_url"), loopback=loopback),
        locale=text(presentation.get("locale"), 20),
        state_hash=state_hash,
        nonce_hash=nonce_hash,
    )


def has_role(roles: tuple[str, ...], kind: type[StudentRole] | type[TeacherRole]) -> bool:
    """By the library's rule: long and short names; where there are roles in the course, they alone count.

    Of a sub-role (``membership/Learner#Instructor``) the principal role counts, whatever the sub-role is called.
    """
    return bool(kind({LTI + "roles": [SUB_ROLE.sub(r"\1#\2", role) for role in roles]}).check())


def name_of(claims: Mapping[str, Any]) -> str:
    """Somebody's name, else its two parts joined; bounded."""
    return text(claims.get("name")) or text(f"{text(claims.get('given_name'))} {text(claims.get('family_name'))}")


def _email(claims: Mapping[str, Any]) -> str:
    """Whole or not at all: one that was cut short would be somebody else's."""
    email = text(claims.get("email"), LONGEST_EMAIL + 1)
    return email if len(email) <= LONGEST_EMAIL else ""


def text(value: Any, most: int = 200) -> str:
    """Text fit to store and to show: no control characters, nothing that no encoding can write, bounded."""
    if not isinstance(value, str):
        return ""
    kept = "".join(" " if ord(c) < 32 or ord(c) == 127 else c for c in value)
    return kept.encode("utf-8", "ignore").decode().strip()[:most]


def identifier(claims: Mapping[str, Any], name: str) -> str:
    """An identifier, exactly as sent; one that could not be stored so is refused."""
    value = claims.get(name)
    if not isinstance(value, str) or not value or len(value) > LONGEST_ID:
        raise LaunchRefused(f"the claim {name} is missing, or is not a text of at most {LONGEST_ID} characters")
    if any(ord(c) < 32 or 0xD800 <= ord(c) <= 0xDFFF for c in value):
        raise LaunchRefused(f"the claim {name} holds characters that no identifier has")
    return value


def service_url(value: Any, *, loopback: bool) -> str:
    """An address that we may call, else an empty string."""
    if not isinstance(value, str) or len(value) > 2000 or text(value, 2000) != value:
        return ""
    try:
        parts = urlsplit(value)
        fit = parts.hostname and parts.scheme in ({"https", "http"} if loopback else {"https"})
    except ValueError:
        return ""
    return value if fit and not parts.username else ""


def _ags(claim: Mapping[str, Any], *, loopback: bool) -> AgsClaim | None:
    scopes = claim.get("scope")
    if not isinstance(scopes, list):
        return None
    return AgsClaim(
        tuple(text(scope, 300) for scope in scopes[:20] if isinstance(scope, str)),
        service_url(claim.get("lineitems"), loopback=loopback),
        service_url(claim.get("lineitem"), loopback=loopback),
    )


def _object(claims: Mapping[str, Any], name: str) -> dict[str, Any]:
    """A claim that is an object; an empty one where it is left out or is something else."""
    value = claims.get(name)
    return value if isinstance(value, dict) else {}
