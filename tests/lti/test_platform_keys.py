"""Platforms' key sets, and our own key ring."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import jwt
import pytest
import time_machine
from cryptography.hazmat.primitives.asymmetric import rsa
from flask import Flask
from sqlalchemy import func, select

from catalogue.clock import now
from catalogue.egress import Client, Rules
from catalogue.extensions import db
from catalogue.transactions import run
from lti import keys
from lti.models import SigningKey
from lti.platform_keys import KeyNotFound, PlatformKeys
from tests.lti.platform import KEY, OTHER_KEY, Answer, Platform, jwk, serving

START = "2027-01-05T10:00:00Z"


@pytest.fixture
def served() -> Iterator[Platform]:
    with serving(Platform()) as platform:
        yield platform


@pytest.fixture
def clock() -> Iterator[Any]:
    with time_machine.travel(START, tick=False) as travelling:
        yield travelling


@pytest.fixture
def find(served: Platform) -> Callable[[str], jwt.PyJWK]:
    sets = PlatformKeys(lambda: Client(Rules(loopback=True)))
    return lambda kid: sets.find(1, f"{served.url}/certs", kid)


Find = Callable[[str], jwt.PyJWK]


def test_a_set_is_fetched_once_and_again_after_an_hour(served: Platform, clock: Any, find: Find) -> None:
    for _ in range(5):
        assert find("key-1").key_id == "key-1"
    assert len(served.calls) == 1
    clock.shift(3601)
    find("key-1")
    assert len(served.calls) == 2


def test_a_rotated_key_is_found_by_fetching_once_more(served: Platform, clock: Any, find: Find) -> None:
    find("key-1")
    for number in range(2, 52):
        clock.shift(61)
        served.keys = [jwk(OTHER_KEY, f"key-{number}")]
        assert find(f"key-{number}").key_id == f"key-{number}"


def test_junk_key_ids_cause_at_most_one_fetch_a_minute(served: Platform, clock: Any, find: Find) -> None:
    find("key-1")
    clock.shift(61)
    for number in range(1000):
        with pytest.raises(KeyNotFound):
            find(f"junk-{number}")
    assert len(served.calls) == 2
    assert find("key-1")


def test_the_set_that_is_held_serves_for_a_day_while_the_platform_is_down(
    served: Platform, clock: Any, find: Find
) -> None:
    find("key-1")
    served.up = False
    clock.shift(23 * 3600)
    assert find("key-1")
    clock.shift(2 * 3600)
    with pytest.raises(KeyNotFound, match="could not be fetched"):
        find("key-1")
    served.up = True
    clock.shift(61)
    assert find("key-1")


FAULTS: dict[str, Answer] = {
    "500": (500, {}, {}),
    "404": (404, {}, {}),
    "a redirect": (302, {"Location": "http://127.0.0.1:1/"}, {"keys": []}),
    "not JSON": (200, {}, b"<html>"),
    "no object": (200, {}, []),
    "no keys": (200, {}, {"keys": []}),
    "keys no list": (200, {}, {"keys": {"kid": "key-1"}}),
    "huge": (200, {}, b" " * 300_000),
    "deep": (200, {}, b"[" * 100_000),
    "no kid": (200, {}, {"keys": [{"kty": "RSA"}]}),
    "not our algorithm": (200, {}, {"keys": [jwk(KEY, "key-1") | {"alg": "RS512"}]}),
    "for encryption": (200, {}, {"keys": [jwk(KEY, "key-1") | {"use": "enc"}]}),
    "a private key": (200, {}, {"keys": [jwk(KEY, "key-1") | {"d": "AQAB"}]}),
    "no number": (200, {}, {"keys": [jwk(KEY, "key-1") | {"n": "!"}]}),
}


@pytest.mark.parametrize("case", FAULTS)
def test_a_set_that_is_none_is_no_set_and_does_not_replace_the_one_held(
    served: Platform, clock: Any, find: Find, case: str
) -> None:
    served.faults.append(("/certs", FAULTS[case]))
    with pytest.raises(KeyNotFound):
        find("key-1")
    clock.shift(6)
    assert find("key-1")
    clock.shift(3601)
    served.faults.append(("/certs", FAULTS[case]))
    assert find("key-1")


def test_a_clock_that_is_set_back_does_not_stop_it(served: Platform, clock: Any, find: Find) -> None:
    find("key-1")
    clock.shift(-7200)
    assert find("key-1")


def test_short_keys_are_not_taken(served: Platform, platform: Platform, visitor: Any) -> None:
    short = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    platform.keys = [jwk(short, "key-1")]
    platform.launch(visitor, status=400, sign=lambda p, claims: p.sign(claims, short))


def test_our_first_key_is_made_once_and_is_encrypted_at_rest(app: Flask) -> None:
    with app.app_context():
        keys.ensure_key()
        keys.ensure_key()
        kid, pem = keys.signing_key()
        assert db.session.scalar(select(func.count()).select_from(SigningKey)) == 1
        stored = db.session.scalars(select(SigningKey)).one()
        assert stored.kid == kid
        assert "PRIVATE" in pem
        assert "PRIVATE" not in stored.private_pem_encrypted
        assert "d" not in stored.public_jwk


def test_a_new_key_is_published_before_it_signs_and_the_old_one_stays_for_a_while(app: Flask) -> None:
    with app.app_context(), time_machine.travel(START, tick=False) as clock:
        first, _ = keys.signing_key()
        run(keys.rotate)
        assert keys.signing_key()[0] == first
        assert len(keys.key_set()["keys"]) == 2
        clock.shift(timedelta(days=1, seconds=1))
        second, _ = keys.signing_key()
        assert second != first
        assert {key["kid"] for key in keys.key_set()["keys"]} == {first, second}
        clock.shift(timedelta(days=1))
        assert {key["kid"] for key in keys.key_set()["keys"]} == {second}
        assert now()
