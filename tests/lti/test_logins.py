"""Third-party initiated login, and the pages around it."""

from collections.abc import Callable
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
from flask import Flask
from sqlalchemy import func, select

from catalogue.extensions import db
from lti.models import LoginState, Refusal
from lti.views import LOGINS
from tests.lti.platform import TOOL, Platform, serving
from tests.visitor import Visitor


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_the_browser_is_sent_to_the_platform_with_an_authentication_request(
    visitor: Visitor, platform: Platform, method: str
) -> None:
    asked = platform.initiation(lti_message_hint='{"launchid":"ltilaunch+1&=é"}')
    if method == "GET":
        visitor.get("/lti/login", 302, query_string=asked)
    else:
        visitor.post("/lti/login", asked)
    address = visitor.response.headers["Location"]
    request = dict(parse_qsl(urlsplit(address).query))
    assert address.startswith(platform.url + "/auth?")
    assert min(len(request.pop("state")), len(request.pop("nonce"))) >= 32
    assert request == {
        "scope": "openid", "response_type": "id_token", "response_mode": "form_post", "prompt": "none",
        "client_id": "client-1", "redirect_uri": f"{TOOL}/lti/launch", "login_hint": "4",
        "lti_message_hint": '{"launchid":"ltilaunch+1&=é"}',
    }  # fmt: skip


def test_the_cookie_is_one_that_comes_back_in_a_frame(visitor: Visitor, platform: Platform) -> None:
    platform.log_in(visitor)
    (cookie,) = visitor.response.headers.getlist("Set-Cookie")
    assert cookie.startswith("__Host-everyseat-lti-")
    for attribute in ("Secure", "HttpOnly", "SameSite=None", "Partitioned", "Path=/", "Max-Age=600"):
        assert attribute in cookie


def test_several_tabs_can_be_under_way(visitor: Visitor, platform: Platform) -> None:
    first, second = platform.log_in(visitor), platform.log_in(visitor)
    for asked in (first, second):
        token = platform.sign(platform.claims(asked["nonce"]))
        visitor.post("/lti/launch", {"id_token": token, "state": asked["state"]}, 303)


INCOMPLETE = (400, "Something was missing in the message")
UNKNOWN = (403, "Your learning platform is not connected")
NOT_OURS = (400, "This link leads somewhere else")
WRONG = {
    "nothing": (INCOMPLETE, lambda asked: {}),
    "no issuer": (INCOMPLETE, lambda asked: asked | {"iss": ""}),
    "no hint": (INCOMPLETE, lambda asked: asked | {"login_hint": ""}),
    "unknown issuer": (UNKNOWN, lambda asked: asked | {"iss": "https://nobody.example"}),
    "issuer with a slash more": (UNKNOWN, lambda asked: asked | {"iss": asked["iss"] + "/"}),
    "unknown client id": (UNKNOWN, lambda asked: asked | {"client_id": "nobody"}),
    "NUL": (UNKNOWN, lambda asked: asked | {"iss": asked["iss"] + "\x00"}),
    "too long": (INCOMPLETE, lambda asked: asked | {"login_hint": "x" * 9000}),
    "target not ours": (NOT_OURS, lambda asked: asked | {"target_link_uri": "https://evil.example/lti/launch"}),
    "target almost ours": (NOT_OURS, lambda asked: asked | {"target_link_uri": TOOL + ".evil.example/"}),
    "target with a password": (NOT_OURS, lambda asked: asked | {"target_link_uri": f"{TOOL}@evil.example/"}),
    "target a script": (NOT_OURS, lambda asked: asked | {"target_link_uri": "javascript:alert(1)"}),
    "target broken": (NOT_OURS, lambda asked: asked | {"target_link_uri": "http://[::1"}),
    "no target": (NOT_OURS, lambda asked: asked | {"target_link_uri": ""}),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_login_that_is_not_in_order_is_refused(app: Flask, visitor: Visitor, platform: Platform, case: str) -> None:
    (status, title), change = WRONG[case]
    page = visitor.post("/lti/login", change(platform.initiation()), status)
    heading, answer = page.select_one("h1"), visitor.response
    assert heading is not None
    assert heading.get_text() == title
    assert "Reference" in answer.text
    assert not [cookie for cookie in answer.headers.getlist("Set-Cookie") if "everyseat-lti" in cookie]
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(LoginState)) == 0
        assert db.session.scalar(select(func.count()).select_from(Refusal)) == 1


def test_the_client_id_may_be_left_out_while_the_issuer_has_one_registration(
    visitor: Visitor, platform: Platform, register: Callable[[Platform], int]
) -> None:
    asked = platform.initiation()
    del asked["client_id"]
    visitor.post("/lti/login", asked)
    with serving(Platform(url=platform.url, client_id="client-2")) as second:
        register(second)
        visitor.post("/lti/login", asked, 403)
        visitor.post("/lti/login", asked | {"client_id": "client-2"})
    request = parse_qs(urlsplit(visitor.response.headers["Location"]).query)
    assert request["client_id"] == ["client-2"]


def test_in_a_frame_it_is_seen_first_whether_cookies_come_back(visitor: Visitor, platform: Platform) -> None:
    framed = {"Sec-Fetch-Dest": "iframe"}
    visitor.get("/lti/login", 303, query_string=platform.initiation(), headers=framed)
    probe = visitor.response.headers["Location"]
    assert "probed=1" in probe
    visitor.get(probe, 302, headers=framed)
    assert visitor.response.headers["Location"].startswith(platform.url + "/auth?")


def test_in_a_frame_without_cookies_a_new_window_is_offered(
    platform: Platform, visitors: Callable[[], Visitor]
) -> None:
    framed, blocked = {"Sec-Fetch-Dest": "iframe"}, visitors()
    blocked.get("/lti/login", 303, query_string=platform.initiation(), headers=framed)
    stateless = visitors()
    page = stateless.get(blocked.response.headers["Location"], 400, headers=framed)
    link = page.select_one("main a[target=_blank]")
    assert link is not None
    assert "reference" not in stateless.text().lower()
    assert f"frame-ancestors {platform.url}" in stateless.response.headers["Content-Security-Policy"]
    stateless.get(str(link["href"]), 302, headers={"Sec-Fetch-Dest": "document"})


def test_the_launch_address_opened_by_hand_says_what_to_do(visitor: Visitor) -> None:
    visitor.get("/lti/launch", 400)
    assert "Go back to your course" in visitor.text()


def test_the_key_set_has_public_keys_only_and_stays(visitor: Visitor) -> None:
    visitor.get("/lti/jwks.json")
    first = visitor.response.json
    visitor.get("/lti/jwks.json")
    assert visitor.response.json == first
    (key,) = first["keys"]
    assert set(key) == {"kty", "n", "e", "kid", "alg", "use"}


@pytest.mark.limited
def test_logins_from_one_address_are_limited(visitor: Visitor, another: Visitor, platform: Platform) -> None:
    for _ in range(int(LOGINS.split()[0])):
        visitor.post("/lti/login", {}, 400)
    visitor.post("/lti/login", platform.initiation(), 429)
    another.post("/lti/login", platform.initiation())


@pytest.fixture
def another(app: Flask) -> Visitor:
    """A visitor at another address."""
    visitor = Visitor(app)
    visitor.client.environ_base["REMOTE_ADDR"] = "192.0.2.7"
    return visitor
