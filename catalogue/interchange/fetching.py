"""Fetching a file with offers from an address that somebody gave us."""

from dataclasses import dataclass

import requests
from flask import current_app

from catalogue.egress import Client, EgressRefused, Rules
from catalogue.interchange.limits import MAX_FILE, Unreadable

TIMEOUT = (5.0, 45.0)  # seconds; the two together bound the whole of it
_OK, _NOT_MODIFIED = 200, 304
_MOVED = (301, 302, 303, 307, 308)


@dataclass(frozen=True, slots=True)
class Fetched:
    content: bytes
    etag: str = ""
    last_modified: str = ""


def fetch(url: str, etag: str = "", last_modified: str = "") -> Fetched | None:
    """What stands there; none where it has not changed since it had this tag, or since then (RFC 9110, section 13.1).

    Raises ``Unreadable`` where it cannot be had, or is larger than a file may be.
    """
    known = {"If-None-Match": etag, "If-Modified-Since": last_modified}
    headers = {name: value for name, value in known.items() if value}
    rules = Rules(loopback=current_app.extensions["settings"].development)
    client = Client(rules, most_bytes=MAX_FILE)
    try:
        answer = client.get(url, headers=headers, timeout=TIMEOUT)
    except EgressRefused as fault:
        raise Unreadable(
            f"We do not fetch this: {fault}.", "Give an address that anybody can open, of a file."
        ) from fault
    except requests.Timeout as fault:
        raise Unreadable("There was no whole answer in time.", "Try again later, or send the file itself.") from fault
    except (requests.RequestException, ValueError) as fault:
        raise Unreadable("Nothing answers at this address.", "Check the address, then try again.") from fault
    if answer.status_code == _NOT_MODIFIED and headers:
        return None
    if answer.status_code in _MOVED:
        there = _printable(answer.headers.get("Location", "another address"))[:500]
        raise Unreadable(f"The file has moved to {there}.", "Give that address in place of this one.")
    if answer.status_code != _OK:
        raise Unreadable(f"The address answers with {answer.status_code}, not with a file.", "Check the address.")
    etag, last_modified = (_printable(answer.headers.get(name, "")) for name in ("ETag", "Last-Modified"))
    return Fetched(answer.content, etag if len(etag) <= 300 else "", last_modified if len(last_modified) <= 100 else "")


def _printable(header: str) -> str:
    """What others send in a header is kept and shown: without what a database or a page cannot hold."""
    return "".join(letter for letter in header if letter.isprintable())
