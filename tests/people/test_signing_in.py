"""Signing in by password: nobody learns who has an account, and guessing is limited."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from flask import Flask

from catalogue.clock import now
from catalogue.extensions import db
from catalogue.people import actions
from catalogue.people.models import Person
from catalogue.transactions import run
from tests.conftest import PASSWORD
from tests.people.door import EMAIL, ask_for_link, enter, is_signed_in, links
from tests.visitor import Visitor

OTHER_CLIENT = {"REMOTE_ADDR": "203.0.113.5"}


# Addresses and passwords


def test_somebody_signs_in_and_lands_where_they_were_going(ada: int, visitor: Visitor) -> None:
    visitor.get("/assessments/start?x=1", status=302)
    visitor.follow()
    visitor.press("Sign in", email=EMAIL, password=PASSWORD)
    assert visitor.response.headers["Location"] == "/assessments/start?x=1"
    visitor.follow()
    assert "Ada Brown" in visitor.response.text


@pytest.mark.parametrize("typed", [f" {EMAIL} ", EMAIL.upper(), "Ada.Brown@Test.Example"])
def test_an_address_may_be_written_in_any_case(ada: int, visitor: Visitor, typed: str) -> None:
    enter(visitor, email=typed)
    assert is_signed_in(visitor)


def test_a_wrong_password_is_said_at_the_field_and_the_address_is_kept(ada: int, visitor: Visitor) -> None:
    enter(visitor, password="not my password", status=422)
    page = visitor.page
    error = page.select_one("#password-error")
    assert error is not None
    assert "The email address or the password is not right" in error.get_text()
    assert page.select_one(".nhsuk-error-summary a[href='#password']") is not None
    email, password = page.select_one("input[name=email]"), page.select_one("input[name=password]")
    assert email is not None
    assert password is not None
    assert email["value"] == EMAIL
    assert not password.get("value")
    assert "not my password" not in visitor.response.text
    assert not is_signed_in(visitor)


def test_nothing_typed_is_said_at_each_field(visitor: Visitor) -> None:
    enter(visitor, email="", password="", status=422)
    assert visitor.page.select_one("#email-error") is not None
    assert visitor.page.select_one("#password-error") is not None


def refusal_of(visitor: Visitor, email: str) -> str:
    """The page that refuses this address, without what differs from page to page."""
    enter(visitor, email=email, password="not the password", status=422)
    text = visitor.response.text.replace(email, "ADDRESS")
    return re.sub(r'(nonce|name="csrf_token" value)="[^"]+"', "", text)


def test_nobody_learns_which_addresses_have_an_account(
    app: Flask, ada: int, add_person: Callable[..., int], another: Callable[[], Visitor]
) -> None:
    add_person("Without Password")
    suspended = add_person("Sue Spended")
    with app.app_context():
        run(lambda: actions.suspend(db.session.get_one(Person, suspended)))
    addresses = [EMAIL, "nobody@test.example", "without.password@test.example", "sue.spended@test.example"]
    assert len({refusal_of(another(), address) for address in addresses}) == 1


def test_a_suspended_person_cannot_sign_in(app: Flask, ada: int, visitor: Visitor) -> None:
    with app.app_context():
        run(lambda: actions.suspend(db.session.get_one(Person, ada)))
    enter(visitor, status=422)
    assert not is_signed_in(visitor)


# Limits


@pytest.mark.limited
def test_guessing_is_limited_and_the_victim_is_not_locked_out(
    ada: int, visitor: Visitor, another: Callable[[], Visitor]
) -> None:
    for _ in range(10):
        enter(visitor, password="a guess", status=422)
    enter(visitor, password="a guess", status=429)
    assert "Too many tries" in visitor.text()
    enter(visitor, email=EMAIL.upper(), status=429)
    enter(visitor, email="somebody.else@test.example", password="a guess", status=422)
    victim = another()
    victim.client.environ_base.update(OTHER_CLIENT)
    enter(victim)
    assert is_signed_in(victim)


@pytest.mark.limited
def test_a_client_is_limited_over_all_addresses(ada: int, visitor: Visitor, another: Callable[[], Visitor]) -> None:
    token = visitor.csrf_token()
    for number in range(60):
        visitor.post("/sign-in", {"csrf_token": token, "email": f"{number}@test.example"}, status=422)
    visitor.post("/sign-in", {"csrf_token": token, "email": EMAIL, "password": PASSWORD}, status=429)
    visitor.get("/sign-in")
    victim = another()
    victim.client.environ_base.update(OTHER_CLIENT)
    enter(victim)


@pytest.mark.limited
def test_the_limit_ends_after_ten_minutes(ada: int, visitor: Visitor) -> None:
    with time_machine.travel(now(), tick=False) as clock:
        for _ in range(10):
            enter(visitor, password="", status=422)
        enter(visitor, status=429)
        clock.shift(timedelta(minutes=10, seconds=1))
        enter(visitor)


@pytest.mark.limited
def test_nobodys_mailbox_can_be_flooded(app: Flask, ada: int, visitor: Visitor) -> None:
    for _ in range(5):
        ask_for_link(visitor)
    visitor.get("/sign-in/forgotten")
    visitor.press("Send me a link", status=429, email=EMAIL)
    assert len(links(app)) == 5
