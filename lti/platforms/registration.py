"""Dynamic registration: platform and tool tell each other what each needs to know of the other.

LTI Dynamic Registration 1.0, section 3, on the tool's side: read the platform's configuration (3.4), send ours with
the token that came with the request (3.5), and read what the platform made of it (3.6).
https://www.imsglobal.org/spec/lti-dr/v1p0

The library has a class for this. It judges by ``assert``, takes a redirect for an answer and sends the token to
whatever host the configuration names; with all of that overridden, nothing of it was left.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import requests
import structlog

from catalogue.egress import Rules
from lti.addresses import launch_url
from lti.claims import DEEP_LINKING_MESSAGE, HISTORY, RESOURCE_LINK_MESSAGE, REVIEW_MESSAGE
from lti.courses.roster import MEMBERS_READ
from lti.grading.scores import ASKED_SCOPES
from lti.platforms.rules import LONGEST, Registration, is_fit_url
from lti.services import UNREADABLE, Hurried

PLATFORM_CONFIGURATION = "https://purl.imsglobal.org/spec/lti-platform-configuration"
TOOL_CONFIGURATION = "https://purl.imsglobal.org/spec/lti-tool-configuration"
SCOPES = (*ASKED_SCOPES, MEMBERS_READ)
CLAIMS = ("iss", "sub", "name", "given_name", "family_name", "email")
DESCRIPTION = "Learning offers for health and care: see where you stand, find what helps, and take it."
WITHIN = 8.0  # seconds, for both calls together
LONGEST_ASKED = 8000
"""Of the token and of the configuration's address, which some platforms put a token into."""

log = structlog.get_logger()


class RegistrationRefused(Exception):
    """In plain words, for whoever connects the platform.

    ``answered``: the platform may have registered us before this went wrong.
    """

    def __init__(self, reason: str, *, status: int = 400, answered: bool = False) -> None:
        super().__init__(reason)
        self.status = status
        self.answered = answered


@dataclass(frozen=True, slots=True)
class Asked:
    """What a registration window is opened with. The token may be empty: platforms need not give one."""

    configuration_url: str
    token: str

    @property
    def host(self) -> str:
        return urlsplit(self.configuration_url).netloc


@dataclass(frozen=True, slots=True)
class Configuration:
    """A platform's own word on itself, checked."""

    issuer: str
    jwks_url: str
    auth_url: str
    token_url: str
    registration_url: str
    scopes: frozenset[str] | None = None  # none: it does not say which it grants
    messages: frozenset[str] = frozenset()


def read_asked(sent: Mapping[str, str], *, development: bool) -> Asked:
    """Raises ``RegistrationRefused``."""
    url, token = sent.get("openid_configuration", ""), sent.get("registration_token", "")
    if len(url) > LONGEST_ASKED or not is_fit_url(url, development=development):
        raise RegistrationRefused("The address of the platform’s configuration is missing, or is none that we call.")
    if len(token) > LONGEST_ASKED or not token.isprintable() or not _is_latin(token):
        raise RegistrationRefused("The platform’s registration token is none that can be sent back to it.")
    return Asked(url, token)


def _is_latin(text: str) -> bool:
    """Whether a header can carry it."""
    try:
        text.encode("latin-1")
    except UnicodeEncodeError:
        return False
    return True


def read_configuration(asked: Asked, sent: Any, *, development: bool) -> Configuration:
    """Pure; raises ``RegistrationRefused``."""
    if not isinstance(sent, dict):
        raise RegistrationRefused("The platform’s configuration is not what it should be: a JSON object.")
    names = {
        "issuer": "issuer",
        "jwks_uri": "jwks_url",
        "authorization_endpoint": "auth_url",
        "token_endpoint": "token_url",
        "registration_endpoint": "registration_url",
    }
    found: dict[str, str] = {}
    for name, ours in names.items():
        value = sent.get(name)
        if not isinstance(value, str) or not is_fit_url(value, development=development):
            raise RegistrationRefused(f"The platform’s configuration gives no fit address as {name}.")
        if len(value) > LONGEST.get(ours, LONGEST["auth_url"]):
            raise RegistrationRefused(f"The platform’s configuration gives an address that is too long as {name}.")
        found[ours] = value
    # Section 3.4: else a platform could register itself as another, or be told our token's way by somebody else.
    for name in ("issuer", "registration_url"):
        if _host(found[name]) != _host(asked.configuration_url):
            what = "issuer" if name == "issuer" else "registration_endpoint"
            raise RegistrationRefused(
                f"The platform’s configuration names another host than its own as {what}: {_host(found[name])}."
            )
    scopes, supported = sent.get("scopes_supported"), sent.get(PLATFORM_CONFIGURATION)
    messages = supported.get("messages_supported") if isinstance(supported, dict) else None
    return Configuration(
        **found,
        scopes=frozenset(one for one in scopes if isinstance(one, str)) if isinstance(scopes, list) else None,
        messages=frozenset(_types(messages)) if isinstance(messages, list) else frozenset(),
    )


def _types(messages: list[Any]) -> list[str]:
    listed = [one.get("type") if isinstance(one, dict) else one for one in messages]
    return [one for one in listed if isinstance(one, str)]


def _host(url: str) -> str:
    """Host and port, in one spelling."""
    parts = urlsplit(url)
    usual = {"https": 443, "http": 80}.get(parts.scheme)
    return f"{parts.hostname}:{parts.port or usual}"


def our_registration(public_url: str, scopes: Collection[str] | None, messages: Collection[str]) -> dict[str, Any]:
    """What we send (section 3.5): of our scopes those that the platform grants, where it says. Pure."""
    base, launch = public_url.rstrip("/"), launch_url(public_url)
    said: list[dict[str, Any]] = [
        {"type": RESOURCE_LINK_MESSAGE, "target_link_uri": launch},
        {
            "type": DEEP_LINKING_MESSAGE,
            "target_link_uri": launch,
            "label": "Choose from Every Seat",
            "placements": ["ContentArea"],
        },
    ]
    if REVIEW_MESSAGE in messages:
        said.append({"type": REVIEW_MESSAGE, "target_link_uri": launch})
    return {
        "application_type": "web",
        "response_types": ["id_token"],
        "grant_types": ["implicit", "client_credentials"],
        "initiate_login_uri": f"{base}/lti/login",
        "redirect_uris": [launch],
        "client_name": "Every Seat",
        "jwks_uri": f"{base}/lti/jwks.json",
        "logo_uri": f"{base}/static/everyseat-icon.svg",
        "token_endpoint_auth_method": "private_key_jwt",
        "scope": " ".join(scope for scope in SCOPES if scopes is None or scope in scopes),
        TOOL_CONFIGURATION: {
            "domain": urlsplit(launch).netloc,
            "target_link_uri": launch,
            "description": DESCRIPTION,
            "custom_parameters": {HISTORY: "$Context.id.history"},
            "claims": list(CLAIMS),
            "messages": said,
        },
    }


def read_answer(sent: Any) -> tuple[str, str]:
    """Client id, and deployment id or an empty string (section 3.6). Pure; raises ``RegistrationRefused``.

    A deployment that is left out is offered to our administrators when somebody first comes from it.
    """
    client_id = sent.get("client_id") if isinstance(sent, dict) else None
    if not _is_fit_id(client_id) or not str(client_id).isascii():  # RFC 6749, appendix A.1
        raise RegistrationRefused("The platform’s answer gives no client ID that we can keep.", answered=True)
    configuration = sent.get(TOOL_CONFIGURATION)
    deployment = configuration.get("deployment_id") if isinstance(configuration, dict) else None
    return str(client_id), str(deployment) if _is_fit_id(deployment) else ""


def _is_fit_id(value: Any) -> bool:
    if not isinstance(value, str) or not value or len(value) > LONGEST["client_id"]:
        return False
    return value.isprintable() and value == value.strip()


def register(asked: Asked, public_url: str, *, development: bool) -> Registration:
    """Ask the platform for its configuration, and have it register us; what makes it known here.

    Holds no transaction. Raises ``RegistrationRefused``.
    """
    client = Hurried(Rules(loopback=development), WITHIN)
    found = _ask(client, "GET", asked.configuration_url, "for its configuration")
    configuration = read_configuration(asked, found, development=development)
    ours = our_registration(public_url, configuration.scopes, configuration.messages)
    headers = {"Authorization": f"Bearer {asked.token}"} if asked.token else {}
    answer = _ask(client, "POST", configuration.registration_url, "to register us", headers=headers, json=ours)
    client_id, deployment = read_answer(answer)
    return Registration(
        name=asked.host[: LONGEST["name"]], issuer=configuration.issuer, client_id=client_id, deployment=deployment,
        jwks_url=configuration.jwks_url, auth_url=configuration.auth_url, token_url=configuration.token_url,
    )  # fmt: skip


def _ask(client: Hurried, method: str, url: str, what: str, **sent: Any) -> Any:
    """The platform's answer, as JSON.

    Why it could not be had is for our log alone: whoever may have us call an address learns nothing of what stands
    behind it.
    """
    registering = method == "POST"
    headers = {"Accept": "application/json"} | sent.pop("headers", {})
    try:
        response = client.request(method, url, headers=headers, **sent)
    except (requests.RequestException, *UNREADABLE) as fault:
        log.info("registration failed", host=_host(url), reason=type(fault).__name__)
        raise RegistrationRefused(
            f"We asked the platform {what}, and had no answer that we could use. Every Seat must be able to reach "
            "it at a public https address.", answered=registering,
        ) from fault  # fmt: skip
    if not 200 <= response.status_code < 300:
        log.info("registration failed", host=_host(url), status=response.status_code)
        sent_on = 300 <= response.status_code < 400
        raise RegistrationRefused(
            f"We asked the platform {what}, and it sent us on to another address, where we do not follow."
            if sent_on else
            f"We asked the platform {what}, and it answered with an error ({response.status_code})."
            + (" What it gives for a registration works once, and not for long." * registering)
        )  # fmt: skip
    try:
        return json.loads(response.content)
    except UNREADABLE as fault:
        raise RegistrationRefused(
            f"We asked the platform {what}, and its answer is not JSON that we can read.", answered=registering
        ) from fault
