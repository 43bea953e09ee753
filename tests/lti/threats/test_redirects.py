"""Wherever a launch or a sign-in sends a browser, it is to a page of ours, or to where the platform is registered."""

from collections import Counter
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, urljoin, urlsplit

from tests.conftest import PASSWORD
from tests.drills import dice, many, say
from tests.lti.platform import LTI, TOOL, Platform
from tests.lti.threats.begun import begun, post
from tests.visitor import ORIGIN, Visitor

PAYLOADS = [
    "https://evil.example", "https://evil.example/", "http://evil.example", "//evil.example", "///evil.example",
    "////evil.example", "/\\evil.example", "\\\\evil.example", "\\/evil.example", "/\t/evil.example",
    "/\n/evil.example", "\t//evil.example", " //evil.example", "\r//evil.example", "https:evil.example",
    "https:/evil.example", "https:\\\\evil.example", "http:evil.example", "//evil.example\\@127.0.0.1:8000",
    "//127.0.0.1:8000@evil.example", "https://127.0.0.1:8000@evil.example", "http://127.0.0.1:8000.evil.example/",
    "http://127.0.0.1:8000\\.evil.example/", "http://evil.example#http://127.0.0.1:8000",
    "http://evil.example?http://127.0.0.1:8000", "javascript:alert(1)", "JaVaScRiPt:alert(1)", "java\nscript:alert(1)",
    "data:text/html,<script>alert(1)</script>", "vbscript:x", "/%2f/evil.example", "/%5cevil.example",
    "%2f%2fevil.example", "/.//evil.example", "/..//evil.example", "./../../evil.example", ".evil.example",
    "@evil.example", ":80@evil.example", "//\u3002evil.example", "//evil\u3002example", "/\u2044evil.example",
    "\uff0f\uff0fevil.example", "//%00evil.example", "/\0/evil.example", "\0//evil.example", "//[::1]/",
    "http://[::ffff:7f00:1]/", "//0x7f000001/", "https://evil.example%2f@127.0.0.1:8000",
    "\x01https://evil.example", "blob:https://evil.example", "about:blank", "?next=//evil.example",
    "#//evil.example", "/lti/launch\r\nLocation: https://evil.example", "/\r\nSet-Cookie: a=b", ";//evil.example",
    "/;@evil.example",
]  # fmt: skip
"""Spellings of somewhere else."""
MORE = [f"{TOOL}{payload}" for payload in PAYLOADS if payload[:1] in "/\\@.:%;"] + [
    f"/offers?next={quote(payload)}" for payload in PAYLOADS[:15]
]
ALL = list(dict.fromkeys(PAYLOADS + MORE))
CHOSEN = dice().sample(ALL, many(12, len(ALL)))
CHANGES: dict[str, Callable[[dict[str, Any], str], Any]] = {
    "target_link_uri": lambda claims, url: claims.update({LTI + "target_link_uri": url}),
    "return_url": lambda claims, url: claims[LTI + "launch_presentation"].update(return_url=url),
    "target": lambda claims, url: claims[LTI + "custom"].update(target=url),
    "offer": lambda claims, url: claims[LTI + "custom"].update(target="offer", offer=url),
    "filters": lambda claims, url: claims[LTI + "custom"].update(
        target="offers", filters=f"q={url}&next={url}&{url}&_external=1&_scheme=https&_anchor={url}&_host={url}"
    ),
    "raw filters": lambda claims, url: claims[LTI + "custom"].update(target="offers", filters=url),
    "everything": lambda claims, url: claims[LTI + "custom"].update(
        dict.fromkeys(("target", "offer", "filters", "url", "next", "redirect", "return_url", "grade"), url)
    ),
}


def host_of(location: str) -> str:
    """The host that a browser goes to, which reads a backslash as a slash and leaves out tabs and line breaks."""
    read = location.replace("\\", "/").translate({9: None, 10: None, 13: None}).strip("".join(map(chr, range(33))))
    return urlsplit(urljoin(f"{ORIGIN}/lti/launch", read)).netloc


def test_the_reader_of_addresses_sees_what_a_browser_does() -> None:
    assert host_of("/offers") == host_of("") == "127.0.0.1:8000"
    for elsewhere in (
        "//evil.example",
        "/\\evil.example",
        "\t//evil.example",
        "/\t/evil.example",
        "https://evil.example",
    ):
        assert host_of(elsewhere) == "evil.example"
    assert len(ALL) >= 100


def test_no_launch_leads_anywhere_else(platform: Platform, visitor: Visitor) -> None:
    tries, answers = 0, Counter[int]()
    for payload in CHOSEN:
        for name, change in CHANGES.items():
            asked = platform.log_in(visitor)
            claims = platform.claims(asked["nonce"])
            change(claims, payload)
            sent = {"id_token": platform.sign(claims), "state": asked["state"]}
            answer = visitor.client.post("/lti/launch", data=sent, base_url=ORIGIN)
            answers[answer.status_code] += 1
            tries += 1
            location = answer.headers.get("Location", "/")
            assert host_of(location) == "127.0.0.1:8000", f"{name}: {payload!r} leads to {location}"
            assert location.startswith("/")
            assert "evil.example" not in location.partition("?")[0]
        if payload not in MORE or not payload.startswith(TOOL + "/"):
            login = visitor.client.post(
                "/lti/login", data=platform.initiation(target_link_uri=payload), base_url=ORIGIN
            )
            location = login.headers.get("Location", "")
            assert login.status_code == 400 or host_of(location) == urlsplit(platform.url).netloc
            tries += 1
    assert set(answers) == {303, 400}
    say(f"open redirect by a launch: {len(CHOSEN)} payloads, {tries} tries: elsewhere 0")


def test_no_sign_in_leads_anywhere_else(
    visitors: Callable[[], Visitor], learner: Visitor, platform: Platform, add_person: Callable[..., int]
) -> None:
    tries = 0
    for payload in CHOSEN:
        answer = learner.client.get("/sign-in", query_string={"next": payload}, base_url=ORIGIN)
        assert answer.status_code == 400 or host_of(answer.headers["Location"]) == "127.0.0.1:8000", payload
        tries += 1
    for payload in CHOSEN[::10]:  # and with a password, which takes its time
        visitor = visitors()
        answer = visitor.client.post(
            "/sign-in", query_string={"next": payload}, base_url=ORIGIN, headers={"Referer": f"{ORIGIN}/"},
            data={
                "csrf_token": visitor.csrf_token(), "email": "lena.learner@test.example", "password": PASSWORD,
                "next": payload,
            },
        )  # fmt: skip
        assert host_of(answer.headers.get("Location", "")) == "127.0.0.1:8000"
        tries += 1
    framed = visitors()
    posted = begun(platform, framed)
    assert post(framed.client, posted | {"next": "//evil.example", "return_url": "//evil.example"}) == 303
    say(f"open redirect by next=: {len(CHOSEN)} payloads, {tries} tries: elsewhere 0")
