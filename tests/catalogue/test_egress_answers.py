"""The one HTTP client follows no redirect, reads no more than it takes, and never waits for longer than it said."""

import gzip
import socket
import threading
from collections.abc import Callable

import pytest
import requests

from catalogue import egress
from catalogue.egress import MOST_BYTES, Client, EgressRefused
from tests.catalogue.servers import Answer, Server, whole


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"])
def test_a_redirect_is_handed_back_and_not_followed(
    status: str, canary: Server, serve: Callable[..., Server], development: Client
) -> None:
    sends_on = serve(lambda client: client.sendall(whole(b"", status, Location=canary.url)))
    response = development.get(sends_on.url)
    assert str(response.status_code) == status[:3]
    assert canary.connections == 0


def test_an_answer_of_just_the_largest_size_is_read(serve: Callable[..., Server], development: Client) -> None:
    server = serve(lambda client: client.sendall(whole(b"x" * MOST_BYTES)))
    assert len(development.get(server.url).content) == MOST_BYTES


def endless(client: socket.socket) -> None:
    client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        client.sendall(b"x" * 65536)


def endless_redirect(client: socket.socket) -> None:
    client.sendall(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\n\r\n")
    while True:
        client.sendall(b"x" * 65536)


def bomb(client: socket.socket) -> None:
    client.sendall(whole(gzip.compress(bytes(30 * 1024 * 1024)), Content_Encoding="gzip"))


@pytest.mark.parametrize(
    "answer", [lambda client: client.sendall(whole(b"x" * (MOST_BYTES + 1))), endless, endless_redirect, bomb],
    ids=["one byte too many", "endless", "endless redirect", "bomb"],
)  # fmt: skip
def test_an_answer_that_is_too_large_is_refused(
    answer: Answer, serve: Callable[..., Server], development: Client
) -> None:
    with pytest.raises(EgressRefused, match="larger than"):
        development.get(serve(answer).url)


def drip(client: socket.socket, start: bytes, drops: bytes, end: bytes = b"") -> None:
    """Whole in the end: a client that waits for it gets an answer, and fails the test."""
    client.sendall(start)
    for drop in drops:
        threading.Event().wait(0.05)
        client.sendall(bytes([drop]))
    client.sendall(end)


DRIPS: dict[str, Answer] = {
    "says nothing": lambda client: drip(client, b"", b"", whole(b"late")) if threading.Event().wait(3) else None,
    "headers": lambda client: drip(client, b"HTTP/1.1 200 OK\r\nX: ", b"y" * 60, b"\r\n\r\n"),
    "body": lambda client: drip(client, b"HTTP/1.1 200 OK\r\nContent-Length: 60\r\n\r\n", b"y" * 60),
    "body without a length": lambda client: drip(client, b"HTTP/1.1 200 OK\r\n\r\n", b"y" * 60),
    "chunks": lambda client: drip(
        client, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\ny\r\n" * 10, b"0\r\n\r\n"
    ),
    "length of a chunk": lambda client: drip(
        client, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"0" * 60, b"\r\n\r\n"
    ),
}  # fmt: skip


@pytest.mark.parametrize("shape", DRIPS)
def test_a_server_that_takes_its_time_is_not_waited_for(
    shape: str, serve: Callable[..., Server], development: Client
) -> None:
    with pytest.raises(requests.RequestException):
        development.get(serve(DRIPS[shape]).url, timeout=0.4)


def test_a_server_that_drips_through_its_handshake_is_not_waited_for(
    serve: Callable[..., Server], development: Client
) -> None:
    server = serve(lambda client: drip(client, b"\x16\x03\x03\x40\x00", b"\x00" * 60))
    with pytest.raises(requests.RequestException):
        development.get(f"https://127.0.0.1:{server.port}/", timeout=0.4)


def test_a_call_after_one_that_was_broken_off_is_as_good_as_any(
    serve: Callable[..., Server], development: Client
) -> None:
    with pytest.raises(requests.RequestException):
        development.get(serve(DRIPS["body"]).url, timeout=0.2)
    assert development.get(serve().url, timeout=5).text == "hello"


def test_no_time_out_is_no_way_around_the_bound(
    serve: Callable[..., Server], development: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(egress, "CONNECT", 0.2)
    monkeypatch.setattr(egress, "READ", 0.2)
    with pytest.raises(requests.RequestException):
        development.get(serve(DRIPS["body"]).url, timeout=None)
