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
        offered = practice().platform().get_access_token(asked.to_dict())["scope"].split()
    except (jwt.PyJWTError, LtiException, ValueError, KeyError, TypeError, AttributeError) as error:
        return _refusal("invalid_client", str(error))
    granted = [scope for scope in offered if scope in practice().settings.granted_scopes]
    if not granted:
        return _refusal("invalid_scope", "none of these scopes is granted to this tool")
    # The library's token is a signed one. Moodle's are opaque and looked up, and so are these.
    opaque = secrets.token_hex(16)
    practice().store.add_token(opaque, " ".join(granted), int(time.time()) + TOKEN_LIFE)
    return _answer(
        {
            "access_token": opaque,
            "token_type": "Bearer",
            "expires_in": TOKEN_LIFE,
            "scope": " ".join(granted),
        }
    )


def require(*scopes: str) -> None:
    """Refuse the request unless its token is a live one that has at least one of `scopes`."""
    kind, _, value = request.headers.get("Authorization", "").partition(" ")
    allowed = practice().store.token_scopes(value.strip()) if kind.lower() == "bearer" else None
    if allowed is None:
        raise Refused(401, "the access token is missing, unknown or expired")
    if allowed.isdisjoint(scopes):
        raise Refused(403, f"the access token lacks the scope {' or '.join(scopes)}")


def _refusal(code: str, description: str) -> Response:
    return _answer({"error": code, "error_description": description}, 400)


def _answer(body: dict[str, Any], status: int = 200) -> Response:
    response = jsonify(body)
    response.status_code = status
    response.headers["Cache-Control"] = "no-store"
    return response
