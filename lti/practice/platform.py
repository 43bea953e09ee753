"""The thin edge to lti1p3platform, and the one object that the pages and services work with.

The library keeps what it parses on its objects, so a fresh one serves each request.
"""

from dataclasses import dataclass
from typing import Any, cast

import jwt
from cryptography.hazmat.primitives import serialization
from flask import current_app
from lti1p3platform.ltiplatform import LTI1P3PlatformConfAbstract
from lti1p3platform.message_launch import LTIAdvantageMessageLaunchAbstract
from lti1p3platform.registration import Registration

from lti.practice.records import Deployment
from lti.practice.settings import PracticeSettings
from lti.practice.store import Store

ID_TOKEN_LIFE = 60


@dataclass(frozen=True)
class Practice:
    settings: PracticeSettings
    store: Store
    private_key: str

    def public_keys(self) -> dict[str, Any]:
        own = Deployment(self.settings.deployment_id, self.settings.tool)
        return cast(dict[str, Any], self.platform(own).get_jwks())

    def platform(self, deployment: Deployment) -> "PracticePlatform":
        return PracticePlatform(practice=self, deployment=deployment)

    def sign_launch(self, deployment: Deployment, preflight: dict[str, str], claims: dict[str, Any]) -> dict[str, str]:
        """The `id_token` and `state` to post to the redirect URI of a preflight that was checked."""
        launch = _MessageLaunch(self.platform(deployment), preflight, claims).lti_launch()
        return {"state": launch["state"], "id_token": launch["id_token"]}


def practice() -> Practice:
    return cast(Practice, current_app.extensions["practice"])


class PracticePlatform(LTI1P3PlatformConfAbstract):  # type: ignore[misc]
    """The platform as one tool sees it. Fetches that tool's key set for each message (time-out: 5 s), so a
    rotated key works at once."""

    def init_platform_config(self, **kwargs: Any) -> None:
        self._practice: Practice = kwargs["practice"]
        deployment: Deployment = kwargs["deployment"]
        self._tool = deployment.tool
        key = serialization.load_pem_private_key(self._practice.private_key.encode(), password=None)
        public = key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        self._registration = (
            Registration()
            .set_iss(self._practice.settings.url)
            .set_client_id(self._tool.client_id)
            .set_deployment_id(deployment.id)
            .set_launch_url(self._tool.launch_url)
            .set_tool_key_set_url(self._tool.key_set_url)
            .set_platform_private_key(self._practice.private_key)
            .set_platform_public_key(public.decode())
        )

    def get_registration_by_params(self, **_kwargs: Any) -> Any:
        return self._registration

    def validate_jwt_format(self, jwt_token_string: str) -> None:
        """In place of the library's, which decodes with plain base64 and trips over `-` and `_`."""
        self._jwt["header"] = jwt.get_unverified_header(jwt_token_string)

    def tool_validate_and_decode(self, jwt_token_string: str) -> dict[str, Any]:
        """In place of the library's, which checks the signature and, where there is one, `exp`, but neither
        who signed nor for whom. (IMS Security Framework 1.0, section 4.1.1, and RFC 7523.)"""
        claims = self.verify(jwt_token_string, self._practice.settings.token_url, "sub", "jti")
        if claims["sub"] != self._tool.client_id:
            raise jwt.InvalidTokenError("sub must be the client id")
        self.use_once("jti", claims)
        return claims

    def verify(self, token: str, audience: str, *required: str) -> dict[str, Any]:
        """The claims of what this tool signed for this audience. Raises jwt.PyJWTError or LtiException."""
        self.validate_jwt_format(token)
        claims: dict[str, Any] = jwt.decode(
            token,
            self.get_tool_public_key(),
            algorithms=["RS256"],
            audience=audience,
            issuer=self._tool.client_id,
            leeway=10,
            options={"require": ["iss", "aud", "iat", "exp", *required]},
        )
        return claims

    def use_once(self, name: str, claims: dict[str, Any]) -> None:
        """Use the claim of that name up. Raises jwt.InvalidTokenError where this tool sent it before."""
        value = claims[name]
        if not isinstance(value, str) or not value:
            raise jwt.InvalidTokenError(f"{name} must be a string")
        if not self._practice.store.use_once(self._tool.client_id, name, value, int(claims["exp"]) + 60):
            raise jwt.InvalidTokenError(f"this {name} was used before")


class _MessageLaunch(LTIAdvantageMessageLaunchAbstract):  # type: ignore[misc]
    def __init__(self, platform: PracticePlatform, preflight: dict[str, str], claims: dict[str, Any]) -> None:
        super().__init__(None, platform)
        self._preflight = preflight
        self.set_extra_claims(claims)
        self.set_id_token_expiration(ID_TOKEN_LIFE)

    def get_preflight_response(self) -> dict[str, str]:
        return self._preflight

    def get_launch_message(self, include_extra_claims: bool = True) -> dict[str, Any]:
        """Moodle sends one audience, as a string, and no `azp`."""
        message: dict[str, Any] = super().get_launch_message(include_extra_claims)
        del message["azp"]
        return message

    def render_launch_form(self, launch_data: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
        return launch_data
