"""The one HTTP client. Whatever address a platform or a partner gives us, it goes out through here.

https only, no redirects, no private addresses, time-outs, and a bound on what is read. The address is
checked on the very connection that is used, so a name that resolves to something else the second time
(DNS rebinding) gains nothing. Development alone may call loopback addresses over http.
"""

import ipaddress
import socket
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import NewConnectionError
from urllib3.util.connection import create_connection

CONNECT, READ = 5.0, 10.0  # seconds
MOST_BYTES = 256 * 1024
USER_AGENT = "EverySeat/0.1 (+learning-offer catalogue)"  # some Moodles answer 403 to a request without one


class EgressRefused(requests.RequestException):
    """The address is one that we do not call, or its answer one that we do not read."""


@dataclass(frozen=True, slots=True)
class Rules:
    loopback: bool = False
    """Whether plain http and loopback addresses are allowed: in development alone."""

    def check_url(self, url: str) -> None:
        """Raise ``EgressRefused`` unless ``url`` is one that may be called."""
        parts = urlsplit(url)
        if parts.username or parts.password:
            raise EgressRefused(f"{url}: an address with a password in it is not called")
        if not parts.hostname:
            raise EgressRefused(f"{url}: no host")
        if parts.scheme == "https" or (parts.scheme == "http" and self.loopback):
            return
        raise EgressRefused(f"{url}: only https addresses are called")

    def check_address(self, address: str, *, secure: bool) -> None:
        """Raise ``EgressRefused`` unless the IP ``address`` is public (or loopback, where that is allowed)."""
        ip = ipaddress.ip_address(address.split("%", maxsplit=1)[0])
        if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped:
            ip = ip.ipv4_mapped
        if self.loopback and ip.is_loopback:
            return
        if not secure:
            raise EgressRefused(f"{address}: plain http is for loopback addresses only")
        if not ip.is_global or ip.is_multicast or ip.is_reserved:
            raise EgressRefused(f"{address}: a private or reserved address is not called")


def _pools(rules: Rules) -> dict[str, type[HTTPConnectionPool]]:
    """Connection pools whose connections resolve once, check every address, and connect to what was checked."""

    def connect(connection: HTTPConnection, *, secure: bool) -> socket.socket:
        try:
            found = socket.getaddrinfo(connection.host.strip("[]"), connection.port, type=socket.SOCK_STREAM)
        except OSError as fault:
            raise NewConnectionError(connection, f"{connection.host} was not found") from fault
        addresses = list(dict.fromkeys(str(info[4][0]) for info in found))
        for address in addresses:
            rules.check_address(address, secure=secure)
        fault_seen: OSError | None = None
        for address in addresses:
            try:
                return create_connection((address, connection.port), connection.timeout)
            except OSError as fault:
                fault_seen = fault
        raise NewConnectionError(connection, f"{connection.host} does not answer: {fault_seen}")

    class CheckedHTTP(HTTPConnection):
        def _new_conn(self) -> socket.socket:
            return connect(self, secure=False)

    class CheckedHTTPS(HTTPSConnection):
        def _new_conn(self) -> socket.socket:
            return connect(self, secure=True)

    class PoolHTTP(HTTPConnectionPool):
        ConnectionCls = CheckedHTTP

    class PoolHTTPS(HTTPSConnectionPool):
        ConnectionCls = CheckedHTTPS

    return {"http": PoolHTTP, "https": PoolHTTPS}


class _CheckedAdapter(HTTPAdapter):
    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        super().__init__(max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        self.poolmanager = PoolManager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _pools(self._rules)


class Client(requests.Session):
    """A ``requests.Session`` under our rules; it raises ``requests.RequestException`` and its kinds."""

    def __init__(self, rules: Rules) -> None:
        super().__init__()
        self._rules = rules
        self.trust_env = False  # no proxies and no .netrc
        self.headers["User-Agent"] = USER_AGENT
        for scheme in ("http://", "https://"):
            self.mount(scheme, _CheckedAdapter(rules))

    def request(self, method: str | bytes, url: str | bytes, *args: Any, **kwargs: Any) -> requests.Response:
        self._rules.check_url(str(url))
        kwargs.update(allow_redirects=False, stream=True)
        kwargs.setdefault("timeout", (CONNECT, READ))
        response = super().request(method, url, *args, **kwargs)
        body = b""
        for chunk in response.iter_content(64 * 1024):
            body += chunk
            if len(body) > MOST_BYTES:
                response.close()
                raise EgressRefused(f"{url}: the answer is larger than {MOST_BYTES} bytes")
        response._content = body  # read above, within the bound
        response._content_consumed = True  # type: ignore[attr-defined]
        return response
