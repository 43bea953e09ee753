"""Whoever signs in goes back to where they came from, and never off the site."""

import re
from urllib.parse import quote, urljoin, urlsplit

import pytest

from catalogue.people.rules import safe_path
from tests.conftest import PASSWORD
from tests.people.door import EMAIL
from tests.visitor import ORIGIN, Visitor

HOSTS = [
    "evil.example",
    "evil.example/path",
    "evil.example:443",
    "127.0.0.1:8000@evil.example",
    "127.0.0.1.evil.example",
]
OPENINGS = [
    "//", "///", "////", "https://", "http://", "https:/", "https:", "HTTPS://", "\\\\", "/\\", "\\/", "/\\/", "//\\",
    "/\t/", "/\n/", "\t//", " //", "\x00//", "/\x0b/", "https:\\\\", "//%2f", "/%09//",
]  # fmt: skip
TARGETS = [opening + host for opening in OPENINGS for host in HOSTS] + [
    "javascript:alert(1)", "JavaScript:alert(1)", "data:text/html,x", "//[", "//[::1", "http://[", "//[evil]", "/[",
    "//evil．example", "//evil。example", "//evil.example℀", "//%65vil.example", "?next=//evil.example",
    "#//evil.example",
    "evil.example", "@evil.example", ".evil.example", "/" * 3000, "/x" * 1500, "mailto:x@evil.example",
    "//\u2028evil.example",
    "/\u2028/evil.example", "/\x85/evil.example", "/\r\nLocation: //evil.example", "blob:x", "//user:pw@evil.example",
    "",
]  # fmt: skip


def leads_to(location: str) -> str:
    """The site a browser goes to: it drops tabs and line ends, trims, and takes backslashes for slashes."""
    seen = re.sub(r"[\t\r\n]", "", location).strip("".join(map(chr, range(33)))).replace("\\", "/")
    return urlsplit(urljoin(f"{ORIGIN}/sign-in", seen)).netloc


def test_there_are_a_hundred_ways_off_the_site() -> None:
    assert len(set(TARGETS)) >= 100
    assert leads_to("/\\evil.example") == leads_to(" /\t/evil.example") == "evil.example", "the detector is blind"


def test_no_way_back_leads_off_the_site(learner: Visitor) -> None:
    for target in TARGETS:
        answer = learner.client.get(f"/sign-in?next={quote(target)}", base_url=ORIGIN)
        assert answer.status_code == (400 if "\0" in target else 302), target
        location = answer.headers.get("Location", "/")
        assert leads_to(location) == urlsplit(ORIGIN).netloc, target
        assert location.startswith("/"), target
        assert not location.startswith("//"), target


@pytest.mark.parametrize("target", ["//evil.example", "https://evil.example", "/\\evil.example", "//["])
def test_nor_does_it_after_the_password(ada: int, visitor: Visitor, target: str) -> None:
    visitor.get(f"/sign-in?next={quote(target)}")
    visitor.press("Sign in", email=EMAIL, password=PASSWORD)
    assert visitor.response.headers["Location"] == "/"


@pytest.mark.parametrize("target", ["/", "/offers?q=a&mode=online", "/assessments/3#top", "/offers/x?y=//z", "/%2f"])
def test_paths_of_ours_are_a_way_back(target: str) -> None:
    assert safe_path(target) == target
