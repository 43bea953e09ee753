"""The one HTTP client. Whatever address a platform or a partner gives us, it goes out through here.

https only, no redirects, no private addresses, time-outs, and a bound on what is read and on how long it
takes altogether. The address is checked on the very connection that is used, so a name that resolves to
something else the second time (DNS rebinding) gains nothing. Development alone may call loopback addresses
over http.
"""

import ipaddress
import socket
import threading
import time
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import NewConnectionError
from urllib3.util.connection import create_connection

CONNECT, READ = 5.0, 10.0  # seconds; the two together bound a whole call
MOST_BYTES = 256 * 1024
USER_AGENT = "EverySeat/0.1 (+learning-offer catalogue)"  # some Moodles answer 403 to a request without one


NEVER_CALLED = tuple(
    ipaddress.ip_network(network)
    for network in (
        "192.0.0.0/24",  # protocol assignments, and one cloud's metadata
        "168.63.129.16/32",  # another cloud's: public by its number, inside by its route
        "2002::/16",  # 6to4: carries an IPv4 address of any kind
        "fec0::/10",  # site-local, as it once was
    )
)
"""What ``ipaddress`` takes for global (some of it until Python 3.13) and what is not, or not for us."""


class EgressRefused(requests.RequestException):
    """The address is one that we do not call, or its answer one that we do not read."""


class _AddressRefused(Exception):
    """``EgressRefused``, on its way up through urllib3, which would wrap it as a fault of the connection."""


class _Watch:
    """Breaks a call's connections off when its time is over, however its server spaces out what it sends.

    A time-out for each read is no bound: a byte every few seconds would keep a worker for ever.
    """

    def __init__(self, seconds: float) -> None:
        self._ends = time.monotonic() + seconds
        self._sockets: list[socket.socket] = []
        self._lock = threading.Lock()
        self._timer = threading.Timer(seconds, self._break_off)
        self._timer.daemon = True

    @property
    def left(self) -> float:
        return self._ends - time.monotonic()

    def add(self, connected: socket.socket) -> None:
        with self._lock:  # a second handle, since TLS takes the first one away
            self._sockets.append(connected.dup())

    def _break_off(self) -> None:
        with self._lock:
            for watched in self._sockets:
                with suppress(OSError):
                    watched.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> "_Watch":
        self._timer.start()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _fault: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._timer.cancel()
        with self._lock:
            for watched in self._sockets:
                watched.close()
            self._sockets.clear()


_watch: ContextVar[_Watch] = ContextVar("_watch")


@dataclass(frozen=True, slots=True)
class Rules:
    loopback: bool = False
    """Whether plain http and loopback addresses are allowed: in development alone."""

    def check_url(self, url: str) -> None:
        """Raise ``EgressRefused`` unless ``url`` is one that may be called."""
        try:
            parts = urlsplit(url)
        except ValueError as fault:
            raise EgressRefused(f"{url}: {fault}") from fault
        if "@" in parts.netloc:
            raise EgressRefused("an address with a name or a password in it is not called")
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
        if not ip.is_global or ip.is_multicast or ip.is_reserved or any(ip in network for network in NEVER_CALLED):
            raise EgressRefused(f"{address}: a private or reserved address is not called")


def _pools(rules: Rules) -> dict[str, type[HTTPConnectionPool]]:
    """Connection pools whose connections resolve once, check every address, and connect to what was checked."""

    def connect(connection: HTTPConnection, *, secure: bool) -> socket.socket:
        try:
            found = socket.getaddrinfo(connection.host.strip("[]"), connection.port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as fault:
            raise NewConnectionError(connection, f"{connection.host} was not found") from fault
        addresses = list(dict.fromkeys(str(info[4][0]) for info in found))
        try:
            for address in addresses:
                rules.check_address(address, secure=secure)
        except EgressRefused as refusal:
            raise _AddressRefused(str(refusal)) from refusal
        watch = _watch.get()
        fault_seen: OSError | None = None
        for address in addresses:
            try:
                connected = create_connection((address, connection.port), max(0.01, min(CONNECT, watch.left)))
            except OSError as fault:
                fault_seen = fault
                continue
            connected.settimeout(connection.timeout)
            watch.add(connected)
            return connected
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

    def __init__(self, rules: Rules, most_bytes: int = MOST_BYTES) -> None:
        """``most_bytes`` is how much of an answer is read, unpacked; a longer one is refused."""
        super().__init__()
        self._rules, self._most_bytes = rules, most_bytes
        self.trust_env = False  # no proxies and no .netrc
        self.headers["User-Agent"] = USER_AGENT
        for scheme in ("http://", "https://"):
            self.mount(scheme, _CheckedAdapter(rules))

    def check_url(self, url: str) -> None:
        """Raise ``EgressRefused`` unless ``url`` is one that we would call."""
        self._rules.check_url(url)

    def request(self, method: str | bytes, url: str | bytes, *args: Any, **kwargs: Any) -> requests.Response:
        """``timeout``, in seconds, bounds each wait and the whole call: of a pair, both together."""
        address = str(url)
        self._rules.check_url(address)
        kwargs.update(allow_redirects=False, stream=True)
        waits = kwargs["timeout"] = kwargs.get("timeout") or (CONNECT, READ)
        with _Watch(sum(waits) if isinstance(waits, tuple) else waits) as watch:
            token = _watch.set(watch)
            try:
                return self._read(method, address, *args, **kwargs)
            except _AddressRefused as refusal:
                raise EgressRefused(f"{address}: {refusal}") from refusal
            except requests.RequestException as fault:
                if watch.left > 0 or isinstance(fault, EgressRefused):
                    raise
                raise requests.Timeout(f"{address}: there was no whole answer in time") from fault
            finally:
                _watch.reset(token)
                self.close()  # each call has a connection of its own, checked and watched

    def get_redirect_target(self, resp: requests.Response) -> None:
        """None, wherever an answer points: ``requests`` would read all of it, however long, to prepare the next."""

    def _read(self, method: str | bytes, url: str, *args: Any, **kwargs: Any) -> requests.Response:
        response = super().request(method, url, *args, **kwargs)
        body = bytearray()
        for chunk in response.iter_content(64 * 1024):
            body += chunk
            if len(body) > self._most_bytes:
                response.close()
                raise EgressRefused(f"{url}: the answer is larger than {self._most_bytes} bytes")
        if _watch.get().left <= 0:
            raise requests.Timeout("broken off before its end")
        response._content = bytes(body)  # read above, within the bound
        response._content_consumed = True  # type: ignore[attr-defined]
        return response
