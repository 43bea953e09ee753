"""The one HTTP client calls nothing that it should not, and says who it is."""

import socket

import pytest
import requests

from catalogue import egress
from catalogue.egress import USER_AGENT, Client, EgressRefused, Rules
from tests.catalogue.servers import Server

PUBLIC = "93.184.215.14"  # never called: the tests that resolve to it do not connect
NAMES = {
    "intranet.example": ["10.1.2.3"],
    "printer.example": ["192.168.0.9"],
    "me.example": ["127.0.0.1"],
    "me6.example": ["::1"],
    "both.example": [PUBLIC, "127.0.0.1"],
    "mapped.example": ["::ffff:127.0.0.1"],
    "metadata.example": ["169.254.169.254"],
    "scoped.example": ["fe80::1%lo"],
}
REFUSED = [
    # loopback, in all its spellings
    "https://127.0.0.1:{port}/",
    "https://127.0.0.1:{port}",
    "https://127.0.0.1:{port}/x?y=z#f",
    "https://127.1:{port}/",
    "https://127.0.1:{port}/",
    "https://127.255.255.254:{port}/",
    "https://2130706433:{port}/",
    "https://0x7f000001:{port}/",
    "https://0x7f.0x0.0x0.0x1:{port}/",
    "https://0x7f.1:{port}/",
    "https://0177.0.0.1:{port}/",
    "https://0177.0.0.01:{port}/",
    "https://017700000001:{port}/",
    "https://127.0.0.1%2e:{port}/",
    "https://localhost:{port}/",
    "https://LOCALHOST:{port}/",
    "https://localhost.:{port}/",
    "https://me.example:{port}/",
    "https://me.example.:{port}/",
    "https://[::1]:{port}/",
    "https://[0:0:0:0:0:0:0:1]:{port}/",
    "https://[0000::0001]:{port}/",
    "https://me6.example:{port}/",
    # this host and this network
    "https://0.0.0.0:{port}/",
    "https://0:{port}/",
    "https://0x0:{port}/",
    "https://[::]:{port}/",
    "https://255.255.255.255:{port}/",
    # IPv4 within IPv6
    "https://[::ffff:127.0.0.1]:{port}/",
    "https://[::ffff:7f00:1]:{port}/",
    "https://[::ffff:10.0.0.1]:{port}/",
    "https://[::127.0.0.1]:{port}/",
    "https://[64:ff9b::127.0.0.1]:{port}/",
    "https://[64:ff9b::a00:1]:{port}/",
    "https://[2002:7f00:1::]:{port}/",
    "https://[2002:a00:1::1]:{port}/",
    "https://[2001:0:7f00:1::1]:{port}/",
    "https://mapped.example:{port}/",
    # private networks
    "https://10.0.0.1:{port}/",
    "https://10.255.255.255/",
    "https://0xa000001/",
    "https://167772161/",
    "https://172.16.0.1:{port}/",
    "https://172.31.255.255/",
    "https://192.168.0.1:{port}/",
    "https://0300.0250.0.1/",
    "https://100.64.0.1/",
    "https://[fc00::1]:{port}/",
    "https://[fd12:3456:789a::1]/",
    "https://[fec0::1]/",
    "https://intranet.example/",
    "https://printer.example:631/",
    # link-local, and what clouds keep there
    "https://169.254.1.1:{port}/",
    "https://169.254.169.254/latest/meta-data/",
    "https://0xa9fea9fe/latest/meta-data/",
    "https://2852039166/",
    "https://[::ffff:169.254.169.254]/",
    "https://[fe80::1]:{port}/",
    "https://[fd00:ec2::254]/latest/meta-data/",
    "https://100.100.100.200/",
    "https://192.0.0.192/",
    "https://168.63.129.16/",
    "https://metadata.example/",
    "https://scoped.example/",
    # reserved, for documentation, for many at once
    "https://192.0.2.1/",
    "https://198.51.100.7/",
    "https://203.0.113.7/",
    "https://198.18.0.1/",
    "https://240.0.0.1/",
    "https://224.0.0.1/",
    "https://[2001:db8::1]/",
    "https://[ff02::1]/",
    # one address that would do does not excuse another
    "https://both.example:{port}/",
    # with a name or a password
    "https://admin:secret@127.0.0.1:{port}/",
    "https://admin@127.0.0.1:{port}/",
    "https://:@127.0.0.1:{port}/",
    "https://@127.0.0.1:{port}/",
    "https://public.example@127.0.0.1:{port}/",
    "https://public.example:443@me.example:{port}/",
    # other schemes
    "http://127.0.0.1:{port}/",
    "HTTP://127.0.0.1:{port}/",
    "http://public.example/",
    "ftp://127.0.0.1:{port}/",
    "file:///etc/passwd",
    "gopher://127.0.0.1:{port}/",
    "dict://127.0.0.1:{port}/",
    "ws://127.0.0.1:{port}/",
    "data:text/plain,hello",
    "javascript:alert(1)",
    "//127.0.0.1:{port}/",
    "127.0.0.1:{port}/",
    "",
    # no address at all
    "https://",
    "https:///x",
    "https://:{port}/",
    "https://[::1/",
    "https://[zz]/",
    "https:127.0.0.1:{port}/",
]
MALFORMED = [
    "https://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ:{port}/",
    "https://127。0。0。1:{port}/",
    "https://１２７.0.0.1:{port}/",
    "https://127.0.0.1:99999/",
    "https://127.0.0.1:{port}:80/",
    "https://127.0.0.1%00.example:{port}/",
    "https://a..example:{port}/",
    "https://.example:{port}/",
    "https://*.example:{port}/",
    "https://{long}.example:{port}/",
    "https://127.0.0.1:{port}\\@public.example/",
    "https://public.example\\@127.0.0.1:{port}/",
    "https://unknown.example:{port}/",
    "https://127.0.0.1.:{port}/",
]


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> None:
    """Names are looked up in ``NAMES`` alone; numbers, and what the machine calls itself, are read by the system."""
    real = socket.getaddrinfo

    def look_up(host: str, port: int, **options: int) -> list[tuple[object, ...]]:
        if "example" not in host:
            return list(real(host, port, **options))
        host.encode("idna")
        if host.rstrip(".") not in NAMES:
            raise socket.gaierror(f"{host} is not known")
        return [info_of(address, port) for address in NAMES[host.rstrip(".")]]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)


def info_of(address: str, port: int) -> tuple[object, ...]:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return family, socket.SOCK_STREAM, 6, "", (address, port)


def test_the_canary_is_alive(canary: Server, development: Client) -> None:
    assert development.get(canary.url).text == "hello"
    assert canary.connections == 1


def test_the_list_is_long_enough() -> None:
    assert len(set(REFUSED)) == len(REFUSED) >= 60


@pytest.mark.parametrize("url", REFUSED)
@pytest.mark.usefixtures("names")
def test_an_address_that_is_none_of_ours_to_call_is_refused(url: str, canary: Server) -> None:
    with pytest.raises(EgressRefused):
        Client(Rules()).get(url.format(port=canary.port), timeout=2)
    assert canary.connections == 0


@pytest.mark.parametrize("url", MALFORMED)
@pytest.mark.usefixtures("names")
def test_an_address_that_makes_no_sense_is_a_fault_of_the_request(url: str, canary: Server) -> None:
    with pytest.raises(requests.RequestException):
        Client(Rules()).get(url.format(port=canary.port, long="a" * 64), timeout=2)
    assert canary.connections == 0


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "HEAD"])
def test_the_method_makes_no_difference(method: str, canary: Server) -> None:
    with pytest.raises(EgressRefused):
        Client(Rules()).request(method, f"https://127.0.0.1:{canary.port}/")
    assert canary.connections == 0


def test_a_name_that_turns_inwards_after_it_was_checked_gains_nothing(
    canary: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is connected to is the address that was checked, not the name: a second look-up is checked again."""
    answers = iter([PUBLIC, *["127.0.0.1"] * 20])
    called: list[str] = []
    monkeypatch.setattr(socket, "getaddrinfo", lambda _host, port, **_options: [info_of(next(answers), port)])

    def connect(address: tuple[str, int], *_more: object) -> socket.socket:
        called.append(address[0])
        raise ConnectionRefusedError

    monkeypatch.setattr(egress, "create_connection", connect)
    client = Client(Rules())
    with pytest.raises(requests.ConnectionError):
        client.get(f"https://rebinding.example:{canary.port}/")
    for _ in range(3):
        with pytest.raises(EgressRefused):
            client.get(f"https://rebinding.example:{canary.port}/")
    assert called == [PUBLIC]
    assert canary.connections == 0


def test_no_proxy_of_the_environment_is_used(canary: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "https_proxy", "http_proxy", "all_proxy"):
        monkeypatch.setenv(name, canary.url)
    with pytest.raises(EgressRefused):
        Client(Rules()).get("https://10.0.0.1/")
    assert canary.connections == 0


@pytest.mark.parametrize(
    "url", ["http://10.0.0.1/", "http://169.254.169.254/", "http://[fd00::1]/", "http://me.example@10.0.0.1/",
            f"http://{PUBLIC}/", "https://10.0.0.1/", "https://192.168.1.1/", "ftp://127.0.0.1/"],
)  # fmt: skip
def test_development_opens_loopback_and_nothing_else(url: str, development: Client) -> None:
    with pytest.raises(EgressRefused):
        development.get(url, timeout=2)


def test_it_says_who_it_is(canary: Server, development: Client) -> None:
    development.get(canary.url)
    assert f"user-agent: {USER_AGENT}".lower().encode() in canary.asked.lower()
    assert b"EverySeat" in canary.asked
