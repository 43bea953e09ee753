"""Access tokens: given for a signed client assertion, and asked for by each service.

https://www.imsglobal.org/spec/security/v1p0/#securing_web_services
"""

import secrets
import time
from typing import Any

import jwt
from flask import Blueprint, Response, jsonify, request
from lti1p3platform.exceptions import LtiException

from lti.practice.errors import Refused
from lti.practice.platform import practice
from lti.practice.records import Deployment, Tool

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
TOKEN_LIFE = 3600

tokens = Blueprint("tokens", __name__)


@tokens.post("/token")
def token() -> Response:
    """Errors are 400 with a code of RFC 6749, as Moodle answers them; the description says what was wrong."""
    asked = request.form
    needed = ("grant_type", "client_assertion_type", "client_assertion", "scope")
    if missing := [name for name in needed if not asked.get(name)]:
        return _refusal("invalid_request", f"missing: {', '.join(missing)}")
    if asked["grant_type"] != "client_credentials" or asked["client_assertion_type"] != ASSERTION_TYPE:
        return _refusal("unsupported_grant_type", "client_credentials with a JWT bearer assertion is needed")
    try:
        tool = _tool_of(asked["client_assertion"])
        platform = practice().platform(Deployment("", tool))
        offered = platform.get_access_token(asked.to_dict())["scope"].split()
    except (jwt.PyJWTError, LtiException, ValueError, KeyError, TypeError, AttributeError) as error:
        return _refusal("invalid_client", str(error))
    granted = [scope for scope in offered if scope in tool.scopes]
    if not granted:
        return _refusal("invalid_scope", "none of these scopes is granted to this tool")
    # The library's token is a signed one. Moodle's are opaque and looked up, and so are these.
    opaque = secrets.token_hex(16)
    practice().store.add_token(opaque, tool.client_id, " ".join(granted), int(time.time()) + TOKEN_LIFE)
    return _answer(
        {
            "access_token": opaque,
            "token_type": "Bearer",
            "expires_in": TOKEN_LIFE,
            "scope": " ".join(granted),
        }
    )


def require(*scopes: str) -> Tool:
    """The tool whose token it is. Refuses the request unless the token is a live one with at least one of
    `scopes`."""
    kind, _, value = request.headers.get("Authorization", "").partition(" ")
    found = practice().store.token(value.strip()) if kind.lower() == "bearer" else None
    tool = practice().store.tool(found[0]) if found else None
    if found is None or tool is None:
        raise Refused(401, "the access token is missing, unknown or expired")
    if found[1].isdisjoint(scopes):
        raise Refused(403, f"the access token lacks the scope {' or '.join(scopes)}")
    return tool


def _tool_of(assertion: str) -> Tool:
    """The tool that the assertion names: by whose key set it is then verified."""
    named = jwt.decode(assertion, options={"verify_signature": False}).get("iss")
    tool = practice().store.tool(named) if isinstance(named, str) else None
    if tool is None or not tool.active:
        raise ValueError("the issuer is not an active tool of this platform")
    return tool


def _refusal(code: str, description: str) -> Response:
    return _answer({"error": code, "error_description": description}, 400)


def _answer(body: dict[str, Any], status: int = 200) -> Response:
    response = jsonify(body)
    response.status_code = status
    response.headers["Cache-Control"] = "no-store"
    return response
