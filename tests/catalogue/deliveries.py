"""Another side to deliver to, and what is written for it."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select

from catalogue import outbox
from catalogue.extensions import db
from catalogue.outbox import Delivery, DeliveryState
from catalogue.transactions import run

NOON = datetime(2027, 3, 1, 12, tzinfo=UTC)


class Post:
    """Another side: keeps what it was sent, and answers as it is told to."""

    def __init__(self) -> None:
        self.got: list[Any] = []
        self.tries = 0
        self.fault: BaseException | None = None

    def __call__(self, payload: dict[str, Any]) -> None:
        self.tries += 1
        if self.fault is not None:
            raise self.fault
        self.got.append(payload["say"])


def write(say: object, lane: str = "lane") -> int:
    return run(lambda: outbox.write("note", lane, {"say": say}).id)


def stored(delivery_id: int) -> Delivery:
    db.session.rollback()
    return db.session.get_one(Delivery, delivery_id)


def waits() -> timedelta:
    """How long the only waiting delivery is put off for."""
    db.session.rollback()
    due_at = db.session.scalars(select(Delivery.due_at).where(Delivery.state == DeliveryState.WAITING)).one()
    return due_at - datetime.now(UTC)
