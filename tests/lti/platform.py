"""A small learning platform for tests: signs launches, grants tokens, and keeps grades by Moodle's rules."""

import json
import threading
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from typing import Any
from urllib.parse import parse_qs, urlsplit

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from jwt.algorithms import RSAAlgorithm
from werkzeug.test import TestResponse

from tests.visitor import Visitor

TOOL = "http://127.0.0.1:8000"
LTI = "https://purl.imsglobal.org/spec/lti/claim/"
AGS = "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"
NRPS = "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice"
SCOPES = [
    f"https://purl.imsglobal.org/spec/lti-ags/scope/{name}"
    for name in ("lineitem", "lineitem.readonly", "result.readonly", "score")
]
MEMBERSHIP = "http://purl.imsglobal.org/vocab/lis/v2/membership#"
LEARNER, TEACHER = [MEMBERSHIP + "Learner"], [MEMBERSHIP + "Instructor"]
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
LEFT_OUT = object()
"""A claim that a launch goes without."""

Answer = tuple[int, dict[str, str], Any]


def token_of(header: Any, claims: Any, sign: Callable[[bytes], bytes]) -> str:
    """By hand: libraries refuse to make the worst ones."""
    signed = b".".join(_encoded(json.dumps(part).encode()) for part in (header, claims))
    return b".".join((signed, _encoded(sign(signed)))).decode()


def _encoded(data: bytes) -> bytes:
    return urlsafe_b64encode(data).rstrip(b"=")


def jwk(key: rsa.RSAPrivateKey, kid: str) -> dict[str, Any]:
    public = RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
    return public | {"kid": kid, "alg": "RS256", "use": "sig"}


@dataclass
class Platform:
    """What was asked of it is in ``calls``; ``faults`` answer instead, each once, by the start of the path."""

    url: str = ""
    client_id: str = "client-1"
    deployment: str = "1"
    keys: list[dict[str, Any]] = field(default_factory=lambda: [jwk(KEY, "key-1")])
    up: bool = True
    clock: float = 0.0  # seconds that it is ahead
    calls: list[tuple[str, str]] = field(default_factory=list)
    faults: list[tuple[str, Answer]] = field(default_factory=list)
    tokens: dict[str, set[str]] = field(default_factory=dict)
    token_requests: list[dict[str, str]] = field(default_factory=list)
    items: dict[int, dict[str, Any]] = field(default_factory=dict)
    scores: dict[tuple[int, str], dict[str, Any]] = field(default_factory=dict)
    posted: list[dict[str, Any]] = field(default_factory=list)
    members: list[dict[str, Any]] = field(default_factory=list)
    changes: list[dict[str, Any]] | None = None  # of members, which it tells as differences; none: it does not
    page_size: int = 100
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    # what it is registered with

    @property
    def registration(self) -> dict[str, str]:
        return {
            "name": "Test Moodle",
            "issuer": self.url,
            "client_id": self.client_id,
            "deployment": self.deployment,
            "jwks_url": f"{self.url}/certs",
            "auth_url": f"{self.url}/auth",
            "token_url": f"{self.url}/token",
        }

    # launches

    def initiation(self, **more: str) -> dict[str, str]:
        return {
            "iss": self.url,
            "client_id": self.client_id,
            "login_hint": "4",
            "lti_message_hint": '{"launchid":"ltilaunch1_5"}',
            "target_link_uri": f"{TOOL}/lti/launch",
            "lti_deployment_id": self.deployment,
        } | more

    def log_in(self, visitor: Visitor, **more: str) -> dict[str, str]:
        """Begin a login in a browser; what the tool asks the platform."""
        visitor.post("/lti/login", self.initiation(**more))
        asked = parse_qs(urlsplit(visitor.response.headers["Location"]).query)
        return {name: values[0] for name, values in asked.items()}

    def claims(self, nonce: str, roles: Any = None, **more: Any) -> dict[str, Any]:
        """Those of a launch; ``more`` by short names, or in full under ``claims``."""
        moment = int(time.time())
        claims: dict[str, Any] = {
            "iss": self.url,
            "aud": self.client_id,
            "sub": "4",
            "nonce": nonce,
            "iat": moment,
            "exp": moment + 60,
            "name": "Sam Student",
            "given_name": "Sam",
            "family_name": "Student",
            "email": "student@example.com",
            LTI + "version": "1.3.0",
            LTI + "message_type": "LtiResourceLinkRequest",
            LTI + "deployment_id": self.deployment,
            LTI + "target_link_uri": f"{TOOL}/lti/launch",
            LTI + "roles": LEARNER if roles is None else roles,
            LTI + "resource_link": {"id": "1", "title": "Every Seat"},
            LTI + "context": {"id": "2", "label": "LTI101", "title": "LTI Launch Test Course"},
            LTI + "launch_presentation": {"locale": "en", "document_target": "iframe"},
            LTI + "custom": {},
            AGS: {"scope": SCOPES, "lineitems": f"{self.url}/items?type_id=1"},
            NRPS: {"context_memberships_url": f"{self.url}/members", "service_versions": ["2.0"]},
        }
        for name, value in more.items():
            claims[name if name in ("sub", "name", "email", "iat", "exp", "aud", "azp", "iss") else LTI + name] = value
        return {name: deepcopy(value) for name, value in claims.items() if value is not LEFT_OUT}

    def sign(self, claims: dict[str, Any], key: rsa.RSAPrivateKey = KEY, headers: dict[str, Any] | None = None) -> str:
        kid = {"kid": "key-1"} if headers is None else headers
        return token_of({"alg": "RS256", "typ": "JWT"} | kid, claims, lambda data: key.sign(data, PKCS1v15(), SHA256()))

    def launch(
        self,
        visitor: Visitor,
        roles: Any = None,
        *,
        status: int = 303,
        change: Callable[[dict[str, Any]], Any] = lambda claims: None,
        sign: Callable[["Platform", dict[str, Any]], str] | None = None,
        **claims: Any,
    ) -> TestResponse:
        """A whole launch; ``change`` edits the claims, ``sign`` makes the token of them."""
        asked = self.log_in(visitor)
        made = self.claims(asked["nonce"], roles, **claims)
        change(made)
        token = sign(self, made) if sign else self.sign(made)
        visitor.post("/lti/launch", {"id_token": token, "state": asked["state"]}, status)
        return visitor.response

    # services

    def answer(self, method: str, path: str, headers: Any, body: bytes) -> Answer:
        self.calls.append((method, path))
        for fault in self.faults:
            if path.startswith(fault[0]):
                self.faults.remove(fault)
                return fault[1]
        parts = urlsplit(path)
        if parts.path == "/certs":
            return 200, {}, {"keys": self.keys}
        if parts.path == "/token":
            return self._token({name: values[0] for name, values in parse_qs(body.decode()).items()})
        scopes = self.tokens.get(headers.get("Authorization", "").removeprefix("Bearer "))
        if scopes is None:
            return 401, {}, {"error": "no such token"}
        query = parse_qs(parts.query)
        if parts.path == "/members":
            return self._members(int(query.get("from", ["0"])[0]), query.get("since", [""])[0])
        return self._grades(method, parts.path, query, json.loads(body) if body else None)

    def _token(self, asked: dict[str, str]) -> Answer:
        self.token_requests.append(asked)
        token = f"token-{len(self.token_requests)}"
        self.tokens[token] = set(asked["scope"].split())
        return 200, {}, {"access_token": token, "expires_in": 3600, "token_type": "Bearer", "scope": asked["scope"]}

    def _members(self, start: int, since: str) -> Answer:
        listed = (self.changes or [])[int(since) :] if since else self.members
        stop, links = start + self.page_size, []
        if stop < len(listed):
            links.append(f'<{self.url}/members?from={stop}{f"&since={since}" if since else ""}>; rel="next"')
        if self.changes is not None:
            links.append(f'<{self.url}/members?since={len(self.changes)}>; rel="differences"')
        return 200, {"Link": ", ".join(links)} if links else {}, {"id": "x", "members": listed[start:stop]}

    def _grades(self, method: str, path: str, query: dict[str, list[str]], body: Any) -> Answer:
        if query.get("type_id") != ["1"]:
            return 400, {}, {"error": "the query of the address is missing"}
        if path == "/items":
            if method == "POST":
                return 201, {}, self.add_item(**body)
            wanted = query.get("resource_id", [None])[0]
            return 200, {}, [i for i in self.items.values() if wanted in (None, i.get("resourceId"))]
        number = int(path.split("/")[2])
        if number not in self.items:
            return 404, {}, {"error": "no such line item"}
        if path.endswith("/results"):
            user = query["user_id"][0]
            score = self.scores.get((number, user))
            return 200, {}, [self._result(user, score)] if score and score.get("scoreGiven") else []  # as Moodle: no 0
        return self._score(number, body)

    def _score(self, number: int, body: Any) -> Answer:
        self.posted.append(body)
        held = self.scores.get((number, body["userId"]))
        if held and _seconds(body["timestamp"]) <= _seconds(held["timestamp"]):
            return 409, {}, {"error": "not newer"}
        self.scores[number, body["userId"]] = body
        return 200, {}, None

    @staticmethod
    def _result(user: str, score: dict[str, Any]) -> dict[str, Any]:
        return {"userId": user, "resultScore": score["scoreGiven"], "resultMaximum": score["scoreMaximum"]}

    def add_item(self, **values: Any) -> dict[str, Any]:
        number = next(self.numbers)
        self.items[number] = values | {"id": f"{self.url}/items/{number}/lineitem?type_id=1"}
        return self.items[number]


def _seconds(timestamp: str) -> int:
    return int(datetime.fromisoformat(timestamp).timestamp())


@contextmanager
def serving(platform: Platform) -> Iterator[Platform]:
    class Handler(BaseHTTPRequestHandler):
        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if not platform.up:
                self.connection.close()
                return
            status, headers, answer = platform.answer(self.command, self.path, self.headers, body)
            data = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = _serve

        def date_time_string(self, _timestamp: float | None = None) -> str:
            return super().date_time_string(time.time() + platform.clock)

        def log_message(self, *_: Any) -> None:
            pass

        def handle(self) -> None:
            with suppress(ValueError, OSError):  # the platform is down
                super().handle()

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    platform.url = platform.url or f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield platform
    finally:
        server.shutdown()
        server.server_close()
