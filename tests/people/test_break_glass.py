"""The way in when nothing else works: one link, used once, in everybody's sight."""

import threading
from collections.abc import Callable
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
import time_machine
from click.testing import CliRunner, Result
from flask import Flask
from sqlalchemy import select

from catalogue import cli
from catalogue.clock import now
from catalogue.errors import Refused
from catalogue.extensions import db
from catalogue.outbox import Delivery
from catalogue.people import actions, break_glass
from catalogue.people.models import AuditEvent, BreakGlassLink, Person, Role, SignIn
from catalogue.transactions import run
from tests.conftest import Ask
from tests.people.door import is_signed_in
from tests.visitor import Visitor

EMAIL = "adam.administrator@test.example"
WHY = "the telephone was lost"


@pytest.fixture
def adam(add_person: Callable[..., int]) -> int:
    add_person("Bea Baker", Role.ADMINISTRATOR)
    add_person("Lee Lead", Role.LEAD, organisation_id=1)
    add_person("Abe Elsewhere", Role.ADMINISTRATOR, organisation_id=1)
    return add_person("Adam Administrator", Role.ADMINISTRATOR)


@pytest.fixture
def command(app: Flask) -> Callable[..., Result]:
    return lambda *words: CliRunner().invoke(cli.command_line(lambda: app), ["users", "break-glass", *words])


@pytest.fixture
def link(adam: int, command: Callable[..., Result]) -> str:
    """The path of a link that was just made."""
    result = command(EMAIL, "--reason", WHY)
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("http://127.0.0.1:8000/sign-in/break-glass/")
    return urlsplit(result.stdout.split()[0]).path


@pytest.mark.both_databases
def test_it_signs_an_administrator_in_once_and_everybody_is_told(
    link: str, adam: int, visitor: Visitor, another: Callable[[], Visitor], ask: Ask
) -> None:
    visitor.get(link)
    assert not is_signed_in(visitor), "opening it does nothing yet"
    visitor.press("Sign in now")
    visitor.follow()
    assert visitor.response.request.path == "/admin"
    thief = another()
    thief.get(link, status=410)

    mails = ask(lambda: [mail.payload for mail in db.session.scalars(select(Delivery).where(Delivery.kind == "mail"))])
    assert sorted(mail["to"] for mail in mails) == [EMAIL, "bea.baker@test.example"]
    assert all(WHY in mail["text"] and link not in mail["text"] for mail in mails)
    key = ask(lambda: db.session.get_one(Person, adam).key)
    glass = select(AuditEvent).where(AuditEvent.action.startswith("break-glass")).order_by(AuditEvent.id)
    events = ask(lambda: db.session.scalars(glass).all())
    assert [(event.action, event.subject) for event in events] == [
        ("break-glass link made", key), ("break-glass link used", key),
    ]  # fmt: skip
    assert events[0].detail["reason"] == WHY
    assert link.rsplit("/", 1)[1] not in ask(lambda: db.session.scalars(select(BreakGlassLink)).one().token_hash)
    sign_in = ask(lambda: db.session.scalars(select(SignIn)).one())
    assert sign_in.via == "break-glass"
    assert sign_in.expires_at <= now() + timedelta(hours=1)


def test_it_is_old_after_a_quarter_of_an_hour(link: str, visitor: Visitor) -> None:
    with time_machine.travel(now(), tick=False) as clock:
        visitor.get(link)
        clock.shift(15 * 60 + 1)
        visitor.press("Sign in now", status=410)
        visitor.get(link, status=410)
    assert not is_signed_in(visitor)


@pytest.mark.both_databases
def test_of_many_who_use_it_at_once_one_is_let_in(app: Flask, link: str) -> None:
    let_in: list[bool] = []
    token, ready = link.rsplit("/", 1)[1], threading.Barrier(5)

    def come() -> None:
        with app.app_context():
            ready.wait()
            try:
                let_in.append(bool(run(lambda: break_glass.use(token))))
            except Refused:
                let_in.append(False)

    threads = [threading.Thread(target=come) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(let_in) == [False] * 4 + [True]


@pytest.mark.parametrize("meanwhile", ["suspended", "no administrator"])
def test_it_opens_nothing_for_whoever_is_no_administrator_any_more(
    link: str, adam: int, visitor: Visitor, change: Ask, meanwhile: str
) -> None:
    def act() -> None:
        person = db.session.get_one(Person, adam)
        if meanwhile == "suspended":
            actions.suspend(person)
        else:
            actions.end_grant(person.all_grants[0])

    change(act)
    visitor.get(link)
    visitor.press("Sign in now", status=409)
    assert not is_signed_in(visitor)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([EMAIL], "Missing option '--reason'"),
        ([EMAIL, "--reason", " "], "Say why"),
        (["lee.lead@test.example", "--reason", WHY], "administrators of the whole service"),
        (["abe.elsewhere@test.example", "--reason", WHY], "administrators of the whole service"),
        (["nobody@test.example", "--reason", WHY], "there is no account"),
    ],
)
def test_it_is_made_for_administrators_with_a_reason(
    adam: int, command: Callable[..., Result], ask: Ask, words: list[str], said: str
) -> None:
    result = command(*words)
    assert result.exit_code != 0
    assert said in result.output
    assert ask(lambda: db.session.scalars(select(BreakGlassLink)).all()) == []
    assert ask(lambda: db.session.scalars(select(Delivery)).all()) == []


@pytest.mark.parametrize("token", ["x", "%00", "..%2f", "a" * 500])
def test_a_made_up_link_opens_nothing(visitor: Visitor, token: str) -> None:
    answer = visitor.client.get(f"/sign-in/break-glass/{token}", base_url="https://127.0.0.1:8000")
    assert answer.status_code in (400, 404, 410)
