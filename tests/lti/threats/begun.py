"""Launches that were begun and not yet posted, and what a browser keeps of them."""

from typing import Any

from flask import Flask
from flask.testing import FlaskClient

from tests.lti.platform import Platform
from tests.visitor import ORIGIN, Visitor


def begun(platform: Platform, visitor: Visitor, roles: Any = None, **claims: Any) -> dict[str, str]:
    """Begin a launch in a browser; what the platform has it post."""
    asked = platform.log_in(visitor)
    return {"id_token": platform.sign(platform.claims(asked["nonce"], roles, **claims)), "state": asked["state"]}


def post(client: FlaskClient, posted: dict[str, str], path: str = "/lti/launch", **headers: str) -> int:
    return client.post(path, data=posted, base_url=ORIGIN, headers=headers).status_code


def cookies_of(visitor: Visitor) -> dict[str, str]:
    return {cookie.key: cookie.value for cookie in visitor.client._cookies.values()}  # type: ignore[union-attr]


def browser_with(app: Flask, cookies: dict[str, str]) -> FlaskClient:
    """A browser that holds these cookies, and no others."""
    client = app.test_client()
    for name, value in cookies.items():
        client.set_cookie(name, value, domain="127.0.0.1", secure=True)
    return client
