"""A grade that the platform has refused, more like it, and what was done about them."""

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select

from catalogue.extensions import db
from catalogue.outbox import Delivery, DeliveryState
from catalogue.people.models import AuditEvent
from catalogue.transactions import run
from tests.lti.platform import Platform
from tests.visitor import Visitor

Deliver = Callable[[], list[tuple[str, str]]]
Complete = Callable[[str], int]
KEPT, TRIED, ALL_TRIED = "grade of the platform kept", "grade tried again", "grades tried again"
SCORES = "/items/1/lineitem/scores"


@pytest.fixture
def refused(
    visitor: Visitor, platform: Platform, slugs: list[str], complete: Complete, deliver: Deliver
) -> list[tuple[str, str]]:
    """The platform has refused a score."""
    platform.launch(visitor)
    complete(slugs[0])
    platform.faults.append((SCORES, (400, {}, {"error": "cannot be graded"})))
    return deliver()


@pytest.fixture
def audited(app: Flask) -> Callable[[], list[str]]:
    def events() -> list[str]:
        with app.app_context():
            wanted = select(AuditEvent.action).where(AuditEvent.action.in_([KEPT, TRIED, ALL_TRIED]))
            return list(db.session.scalars(wanted.order_by(AuditEvent.id)))

    return events


def park_more(app: Flask, count: int) -> None:
    """So many more like the first one, each in a lane of its own."""

    def add() -> None:
        first = db.session.scalars(select(Delivery).where(Delivery.kind == "score").order_by(Delivery.id)).first()
        assert first is not None
        for number in range(count):
            db.session.add(
                Delivery(
                    kind="score", lane=f"copy {number}", payload=first.payload, state=DeliveryState.PARKED,
                    attempts=1, last_error=first.last_error,
                )
            )  # fmt: skip

    with app.app_context():
        run(add)
