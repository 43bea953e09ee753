"""Who has to do with systems."""

from collections.abc import Callable

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import select

from catalogue.cli import command_line
from catalogue.extensions import db
from catalogue.outbox import Delivery
from catalogue.people import actions
from catalogue.people.models import Person, Role
from catalogue.systems.models import Membership, Organisation, System
from catalogue.transactions import run
from tests.conftest import Ask
from tests.visitor import Visitor

LEEDS = "leeds-teaching-hospitals"


@pytest.fixture
def lead_of(app: Flask, add_person: Callable[..., int], sign_in: Callable[[int], Visitor]) -> Callable[..., Visitor]:
    """A lead of the systems with these keys."""

    def make(*keys: str) -> Visitor:
        person_id = add_person(f"Lead of {len(keys)} {'-'.join(keys)[:20]}")

        def give() -> None:
            person = db.session.get_one(Person, person_id)
            for system in db.session.scalars(select(System).where(System.key.in_(keys))):
                actions.grant(person, Role.LEAD, system_id=system.id)

        with app.app_context():
            run(give)
        return sign_in(person_id)

    return make


@pytest.fixture
def staff_of(app: Flask) -> Callable[[str, int], None]:
    """So many people in an organisation, whom nobody can sign in as."""

    def make(key: str, count: int) -> None:
        def add() -> None:
            there = db.session.scalars(select(Organisation).where(Organisation.key == key)).one()
            for number in range(count):
                person = Person(name=f"Staff {number:03} of {key}")
                db.session.add(Membership(person=person, organisation=there, staff_number=f"{key[:3]}-{number}"))

        with app.app_context():
            run(add)

    return make


@pytest.fixture
def letters(ask: Ask) -> Callable[[], list[str]]:
    """The subjects of what has been written to people."""
    sent = select(Delivery.payload).where(Delivery.kind == "mail").order_by(Delivery.id)
    return lambda: [payload["subject"] for payload in ask(lambda: db.session.scalars(sent).all())]


@pytest.fixture
def command(app: Flask) -> Callable[..., Result]:
    """Run a command, and check how it ends."""

    def run_it(*words: str, status: int = 0) -> Result:
        result = app.test_cli_runner().invoke(command_line(lambda: app), list(words))
        assert result.exit_code == status, result.output
        return result

    return run_it


@pytest.fixture
def keeper(app: Flask, add_person: Callable[..., int], sign_in: Callable[[int], Visitor]) -> Visitor:
    """The administrator of one organisation."""
    with app.app_context():
        there = db.session.scalars(select(Organisation.id).where(Organisation.key == LEEDS)).one()
    return sign_in(add_person("Kay Keeper", Role.ADMINISTRATOR, organisation_id=there))
