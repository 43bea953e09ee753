"""Looking into the service's database, the two offers that these tests are about, and the people on them."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from catalogue.clock import in_london, now
from catalogue.enrolments.models import Completion, Enrolment, StepDone
from catalogue.extensions import db
from catalogue.offers.models import Offer, Run
from catalogue.outbox import Delivery
from catalogue.people.models import AuditEvent, Role
from catalogue.transactions import run
from tests.visitor import Visitor

SELF_PACED = "ten-minute-huddle"
WITH_RUNS = "running-meetings-people-value"

Ask = Callable[[Callable[[], Any]], Any]
SignIn = Callable[[int], Visitor]
AddPerson = Callable[..., int]


@pytest.fixture
def ask(app: Flask) -> Ask:
    """Ask the database something; the answer is read before its session ends."""

    def question(reading: Callable[[], Any]) -> Any:
        with app.app_context():
            return reading()

    return question


@pytest.fixture
def change(app: Flask) -> Ask:
    """Change something, in a transaction of its own."""

    def act(action: Callable[[], Any]) -> Any:
        with app.app_context():
            return run(action)

    return act


@pytest.fixture
def set_run(change: Ask) -> Callable[..., int]:
    """Give the first run of the offer with runs this state, start or number of places; returns its id."""

    def set_values(**values: object) -> int:
        def act() -> int:
            found = first_run()
            for name, value in values.items():
                setattr(found, name, value)
            return found.id

        return int(change(act))

    return set_values


def first_run() -> Run:
    return db.session.scalars(
        select(Run).join(Run.offer).where(Offer.slug == WITH_RUNS).order_by(Run.starts_on).limit(1)
    ).one()


def today() -> date:
    return in_london(now()).date()


def yesterday() -> date:
    return today() - timedelta(days=1)


def states() -> list[tuple[int, str]]:
    """Every enrolment: whose it is and how it stands, in the order in which they were asked for."""
    rows = db.session.execute(select(Enrolment.person_id, Enrolment.state).order_by(Enrolment.id))
    return [(person_id, str(state)) for person_id, state in rows]


def mails() -> list[tuple[str, str]]:
    """Every message that has been written: to whom, and its subject."""
    payloads = db.session.scalars(select(Delivery.payload).where(Delivery.kind == "mail").order_by(Delivery.id))
    return [(payload["to"], payload["subject"]) for payload in payloads]


def audited(action: str) -> int:
    return len(db.session.scalars(select(AuditEvent).where(AuditEvent.action == action)).all())


def written() -> dict[str, int]:
    """How many rows there are of all that enrolling can write."""
    tables = (Enrolment, StepDone, Completion, AuditEvent)
    return {table.__tablename__: db.session.scalar(select(func.count()).select_from(table)) or 0 for table in tables}


@pytest.fixture
def new_learner(add_person: AddPerson, sign_in: SignIn) -> Callable[[str], Visitor]:
    return lambda name: sign_in(add_person(name))


@pytest.fixture
def organisation_of(ask: Ask) -> Callable[[str], int]:
    """The provider of an offer, by the offer's address."""

    def find(slug: str) -> int:
        return int(ask(lambda: db.session.scalar(select(Offer.provider_id).where(Offer.slug == slug))))

    return find


@pytest.fixture
def partner(add_person: AddPerson, sign_in: SignIn, organisation_of: Callable[[str], int]) -> Visitor:
    """A partner of the provider of the offer with runs."""
    return sign_in(add_person("Pia Partner", Role.PARTNER, organisation_id=organisation_of(WITH_RUNS)))
