"""The claims of a verified message become one frozen ``Launch``; no claim is read anywhere else. Pure.

LTI Core 1.3, section 5.3, Message claims: https://www.imsglobal.org/spec/lti/v1p3#required-message-claims
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from urllib.parse import unquote, urlsplit

from pylti1p3.roles import DesignerRole, StudentRole, TeacherRole

from lti.errors import LaunchRefused, Why

LTI = "https://purl.imsglobal.org/spec/lti/claim/"
AGS_CLAIM = "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"
NRPS_CLAIM = "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice"
DEEP_LINKING_CLAIM = "https://purl.imsglobal.org/spec/lti-dl/claim/deep_linking_settings"
RESOURCE_LINK_MESSAGE = "LtiResourceLinkRequest"
DEEP_LINKING_MESSAGE = "LtiDeepLinkingRequest"
REVIEW_MESSAGE = "LtiSubmissionReviewRequest"
MESSAGES = (RESOURCE_LINK_MESSAGE, DEEP_LINKING_MESSAGE, REVIEW_MESSAGE)
LONGEST_ID = 255
LONGEST_EMAIL = 254
LONGEST_CUSTOM = 500
LONGEST_DATA = 16_000
MOST_COPIES = 50
SUB_ROLE = re.compile(r"(http://purl\.imsglobal\.org/vocab/lis/v2/membership)/([^/#]+)[^#]*#.*")
TARGETS = ("home", "assessment", "recommendations", "offers", "offer")
HISTORY = "context_history"
"""The custom parameter that carries ``$Context.id.history``: of which courses this one is a copy."""


class Grading(StrEnum):
    """What a link has graded, as the teacher chose."""

    COMPLETION = "completion"
    PROGRESS = "progress"  # each step of an offer counts
    NONE = "none"


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
class DeepLinkingClaim:
    """What a platform takes from a teacher who chooses (LTI Deep Linking 2.0, section 4.4.1)."""

    return_url: str
    data: str | None  # as JSON, to be echoed; none where it was left out
    takes_several: bool
    takes_line_items: bool


@dataclass(frozen=True, slots=True)
class Launch:
    """A message that was verified. Text is clean and bounded; what was left out is empty."""

    platform_id: int
    deployment_id: str
    subject: str  # empty: an anonymous launch, on a platform that may send them
    message_type: str
    resource_link: LinkClaim | None = None  # always there in a resource link launch
    context: ContextClaim | None = None
    name: str = ""
    email: str = ""
    roles: tuple[str, ...] = ()
    is_learner: bool = False
    is_instructor: bool = False
    is_designer: bool = False
    custom: Mapping[str, str] = field(default_factory=dict)
    ags: AgsClaim | None = None
    deep_linking: DeepLinkingClaim | None = None
    for_user: str = ""  # whose submission is to be reviewed
    roster_url: str = ""
    document_target: str = ""
    return_url: str = ""
    state_hash: str = ""
    nonce_hash: str = ""

    @property
    def framed(self) -> bool:
        """Whether a page of the platform shows us; platforms that leave it out mean a frame."""
        return self.document_target in ("", "iframe", "frame")

    @property
    def may_place(self) -> bool:
        """Whether they may choose what stands in the course."""
        return self.is_instructor or self.is_designer

    @property
    def target(self) -> tuple[str, str]:
        """What the link opens, by custom parameters, which only route: a kind of page; a slug, or filters."""
        kind = self.custom.get("target", "").strip().lower()
        if kind == "offers":
            return kind, self.custom.get("filters", "")
        if kind != "offer":
            return kind if kind in TARGETS else "home", ""
        offer = self.custom.get("offer", "").strip()[:100]
        return (kind, offer) if offer else ("offers", "")

    @property
    def grading(self) -> Grading:
        """What the teacher chose to have graded."""
        chosen = self.custom.get("grade", "").strip().lower()
        return Grading(chosen) if chosen in list(Grading) else Grading.COMPLETION

    @property
    def copied_from(self) -> tuple[str, ...]:
        """The courses that this one was copied from, the nearest first (LTI Core 1.3, appendix C)."""
        listed = self.custom.get(HISTORY, "")
        if not listed or listed.startswith("$"):  # a platform sends a variable that it does not know as it stands
            return ()
        return tuple(filter(None, (text(unquote(one), LONGEST_ID) for one in listed.split(",")[:MOST_COPIES])))


def launch_from(
    claims: dict[str, Any], platform_id: int, state_hash: str, nonce_hash: str, *, loopback: bool = False
) -> Launch:
    """Raises ``LaunchRefused`` where an identifier is not fit to be one.

    ``loopback``: whether services may be on plain http.
    """
    link, context = _object(claims, LTI + "resource_link"), _object(claims, LTI + "context")
    message_type = str(claims[LTI + "message_type"])
    linked = message_type == RESOURCE_LINK_MESSAGE or bool(link.get("id"))
    presentation = _object(claims, LTI + "launch_presentation")
    roles = tuple(claims[LTI + "roles"])
    roster = _object(claims, NRPS_CLAIM).get("context_memberships_url")
    return Launch(
        platform_id=platform_id,
        deployment_id=identifier(claims, LTI + "deployment_id"),
        subject=identifier(claims, "sub") if claims.get("sub") is not None else "",
        message_type=message_type,
        resource_link=LinkClaim(identifier(link, "id"), text(link.get("title"), 500)) if linked else None,
        context=(
            ContextClaim(identifier(context, "id"), text(context.get("label")), text(context.get("title"), 500))
            if context.get("id")
            else None
        ),
        name=name_of(claims),
        email=email_of(claims),
        roles=roles,
        is_learner=has_role(roles, StudentRole),
        is_instructor=has_role(roles, TeacherRole),
        is_designer=has_role(roles, DesignerRole),
        custom=_custom(_object(claims, LTI + "custom")),
        ags=_ags(_object(claims, AGS_CLAIM), loopback=loopback),
        deep_linking=_deep_linking(claims, loopback=loopback) if message_type == DEEP_LINKING_MESSAGE else None,
        for_user=(identifier(_object(claims, LTI + "for_user"), "user_id") if message_type == REVIEW_MESSAGE else ""),
        roster_url=service_url(roster, loopback=loopback),
        document_target=text(presentation.get("document_target"), 20).lower(),
        return_url=service_url(presentation.get("return_url"), loopback=loopback),
        state_hash=state_hash,
        nonce_hash=nonce_hash,
    )


def has_role(roles: tuple[str, ...], kind: type[StudentRole] | type[TeacherRole] | type[DesignerRole]) -> bool:
    """By the library's rule: long and short names; where there are roles in the course, they alone count.

    Of a sub-role (``membership/Learner#Instructor``) the principal role counts, whatever the sub-role is called.
    """
    return bool(kind({LTI + "roles": [SUB_ROLE.sub(r"\1#\2", role) for role in roles]}).check())


def name_of(claims: Mapping[str, Any]) -> str:
    """Somebody's name, else its two parts joined; bounded."""
    return text(claims.get("name")) or text(f"{text(claims.get('given_name'))} {text(claims.get('family_name'))}")


def email_of(claims: Mapping[str, Any]) -> str:
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
        raise LaunchRefused(
            Why.INCOMPLETE, f"the claim {name} is missing, or is not a text of at most {LONGEST_ID} characters"
        )
    if any(ord(c) < 32 or 0xD800 <= ord(c) <= 0xDFFF for c in value):
        raise LaunchRefused(Why.INCOMPLETE, f"the claim {name} holds characters that no identifier has")
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


def _custom(claim: Mapping[str, Any]) -> dict[str, str]:
    """Custom parameters by name. Some platforms send a name twice: as written, and in lower case."""
    return {text(name): text(value, LONGEST_CUSTOM) for name, value in claim.items() if isinstance(value, str)}


def _deep_linking(claims: Mapping[str, Any], *, loopback: bool) -> DeepLinkingClaim:
    settings = _object(claims, DEEP_LINKING_CLAIM)
    return_url = service_url(settings.get("deep_link_return_url"), loopback=loopback)
    if not return_url:
        raise LaunchRefused(Why.INCOMPLETE, "there is no address to answer to (deep_link_return_url)")
    accepted = settings.get("accept_types")
    if not isinstance(accepted, list) or "ltiResourceLink" not in accepted:
        raise LaunchRefused(Why.OTHER_MESSAGE, "the platform takes no links to a tool (accept_types)")
    data = json.dumps(settings["data"]) if "data" in settings else None
    if data is not None and len(data) > LONGEST_DATA:
        raise LaunchRefused(Why.INCOMPLETE, "the data to be echoed are longer than we carry")
    return DeepLinkingClaim(
        return_url,
        data,
        takes_several=_is_true(settings.get("accept_multiple")),
        takes_line_items=_is_true(settings.get("accept_lineitem", True)),
    )


def _is_true(value: Any) -> bool:
    """Some platforms write it as text."""
    return value is True or value == "true"


def _object(claims: Mapping[str, Any], name: str) -> dict[str, Any]:
    """A claim that is an object; an empty one where it is left out or is something else."""
    value = claims.get(name)
    return value if isinstance(value, dict) else {}
