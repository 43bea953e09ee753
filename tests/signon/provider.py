"""An identity provider that says what a test wants it to: it answers in place of the network."""

import base64
import hmac
import json
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import requests
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

ISSUER = "https://login.trust.example/staff"
CLIENT_ID = "every-seat"
SECRET = "a client secret of the trust"


def answer(status: int, document: Any) -> requests.Response:
    response = requests.Response()
    response.status_code = status
    response._content = json.dumps(document).encode()
    response.headers["Content-Type"] = "application/json"
    return response


def _encoded(part: bytes) -> str:
    return base64.urlsafe_b64encode(part).decode().rstrip("=")


@dataclass
class Provider:
    """``claims`` and ``header`` change what the token says; ``document`` and ``keys`` what it publishes."""

    issuer: str = ISSUER
    subject: str = "subject-1"
    claims: dict[str, Any] = field(default_factory=dict)
    header: dict[str, Any] = field(default_factory=dict)
    document: dict[str, Any] = field(default_factory=dict)
    info: dict[str, Any] = field(default_factory=dict)
    key: Any = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "one", "use": "sig"}))
    signs_with: Any = None
    nonce: str = ""
    used: set[str] = field(default_factory=set)
    asked: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)
    down: bool = False

    def check_url(self, url: str) -> None:
        assert url.startswith("https://"), url

    def get(self, url: str, **options: Any) -> requests.Response:
        self.asked.append(("GET", url, options))
        if self.down:
            raise requests.ConnectionError("connection refused")
        path = urlsplit(url).path
        if path.endswith("openid-configuration"):
            return answer(200, {
                "issuer": self.issuer, "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token", "jwks_uri": f"{self.issuer}/keys",
                "userinfo_endpoint": f"{self.issuer}/me",
            } | self.document)  # fmt: skip
        if path.endswith("/keys"):
            return answer(200, {"keys": [self.key.as_dict(private=False)]})
        if path.endswith("/me"):
            return answer(200, self.info)
        return answer(404, {})

    def post(self, url: str, data: dict[str, str], auth: Any, **options: Any) -> requests.Response:
        request = requests.Request("POST", url, data=data, auth=auth).prepare()
        sent = {"body": dict(data), "authorization": request.headers.get("Authorization")}
        self.asked.append(("POST", url, options | sent))
        if data["code"] in self.used:
            return answer(400, {"error": "invalid_grant"})
        self.used.add(data["code"])
        return answer(200, {"access_token": "x", "token_type": "Bearer", "id_token": self.token()})

    def token(self) -> str:
        moment = int(time.time())
        claims = {
            "iss": self.issuer, "sub": self.subject, "aud": CLIENT_ID, "iat": moment, "exp": moment + 300,
            "nonce": self.nonce,
        } | self.claims  # fmt: skip
        header = {"alg": "ES256" if isinstance(self.key, ECKey) else "RS256", "kid": "one"} | self.header
        if header["alg"] in ("none", "HS256"):
            return self._without_a_key(header, claims)
        return jwt.encode(
            {name: value for name, value in header.items() if value is not None},
            {name: value for name, value in claims.items() if value is not None},
            self.signs_with or self.key,
            algorithms=[header["alg"]],
        )

    def _without_a_key(self, header: dict[str, Any], claims: dict[str, Any]) -> str:
        """Not signed at all, or with the public key as if it were a shared secret."""
        said = ".".join(_encoded(json.dumps(part).encode()) for part in (header, claims))
        secret = self.key.as_pem(private=False)
        signature = hmac.digest(secret, said.encode(), "sha256") if header["alg"] == "HS256" else b""
        return f"{said}.{_encoded(signature)}"

    def sign_in(self, address: str, code: str = "code-1", **more: str) -> str:
        """What somebody does there, whom the browser brought to ``address``; returns where it is sent back to."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        self.nonce = asked["nonce"]
        back = {"code": code, "state": asked["state"]} | more
        return f"{urlsplit(asked['redirect_uri']).path}?{urlencode(back)}"
