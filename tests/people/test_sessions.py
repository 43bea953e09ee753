"""A sign-in lasts as long as it should, ends on the server, and carries nothing over."""

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from catalogue.clock import now
from catalogue.extensions import db
from catalogue.people import actions
from catalogue.people.models import PasswordReset, Person, Role, SignIn
from catalogue.transactions import run
from tests.conftest import PASSWORD
from tests.people.door import COOKIE, EMAIL, ask_for_link, enter, is_signed_in, links, session_cookie
from tests.visitor import ORIGIN, Visitor


def test_a_sign_in_lasts_twelve_hours(ada: int, visitor: Visitor) -> None:
    with time_machine.travel(now(), tick=False) as clock:
        enter(visitor)
        clock.shift(timedelta(hours=12, seconds=-1))
        assert is_signed_in(visitor)
        clock.shift(timedelta(seconds=1))
        assert not is_signed_in(visitor)
    visitor.get("/enrolments", status=302)


def test_signing_out_ends_it_on_the_server(ada: int, visitor: Visitor, another: Callable[[], Visitor]) -> None:
    enter(visitor)
    kept = session_cookie(visitor)
    visitor.get("/")
    visitor.press("Sign out")
    assert not is_signed_in(visitor)
    thief = another()
    thief.client.set_cookie(COOKIE, kept, domain="127.0.0.1", secure=True)
    assert not is_signed_in(thief)


def test_signing_out_in_one_browser_leaves_the_other(
    ada: int, visitor: Visitor, another: Callable[[], Visitor]
) -> None:
    second = another()
    enter(visitor)
    enter(second)
    visitor.get("/")
    visitor.press("Sign out")
    assert is_signed_in(second)


PLANTED: dict[str, dict[str, Any]] = {
    "nothing": {},
    "a value": {"planted": "x"},
    "a sign-in that is none": {"_user_id": "planted"},
    "a fresh sign-in that is none": {"_user_id": "planted", "_fresh": True, "_id": "planted"},
    "a form token": {"csrf_token": "planted"},
    "a message": {"_flashes": [("message", "planted")]},
    "a state": {"just_closed": "planted"},
    "a lasting session": {"_permanent": True, "planted": "x"},
    "a remembered sign-in": {"_remember": "set", "_remember_seconds": 999},
    "a way back": {"next": "https://planted.example"},
    "much": {f"planted-{number}": "x" for number in range(20)},
}


@pytest.mark.parametrize("planted", PLANTED)
def test_nothing_planted_in_a_session_outlives_signing_in(
    ada: int, visitor: Visitor, another: Callable[[], Visitor], planted: str
) -> None:
    with visitor.client.session_transaction(base_url=ORIGIN) as session:
        session.update(PLANTED[planted])
    visitor.get("/sign-in")
    with visitor.client.session_transaction(base_url=ORIGIN) as session:
        form_token = session["csrf_token"]
    before = session_cookie(visitor)
    visitor.press("Sign in", email=EMAIL, password=PASSWORD)
    with visitor.client.session_transaction(base_url=ORIGIN) as session:
        assert set(session) <= {"_user_id", "_fresh", "_id", "csrf_token"}
        assert session.get("csrf_token") != form_token
        assert "planted" not in str(dict(session))
    planter = another()
    planter.client.set_cookie(COOKIE, before, domain="127.0.0.1", secure=True)
    assert not is_signed_in(planter)
    assert is_signed_in(visitor)


def test_another_persons_sign_in_planted_in_a_browser_is_left_behind(
    ada: int, add_person: Callable[..., int], sign_in: Callable[[int], Visitor]
) -> None:
    browser = sign_in(add_person("Mallory Intruder"))
    token = browser.csrf_token()
    browser.post("/sign-in", {"csrf_token": token, "email": EMAIL, "password": PASSWORD})
    browser.get("/")
    assert "Ada Brown" in browser.response.text
    assert "Mallory" not in browser.response.text


@pytest.mark.parametrize("role", list(Role))
def test_a_suspended_persons_open_session_ends_with_the_next_request(
    app: Flask, add_person: Callable[..., int], sign_in: Callable[[int], Visitor], role: Role
) -> None:
    add_person("Another One", Role.ADMINISTRATOR)  # the last administrator is not suspended
    person_id = add_person("Sue Spended", role)
    browsers = [sign_in(person_id), sign_in(person_id)]
    tokens = [browser.csrf_token() for browser in browsers]
    assert all(is_signed_in(browser) for browser in browsers)
    with app.app_context():
        run(lambda: actions.suspend(db.session.get_one(Person, person_id)))
    browsers[0].post("/assessments/start", {"csrf_token": tokens[0], "seat": 1})
    assert browsers[0].response.headers["Location"] == "/sign-in"
    assert not any(is_signed_in(browser) for browser in browsers)
    if role == Role.ADMINISTRATOR:
        browsers[1].get("/admin", status=302)


def test_sessions_end_even_where_only_the_mark_is_set(app: Flask, ada: int, visitor: Visitor) -> None:
    enter(visitor)

    def mark() -> None:
        db.session.get_one(Person, ada).suspended_at = now()

    with app.app_context():
        run(mark)
    assert not is_signed_in(visitor)


def test_the_database_keeps_no_token_that_could_be_used(app: Flask, ada: int, visitor: Visitor) -> None:
    enter(visitor)
    ask_for_link(visitor)
    token = links(app)[0].rsplit("/", 1)[1]
    with visitor.client.session_transaction(base_url=ORIGIN) as session:
        secrets = {token, session["_user_id"]}
    with app.app_context():
        kept = {row.token_hash for row in db.session.scalars(select(SignIn))}
        kept |= {row.token_hash for row in db.session.scalars(select(PasswordReset))}
    assert not kept & secrets
    assert all(len(value) == 64 for value in kept)


def test_signing_in_again_ends_the_sign_in_before(
    app: Flask, ada: int, visitor: Visitor, another: Callable[[], Visitor]
) -> None:
    enter(visitor)
    kept, token = session_cookie(visitor), visitor.csrf_token()
    visitor.post("/sign-in", {"csrf_token": token, "email": EMAIL, "password": PASSWORD})
    assert is_signed_in(visitor)
    earlier = another()
    earlier.client.set_cookie(COOKIE, kept, domain="127.0.0.1", secure=True)
    assert not is_signed_in(earlier), "nobody could sign it out any more"


@pytest.mark.both_databases
def test_a_password_that_changes_while_it_is_checked_opens_nothing(
    app: Flask, ada: int, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    check = actions.check_password

    def check_while_it_changes(email: str, password: str) -> Any:
        found = check(email, password)
        assert found is not None
        read = SimpleNamespace(person_id=found.person_id, password_hash=found.password_hash)
        run(lambda: actions.add_account(EMAIL, password="another password altogether"))
        return read

    monkeypatch.setattr(actions, "check_password", check_while_it_changes)
    enter(visitor, status=422)
    assert not is_signed_in(visitor)
