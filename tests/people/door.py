"""What people do at the door: sign in, ask for a link, and read it in their mail."""

import re
from collections.abc import Iterator

from flask import Flask
from sqlalchemy import select

from catalogue.extensions import db
from catalogue.outbox import Delivery
from tests.conftest import PASSWORD
from tests.visitor import ORIGIN, Visitor

EMAIL = "ada.brown@test.example"
COOKIE = "__Host-everyseat"

FROM_PLATFORMS = {
    "lti.login", "lti.launch_tool", "lti.continue_in_window", "lti_registration.register", "lti_choosing.choose",
    "lti_choosing.answer",
}  # fmt: skip
"""What is posted from a platform, or in its frame, where a browser may keep no cookie to check a form against."""


def enter(visitor: Visitor, email: str = EMAIL, password: str = PASSWORD, status: int = 302) -> None:
    visitor.get("/sign-in")
    visitor.press("Sign in", status=status, email=email, password=password)


def is_signed_in(visitor: Visitor) -> bool:
    return visitor.client.get("/enrolments", base_url=ORIGIN).status_code == 200


def session_cookie(visitor: Visitor) -> str:
    cookie = visitor.client.get_cookie(COOKIE, domain="127.0.0.1")
    assert cookie is not None
    return cookie.value


def links(app: Flask) -> list[str]:
    """The paths of the links in the messages that were written, oldest first."""
    with app.app_context():
        sent = db.session.scalars(select(Delivery).where(Delivery.kind == "mail").order_by(Delivery.id)).all()
        return [link for mail in sent for link in re.findall(r"(/sign-in/reset/\S+)", mail.payload["text"])]


def ask_for_link(visitor: Visitor, email: str = EMAIL) -> None:
    visitor.get("/sign-in/forgotten")
    visitor.press("Send me a link", status=200, email=email)


def paths(app: Flask, method: str) -> Iterator[tuple[str, str]]:
    """Endpoint and an address of each route that takes this method."""
    with app.test_request_context(base_url=ORIGIN):
        for rule in app.url_map.iter_rules():
            if method in (rule.methods or ()):
                one_of = {name: getattr(rule._converters.get(name), "items", None) for name in rule.arguments}
                built = rule.build({name: min(choices) if choices else 1 for name, choices in one_of.items()})
                assert built is not None
                yield rule.endpoint, built[1]
