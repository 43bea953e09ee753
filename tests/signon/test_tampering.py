"""What does not prove who somebody is lets nobody in, and writes nothing."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from joserfc.jwk import ECKey, RSAKey
from sqlalchemy import func, select

from catalogue.egress import Client, Rules
from catalogue.extensions import db
from catalogue.people.models import Person, SignIn
from tests.conftest import Ask
from tests.people.door import is_signed_in
from tests.signon.provider import CLIENT_ID, ISSUER, Provider
from tests.visitor import ORIGIN, Visitor

NOW = int(time.time())
CLAIMS: dict[str, dict[str, Any]] = {
    "another nonce": {"nonce": "planted"},
    "no nonce": {"nonce": None},
    "another issuer": {"iss": "https://evil.example"},
    "the issuer with a stroke": {"iss": f"{ISSUER}/"},
    "no issuer": {"iss": None},
    "another audience": {"aud": "another-client"},
    "a list without us": {"aud": ["another-client", "third"]},
    "several audiences and no azp": {"aud": [CLIENT_ID, "another-client"]},
    "another azp": {"azp": "another-client"},
    "no audience": {"aud": None},
    "expired": {"exp": NOW - 100, "iat": NOW - 400},
    "no expiry": {"exp": None},
    "an expiry in words": {"exp": "tomorrow"},
    "from the future": {"iat": NOW + 3600},
    "not yet valid": {"nbf": NOW + 3600},
    "no subject": {"sub": None},
    "an empty subject": {"sub": ""},
    "a subject that is a number": {"sub": 7},
    "a long subject": {"sub": "x" * 256},
    "a NUL in the subject": {"sub": "a\0b"},
    "of another access token": {"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"},
}
HEADERS: dict[str, dict[str, Any]] = {
    "alg none": {"alg": "none"},
    "an unknown key": {"kid": "two"},
    "RS512": {"alg": "RS512"},
}


def refused(provider: Provider, come_in: Callable[..., None], visitor: Visitor, ask: Ask) -> None:
    come_in(visitor, status=403)
    assert "You are not signed in" in visitor.text()
    assert not is_signed_in(visitor)
    assert any(url.endswith("/keys") for _method, url, _more in provider.asked), "the token was not what it failed by"
    assert ask(lambda: db.session.scalar(select(func.count()).select_from(Person))) == 0
    assert ask(lambda: db.session.scalar(select(func.count()).select_from(SignIn))) == 0


@pytest.mark.parametrize("name", CLAIMS)
def test_a_token_with_wrong_claims_lets_nobody_in(
    provider: Provider, come_in: Callable[..., None], visitor: Visitor, ask: Ask, name: str
) -> None:
    provider.claims = CLAIMS[name]
    refused(provider, come_in, visitor, ask)


@pytest.mark.parametrize("name", HEADERS)
def test_a_token_with_another_header_lets_nobody_in(
    provider: Provider, come_in: Callable[..., None], visitor: Visitor, ask: Ask, name: str
) -> None:
    provider.header = HEADERS[name]
    refused(provider, come_in, visitor, ask)


def test_a_token_signed_by_somebody_else_lets_nobody_in(
    provider: Provider, come_in: Callable[..., None], visitor: Visitor, ask: Ask
) -> None:
    provider.signs_with = RSAKey.generate_key(2048)
    refused(provider, come_in, visitor, ask)


def test_the_public_key_is_no_shared_secret(
    provider: Provider, come_in: Callable[..., None], visitor: Visitor, ask: Ask
) -> None:
    provider.header = {"alg": "HS256"}
    refused(provider, come_in, visitor, ask)


def test_two_audiences_with_us_as_the_authorised_party_and_es256_are_fine(
    provider: Provider, come_in: Callable[..., None], visitor: Visitor
) -> None:
    provider.key = ECKey.generate_key("P-256", {"kid": "one", "use": "sig"})
    provider.claims = {"aud": [CLIENT_ID, "another-client"], "azp": CLIENT_ID}
    come_in(visitor)
    assert is_signed_in(visitor)


@pytest.mark.parametrize(
    "document",
    [
        {"issuer": "https://evil.example"}, {"issuer": f"{ISSUER}/"}, {"token_endpoint": None}, {"jwks_uri": 7},
        {"authorization_endpoint": ["x"]},
    ],
)  # fmt: skip
def test_a_document_that_is_not_as_it_should_be_is_not_followed(
    provider: Provider, visitor: Visitor, document: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(provider, "check_url", Client(Rules()).check_url)
    provider.document = document
    visitor.get("/sign-in/with/riverside", status=403)


@pytest.mark.parametrize(
    "address", ["http://login.trust.example/x", "javascript:alert(1)", "https://a:b@trust.example"]
)
def test_a_browser_is_sent_to_https_alone(
    provider: Provider, visitor: Visitor, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(provider, "check_url", Client(Rules()).check_url)
    provider.document = {"authorization_endpoint": address}
    visitor.get("/sign-in/with/riverside", status=403)


def test_a_provider_that_is_down_is_said_to_be(provider: Provider, visitor: Visitor) -> None:
    provider.down = True
    visitor.get("/sign-in/with/riverside", status=403)
    assert "Riverside Trust does not answer just now" in visitor.text()


# The browser


def test_an_answer_counts_in_the_browser_that_asked(
    provider: Provider, visitor: Visitor, another: Callable[[], Visitor]
) -> None:
    visitor.get("/sign-in/with/riverside", status=302)
    back = provider.sign_in(visitor.response.headers["Location"])
    victim = another()
    victim.get(back, status=403)
    assert not is_signed_in(victim)
    victim.get("/sign-in/with/riverside", status=302)  # the victim's own, and the other one's answer
    victim.get(back, status=403)
    assert not is_signed_in(victim)


def test_an_answer_counts_once(provider: Provider, visitor: Visitor) -> None:
    visitor.get("/sign-in/with/riverside", status=302)
    with visitor.client.session_transaction(base_url=ORIGIN) as session:
        kept = session["single_sign_on"]
    back = provider.sign_in(visitor.response.headers["Location"])
    visitor.get(back, status=302)
    visitor.get("/")
    visitor.press("Sign out")
    visitor.get(back, status=403)
    with visitor.client.session_transaction(base_url=ORIGIN) as session:
        session["single_sign_on"] = kept  # a browser that was turned back to before
    visitor.get(back, status=403)
    assert not is_signed_in(visitor)


@pytest.mark.parametrize("planted", ["state", "verifier"])
def test_what_the_browser_keeps_is_signed(provider: Provider, visitor: Visitor, planted: str) -> None:
    visitor.get("/sign-in/with/riverside", status=302)
    back = provider.sign_in(visitor.response.headers["Location"])
    visitor.client.set_cookie("__Host-everyseat", f"planted-{planted}", domain="127.0.0.1", secure=True)
    visitor.get(back, status=403)


def test_it_lasts_ten_minutes(provider: Provider, visitor: Visitor) -> None:
    visitor.get("/sign-in/with/riverside", status=302)
    with visitor.client.session_transaction(base_url=ORIGIN) as session:
        session["single_sign_on"] = session["single_sign_on"] | {"at": int(time.time()) - 601}
    visitor.get(provider.sign_in(visitor.response.headers["Location"]), status=403)


@pytest.mark.parametrize(
    "more", [{"iss": "https://evil.example"}, {"state": "planted"}, {"code": ""}, {"error": "access_denied"}]
)
def test_an_answer_with_something_else_in_it_is_refused(
    provider: Provider, come_in: Callable[..., None], visitor: Visitor, more: dict[str, str]
) -> None:
    come_in(visitor, status=403, **more)
    assert not is_signed_in(visitor)
    assert all(method == "GET" for method, _url, _more in provider.asked), "no code was sent anywhere"


def test_a_provider_that_says_who_it_is_has_to_say_it(
    provider: Provider, come_in: Callable[..., None], visitor: Visitor
) -> None:
    provider.document = {"authorization_response_iss_parameter_supported": True}
    come_in(visitor, status=403)
    come_in(visitor, iss=ISSUER)
    assert is_signed_in(visitor)


def test_a_parameter_that_comes_twice_is_refused(provider: Provider, visitor: Visitor) -> None:
    visitor.get("/sign-in/with/riverside", status=302)
    visitor.get(provider.sign_in(visitor.response.headers["Location"]) + "&code=another", status=403)


@pytest.mark.parametrize("target", ["//evil.example", "https://evil.example", "/\\evil.example"])
def test_no_way_back_leads_off_the_site(provider: Provider, visitor: Visitor, target: str) -> None:
    visitor.get("/sign-in/with/riverside", status=302, query_string={"next": target})
    visitor.get(provider.sign_in(visitor.response.headers["Location"]), status=302)
    assert visitor.response.headers["Location"] == "/"
