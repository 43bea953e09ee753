"""Launches that are forged, replayed, mixed up or aged: refused, with nothing written."""

import hmac
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from flask import Flask
from sqlalchemy import func, select

from catalogue.clock import now
from catalogue.extensions import db
from lti import refusals
from lti.errors import LaunchRefused, Why
from lti.models import Refusal
from tests.lti.platform import KEY, LEFT_OUT, LTI, OTHER_KEY, TOOL, Platform, jwk, serving, token_of
from tests.visitor import ORIGIN, Visitor

Counts = Callable[[], dict[str, int]]
Sign = Callable[[Platform, dict[str, Any]], str]


def unsigned(_platform: Platform, claims: dict[str, Any]) -> str:
    return token_of({"alg": "none", "typ": "JWT", "kid": "key-1"}, claims, lambda _data: b"")


def with_public_key_as_secret(_platform: Platform, claims: dict[str, Any]) -> str:
    secret = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    header = {"alg": "HS256", "typ": "JWT", "kid": "key-1"}
    return token_of(header, claims, lambda data: hmac.digest(secret, data, "sha256"))


def headed(**more: Any) -> Sign:
    return lambda platform, claims: platform.sign(claims, headers={"kid": "key-1"} | more)


SIGNED = {
    "alg none": unsigned,
    "HS256": with_public_key_as_secret,
    "another issuer's key": lambda platform, claims: platform.sign(claims, OTHER_KEY, {"kid": "key-2"}),
    "jku": headed(jku="https://evil.example/keys"),
    "jwk": headed(jwk=jwk(OTHER_KEY, "key-1")),
    "x5u": headed(x5u="https://evil.example/cert"),
    "crit": headed(crit=["exp"]),
    "kid not a text": headed(kid=["key-1"]),
    "payload not an object": lambda platform, _claims: platform.sign([]),
    "not a token": lambda _platform, _claims: "a.b.c",
    "empty": lambda _platform, _claims: "",
    "not ASCII": lambda _platform, _claims: "é.é.é",
}


@pytest.mark.parametrize("case", SIGNED)
def test_a_forged_signature_is_refused(visitor: Visitor, platform: Platform, counts: Counts, case: str) -> None:
    before = counts()
    platform.launch(visitor, status=400, sign=SIGNED[case])
    assert counts() == before


CLAIMS: dict[str, dict[str, Any]] = {
    "no exp": {"exp": LEFT_OUT},
    "no iat": {"iat": LEFT_OUT},
    "iat in the future": {"iat": 4_000_000_000, "exp": 4_000_000_060},
    "iat a text": {"iat": "now"},
    "exp infinite": {"exp": float("inf")},
    "azp another": {"azp": "client-2"},
    "audience another": {"aud": "client-2"},
    "audience list without us": {"aud": ["client-2", "client-3"]},
    "audience list, us first, no azp": {"aud": ["client-1", "client-2"]},
    "audience list, us second, azp another": {"aud": ["client-2", "client-1"], "azp": "client-2"},
    "issuer another": {"iss": "https://other.example"},
    "issuer a list": {"iss": ["https://other.example"]},
    "target not ours": {"target_link_uri": "https://evil.example/lti/launch"},
    "target almost ours": {"target_link_uri": f"{TOOL}@evil.example/"},
    "target left out": {"target_link_uri": LEFT_OUT},
    "roles a text": {"roles": "Instructor"},
    "roles an object": {"roles": {"Instructor": True}},
    "roles of numbers": {"roles": [1]},
    "roles null": {"roles": None},
    "sub a number": {"sub": 4},
    "sub empty": {"sub": ""},
    "sub with NUL": {"sub": "4\x00"},
    "sub half a character": {"sub": "\ud800"},
    "sub too long": {"sub": "4" * 256},
    "deployment of nobody": {"deployment_id": "99"},
    "deployment a list": {"deployment_id": ["1"]},
    "resource link a text": {"resource_link": "1"},
    "deep linking": {"message_type": "LtiDeepLinkingRequest"},
}


@pytest.mark.parametrize("case", CLAIMS)
def test_claims_that_do_not_hold_are_refused(visitor: Visitor, platform: Platform, counts: Counts, case: str) -> None:
    before = counts()
    platform.launch(visitor, status=400, change=lambda claims: _change(claims, CLAIMS[case]))
    assert counts() == before


def _change(claims: dict[str, Any], more: dict[str, Any]) -> None:
    for name, value in more.items():
        full = LTI + name if LTI + name in claims else name
        claims.update({full: value})
        if value is LEFT_OUT:
            del claims[full]


@pytest.mark.parametrize(
    "claims",
    [
        {"azp": "client-1"},
        {"aud": ["client-1"]},
        {"aud": ["client-1", "client-2"], "azp": "client-1"},
        {"aud": ["client-2", "client-1"], "azp": "client-1"},
    ],
)
def test_audiences_that_authorise_us_are_accepted(visitor: Visitor, platform: Platform, claims: dict[str, Any]) -> None:
    platform.launch(visitor, **claims)


@pytest.mark.parametrize(("seconds", "status"), [(0, 303), (59, 303), (61, 400), (-61, 400), (-58, 303)])
def test_clocks_may_be_a_minute_apart(visitor: Visitor, platform: Platform, seconds: int, status: int) -> None:
    def shift(claims: dict[str, Any]) -> None:
        issued = claims["iat"] - seconds
        claims.update(iat=issued, exp=issued + (0 if seconds > 0 else 60))

    with time_machine.travel(now(), tick=False):  # a busy machine is not to use the minute up
        platform.launch(visitor, status=status, change=shift)


def test_a_message_works_once(visitor: Visitor, platform: Platform, counts: Counts) -> None:
    asked = platform.log_in(visitor)
    posted = {"id_token": platform.sign(platform.claims(asked["nonce"])), "state": asked["state"]}
    visitor.post("/lti/launch", posted, 303)
    before = counts()
    visitor.post("/lti/launch", posted, 400)
    assert "open the link again" in visitor.text()
    assert counts() == before


def test_a_nonce_works_once(visitor: Visitor, platform: Platform, counts: Counts) -> None:
    asked = platform.log_in(visitor)
    visitor.post(
        "/lti/launch", {"id_token": platform.sign(platform.claims(asked["nonce"])), "state": asked["state"]}, 303
    )
    before, again = counts(), platform.log_in(visitor)
    token = platform.sign(platform.claims(asked["nonce"], sub="5"))
    visitor.post("/lti/launch", {"id_token": token, "state": again["state"]}, 400)
    assert counts() == before


@pytest.mark.both_databases
def test_one_message_posted_at_once_from_all_sides_is_accepted_once(
    app: Flask, visitor: Visitor, platform: Platform, counts: Counts
) -> None:
    before, asked = counts(), platform.log_in(visitor)
    posted = {"id_token": platform.sign(platform.claims(asked["nonce"])), "state": asked["state"]}
    cookies = [visitor.client.get_cookie(name, "127.0.0.1") for name in _login_cookies(visitor)]

    def post(_: int) -> int:
        client = app.test_client()
        for cookie in cookies:
            assert cookie is not None
            client.set_cookie(cookie.key, cookie.value, domain="127.0.0.1")
        return client.post("/lti/launch", data=posted, base_url=ORIGIN).status_code

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(post, range(20)))
    assert sorted(answers) == [303, *[400] * 19]
    assert counts()["SignIn"] == before["SignIn"] + 1
    assert counts()["Person"] == before["Person"] + 1


def _login_cookies(visitor: Visitor) -> list[str]:
    names = [key[2] for key in visitor.client._cookies]  # type: ignore[union-attr]
    return [name for name in names if name.startswith("__Host-everyseat-lti-")]


@pytest.mark.both_databases
def test_two_first_arrivals_of_one_person_make_one_person(
    app: Flask, platform: Platform, counts: Counts, visitors: Callable[[], Visitor]
) -> None:
    before, begun = counts(), []
    for _ in range(4):
        visitor = visitors()
        asked = platform.log_in(visitor)
        begun.append((visitor, {"id_token": platform.sign(platform.claims(asked["nonce"])), "state": asked["state"]}))
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda one: one[0].post("/lti/launch", one[1], 303), begun))
    assert counts()["Person"] == before["Person"] + 1
    assert counts()["SignIn"] == before["SignIn"] + 4


def test_a_state_is_of_no_use_in_another_browser(
    platform: Platform, counts: Counts, visitors: Callable[[], Visitor]
) -> None:
    before, mine, theirs = counts(), visitors(), visitors()
    my_login, their_login = platform.log_in(mine), platform.log_in(theirs)
    token = platform.sign(platform.claims(my_login["nonce"]))
    theirs.post("/lti/launch", {"id_token": token, "state": my_login["state"]}, 400)
    theirs.post("/lti/launch", {"id_token": token, "state": their_login["state"]}, 400)
    assert counts() == before
    mine.post("/lti/launch", {"id_token": token, "state": my_login["state"]}, 303)


def test_a_message_of_one_platform_does_not_end_a_login_of_another(
    visitor: Visitor, platform: Platform, register: Callable[[Platform], int], counts: Counts
) -> None:
    with serving(Platform(client_id="client-2", keys=[jwk(OTHER_KEY, "key-1")])) as other:
        register(other)
        before, asked = counts(), platform.log_in(visitor)
        token = other.sign(other.claims(asked["nonce"]), OTHER_KEY)
        visitor.post("/lti/launch", {"id_token": token, "state": asked["state"]}, 400)
    assert counts() == before


def test_a_login_is_forgotten_after_ten_minutes(visitor: Visitor, platform: Platform, counts: Counts) -> None:
    before = counts()
    with time_machine.travel("2027-01-05T10:00:00Z", tick=False) as clock:
        asked = platform.log_in(visitor)
        clock.shift(601)
        token = platform.sign(platform.claims(asked["nonce"]))
        visitor.post("/lti/launch", {"id_token": token, "state": asked["state"]}, 400)
    assert counts() == before


def test_without_its_cookie_a_launch_offers_a_new_window(visitor: Visitor, platform: Platform) -> None:
    asked = platform.log_in(visitor)
    for name in _login_cookies(visitor):
        visitor.client.delete_cookie(name, domain="127.0.0.1")
    token = platform.sign(platform.claims(asked["nonce"]))
    page = visitor.post("/lti/launch", {"id_token": token, "state": asked["state"]}, 400)
    assert "keeps Every Seat out of this frame" in visitor.text()
    assert "Reference" in visitor.text()
    link = page.select_one("main a[target=_blank]")
    assert link is not None
    assert str(link["href"]).startswith("/lti/login?iss=")
    visitor.get(str(link["href"]), 302)


@pytest.mark.parametrize("state", ["", "unknown", "\x00", "x" * 5000])
def test_a_state_of_nobody_is_refused(visitor: Visitor, platform: Platform, state: str) -> None:
    token = platform.sign(platform.claims("nonce"))
    visitor.post("/lti/launch", {"id_token": token, "state": state}, 400)
    assert f"frame-ancestors {platform.url}" in visitor.response.headers["Content-Security-Policy"]


def test_an_unknown_deployment_is_offered_to_the_administrator_only_if_its_message_verified(
    visitor: Visitor, administrator: Visitor, platform: Platform
) -> None:
    platform.launch(visitor, status=400, deployment_id="77")
    platform.launch(
        visitor, status=400, deployment_id="deployment-78", sign=lambda p, claims: p.sign(claims, OTHER_KEY)
    )
    administrator.get("/admin/platforms")
    assert "Accept deployment 77" in administrator.text()
    assert "deployment-78" not in administrator.text()
    administrator.press("Accept deployment 77")
    platform.launch(visitor, deployment_id="77")


def test_refusals_are_kept_within_bounds(visitor: Visitor, app: Flask) -> None:
    for _ in range(70):
        visitor.post("/lti/launch", {"id_token": "", "state": "x"}, 400)
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Refusal)) == 20


def test_what_was_kept_of_a_refused_launch_is_said_where_something_was(visitor: Visitor) -> None:
    said = "Nothing was kept of this visit but the reference and the reason."
    for _ in range(20):
        visitor.post("/lti/launch", {"id_token": "", "state": "x"}, 400)
        assert said in visitor.text()
    visitor.post("/lti/launch", {"id_token": "", "state": "x"}, 400)
    assert "Reference" in visitor.text()
    assert said not in visitor.text()


@pytest.mark.parametrize("why", [Why.NO_COOKIES, Why.SUSPENDED_PERSON, Why.NOTHING_TO_REVIEW])
def test_nothing_is_kept_of_a_refusal_that_is_no_fault(app: Flask, platform: Platform, why: Why) -> None:
    with app.test_request_context():
        html, _status = refusals.page(LaunchRefused(why, "said why", platform_id=1, frame_origin=platform.url))
        assert db.session.scalar(select(func.count()).select_from(Refusal)) == 0
    for words in ("said why", "administrator, and give them", "was kept of this visit"):
        assert words not in html


def test_what_anybody_can_send_leaves_each_platform_its_room(visitor: Visitor, platform: Platform, app: Flask) -> None:
    for _ in range(70):
        visitor.post("/lti/launch", {"id_token": "", "state": "x"}, 400)
    platform.launch(visitor, LEFT_OUT, status=400)
    shown = re.search("Reference ([0-9A-F]{8})", visitor.text())
    assert shown
    with app.app_context():
        kept = db.session.scalars(select(Refusal).where(Refusal.reference == shown[1])).one()
        assert kept.platform_id == 1


def test_what_is_not_kept_any_more_waits_for_nobody_who_writes(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(20):
        visitor.post("/lti/launch", {"id_token": "", "state": "x"}, 400)
    written: list[object] = []
    monkeypatch.setattr(refusals, "run", written.append)
    visitor.post("/lti/launch", {"id_token": "", "state": "x"}, 400)
    assert written == []


@pytest.mark.both_databases
def test_of_all_refusals_the_newest_are_kept(visitor: Visitor, app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refusals, "MOST_KEPT", 3)
    shown = []
    for _ in range(5):
        visitor.post("/lti/launch", {"id_token": "", "state": "x"}, 400)
        shown += re.findall("Reference ([0-9A-F]{8})", visitor.text())
    with app.app_context():
        assert db.session.scalars(select(Refusal.reference).order_by(Refusal.id)).all() == shown[2:]


def test_what_anybody_can_send_does_not_crowd_out_an_unknown_deployment(
    visitor: Visitor, administrator: Visitor, platform: Platform, app: Flask
) -> None:
    for _ in range(60):
        visitor.post("/lti/launch", {"id_token": "", "state": "x"}, 400)
    platform.launch(visitor, status=400, deployment_id="77")
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Refusal)) == 21
    with time_machine.travel(timedelta(minutes=5)):
        for _ in range(30):
            visitor.post("/lti/launch", {"id_token": "", "state": "x"}, 400)
    administrator.get("/admin/platforms")
    assert "Accept deployment 77" in administrator.text()


def test_an_unreachable_key_set_says_nothing_of_what_stands_where(visitor: Visitor, platform: Platform) -> None:
    asked = platform.log_in(visitor)
    platform.up = False
    token = platform.sign(platform.claims(asked["nonce"]))
    visitor.post("/lti/launch", {"id_token": token, "state": asked["state"]}, 400)
    assert "the platform's key set could not be fetched" in visitor.text()
    assert "127.0.0.1" not in visitor.text()
    assert "Error" not in visitor.text()
