"""What makes a registration fit. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from lti.addresses import origin

URLS = ("jwks_url", "auth_url", "token_url")
ADDRESSES = ("issuer", *URLS)
LONGEST_ORIGIN = 300
LONGEST = {"name": 200, "issuer": 500, "client_id": 255, "deployment": 255} | dict.fromkeys(URLS, 1000)
LABELS = {
    "name": "name",
    "issuer": "issuer",
    "client_id": "client ID",
    "deployment": "deployment ID",
    "jwks_url": "public key set URL",
    "auth_url": "authentication request URL",
    "token_url": "access token URL",
}


class Unfit(Exception):
    """What was given does not make a registration: field and message, for each fault."""

    def __init__(self, faults: dict[str, str]) -> None:
        super().__init__("; ".join(f"{name}: {message}" for name, message in faults.items()))
        self.faults = faults


@dataclass(frozen=True, slots=True)
class Registration:
    """What makes a platform known; the organisation's key may be empty, for one of the platform's name."""

    name: str
    issuer: str
    client_id: str
    deployment: str
    jwks_url: str
    auth_url: str
    token_url: str
    organisation: str = ""


def faults_of(given: Mapping[str, str], *, development: bool) -> dict[str, str]:
    """What is wrong with a registration, by field; an empty answer where it is fit. Pure."""
    found = {name: fault_of(name, given.get(name, ""), development=development) for name in LONGEST}
    return {name: fault for name, fault in found.items() if fault}


def fault_of(name: str, value: str, *, development: bool) -> str:
    """What is wrong with one field, which the words name; empty where it is fit."""
    label = LABELS[name]
    if not value.strip():
        return f"Enter the {label}"
    if len(value) > LONGEST[name]:
        return f"The {label} must be {LONGEST[name]} characters or fewer"
    if any(ord(c) < 32 or 0xD800 <= ord(c) < 0xE000 for c in value) or value != value.strip():
        return f"The {label} must not begin or end with a space, or hold line breaks"
    if name in ADDRESSES and not is_fit_url(value, development=development):
        starts = ("https://", "http://") if development else ("https://",)
        if not value.lower().startswith(starts):
            return f"The {label} must start with {' or '.join(starts)}"
        return f"The {label} must be a plain address, such as https://learn.example.org/path"
    return ""


def is_fit_url(url: str, *, development: bool) -> bool:
    """Whether a platform may give it as an address of its own: https, unless in development, and a plain host."""
    try:
        parts = urlsplit(url)
        port_is_fit = parts.port is None or parts.port > 0
    except ValueError:
        return False
    schemes = {"https", "http"} if development else {"https"}
    # The origin of the authentication URL goes into a header that lists origins: it must be nothing but one.
    fit_host = re.fullmatch(
        r"[A-Za-z0-9\-]{1,63}(\.[A-Za-z0-9\-]{1,63})*\.?|\[[0-9a-fA-F:]+\]",
        parts.netloc.rsplit(":", 1)[0] if parts.port else parts.netloc,
    )
    return parts.scheme in schemes and bool(fit_host) and port_is_fit and url.isprintable() and " " not in url


def same_address(one: str, other: str) -> bool:
    """However scheme, host and port are spelt."""
    return _spelt(one) == _spelt(other)


def _spelt(url: str) -> tuple[str, str, str]:
    parts = urlsplit(url)
    return origin(url), parts.path, parts.query


def on_other_hosts(issuer: str, addresses: Mapping[str, str]) -> list[tuple[str, str]]:
    """Those of a registration's addresses, by name, that are not where its issuer is: name and where it is."""
    return [(name, origin(url)) for name, url in addresses.items() if origin(url) != origin(issuer)]


def bare_origin(given: str, *, development: bool) -> str:
    """Where frames are from, as browsers spell it. Raises ``Unfit``."""
    bare = given.lower().removesuffix("/")
    if len(bare) > LONGEST_ORIGIN or not is_fit_url(bare, development=development) or bare.count("/") != 2:
        schemes = "https:// or http://" if development else "https://"
        raise Unfit({"frames_origin": f"Where its frames are from must be {schemes} and a host, and nothing after it"})
    return origin(bare)
