"""Addresses: ours, and those of platforms. Pure."""

from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit


def origin(url: str) -> str:
    """Scheme, host and port as browsers spell them (RFC 6454, section 6.2). Raises ``ValueError`` for an odd port."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2].lower()
    usual = {"https": ":443", "http": ":80"}.get(parts.scheme, "")
    return f"{parts.scheme}://{host.removesuffix(usual) if usual and parts.port else host}"


def is_ours(url: Any, public_url: str) -> bool:
    """Whether an address is on this site."""
    if not isinstance(url, str) or "\\" in url or any(ord(c) <= 32 for c in url):
        return False
    try:
        return origin(url) == origin(public_url)
    except ValueError:
        return False


def launch_url(public_url: str) -> str:
    """The one redirect address: fixed, without a query, since platforms match it to the letter."""
    return public_url.rstrip("/") + "/lti/launch"


def with_query(url: str, **more: str) -> str:
    """``url`` with further parameters; those that it has stay."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(query="&".join(filter(None, (parts.query, urlencode(more))))))


def below(url: str, name: str) -> str:
    """``/scores`` or ``/results`` of a line item: it goes before the query that the address may have."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(path=f"{parts.path.rstrip('/')}/{name}"))
