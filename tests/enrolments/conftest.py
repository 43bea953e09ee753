"""Looking into the service's database, and the two offers that these tests are about."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from catalogue.clock import in_london, now
from catalogue.enrolments.models import Enrolment
from catalogue.extensions import db
from catalogue.offers.models import Offer, Run
from catalogue.outbox import Delivery
from catalogue.people.models import AuditEvent
from catalogue.transactions import run

SELF_PACED = "ten-minute-huddle"
WITH_RUNS = "running-meetings-people-value"


@pytest.fixture
def ask(app: Flask) -> Callable[[Callable[[], Any]], Any]:
    """Ask the database something; the answer is read before its session ends."""

    def question(reading: Callable[[], Any]) -> Any:
        with app.app_context():
            return reading()

    return question


@pytest.fixture
def change(app: Flask) -> Callable[[Callable[[], Any]], Any]:
    """Change something, in a transaction of its own."""

    def act(action: Callable[[], Any]) -> Any:
        with app.app_context():
            return run(action)

    return act


@pytest.fixture
def set_run(change: Callable[[Callable[[], Any]], Any]) -> Callable[..., int]:
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
