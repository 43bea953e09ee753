"""Dynamic registration: a tool registers itself with a token that a teacher gave it, and is pending at first.

https://www.imsglobal.org/spec/lti-dr/v1p0, as in Moodle.
"""

import re
import secrets
import time
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue

from lti.practice.claims import VARIABLES
from lti.practice.errors import Refused
from lti.practice.grading import read_custom
from lti.practice.platform import practice
from lti.practice.records import DEEP_LINKING, RESOURCE_LINK, Deployment, Tool
from lti.practice.settings import CLAIMS, MESSAGES, NAME_CLAIMS

TOOL_CONFIGURATION = "https://purl.imsglobal.org/spec/lti-tool-configuration"
REGISTRATION_LIFE = 3600

registration = Blueprint("registration", __name__)


@registration.get("/openid-configuration")
def openid_configuration() -> ResponseReturnValue:
    settings = practice().settings
    placements = {DEEP_LINKING: {"placements": ["ContentArea"]}}
    return jsonify(
        {
            "issuer": settings.url,
            "token_endpoint": settings.token_url,
            "token_endpoint_auth_methods_supported": ["private_key_jwt"],
            "token_endpoint_auth_signing_alg_values_supported": ["RS256"],
            "jwks_uri": settings.key_set_url,
            "authorization_endpoint": settings.auth_url,
            "registration_endpoint": settings.registration_url,
            "scopes_supported": [*settings.granted_scopes, "openid"],
            "response_types_supported": ["id_token"],
            "subject_types_supported": ["public", "pairwise"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "claims_supported": list(CLAIMS),
            "https://purl.imsglobal.org/spec/lti-platform-configuration": {
                "product_family_code": "moodle",
                "version": "practice",
                "messages_supported": [{"type": one, **placements.get(one, {})} for one in MESSAGES],
                "variables": list(VARIABLES),
            },
        }
    )


@registration.post("/openid-registration")
def register() -> ResponseReturnValue:
    store = practice().store
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "bearer" or not store.knows_registration(token.strip()):
        raise Refused(401, "the registration token is missing, unknown, used or expired")
    tool = read_tool(request.get_json(force=True, silent=True))
    deployment = store.register_tool(token.strip(), tool)
    if deployment is None:
        raise Refused(401, "the registration token was used")
    return jsonify(_answer(deployment))


@registration.errorhandler(Refused)
def refused(refusal: Refused) -> Response:
    code = "invalid_token" if refusal.status == 401 else "invalid_client_metadata"
    response = jsonify({"error": code, "error_description": refusal.reason})
    response.status_code = refusal.status
    return response


def read_tool(sent: Any) -> Tool:
    """The tool that a registration describes, with a client id of its own, pending."""
    if not isinstance(sent, dict) or not isinstance(sent.get(TOOL_CONFIGURATION), dict):
        raise Refused(400, f"a registration is an object with {TOOL_CONFIGURATION}")
    configuration = sent[TOOL_CONFIGURATION]
    if "id_token" not in _strings(sent, "response_types"):
        raise Refused(400, "response_types must have id_token")
    if sent.get("token_endpoint_auth_method") != "private_key_jwt":
        raise Refused(400, "token_endpoint_auth_method must be private_key_jwt")
    if sent.get("application_type", "web") != "web":
        raise Refused(400, "application_type must be web")
    launch_url = _url(configuration, "target_link_uri")
    redirect_urls = _strings(sent, "redirect_uris")
    if not redirect_urls:
        raise Refused(400, "redirect_uris must not be empty")
    for url in redirect_urls:
        check_url("redirect_uris", url)
    if configuration.get("domain") != urlsplit(launch_url).netloc:
        raise Refused(400, "domain must be the host of target_link_uri, with its port")
    asked = {}
    for message in configuration.get("messages") or []:
        if not isinstance(message, dict) or not isinstance(message.get("type"), str):
            raise Refused(400, "messages must be a list of objects with a type")
        asked[message["type"]] = message
    deep_linking = asked.get(DEEP_LINKING, {})
    claims = set(_strings(configuration, "claims"))
    if claims.intersection(NAME_CLAIMS):  # Moodle sends the whole name or nothing of it
        claims.update(NAME_CLAIMS)
    scopes = str(sent.get("scope") or "").split()
    return Tool(
        client_id=secrets.token_hex(8),
        name=_text(sent, "client_name"),
        login_url=_url(sent, "initiate_login_uri"),
        launch_url=launch_url,
        deep_linking_url=_url(deep_linking, "target_link_uri") if "target_link_uri" in deep_linking else launch_url,
        key_set_url=_url(sent, "jwks_uri"),
        redirect_urls=redirect_urls,
        scopes=tuple(scope for scope in practice().settings.granted_scopes if scope in scopes),
        claims=tuple(claim for claim in CLAIMS if claim in {*claims, "sub", "iss"}),
        messages=tuple(message for message in MESSAGES if message in asked or message == RESOURCE_LINK),
        custom=read_custom(configuration.get("custom_parameters") or {}),
    )


def _answer(deployment: Deployment) -> dict[str, Any]:
    tool = deployment.tool
    urls = {DEEP_LINKING: tool.deep_linking_url}
    configuration: dict[str, Any] = {
        "version": "1.3.0",
        "deployment_id": deployment.id,
        "target_link_uri": tool.launch_url,
        "domain": urlsplit(tool.launch_url).netloc,
        "description": "",
        # Moodle leaves out the one that every tool gets.
        "messages": [
            {"type": one, "target_link_uri": urls.get(one, tool.launch_url)}
            for one in tool.messages
            if one != RESOURCE_LINK
        ],
        "claims": list(tool.claims),
    }
    if tool.custom:
        configuration["custom_parameters"] = dict(tool.custom)
    return {
        "client_id": tool.client_id,
        "response_types": ["id_token"],
        "jwks_uri": tool.key_set_url,
        "initiate_login_uri": tool.login_url,
        "grant_types": ["client_credentials", "implicit"],
        "redirect_uris": list(tool.redirect_urls),
        "application_type": "web",
        "token_endpoint_auth_method": "private_key_jwt",
        "client_name": tool.name,
        "logo_uri": "",
        "scope": " ".join(tool.scopes),
        TOOL_CONFIGURATION: configuration,
    }


def begin(url: str) -> str:
    """A registration under way at that URL; returns its id. Raises Refused for an address that is not one."""
    check_url("The registration URL", url)
    registration_id = secrets.token_hex(8)
    expires = int(time.time()) + REGISTRATION_LIFE
    practice().store.add_registration(registration_id, secrets.token_urlsafe(32), url, expires)
    return registration_id


def check_url(name: str, url: str) -> None:
    """https, or a tool on this machine."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        raise Refused(400, f"{name} is not an address") from None
    loopback = host in ("127.0.0.1", "::1", "localhost") or host.endswith(".localhost")
    # The address goes into our Content-Security-Policy: nothing in it may end a directive.
    sound = re.fullmatch(r"[A-Za-z0-9_.:\[\]-]+", parts.netloc)
    if not sound or not (parts.scheme == "https" or (parts.scheme == "http" and loopback)):
        raise Refused(400, f"{name} must be an https address, or one of this machine")


def _url(sent: dict[str, Any], name: str) -> str:
    url = _text(sent, name)
    check_url(name, url)
    return url


def _text(sent: dict[str, Any], name: str) -> str:
    value = sent.get(name)
    if not isinstance(value, str) or not value.strip():
        raise Refused(400, f"{name} is missing")
    return value.strip()


def _strings(sent: dict[str, Any], name: str) -> tuple[str, ...]:
    value = sent.get(name) or []
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise Refused(400, f"{name} must be a list of strings")
    return tuple(value)
