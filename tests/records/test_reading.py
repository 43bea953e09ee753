"""A program that reads what was said of people leaves an event: who read, of whom if they are known, and no name."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from catalogue.extensions import db
from catalogue.people.models import AuditEvent, Person, Role
from tests.conftest import Ask
from tests.records.conftest import SLUG, Elsewhere, agent, new_id, statement
from tests.visitor import Visitor


def readings() -> list[tuple[str, str, dict[str, Any]]]:
    events = select(AuditEvent).where(AuditEvent.action == "statements read").order_by(AuditEvent.id)
    return [(event.actor_key, event.subject, event.detail) for event in db.session.scalars(events)]


def key_of(person_id: int) -> Callable[[], str]:
    return lambda: db.session.get_one(Person, person_id).key


@pytest.mark.both_databases
def test_reading_statements_is_noted_with_keys_alone(
    store: Elsewhere, add_person: Callable[..., int], ask: Ask
) -> None:
    lena, reader = ask(key_of(add_person("Lena Learner"))), ask(key_of(store.person_id))
    known = {"account": {"homePage": "http://127.0.0.1:8000", "name": lena}}
    (of_lena,) = store.send(statement(actor=known))
    (of_somebody,) = store.send(statement(actor=agent("somebody@else.example") | {"name": "Somebody Else"}))
    store.get()
    store.get(statementId=of_lena, format="ids")
    store.get(statementId=of_somebody)
    assert ask(readings) == [
        (reader, "statements", {"statements": 2, "people": 1, "keys": [lena]}),
        (reader, f"statement:{of_lena}", {"statements": 1, "people": 1, "keys": [lena]}),
        (reader, f"statement:{of_somebody}", {"statements": 1, "people": 0, "keys": []}),
    ]


def test_what_shows_nobodys_record_is_no_reading(
    store: Elsewhere, elsewhere: Callable[..., Elsewhere], ask: Ask
) -> None:
    me = ask(key_of(store.person_id))
    (mine,) = store.send(statement(actor={"account": {"homePage": "http://127.0.0.1:8000", "name": me}}))
    store.get(statementId=mine)
    elsewhere(Role.PARTNER, SLUG).get()
    store.get(statementId=new_id(), status=404)
    store.get(colour="red", status=400)
    store.ask("HEAD")
    assert ask(readings) == []


def test_who_it_was_about_finds_it_in_what_is_held_about_them(store: Elsewhere, learner: Visitor, ask: Ask) -> None:
    def noted() -> int:
        learner.get("/about-you")
        found = re.search(r"What others did with your record: (\d+) entr", learner.text())
        return int(found[1]) if found else 0

    lena = ask(lambda: db.session.scalars(select(Person.key).where(Person.name == "Lena Learner")).one())
    store.send(statement(actor={"account": {"homePage": "http://127.0.0.1:8000", "name": lena}}))
    before = noted()
    store.get()
    assert noted() == before + 1
