"""Whose account a launch opens: that of (registration, sub), whatever else a message or a registration says."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from catalogue.extensions import db
from catalogue.people import actions as people
from catalogue.people.models import Account, PasswordReset, Person, Role
from lti.models import Identity, PlatformState
from lti.models import Platform as Registered
from lti.platforms import actions as platforms
from tests.drills import say
from tests.enrolments.conftest import Ask
from tests.lti.platform import LEARNER, LTI, MEMBERSHIP, OTHER_KEY, TEACHER, Platform, jwk, serving
from tests.lti.threats.begun import browser_with, cookies_of
from tests.people.test_sessions import PLANTED
from tests.visitor import ORIGIN, Visitor

EMAIL, NAME = "sam.student@test.example", "Sam Student"
BASIC = {"name": NAME, "email": EMAIL}
CLAIMS: dict[str, dict[str, Any]] = {
    "their e-mail address": BASIC,
    "in capitals": BASIC | {"email": EMAIL.upper()},
    "with spaces": BASIC | {"email": f" {EMAIL} "},
    "with a line break": BASIC | {"email": f"{EMAIL}\n"},
    "with NUL": BASIC | {"email": f"{EMAIL}\0"},
    "with a letter like it": BASIC | {"email": EMAIL.replace("s", "\u017f")},
    "said to be verified": BASIC | {"email_verified": True},
    "as sub": BASIC | {"sub": EMAIL},
    "as a list": BASIC | {"email": [EMAIL]},
    "their key as sub": BASIC | {"sub": "{key}"},
    "their number as sub": BASIC | {"sub": "{id}"},
    "their identity's sub with a space": BASIC | {"sub": "v4 "},
    "their identity's sub in capitals": BASIC | {"sub": "V4"},
    "their identity's sub, composed otherwise": BASIC | {"sub": "v\uff14"},
    "their sub in the person's record": BASIC | {LTI + "lis": {"person_sourcedid": "v4"}},
    "their sub as somebody else's": BASIC | {LTI + "for_user": {"user_id": "v4", "email": EMAIL}},
    "their sub as one whom this person mentors": BASIC | {LTI + "role_scope_mentor": ["v4"]},
    "their sub and address in custom parameters": BASIC | {
        LTI + "custom": {"sub": "v4", "user_id": "v4", "email": EMAIL, "person": "{key}", "account": "{id}"}
    },
    "their username": BASIC | {"preferred_username": "v4", LTI + "ext": {"user_username": "v4"}},
    "their name in a former system's terms": BASIC | {LTI + "lti1p1": {"user_id": "v4", "oauth_consumer_key": "x"}},
}  # fmt: skip


def fill(value: Any, **known: str) -> Any:
    if isinstance(value, dict):
        return {name: fill(inner, **known) for name, inner in value.items()}
    return value.format(**known) if isinstance(value, str) and value in ("{key}", "{id}") else value


@pytest.mark.both_databases
def test_no_claim_opens_somebody_elses_account(
    database: str, platform: Platform, visitors: Callable[[], Visitor], add_person: Callable[..., int], ask: Ask
) -> None:
    local = add_person(NAME)
    platform.launch(visitors(), sub="v4", name=NAME, email=EMAIL)
    theirs = ask(lambda: db.session.scalars(select(Identity)).one().person_id)
    assert theirs != local
    key = ask(lambda: db.session.get_one(Person, local).key)
    met: set[int] = set()
    for number, (case, given) in enumerate(CLAIMS.items()):
        claims: dict[str, Any] = {"sub": f"attacker-{number}"} | fill(given, key=key, id=str(local))
        visitor = visitors()
        platform.launch(visitor, change=lambda made, claims=claims: made.update(claims))
        who = ask(lambda: db.session.scalars(select(Identity.person_id).order_by(Identity.id.desc())).first())
        assert who not in {local, theirs} | met, case
        met.add(who)
    assert ask(lambda: db.session.scalars(select(Identity).where(Identity.person_id == local)).all()) == []
    assert ask(lambda: db.session.scalar(select(func.count()).select_from(Account))) == 1, "and none has a password"
    say(f"hijack by claim, {database}: {len(CLAIMS)} variants: 0 accounts linked")
    assert len(CLAIMS) >= 20


def test_an_address_that_came_with_a_launch_is_none_to_sign_in_with(
    visitor: Visitor, platform: Platform, ask: Ask
) -> None:
    platform.launch(visitor, email="boss@example.com")
    visitor.get("/sign-in/forgotten")
    visitor.press("Send me a link", 200, email="boss@example.com")
    assert ask(lambda: db.session.scalars(select(PasswordReset)).all()) == []


SAME, OWN = "the first one's", "its own"
REGISTRATIONS: dict[str, dict[str, str]] = {
    "own keys": {"keys": OWN},
    "keys at an address with a fragment": {"keys": "{url}/certs#2"},
    "keys at an address with a query": {"keys": "{url}/certs?2"},
    "another organisation": {"organisation": OWN},
    "another issuer": {"issuer": "https://moodle.example"},
    "the issuer with a slash more": {"issuer": "{url}/"},
    "the issuer in capitals": {"issuer": "HTTP{url[4:]}"},
    "another issuer and organisation": {"issuer": "https://moodle.example", "organisation": OWN},
    "the first one is suspended": {"first": "suspended"},
    "the first one is not approved yet": {"first": "pending"},
}


@pytest.fixture
def second(platform: Platform) -> Iterator[Platform]:
    with serving(Platform(client_id="client-2", deployment="2", keys=[jwk(OTHER_KEY, "key-1")])) as made:
        yield made


@pytest.mark.parametrize("case", ["everything the same", *REGISTRATIONS])
def test_a_second_registration_knows_the_first_ones_people_only_where_it_is_the_same_platform(
    platform: Platform, second: Platform, visitors: Callable[[], Visitor], register: Callable[[Platform], int],
    change: Ask, ask: Ask, case: str,
) -> None:  # fmt: skip
    differs = REGISTRATIONS.get(case, {})
    platform.launch(visitors(), sub="v4")
    register(second)
    own_keys = differs.get("keys") == OWN
    issuer = differs.get("issuer", "{url}").replace("HTTP{url[4:]}", "HTTP" + platform.url[4:]).format(url=platform.url)
    keys = f"{second.url}/certs" if own_keys else differs.get("keys", "{url}/certs").format(url=platform.url)

    def make_alike() -> None:
        first, other = db.session.scalars(select(Registered).order_by(Registered.id))
        other.issuer, other.jwks_url = issuer, keys
        if differs.get("organisation") != OWN:
            other.organisation_id = first.organisation_id
        first.state = PlatformState(differs.get("first", "active"))

    change(make_alike)
    second.url = issuer
    second.launch(visitors(), sub="v4", sign=lambda p, made: p.sign(made, OTHER_KEY) if own_keys else p.sign(made))
    first, other = ask(lambda: db.session.scalars(select(Identity.person_id).order_by(Identity.id)).all())
    assert (first == other) == (not differs)
    if not differs:
        say(f"second registration: {len(REGISTRATIONS)} that differ share nobody; the same platform shares its people")


ROLES_OF_A_PLATFORM: dict[str, Any] = {
    "learner": LEARNER,
    "teacher": TEACHER,
    "teaching assistant": [MEMBERSHIP.replace("#", "/Instructor#") + "TeachingAssistant"],
    "content developer": [MEMBERSHIP + "ContentDeveloper"],
    "mentor": [MEMBERSHIP + "Mentor"],
    "administrator there": ["http://purl.imsglobal.org/vocab/lis/v2/institution/person#Administrator"],
    "nobody in particular": [],
}
SUSPENSIONS = ("account", "platform")


def test_open_sessions_end_with_the_next_request(
    platform: Platform, visitors: Callable[[], Visitor], change: Ask, ask: Ask, learner: Visitor, administrator: Visitor
) -> None:
    ended, kinds = 0, [(name, None) for name in ROLES_OF_A_PLATFORM] + [("learner", role) for role in Role]
    for suspended in SUSPENSIONS:
        for number, (name, role) in enumerate(kinds):
            sub = f"{suspended}-{number}"
            browsers = [visitors(), visitors()]
            for browser in browsers:
                platform.launch(browser, ROLES_OF_A_PLATFORM[name], sub=sub)
            who = ask(lambda sub=sub: db.session.scalars(select(Identity).where(Identity.sub == sub)).one().person_id)
            if role is not None:
                change(lambda role=role, who=who: people.grant(db.session.get_one(Person, who), role))
            token = browsers[0].csrf_token()
            for browser in browsers:
                browser.get("/enrolments")
            if suspended == "account":
                change(lambda who=who: people.suspend(db.session.get_one(Person, who)))
            else:
                change(lambda: platforms.suspend(db.session.scalars(select(Registered)).one()))
            browsers[0].post("/assessments/start", {"csrf_token": token, "seat": 1})
            assert browsers[0].response.headers["Location"] == "/sign-in"
            for path in ("/enrolments", "/recommendations", "/admin" if role == Role.ADMINISTRATOR else "/assessments"):
                browsers[1].get(path, 302)
                assert browsers[1].response.headers["Location"].startswith("/sign-in")
            ended += 2
            if suspended == "platform":
                change(lambda: platforms.activate(db.session.scalars(select(Registered)).one()))
                browsers[1].get("/enrolments", 302)
    learner.get("/enrolments")  # who signed in by password stays
    say(
        f"suspended: {len(kinds)} roles x {', '.join(SUSPENSIONS)}: {ended} of {2 * 2 * len(kinds)} open sessions ended"
    )


def is_signed_in(client: Any) -> bool:
    return bool(client.get("/enrolments", base_url=ORIGIN).status_code == 200)


COOKIE = "__Host-everyseat"


def test_a_launch_begins_a_new_session_and_the_old_one_is_dead(
    app: Flask, platform: Platform, visitors: Callable[[], Visitor], add_person: Callable[..., int],
    sign_in: Callable[[int], Visitor],
) -> None:  # fmt: skip
    cases = 0
    for planted in PLANTED.values():  # by somebody who could write into the browser
        victim = visitors()
        with victim.client.session_transaction(base_url=ORIGIN) as session:
            session.update(planted)
        victim.get("/sign-in")
        old = cookies_of(victim)[COOKIE]
        form_token = victim.csrf_token()
        platform.launch(victim)
        with victim.client.session_transaction(base_url=ORIGIN) as session:
            assert set(session) <= {"_user_id", "_fresh", "_id", "csrf_token"}
            assert "planted" not in str(dict(session))
        assert cookies_of(victim)[COOKIE] != old
        assert not is_signed_in(browser_with(app, {COOKIE: old})), "whoever planted it is not signed in with it"
        victim.post("/assessments/start", {"csrf_token": form_token, "seat": 1}, 400)
        assert is_signed_in(victim.client)
        cases += 1
    # the attacker's own sign-in in the victim's browser
    attacker = sign_in(add_person("Mallory Intruder"))
    theirs = cookies_of(attacker)[COOKIE]
    window = {"document_target": "window"}  # where a page says who is signed in
    platform.launch(attacker, name="Vera Victim", launch_presentation=window)
    attacker.get("/")
    assert "Vera Victim" in attacker.response.text
    assert "Mallory" not in attacker.response.text
    assert not is_signed_in(browser_with(app, {COOKIE: theirs}))
    # one launch after the other, of the same person and of another
    for sub in ("4", "5"):
        kept = cookies_of(attacker)[COOKIE]
        platform.launch(attacker, sub=sub, launch_presentation=window)
        assert cookies_of(attacker)[COOKIE] != kept
        assert not is_signed_in(browser_with(app, {COOKIE: kept}))
        assert is_signed_in(attacker.client)
    # signing out
    kept = cookies_of(attacker)[COOKIE]
    attacker.get("/")
    attacker.press("Sign out")
    assert not is_signed_in(browser_with(app, {COOKIE: kept}))
    # a launch that is refused leaves the session that was there
    stays = sign_in(add_person("Lena Learner"))
    platform.launch(stays, status=400, deployment_id="99")
    assert is_signed_in(stays.client)
    say(f"session fixation at a launch: {cases + 5} cases: 0 old sessions alive")
    assert cases + 5 >= 10
