"""Parts of one launch put into another: what belongs to one browser, login and registration works together alone."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from catalogue.clock import now
from catalogue.extensions import db
from catalogue.people import actions as people
from catalogue.transactions import run
from lti.models import Identity
from lti.models import Platform as Registered
from lti.platforms import actions as platforms
from lti.storage import cookie_name
from tests.drills import say
from tests.lti.platform import KEY, OTHER_KEY, TOOL, Platform, jwk, serving
from tests.lti.threats.begun import browser_with, cookies_of, post
from tests.visitor import Visitor

FRAMED = {"Sec-Fetch-Dest": "iframe"}
Counts = Callable[[], dict[str, int]]


@dataclass
class Login:
    """A login under way: what the platform was asked, and what the browser keeps."""

    platform: Platform
    asked: dict[str, str]
    cookies: dict[str, str]

    def token(self, nonce: str = "", **claims: Any) -> str:
        return self.sign(self.platform.claims(nonce or self.asked["nonce"], **claims))

    def sign(self, claims: dict[str, Any]) -> str:
        return self.platform.sign(claims, KEY if self.platform.client_id == "client-1" else OTHER_KEY)

    def posted(self, token: str = "") -> dict[str, str]:
        return {"id_token": token or self.token(), "state": self.asked["state"]}


@dataclass
class Scene:
    """A victim with two tabs, an attacker with a login of their own, and a second registration."""

    app: Flask
    mine: Login
    tab: Login
    theirs: Login
    other: Login

    def post(self, cookies: dict[str, str], posted: dict[str, str]) -> int:
        return post(browser_with(self.app, cookies), posted)


@pytest.fixture
def second(register: Callable[[Platform], int]) -> Iterator[Platform]:
    with serving(Platform(client_id="client-2", keys=[jwk(OTHER_KEY, "key-1")])) as made:
        register(made)
        yield made


@pytest.fixture
def scene(app: Flask, platform: Platform, second: Platform, visitors: Callable[[], Visitor]) -> Scene:
    def begin(at: Platform, visitor: Visitor) -> Login:
        before = cookies_of(visitor)
        asked = at.log_in(visitor)
        return Login(at, asked, {name: value for name, value in cookies_of(visitor).items() if name not in before})

    victim = visitors()
    return Scene(
        app,
        mine=begin(platform, victim),
        tab=begin(platform, victim),
        theirs=begin(platform, visitors()),
        other=begin(second, victim),
    )


def value(login: Login) -> str:
    return login.cookies[cookie_name(login.asked["state"])]


def cookie(login: Login, of: Login) -> dict[str, str]:
    """The one login's cookie with what was kept for the other."""
    return {cookie_name(login.asked["state"]): value(of)}


SWAPS: dict[str, Callable[[Scene], int]] = {
    "my launch in their browser": lambda s: s.post(s.theirs.cookies, s.mine.posted()),
    "their launch in my browser": lambda s: s.post(s.mine.cookies, s.theirs.posted()),
    "my launch in a browser without cookies": lambda s: s.post({}, s.mine.posted()),
    "my state with their token": lambda s: s.post(s.mine.cookies, s.mine.posted(s.theirs.token())),
    "their state with my token": lambda s: s.post(s.theirs.cookies, s.theirs.posted(s.mine.token())),
    "my launch under their cookie's value": lambda s: s.post(cookie(s.mine, s.theirs), s.mine.posted()),
    "their launch under my cookie's value": lambda s: s.post(cookie(s.theirs, s.mine), s.theirs.posted()),
    "one tab's state under the other's cookie": lambda s: s.post(cookie(s.mine, s.tab), s.mine.posted()),
    "one tab's state with the other's nonce": lambda s: s.post(
        s.mine.cookies | s.tab.cookies, s.mine.posted(s.tab.token())
    ),
    "one registration's state with the other's token": lambda s: s.post(
        s.mine.cookies | s.other.cookies, s.mine.posted(s.other.token())
    ),
    "the other registration's token with my nonce": lambda s: s.post(
        s.mine.cookies, s.mine.posted(s.other.token(s.mine.asked["nonce"]))
    ),
    "my registration's token with the other's state and nonce": lambda s: s.post(
        s.other.cookies, s.other.posted(s.mine.token(s.other.asked["nonce"]))
    ),
    "my issuer and client id under the other's key": lambda s: s.post(
        s.mine.cookies, s.mine.posted(s.other.sign(s.mine.platform.claims(s.mine.asked["nonce"])))
    ),
    "my issuer with the other's client id": lambda s: s.post(
        s.mine.cookies, s.mine.posted(s.mine.token(aud="client-2"))
    ),
    "the other's issuer with my client id": lambda s: s.post(
        s.mine.cookies, s.mine.posted(s.mine.token(iss=s.other.platform.url))
    ),
    "both in the audience, the other authorised": lambda s: s.post(
        s.mine.cookies, s.mine.posted(s.mine.token(aud=["client-1", "client-2"], azp="client-2"))
    ),
    "no state": lambda s: s.post(s.mine.cookies, {"id_token": s.mine.token(), "state": ""}),
    "the nonce for a state": lambda s: s.post(
        s.mine.cookies, {"id_token": s.mine.token(), "state": s.mine.asked["nonce"]}
    ),
    "the state for a nonce": lambda s: s.post(
        s.mine.cookies, s.mine.posted(s.mine.token(s.mine.asked["state"]))
    ),
}  # fmt: skip


def test_parts_of_two_launches_make_none(scene: Scene, counts: Counts) -> None:
    before = counts()
    answers = {name: swap(scene) for name, swap in SWAPS.items()}
    assert set(answers.values()) == {400}, answers
    assert counts() == before
    for login in (scene.mine, scene.tab, scene.theirs, scene.other):  # as it was, each of them works
        assert scene.post(login.cookies, login.posted()) == 303
    say(f"mix-up: {len(SWAPS)} swaps: accepted 0, written 0; the 4 launches they were made of accepted")
    assert len(SWAPS) >= 16


@dataclass
class Kept:
    """A login in a frame without cookies: what binds it to the browser is kept at the platform."""

    visitor: Visitor
    asked: dict[str, str]
    value: str

    def posted(self, platform: Platform, **more: str) -> dict[str, str]:
        return {"id_token": platform.sign(platform.claims(self.asked["nonce"])), "state": self.asked["state"], **more}


def kept_login(platform: Platform, visitor: Visitor) -> Kept:
    query = platform.initiation(lti_storage_target="storage") | {"probed": "1"}
    found = visitor.get("/lti/login", query_string=query, headers=FRAMED).select_one("#platform-storage")
    assert found is not None
    address = str(found["data-onwards"]).partition("?")[2]
    asked = dict(part.split("=", 1) for part in address.split("&"))
    return Kept(visitor, asked, str(found["data-value"]))


ORIGINS: dict[str, dict[str, str]] = {
    "another site": {"Origin": "https://evil.example"},
    "the platform": {"Origin": "http://localhost"},
    "no origin": {},
    "null": {"Origin": "null"},
    "ours in its first letters": {"Origin": f"{TOOL}.evil.example"},
    "ours, another port": {"Origin": "http://127.0.0.1:8001"},
    "ours, another scheme": {"Origin": "https://127.0.0.1:8000"},
    "ours in a list": {"Origin": f"{TOOL}, https://evil.example"},
}


def test_what_was_kept_at_the_platform_counts_only_from_our_own_page(
    platform: Platform, visitors: Callable[[], Visitor], counts: Counts
) -> None:
    before, refused = counts(), 0
    mine, theirs = kept_login(platform, visitors()), kept_login(platform, visitors())
    here, elsewhere = {"Origin": TOOL}, visitors()
    tries = [(mine.posted(platform, kept=mine.value), headers) for headers in ORIGINS.values()]
    tries += [
        (mine.posted(platform, kept=theirs.value), here),
        (theirs.posted(platform, kept=mine.value), here),
        (mine.posted(platform, kept=""), here),
        (mine.posted(platform, kept=mine.value[:-1]), here),
        (mine.posted(platform, kept=mine.asked["state"]), here),
        (mine.posted(platform), {}),
    ]
    for posted, headers in tries:
        answer = elsewhere.client.post("/lti/launch", data=posted, base_url=TOOL, headers=headers)
        # without a cookie the page asks the platform once more; it signs nobody in, and hands nothing over
        assert answer.status_code == 400 or 'data-message="lti.get_data"' in answer.text
        assert counts() == before
        refused += 1
    assert (
        'action="/lti/continue"'
        in elsewhere.client.post(
            "/lti/launch", data=mine.posted(platform, kept=mine.value), base_url=TOOL, headers=here
        ).text
    )
    say(f"kept value: {refused} of {len(tries)} refused or asked for again, signed in 0; the right one accepted")


@pytest.fixture
def handed(platform: Platform, visitors: Callable[[], Visitor]) -> Callable[[], str]:
    """A launch that was handed over to a new window; its token."""

    def hand() -> str:
        login = kept_login(platform, visitors())
        answer = login.visitor.client.post(
            "/lti/launch", data=login.posted(platform, kept=login.value), base_url=TOOL, headers={"Origin": TOOL}
        )
        assert answer.status_code == 200
        return answer.text.split('name="token" value="')[1].split('"')[0]

    return hand


def take(visitor: Visitor, token: str, headers: dict[str, str] | None = None) -> int:
    given = {"Origin": TOOL} if headers is None else headers
    return visitor.client.post("/lti/continue", data={"token": token}, base_url=TOOL, headers=given).status_code


def test_a_new_window_takes_a_launch_once_from_our_page_in_time(
    app: Flask, handed: Callable[[], str], visitors: Callable[[], Visitor], counts: Counts
) -> None:
    answers: dict[str, int] = {}
    token = handed()
    before = counts()
    for name, headers in ORIGINS.items():
        answers[name] = take(visitors(), token, headers)
    answers["of nobody"] = take(visitors(), "nobody's")
    answers["empty"] = take(visitors(), "")
    answers["NUL"] = take(visitors(), "\0")
    with time_machine.travel(now() + timedelta(seconds=301), tick=False):
        answers["too late"] = take(visitors(), token)
    assert counts() == before
    assert take(visitors(), token) == 303
    answers["a second time"] = take(visitors(), token)
    assert counts()["SignIn"] == before["SignIn"] + 1

    def each_platform(change: Callable[[Registered], None]) -> None:
        with app.app_context():
            run(lambda: [change(one) for one in db.session.scalars(select(Registered))])

    token = handed()
    each_platform(platforms.suspend)
    answers["its platform suspended"] = take(visitors(), token)
    each_platform(platforms.activate)
    token = handed()
    with app.app_context():
        run(lambda: people.suspend(db.session.scalars(select(Identity)).one().person))
    answers["its person suspended"] = take(visitors(), token)
    refused = [status for status in answers.values() if 400 <= status < 500]
    say(f"new window: {len(refused)} of {len(answers)} misuses refused; the right one accepted once")
    assert len(refused) == len(answers), answers
    assert counts()["SignIn"] == before["SignIn"] + 1
