"""The practice platform, the key set of a tool, and a token for everything."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from jwt.algorithms import RSAAlgorithm

from lti.practice.settings import AGS_SCOPES, MEMBERS_READ, PracticeSettings
from tests.lti.practice.tool import KEY, OTHER_KEY, bearer_for, browser


@pytest.fixture(scope="module")
def tool_url() -> Iterator[str]:
    """Two tools that are nothing but their key sets."""

    class KeySet(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            private = OTHER_KEY if self.path == "/other/jwks.json" else KEY
            key = RSAAlgorithm.to_jwk(private.public_key(), as_dict=True) | {"kid": "tool-1", "alg": "RS256"}
            self.send_response(200 if self.path in ("/lti/jwks.json", "/other/jwks.json") else 404)
            self.end_headers()
            self.wfile.write(json.dumps({"keys": [key]}).encode())

        def log_message(self, *args: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), KeySet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def settings(tool_url: str, tmp_path: Path) -> PracticeSettings:
    return PracticeSettings(tool_url=tool_url, folder=tmp_path / "practice")


@pytest.fixture
def client(settings: PracticeSettings) -> FlaskClient:
    return browser(settings)


@pytest.fixture
def bearer(client: FlaskClient, settings: PracticeSettings) -> dict[str, str]:
    """A token for everything, as a header."""
    return bearer_for(client, settings, *AGS_SCOPES, MEMBERS_READ)
