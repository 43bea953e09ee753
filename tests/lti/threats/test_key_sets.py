"""Platforms change their keys, and their key sets fail: whom we know can still come, and nobody makes us ask often."""

import socket
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
import time_machine

from catalogue.egress import MOST_BYTES
from lti import platform_keys
from tests.catalogue.servers import Answer, whole
from tests.drills import DRILL, many, say
from tests.lti.faults.platform import FaultyPlatform, serving
from tests.lti.platform import KEY, OTHER_KEY, Platform, jwk
from tests.lti.threats.begun import begun, post
from tests.visitor import Visitor

ROTATIONS, JUNK = many(10, 50), many(100, 1_000)
START = "2027-01-05T10:00:00Z"


@pytest.fixture
def clock() -> Iterator[Any]:
    with time_machine.travel(START, tick=False) as travelling:
        yield travelling


def fetches(platform: Platform) -> int:
    return sum(path == "/certs" for _, path in platform.calls)


def test_each_rotated_key_lets_the_next_learner_in(visitor: Visitor, platform: Platform, clock: Any) -> None:
    platform.launch(visitor)
    for number in range(ROTATIONS):
        clock.shift(61)
        key, kid = (KEY, OTHER_KEY)[number % 2], f"key-{number + 2}"
        platform.keys = [jwk(key, kid)]
        platform.launch(visitor, sign=lambda p, claims, key=key, kid=kid: p.sign(claims, key, {"kid": kid}))
    say(f"rotated keys: {ROTATIONS} rotations, {ROTATIONS} launches accepted, {fetches(platform) - 1} fetches")
    assert fetches(platform) == ROTATIONS + 1


def test_key_ids_of_nobody_cause_one_fetch_a_minute(visitor: Visitor, platform: Platform, clock: Any) -> None:
    platform.launch(visitor)
    minutes = 8  # within which a login holds
    in_minute: Counter[int] = Counter()
    asked = platform.log_in(visitor)
    for number in range(JUNK):
        clock.shift(minutes * 60 / JUNK)
        seen = fetches(platform)
        token = platform.sign(platform.claims(asked["nonce"]), OTHER_KEY, {"kid": f"junk-{number}"})
        assert post(visitor.client, {"id_token": token, "state": asked["state"]}) == 400
        in_minute[int(number * minutes / JUNK)] += fetches(platform) - seen
    platform.launch(visitor)
    say(
        f"junk key ids: {JUNK} in {minutes} minutes: {sum(in_minute.values())} fetches, "
        f"at most {max(in_minute.values())} a minute"
    )
    assert max(in_minute.values()) == 1
    assert sum(in_minute.values()) <= minutes


def drip(client: socket.socket) -> None:
    """A byte every now and then, for ever."""
    client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    with suppress(OSError):
        for _ in range(200):
            client.sendall(b" ")
            time.sleep(0.05)


def silence(client: socket.socket) -> None:
    with suppress(OSError):
        client.settimeout(10)
        client.recv(1)


def endless(client: socket.socket) -> None:
    client.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    with suppress(OSError):
        for _ in range(1000):
            client.sendall(b"10000\r\n" + b" " * 0x10000 + b"\r\n")


FAULTS: dict[str, Answer] = {
    "refused": lambda client: None,
    "cut": lambda client: client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{"),
    "500": lambda client: client.sendall(whole(b"{}", "500 Internal Server Error")),
    "429": lambda client: client.sendall(whole(b"{}", "429 Too Many Requests", Retry_After="86400")),
    "a redirect": lambda client: client.sendall(whole(b"", "302 Found", Location="https://169.254.169.254/keys")),
    "no JSON": lambda client: client.sendall(whole(b"<html>We are busy</html>")),
    "no key": lambda client: client.sendall(whole(b'{"keys": []}')),
    "huge": lambda client: client.sendall(whole(b" " * (MOST_BYTES + 1))),
    "endless": endless,
    "silent": silence,
    "slow": drip,
}
SLOW = ("silent", "slow")


def test_there_are_ten_kinds_of_fault_and_the_bounds_are_what_they_are() -> None:
    assert len(FAULTS) >= 10
    assert (platform_keys.TIMEOUT, MOST_BYTES) == (3.0, 256 * 1024)


def test_a_key_set_that_fails_keeps_nobody_out_for_a_day_and_nobody_waiting(
    visitor: Visitor, register: Callable[[Platform], int], clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    patience = platform_keys.TIMEOUT if DRILL else 0.5
    monkeypatch.setattr(platform_keys, "TIMEOUT", patience)
    passed, longest = Counter[int](), 0.0
    with serving(FaultyPlatform()) as platform:
        register(platform)
        for fault, raw in FAULTS.items():
            clock.shift(timedelta(minutes=2))
            platform.raw.clear()
            platform.launch(visitor)  # the key set is fetched anew, a day after the one before
            platform.raw["/certs"] = raw
            for hours, status in ((2, 303), (21.5, 303), (1, 400)):
                clock.shift(timedelta(hours=hours))
                posted, asked, began = begun(platform, visitor), fetches(platform), time.perf_counter()
                assert post(visitor.client, posted) == status, f"{fault}, after {hours} hours more"
                passed[status] += 1
                longest = max(longest, time.perf_counter() - began)
                assert fetches(platform) == asked + 1, "it was asked"
    say(
        f"key sets that fail: {len(FAULTS)} kinds: {passed[303]} of {2 * len(FAULTS)} launches pass within a day, "
        f"{passed[400]} of {len(FAULTS)} refused after it; the longest took {longest:.1f} s (bound {patience:g} s)"
    )
    assert longest < patience + 1
