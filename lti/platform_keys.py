"""The key sets that platforms sign with.

Security Framework 1.0, section 6.3: https://www.imsglobal.org/spec/security/v1p0/#h_key-set-url
Each set is kept for an hour. An unknown ``kid`` has it fetched once more, at most once a minute; where a
fetch fails, the set that we hold serves for a day.
"""

import threading
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import jwt
import requests
import structlog

from catalogue.clock import now
from catalogue.egress import Client

FRESH_FOR = timedelta(hours=1)
SERVES_FOR = timedelta(hours=24)
COOL_DOWN = timedelta(seconds=60)
FIRST_COOL_DOWN = timedelta(seconds=5)
"""Between tries while we hold no set at all: a platform that has just come up is not kept waiting."""
TIMEOUT = 3.0  # seconds

log = structlog.get_logger()


class KeyNotFound(Exception):
    """There is no such key, or (``unreachable``) its set could not be had; the message holds no personal data."""

    def __init__(self, reason: str, *, unreachable: bool = False) -> None:
        super().__init__(reason)
        self.unreachable = unreachable


@dataclass
class _Held:
    keys: dict[str, jwt.PyJWK] = field(default_factory=dict)
    fetched_at: datetime | None = None
    tried_at: datetime | None = None


def _within(moment: datetime | None, span: timedelta) -> bool:
    """Whether ``moment`` is less than ``span`` away: also where the clock was set back since."""
    return moment is not None and abs(now() - moment) < span


class PlatformKeys:
    def __init__(self, client: Callable[[], Client]) -> None:
        self._client = client
        self._held: dict[tuple[int, str], _Held] = defaultdict(_Held)
        self._locks: dict[tuple[int, str], threading.Lock] = defaultdict(threading.Lock)
        self._lock = threading.Lock()

    def find(self, platform_id: int, url: str, kid: str) -> jwt.PyJWK:
        """The key ``kid`` of a platform; raises ``KeyNotFound``."""
        name = (platform_id, url)
        with self._lock:
            held, lock = self._held[name], self._locks[name]
        if not (kid in held.keys and _within(held.fetched_at, FRESH_FOR)):
            with lock:  # whoever waited here finds what the first one fetched
                if self._worth_fetching(held, kid):
                    self._fetch(held, url)
        if not _within(held.fetched_at, SERVES_FOR):
            raise KeyNotFound("the platform's key set could not be fetched", unreachable=True)
        if kid not in held.keys:
            raise KeyNotFound("the message is signed with a key that is not in the platform's key set")
        return held.keys[kid]

    @staticmethod
    def _worth_fetching(held: _Held, kid: str) -> bool:
        if kid in held.keys and _within(held.fetched_at, FRESH_FOR):
            return False
        return not _within(held.tried_at, COOL_DOWN if held.fetched_at else FIRST_COOL_DOWN)

    def _fetch(self, held: _Held, url: str) -> None:
        held.tried_at = now()
        try:
            response = self._client().get(url, timeout=TIMEOUT, headers={"Accept": "application/json"})
            if response.status_code != 200:
                raise ValueError(f"answer {response.status_code}")
            keys = usable(response.json())
            if not keys:
                raise ValueError("no key in it is one that we can use")
        except (requests.RequestException, ValueError, RecursionError) as fault:
            log.warning("no key set", url=url, reason=f"{type(fault).__name__}: {fault}"[:300])
        else:
            held.keys, held.fetched_at = keys, held.tried_at


def usable(key_set: Any) -> dict[str, jwt.PyJWK]:
    """The RSA signing keys of a set, by ``kid``; the first one counts. Others are passed over."""
    listed = key_set.get("keys") if isinstance(key_set, dict) else None
    if not isinstance(listed, list):
        raise ValueError("it is not a key set")
    found: dict[str, jwt.PyJWK] = {}
    for entry in listed[:100]:
        if not isinstance(entry, dict) or entry.get("kty") != "RSA" or "d" in entry:
            continue
        kid = entry.get("kid")
        signs = entry.get("use", "sig") == "sig" and entry.get("alg", "RS256") == "RS256"
        if not isinstance(kid, str) or kid in found or not signs:
            continue
        try:
            found[kid] = jwt.PyJWK(entry, algorithm="RS256")
        except (jwt.PyJWTError, ValueError, TypeError):
            continue
    return found
