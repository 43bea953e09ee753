"""A link sets a password once and within the hour, and tells nobody who has an account."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from catalogue.clock import now
from catalogue.extensions import db
from catalogue.outbox import Delivery
from catalogue.people import actions
from catalogue.people.models import Person
from catalogue.transactions import run
from tests.people.door import EMAIL, ask_for_link, enter, is_signed_in, links
from tests.visitor import ORIGIN, Visitor


def test_a_link_sets_the_password_once_and_ends_every_sign_in(
    app: Flask, ada: int, visitor: Visitor, another: Callable[[], Visitor]
) -> None:
    elsewhere = another()
    enter(elsewhere)
    ask_for_link(visitor)
    (link,) = links(app)
    visitor.get(link)
    visitor.press("Set the password", status=200, password="a new long password")
    assert not is_signed_in(elsewhere)
    assert not is_signed_in(visitor), "a link in a mailbox sets a password, and signs nobody in"
    enter(visitor, status=422)
    enter(visitor, password="a new long password")
    late = another()
    late.get(link, status=410)
    assert "does not work any more" in late.text()
    late.post(link, {"csrf_token": late.csrf_token(), "password": "yet another password"}, status=410)
    enter(another(), password="a new long password")


def test_setting_a_password_uses_up_the_other_links_too(app: Flask, ada: int, visitor: Visitor) -> None:
    ask_for_link(visitor)
    ask_for_link(visitor)
    first, second = links(app)
    visitor.get(second)
    visitor.press("Set the password", status=200, password="a new long password")
    visitor.get(first, status=410)


def test_a_link_lasts_an_hour(app: Flask, ada: int, visitor: Visitor) -> None:
    with time_machine.travel(now(), tick=False) as clock:
        ask_for_link(visitor)
        (link,) = links(app)
        clock.shift(timedelta(hours=1, seconds=-1))
        visitor.get(link)
        clock.shift(timedelta(seconds=1))
        visitor.press("Set the password", status=410, password="a new long password")
        visitor.get(link, status=410)
        assert visitor.page.find("a", href="/sign-in/forgotten") is not None
    enter(visitor)


def test_a_short_password_is_refused_and_the_link_stays(app: Flask, ada: int, visitor: Visitor) -> None:
    ask_for_link(visitor)
    (link,) = links(app)
    visitor.get(link)
    visitor.press("Set the password", status=422, password="short")
    assert visitor.page.select_one("#password-error") is not None
    assert "short" not in str(visitor.page.select_one("form"))
    visitor.press("Set the password", status=200, password="long enough now")


@pytest.mark.parametrize("token", ["", "x", "%00", "a" * 5000, "../../sign-out"])
def test_a_link_that_nobody_sent_opens_nothing(visitor: Visitor, token: str) -> None:
    answer = visitor.client.get(f"/sign-in/reset/{token}", base_url=ORIGIN)
    assert answer.status_code in (400, 404, 410)


def test_unknown_addresses_get_the_same_page_and_no_message(
    app: Flask, ada: int, add_person: Callable[..., int], another: Callable[[], Visitor]
) -> None:
    suspended = add_person("Sue Spended")
    with app.app_context():
        run(lambda: actions.suspend(db.session.get_one(Person, suspended)))
    pages = set()
    for email in (EMAIL, "nobody@test.example", "sue.spended@test.example"):
        visitor = another()
        ask_for_link(visitor, email)
        assert email in visitor.text()
        pages.add(visitor.text().replace(email, "ADDRESS"))
    assert len(pages) == 1
    with app.app_context():
        sent = db.session.scalars(select(Delivery)).all()
        assert [mail.payload["to"] for mail in sent] == [EMAIL]


@pytest.mark.parametrize("typed", ["", "ada", "ada@", "a b@test.example", "x" * 300 + "@test.example"])
def test_what_is_no_address_is_said_at_the_field(app: Flask, visitor: Visitor, typed: str) -> None:
    visitor.get("/sign-in/forgotten")
    visitor.press("Send me a link", status=422, email=typed)
    assert visitor.page.select_one("#email-error") is not None
    assert links(app) == []
