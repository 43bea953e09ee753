"""Calls to a platform's services: a token, time-outs, and one table from an answer to what is done about it.

Security Framework 1.0, section 4.1, client credentials with a signed assertion:
https://www.imsglobal.org/spec/security/v1p0/#using-json-web-tokens-with-oauth-2-0-client-credentials-grant
The library makes the assertion and asks for the token; the cache, the egress client and the errors are ours.
"""

import email.utils
import re
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, timedelta
from typing import Any
from urllib.parse import urljoin

import requests
from flask import current_app
from pylti1p3.exception import LtiServiceException
from pylti1p3.registration import Registration
from pylti1p3.service_connector import ServiceConnector

from catalogue.clock import now
from catalogue.egress import CONNECT, READ, Client, EgressRefused, Rules
from catalogue.extensions import db
from catalogue.outbox import TryAgain
from catalogue.settings import Settings
from lti import keys, service_tokens
from lti.addresses import origin
from lti.claims import text
from lti.models import Platform

LATER = (408, 425, 429)
LONGEST_REASON = 300
LONGEST_PAUSE = timedelta(days=30)
UNREADABLE = (ValueError, RecursionError, OverflowError)
"""What reading an answer raises that was made to break its reader; ``UnicodeError`` is a ``ValueError``."""


class ServiceRefused(Exception):
    """The platform will not do it, now or later; ``status`` is its answer, 0 where it gave none."""

    def __init__(self, reason: str, status: int = 0) -> None:
        super().__init__(reason)
        self.status = status


@dataclass(frozen=True)
class Called:
    """What a service needs to know of a platform; kept apart from the database session."""

    platform_id: int
    issuer: str
    client_id: str
    token_url: str
    token_audience: str | None
    hosts: frozenset[str]  # those of its registration: its tokens go nowhere else

    @classmethod
    def of(cls, platform: Platform) -> "Called":
        own = (platform.issuer, platform.auth_url, platform.token_url, platform.jwks_url)
        return cls(
            platform.id, platform.issuer, platform.client_id, platform.token_url, platform.token_audience,
            frozenset(filter(None, map(_host, own))),
        )  # fmt: skip


def _without_query(text: str) -> str:
    """For what is kept of a fault: the query of an address can name a learner."""
    return re.sub(r"\?[^\s'\")]*", "", text)


def _host(url: str) -> str:
    """Host and port, in one spelling; empty where there is none."""
    try:
        return origin(url).partition("://")[2]
    except ValueError:
        return ""


class Hurried(Client):
    """Bounds all of its calls together, in seconds."""

    def __init__(self, rules: Rules, within: float) -> None:
        super().__init__(rules)
        self._ends = time.monotonic() + within

    def request(self, method: str | bytes, url: str | bytes, *args: Any, **kwargs: Any) -> requests.Response:
        left = min(self._ends - time.monotonic(), CONNECT + READ)
        if left <= 0:
            raise requests.Timeout(f"{url!s}: the time for all of it is over")
        return super().request(method, url, *args, **kwargs | {"timeout": left})


class _OurRegistration(Registration):
    def __init__(self, called: Called, kid: str, private_pem: str) -> None:
        self.set_issuer(called.issuer).set_client_id(called.client_id).set_auth_token_url(called.token_url)
        self.set_tool_private_key(private_pem)
        if called.token_audience:
            self.set_auth_audience(called.token_audience)
        self._kid = kid

    def get_kid(self) -> str:
        return self._kid


class _Tokens(ServiceConnector):
    def __init__(self, called: Called, client: Client) -> None:
        super().__init__(_OurRegistration(called, *keys.signing_key()), client)
        self._platform_id = called.platform_id

    def _scope_key(self, scopes: Iterable[str]) -> str:
        return " ".join(sorted(scopes))

    def _get_cached_access_token(self, scope_key: str) -> str | None:
        return service_tokens.held(self._platform_id, scope_key)

    def _cache_access_token(self, scope_key: str, access_token: str, expires_in: float) -> None:
        if not access_token.isascii() or not access_token.isprintable():
            raise ValueError("a token that no header can carry")
        service_tokens.keep(self._platform_id, scope_key, access_token, float(expires_in))


class Service:
    """The services of one platform, with a token for ``scopes``.

    Raises ``TryAgain`` where a later try may do, ``ServiceRefused`` where it won't. ``within``: seconds from now on
    that all calls together may take.
    """

    def __init__(self, platform: Platform, scopes: Iterable[str], *, within: float | None = None) -> None:
        settings: Settings = current_app.extensions["settings"]
        self._called = Called.of(platform)
        self._scopes = sorted(scopes)
        rules = Rules(loopback=settings.development)
        self._client = Client(rules) if within is None else Hurried(rules, within)

    def call(self, method: str, url: str, *, media: str, body: Any = None) -> requests.Response:
        """``media`` is what is accepted, or the type of what is sent. A refused token is dropped, once."""
        if _host(url) not in self._called.hosts:
            raise ServiceRefused(
                f"{method} {_without_query(url)}: not called, since its host is none of those that the platform is "
                "registered with"
            )
        response = self._send(method, url, media, body)
        if response.status_code == 401:
            service_tokens.drop(self._called.platform_id, " ".join(self._scopes))
            response = self._send(method, url, media, body)
            if response.status_code == 401:
                raise TryAgain(f"{method} {_without_query(url)}: a fresh service token was refused")
        return self._judge(response, f"{method} {_without_query(url)}")

    def ask_token(self) -> None:
        """Have the platform grant a token now, whatever is held, to see whether it does; raises as ``call`` does.

        What the platform answered, where it would not, is among the causes of what is raised.
        """
        scope_key = " ".join(self._scopes)
        service_tokens.drop(self._called.platform_id, scope_key)
        self._token()
        service_tokens.drop(self._called.platform_id, scope_key)

    def _send(self, method: str, url: str, media: str, body: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {self._token()}", "Accept": media}
        if body is not None:
            headers |= {"Content-Type": media, "Accept": "application/json, */*"}
        try:
            return self._client.request(method, url, headers=headers, json=body)
        except requests.RequestException as fault:
            raise _of(fault, url) from fault
        except UNREADABLE as fault:
            raise TryAgain(f"{_without_query(url)}: {type(fault).__name__}"[:LONGEST_REASON]) from fault

    def _token(self) -> str:
        scope_key = " ".join(self._scopes)
        if held := service_tokens.held(self._called.platform_id, scope_key):
            return held
        tokens = _Tokens(self._called, self._client)
        db.session.rollback()  # our key was read: no transaction stays open while the platform is asked
        try:
            return str(tokens.get_access_token(self._scopes))
        except LtiServiceException as fault:
            if fault.response.status_code == 401 or b"invalid_client" in fault.response.content:
                # Also said while our key set could not be fetched, or a new key is not known there yet.
                raise TryAgain("the platform does not accept our key yet (invalid_client)") from fault
            self._judge(fault.response, "the service token")
            raise TryAgain("the service token came in a form that is none") from fault
        except requests.JSONDecodeError as fault:  # a RequestException too
            raise TryAgain("the service token came in a form that is none") from fault
        except requests.RequestException as fault:
            raise _of(fault, "the service token") from fault
        except (KeyError, TypeError, AttributeError, *UNREADABLE) as fault:
            raise TryAgain("the service token came in a form that is none") from fault

    @staticmethod
    def _judge(response: requests.Response, what: str) -> requests.Response:
        status = response.status_code
        if 200 <= status < 300:
            return response
        reason = f"{what}: answer {status}: {_said(response)}"
        if status >= 500 or status in LATER:
            raise TryAgain(reason, retry_after(response.headers.get("Retry-After", "")))
        raise ServiceRefused(reason, status)


def _of(fault: requests.RequestException, what: str) -> TryAgain | ServiceRefused:
    """No answer: worth another try, unless it was our own rules that said no (the libraries wrap what they said)."""
    cause: BaseException | None = fault
    while cause is not None:
        if isinstance(cause, EgressRefused):
            return ServiceRefused(_without_query(str(cause)))
        cause = cause.__cause__ or cause.__context__
    return TryAgain(_without_query(f"{what}: {type(fault).__name__}: {fault}")[:LONGEST_REASON])


def _said(response: requests.Response) -> str:
    """The beginning of an answer, as text: whatever character set it claims, since some can't be read with care."""
    return text(response.content[: 4 * LONGEST_REASON].decode("utf-8", "replace"), LONGEST_REASON)


def json_of(response: requests.Response) -> Any:
    """What an answer holds; raises ``TryAgain`` where it is not JSON that can be read."""
    try:
        return response.json()
    except UNREADABLE as fault:
        raise TryAgain("the platform's answer is not JSON") from fault


def next_page(response: requests.Response, url: str) -> str:
    """Where a list goes on, empty where it does not; ``url`` is where this answer came from."""
    return linked(response, url, "next")


def linked(response: requests.Response, url: str, relation: str) -> str:
    """The address that an answer gives for a relation (RFC 8288), empty where it gives none."""
    try:
        onwards = response.links.get(relation, {}).get("url")
        return urljoin(url, onwards) if onwards else ""
    except UNREADABLE as fault:
        raise TryAgain("the platform's list goes on at an address that is none") from fault


def retry_after(header: str) -> timedelta | None:
    """Seconds or a date (RFC 9110, section 10.2.3), bounded; nothing where it is neither, or is past."""
    header = header.strip()
    if len(header) > LONGEST_REASON:
        return None
    try:
        if header.isdecimal() and header.isascii():
            return min(timedelta(seconds=int(header)), LONGEST_PAUSE)
        moment = email.utils.parsedate_to_datetime(header)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return min(max(moment - now(), timedelta(0)), LONGEST_PAUSE)
    except OverflowError:
        return LONGEST_PAUSE
    except (ValueError, TypeError, IndexError):
        return None
