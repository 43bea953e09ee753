"""A platform that tools register themselves with, by Moodle's rules."""

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from tests.lti.platform import LEFT_OUT, SCOPES, Answer, Platform
from tests.visitor import Visitor

TOOL_CONFIGURATION = "https://purl.imsglobal.org/spec/lti-tool-configuration"
MEMBERS = "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly"
TOKEN = 'JWT {"sub": "81fOJ89PxVBkeyW", "scope": "reg", "iat": 1795321479, "exp": 1795325079}'


@dataclass
class Registering(Platform):
    """``says`` and ``answers`` change its configuration and its answer; what it was sent is in ``registered``."""

    token: str = TOKEN
    says: dict[str, Any] = field(default_factory=dict)
    answers: dict[str, Any] = field(default_factory=dict)
    registered: list[dict[str, Any]] = field(default_factory=list)
    authorization: list[str | None] = field(default_factory=list)

    @property
    def window(self) -> dict[str, str]:
        """What it opens the tool's registration address with."""
        return {"openid_configuration": f"{self.url}/openid-configuration", "registration_token": self.token}

    def configuration(self) -> dict[str, Any]:
        said = {
            "issuer": self.url,
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/certs",
            "authorization_endpoint": f"{self.url}/auth",
            "registration_endpoint": f"{self.url}/openid-registration",
            "scopes_supported": [*SCOPES, MEMBERS, "openid"],
            "https://purl.imsglobal.org/spec/lti-platform-configuration": {
                "product_family_code": "moodle",
                "messages_supported": [
                    {"type": "LtiResourceLinkRequest"},
                    {"type": "LtiDeepLinkingRequest", "placements": ["ContentArea"]},
                ],
            },
        }
        return without_left_out(said | self.says)

    def answer(self, method: str, path: str, headers: Any, body: bytes) -> Answer:
        if path in ("/openid-configuration", "/openid-registration") and not self.faults:
            self.calls.append((method, path))
            return (200, {}, self.configuration()) if method == "GET" else self._register(headers, json.loads(body))
        return super().answer(method, path, headers, body)

    def _register(self, headers: Any, sent: dict[str, Any]) -> Answer:
        """Once with a token, and for a tool whose domain is that of its launch address."""
        self.authorization.append(headers.get("Authorization"))
        if self.authorization[-1] != f"Bearer {self.token}" or self.registered:
            return 401, {}, {"error": "invalid_token"}
        tool = sent[TOOL_CONFIGURATION]
        if tool["domain"] != urlsplit(tool["target_link_uri"]).netloc:
            return 400, {}, {"error": "invalid_client_metadata"}
        self.registered.append(sent)
        answer = sent | {"client_id": self.client_id, TOOL_CONFIGURATION: tool | {"deployment_id": self.deployment}}
        return 200, {}, without_left_out(answer | self.answers)

    def connect(self, visitor: Visitor, status: int = 200) -> None:
        """Open the tool's registration address, and press its button."""
        visitor.get("/lti/register", query_string=self.window)
        visitor.press("Connect", status)


def without_left_out(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not LEFT_OUT}
