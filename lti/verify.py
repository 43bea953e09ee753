"""A message from a platform is verified: all of it, before anything is written.

Authentication response validation, Security Framework 1.0, section 5.1.3:
https://www.imsglobal.org/spec/security/v1p0/#authentication-response-validation
The steps are the library's; its hooks are filled where it is lax: the claims that must be there, ``azp``,
audiences that are lists, headers that would choose a key for us, and a nonce that is only looked up (here it
must belong to the login, and ``launch.arrive`` uses it up in its transaction).
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

import jwt
from pylti1p3.cookie import CookieService
from pylti1p3.deployment import Deployment as LibraryDeployment
from pylti1p3.exception import LtiException
from pylti1p3.message_launch import MessageLaunch
from pylti1p3.registration import Registration
from pylti1p3.request import Request
from pylti1p3.session import SessionService
from pylti1p3.tool_config.abstract import ToolConfAbstract

from catalogue.clock import now
from catalogue.people.rules import hash_token
from lti.claims import AGS_CLAIM, DEEP_LINKING_CLAIM, LTI, MESSAGES
from lti.errors import LaunchRefused, Why
from lti.models import LoginState, Platform
from lti.platform_keys import KeyNotFound, PlatformKeys

LEEWAY = 60  # seconds
OLDEST = 3600  # seconds: a message answers a login that began ten minutes ago at most
LONGEST_TOKEN = 100_000  # characters
COMPACT = re.compile(r"[\w-]+\.[\w-]+\.[\w-]+", re.ASCII)
"""Three parts, base64url without padding: the library would read more (RFC 7515, sections 2, 5.2 and 7.1)."""
CHOOSES_A_KEY = ("jku", "jwk", "x5u", "x5c", "crit")
"""By these headers a message would choose its own key, or ask for rules that we do not know."""


class _Posted(Request):
    def __init__(self, parameters: Mapping[str, str]) -> None:
        self._parameters = parameters

    def is_secure(self) -> bool:
        return True

    def get_param(self, key: str) -> str:
        return self._parameters.get(key, "")


class _ThisLogin(SessionService):
    """What the library asks of a session: whether state and nonce are those of the login under way."""

    def __init__(self, login: LoginState) -> None:
        self._login = login

    def check_state_is_valid(self, state: str, id_token_hash: str) -> bool:
        return hash_token(state) == self._login.state_hash

    def check_nonce(self, nonce: str) -> bool:
        return isinstance(nonce, str) and hash_token(nonce) == self._login.nonce_hash


class _NoCookies(CookieService):
    """The browser was checked before: the library has no cookie to fall back on."""

    def get_cookie(self, name: str) -> str | None:
        return None

    def set_cookie(self, name: str, value: str | int, exp: int | None = 3600) -> None:
        raise NotImplementedError


class _ThisPlatform(ToolConfAbstract[Request]):
    """The one registration that the login began with."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._deployments = {deployment.deployment_id for deployment in platform.deployments}

    def check_iss_has_one_client(self, iss: str) -> bool:
        return False

    def find_registration_by_issuer(self, iss: str, *args: Any, **kwargs: Any) -> Registration:
        raise NotImplementedError  # nothing is keyed by issuer alone

    def find_deployment(self, iss: str, deployment_id: str) -> LibraryDeployment | None:
        raise NotImplementedError

    def find_registration_by_params(self, iss: str, client_id: str | None, *args: Any, **kwargs: Any) -> Registration:
        if iss != self._platform.issuer or client_id != self._platform.client_id:
            raise LaunchRefused(
                Why.NOT_VERIFIED, "the message is from another platform than the one that the launch began with"
            )
        return Registration().set_issuer(iss).set_client_id(client_id)

    def find_deployment_by_params(
        self, iss: str, deployment_id: str, client_id: str | None, *args: Any, **kwargs: Any
    ) -> LibraryDeployment | None:
        known = isinstance(deployment_id, str) and deployment_id in self._deployments
        return LibraryDeployment().set_deployment_id(deployment_id) if known else None


class Message(MessageLaunch[Request, _ThisPlatform, _ThisLogin, _NoCookies]):
    def __init__(self, parameters: Mapping[str, str], login: LoginState, keys: PlatformKeys) -> None:
        self._platform = login.platform
        self._keys = keys
        super().__init__(
            _Posted(parameters),
            _ThisPlatform(login.platform),
            session_service=_ThisLogin(login),
            cookie_service=_NoCookies(),
        )

    def _get_request_param(self, key: str) -> str:
        return self._request.get_param(key)

    def get_client_id(self) -> str:
        """Ours, where the message is for us at all; the signature's check is the one that counts."""
        audience = self._get_jwt_body().get("aud")
        ours = self._platform.client_id
        return ours if audience == ours or (isinstance(audience, list) and ours in audience) else ""

    def validate_jwt_format(self) -> "Message":
        super().validate_jwt_format()
        header, body = self._jwt.get("header"), self._jwt.get("body")
        if not isinstance(header, dict) or not isinstance(body, dict):
            raise LaunchRefused(Why.NOT_VERIFIED, "the message is not a signed set of claims")
        if header.get("alg") != "RS256":
            raise LaunchRefused(Why.NOT_VERIFIED, "the message is not signed with RS256")
        if not isinstance(header.get("kid"), str) or not header["kid"]:
            raise LaunchRefused(Why.NOT_VERIFIED, "the message does not say which key it is signed with (kid)")
        if chosen := [name for name in CHOOSES_A_KEY if name in header]:
            raise LaunchRefused(Why.NOT_VERIFIED, f"the message has a header that is not taken: {chosen[0]}")
        return self

    def validate_jwt_signature(self) -> "Message":
        kid = self._jwt["header"]["kid"]
        try:
            key = self._keys.find(self._platform.id, self._platform.jwks_url, str(kid))
        except KeyNotFound as fault:
            raise LaunchRefused(Why.NO_KEYS if fault.unreachable else Why.NOT_VERIFIED, str(fault)) from fault
        required = ["exp", "iat", "nonce", "iss", "aud"]
        if not self._platform.allows_anonymous:
            required.append("sub")
        claims = jwt.decode(
            self._get_id_token(),
            key,
            algorithms=["RS256"],
            audience=self._platform.client_id,
            issuer=self._platform.issuer,
            leeway=LEEWAY,
            options={"require": required, "enforce_minimum_key_length": True},
        )
        _check_parties(claims, self._platform.client_id)
        _check_age(claims)
        self._jwt["body"] = claims  # type: ignore[typeddict-item] # from here on only what was verified is read
        return self

    def validate_deployment(self) -> "Message":
        deployment_id = self._get_deployment_id()
        try:
            super().validate_deployment()
        except LtiException as fault:
            raise LaunchRefused(
                Why.UNKNOWN_DEPLOYMENT,
                "the message names a deployment that is not registered",
                deployment_id=deployment_id if isinstance(deployment_id, str) else "",
            ) from fault
        return self

    def validate_message(self) -> "Message":
        claims: dict[str, Any] = dict(self._get_jwt_body())
        _check_shapes(claims)
        message_type = claims.get(LTI + "message_type")
        if not message_type:
            raise LaunchRefused(Why.INCOMPLETE, "the message type is missing")
        if message_type not in MESSAGES:
            raise LaunchRefused(Why.OTHER_MESSAGE, f"the message is none of those that we take: {', '.join(MESSAGES)}")
        if "sub" not in claims:  # signed, and from a platform that may leave it out
            self._jwt["body"] = claims | {"sub": "anonymous"}  # type: ignore[typeddict-item]
        super().validate_message()
        self._jwt["body"] = claims  # type: ignore[typeddict-item]
        return self

    def save_launch_data(self) -> "Message":
        return self  # nothing of a message is kept but what ``arrive`` writes


def verified_claims(
    parameters: Mapping[str, str], login: LoginState, keys: PlatformKeys, is_ours: Callable[[Any], bool]
) -> dict[str, Any]:
    """The claims of the message in ``parameters``; raises ``LaunchRefused``. ``is_ours`` judges addresses."""
    token = parameters.get("id_token", "")
    if len(token) > LONGEST_TOKEN or not COMPACT.fullmatch(token):
        raise LaunchRefused(Why.NOT_VERIFIED, "the message is not a signed set of claims")
    message = Message(parameters, login, keys)
    try:
        message.validate()
        claims: dict[str, Any] = dict(message.get_launch_data())
    except LtiException as fault:
        raise LaunchRefused(Why.INCOMPLETE, str(fault)) from fault
    except (jwt.ExpiredSignatureError, jwt.ImmatureSignatureError) as fault:
        raise LaunchRefused(Why.CLOCKS, f"the message did not verify: {fault} (its clock, or ours)") from fault
    except jwt.MissingRequiredClaimError as fault:
        raise LaunchRefused(Why.INCOMPLETE, f"the message did not verify: {fault}") from fault
    except (jwt.PyJWTError, ValueError, TypeError, OverflowError, RecursionError) as fault:
        raise LaunchRefused(Why.NOT_VERIFIED, f"the message did not verify: {fault}") from fault
    if not is_ours(claims.get(LTI + "target_link_uri")):
        raise LaunchRefused(Why.NOT_OURS, "the message opens an address that is not ours (target_link_uri)")
    return claims


def _check_parties(claims: dict[str, Any], client_id: str) -> None:
    """OpenID Connect Core, section 3.1.3.7, rules 3 to 5: who else is in the audience, who was authorised."""
    azp, audience = claims.get("azp"), claims["aud"]
    if azp is not None and azp != client_id:
        raise LaunchRefused(Why.NOT_VERIFIED, "the message was made for another tool (azp)")
    if isinstance(audience, list) and len(audience) > 1 and azp is None:
        raise LaunchRefused(
            Why.NOT_VERIFIED, "the message has several audiences and does not say which was authorised (azp)"
        )


def _check_age(claims: dict[str, Any]) -> None:
    for name in ("iat", "exp"):
        if isinstance(claims[name], bool) or not isinstance(claims[name], int | float):
            raise LaunchRefused(Why.INCOMPLETE, f"the claim {name} is not a number")
    if claims["iat"] < now().timestamp() - OLDEST:
        raise LaunchRefused(Why.CLOCKS, "the message was made too long ago (iat)")


def _check_shapes(claims: dict[str, Any]) -> None:
    """What the library's validators count on."""
    roles = claims.get(LTI + "roles")
    if roles is None:
        raise LaunchRefused(Why.INCOMPLETE, "the roles are missing")
    if not isinstance(roles, list) or not all(isinstance(role, str) for role in roles):
        raise LaunchRefused(Why.INCOMPLETE, "the roles are not a list of texts")
    for name in (LTI + "resource_link", LTI + "for_user", AGS_CLAIM, DEEP_LINKING_CLAIM):
        if not isinstance(claims.get(name, {}), dict):
            raise LaunchRefused(Why.INCOMPLETE, f"the claim {name} is not an object")
    if "sub" in claims and (not isinstance(claims["sub"], str) or not claims["sub"]):
        raise LaunchRefused(Why.INCOMPLETE, "the claim sub is not a text")
