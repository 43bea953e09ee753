"""Calls to a platform's services: a token, time-outs, and one table from an answer to what is done about it.

Security Framework 1.0, section 4.1, client credentials with a signed assertion:
https://www.imsglobal.org/spec/security/v1p0/#using-json-web-tokens-with-oauth-2-0-client-credentials-grant
The library makes the assertion and asks for the token; the cache, the egress client and the errors are ours.
"""

import email.utils
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import requests
from flask import current_app
from pylti1p3.exception import LtiServiceException
from pylti1p3.registration import Registration
from pylti1p3.service_connector import ServiceConnector

from catalogue.clock import now
from catalogue.egress import Client, EgressRefused, Rules
from catalogue.outbox import TryAgain
from catalogue.settings import Settings
from lti import keys
from lti.models import Platform
from lti.storage import TokenCache

LATER = (408, 425, 429)
LONGEST_REASON = 300


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

    @classmethod
    def of(cls, platform: Platform) -> "Called":
        return cls(platform.id, platform.issuer, platform.client_id, platform.token_url, platform.token_audience)


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
    def __init__(self, called: Called, client: Client, cache: TokenCache) -> None:
        super().__init__(_OurRegistration(called, *keys.signing_key()), client)
        self._platform_id = called.platform_id
        self._cache = cache

    def _scope_key(self, scopes: Iterable[str]) -> str:
        return " ".join(sorted(scopes))

    def _get_cached_access_token(self, scope_key: str) -> str | None:
        return self._cache.get(self._platform_id, scope_key)

    def _cache_access_token(self, scope_key: str, access_token: str, expires_in: float) -> None:
        self._cache.keep(self._platform_id, scope_key, access_token, float(expires_in))


class Service:
    """The services of one platform, with a token for ``scopes``.

    Raises ``TryAgain`` where a later try may do, ``ServiceRefused`` where it won't.
    """

    def __init__(self, platform: Platform, scopes: Iterable[str]) -> None:
        settings: Settings = current_app.extensions["settings"]
        self._called = Called.of(platform)
        self._scopes = sorted(scopes)
        self._cache: TokenCache = current_app.extensions["lti"].tokens
        self._client = Client(Rules(loopback=settings.development))

    def call(self, method: str, url: str, *, media: str, body: Any = None) -> requests.Response:
        """``media`` is what is accepted, or the type of what is sent. A refused token is dropped, once."""
        response = self._send(method, url, media, body)
        if response.status_code == 401:
            self._cache.drop(self._called.platform_id, " ".join(self._scopes))
            response = self._send(method, url, media, body)
            if response.status_code == 401:
                raise TryAgain(f"{method} {url}: a fresh service token was refused")
        return self._judge(response, f"{method} {url}")

    def _send(self, method: str, url: str, media: str, body: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {self._token()}", "Accept": media}
        if body is not None:
            headers |= {"Content-Type": media, "Accept": "application/json, */*"}
        try:
            return self._client.request(method, url, headers=headers, json=body)
        except requests.RequestException as fault:
            raise _of(fault, url) from fault

    def _token(self) -> str:
        scope_key = " ".join(self._scopes)
        if held := self._cache.get(self._called.platform_id, scope_key):
            return held
        try:
            return str(_Tokens(self._called, self._client, self._cache).get_access_token(self._scopes))
        except LtiServiceException as fault:
            if fault.response.status_code == 401 or "invalid_client" in fault.response.text:
                # Also said while our key set could not be fetched, or a new key is not known there yet.
                raise TryAgain("the platform does not accept our key yet (invalid_client)") from fault
            self._judge(fault.response, "the service token")
            raise TryAgain("the service token came in a form that is none") from fault
        except requests.JSONDecodeError as fault:
            raise TryAgain("the service token came in a form that is none") from fault
        except requests.RequestException as fault:
            raise _of(fault, "the service token") from fault
        except (KeyError, TypeError, ValueError) as fault:
            raise TryAgain("the service token came in a form that is none") from fault

    @staticmethod
    def _judge(response: requests.Response, what: str) -> requests.Response:
        status = response.status_code
        if 200 <= status < 300:
            return response
        reason = f"{what}: answer {status}: {response.text[:LONGEST_REASON]}"
        if status >= 500 or status in LATER:
            raise TryAgain(reason, retry_after(response.headers.get("Retry-After", "")))
        raise ServiceRefused(reason, status)


def _of(fault: requests.RequestException, what: str) -> TryAgain | ServiceRefused:
    """No answer: worth another try, unless it was our own rules that said no (the libraries wrap what they said)."""
    cause: BaseException | None = fault
    while cause is not None:
        if isinstance(cause, EgressRefused):
            return ServiceRefused(str(cause))
        cause = cause.__cause__ or cause.__context__
    return TryAgain(f"{what}: {type(fault).__name__}: {fault}"[:LONGEST_REASON])


def retry_after(header: str) -> timedelta | None:
    """Seconds or a date (RFC 9110, section 10.2.3); nothing where it is neither, or is past."""
    header = header.strip()
    if header.isdecimal() and header.isascii():
        return timedelta(seconds=min(int(header), 30 * 86_400))
    try:
        moment = email.utils.parsedate_to_datetime(header)
    except (ValueError, TypeError):
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(moment - now(), timedelta(0)) if isinstance(moment, datetime) else None
