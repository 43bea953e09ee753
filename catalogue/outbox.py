"""Deliveries to others: written in the transaction that causes them, sent by the worker, at least once.

A kind of delivery is a function that does the sending, registered by whoever knows how. It returns when the
other side has it, raises ``TryAgain`` where a later try may do, and anything else where it needs a person.
Deliveries in the same lane go out in the order in which they were written.
"""

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import structlog
from flask import Flask, current_app
from sqlalchemy import JSON, ColumnElement, Exists, Index, String, Text, event, select
from sqlalchemy.orm import Mapped, Session, aliased, mapped_column

from catalogue.clock import now
from catalogue.extensions import Base, UtcDateTime, db
from catalogue.transactions import run

log = structlog.get_logger()
LEASE = timedelta(seconds=90)
"""How long one worker has a delivery to itself; longer than all its time-outs together."""
GIVE_UP_AFTER = timedelta(hours=72)
LONGEST_WAIT = timedelta(hours=1)

Send = Callable[[dict[str, Any]], None]
Wake = Callable[[list[int], timedelta], None]
"""Tells the worker of deliveries, and how long it is until they are due."""
AT_ONCE = timedelta(0)


class DeliveryState(StrEnum):
    WAITING = "waiting"
    DELIVERED = "delivered"
    PARKED = "parked"
    DROPPED = "dropped"  # by a person, who saw it parked


class TryAgain(Exception):
    """The other side can't take it now; ``after`` is what it asked for, if it did."""

    def __init__(self, reason: str, after: timedelta | None = None) -> None:
        super().__init__(reason)
        self.after = after


class Delivery(Base):
    __tablename__ = "delivery"
    __table_args__ = (
        Index("ix_delivery_state_due_at", "state", "due_at"),
        Index("ix_delivery_lane_state", "lane", "state"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(40))
    lane: Mapped[str] = mapped_column(String(200))
    payload: Mapped[dict[str, Any]] = mapped_column(JSON)
    state: Mapped[DeliveryState] = mapped_column(String(20), default=DeliveryState.WAITING)
    attempts: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    tried_until: Mapped[datetime] = mapped_column(UtcDateTime, default=lambda: now() + GIVE_UP_AFTER)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_error: Mapped[str] = mapped_column(Text, default="")


@dataclass
class _Outbox:
    kinds: dict[str, Send]
    forgotten: set[str]
    wake: Wake


def register_outbox(app: Flask) -> None:
    app.extensions["outbox"] = _Outbox(kinds={}, forgotten=set(), wake=lambda _ids, _wait: None)


def register_kind(app: Flask, kind: str, send: Send, *, forget: bool = False) -> None:
    """Say how a kind is sent, and whether what it said is forgotten once it has been delivered."""
    app.extensions["outbox"].kinds[kind] = send
    if forget:
        app.extensions["outbox"].forgotten.add(kind)


def wake_with(app: Flask, wake: Wake) -> None:
    app.extensions["outbox"].wake = wake


def write(kind: str, lane: str, payload: dict[str, Any]) -> Delivery:
    """Write a delivery in the present transaction; the worker is woken once that has been committed."""
    delivery = Delivery(kind=kind, lane=lane, payload=payload)
    db.session.add(delivery)
    db.session.flush()
    db.session.info.setdefault("written", []).append(delivery.id)
    return delivery


@event.listens_for(Session, "after_commit")
def _wake(session: Session) -> None:
    if session.in_nested_transaction():
        return  # a savepoint: nothing can be seen from outside yet
    written = session.info.pop("written", [])
    if written:
        current_app.extensions["outbox"].wake(written, AT_ONCE)


@event.listens_for(Session, "after_rollback")
def _forget(session: Session) -> None:
    if not session.in_nested_transaction():
        session.info.pop("written", None)


def deliver_due(limit: int = 500) -> int:
    """Deliver what is due, oldest first; returns how many were tried.

    What waits behind a delivery that is not due is left out, so that one lane that stands still never takes
    up all of ``limit``.
    """
    earlier = aliased(Delivery)
    ids = db.session.scalars(
        select(Delivery.id)
        .where(
            Delivery.state == DeliveryState.WAITING,
            Delivery.due_at <= now(),
            ~_waits_before(earlier, earlier.due_at > now()),
        )
        .order_by(Delivery.id)
        .limit(limit)
    ).all()
    db.session.rollback()
    return sum(deliver(delivery_id) for delivery_id in ids)


def deliver(delivery_id: int) -> bool:
    """Deliver one, unless it is done, not due, in another worker's hands, or waits for an earlier one in its lane."""
    claimed = run(lambda: _claim(delivery_id))
    if claimed is None:
        return False
    kind, payload = claimed
    try:
        send = current_app.extensions["outbox"].kinds[kind]
        send(payload)
    except TryAgain as reason:
        why, after = str(reason), reason.after
        next_to_try, wait = run(lambda: _put_off(delivery_id, why, after))
    except Exception as fault:
        why = f"{type(fault).__name__}: {fault}"
        log.error("delivery parked", delivery=delivery_id, kind=kind, fault=type(fault).__name__)
        next_to_try, wait = run(lambda: _finish(delivery_id, DeliveryState.PARKED, why)), AT_ONCE
    else:
        next_to_try, wait = run(lambda: _finish(delivery_id, DeliveryState.DELIVERED)), AT_ONCE
    if next_to_try is not None:
        current_app.extensions["outbox"].wake([next_to_try], wait)
    return True


def _waits_before(earlier: type[Delivery], *more: ColumnElement[bool]) -> Exists:
    """Whether an ``earlier`` one in the same lane has not been delivered yet."""
    return (
        select(earlier.id)
        .where(
            earlier.lane == Delivery.lane,
            earlier.state == DeliveryState.WAITING,
            earlier.id < Delivery.id,
            *more,
        )
        .exists()
    )


def _claim(delivery_id: int) -> tuple[str, dict[str, Any]] | None:
    delivery = db.session.scalar(
        select(Delivery)
        .where(
            Delivery.id == delivery_id,
            Delivery.state == DeliveryState.WAITING,
            Delivery.due_at <= now(),
            ~_waits_before(aliased(Delivery)),
        )
        .with_for_update(skip_locked=True, of=Delivery)
    )
    if delivery is None:
        return None
    delivery.due_at = now() + LEASE
    delivery.attempts += 1
    return delivery.kind, delivery.payload


def _put_off(delivery_id: int, reason: str, after: timedelta | None) -> tuple[int | None, timedelta]:
    """What to wake for, and in how long: it is tried again after a while that doubles each time, or after what
    was asked for, and a last time when its 72 hours are over.
    """
    delivery = db.session.get_one(Delivery, delivery_id)
    left = delivery.tried_until - now()
    if delivery.state == DeliveryState.DELIVERED or left <= AT_ONCE:
        return _finish(delivery_id, DeliveryState.PARKED, reason), AT_ONCE
    delivery.last_error = reason
    doubled = timedelta(seconds=2 ** min(delivery.attempts, 20))
    wait = min(doubled, LONGEST_WAIT) * random.uniform(0.8, 1.2)  # noqa: S311
    wait = min(max(wait, after or AT_ONCE), left)
    delivery.due_at = now() + wait
    return delivery_id, wait


def _finish(delivery_id: int, state: DeliveryState, error: str = "") -> int | None:
    """Returns the next in the lane. Delivered stays delivered, whatever a worker that came back late says."""
    delivery = db.session.get_one(Delivery, delivery_id)
    if delivery.state != DeliveryState.DELIVERED:
        delivery.state = state
        delivery.last_error = error
        delivery.finished_at = now()
        if state == DeliveryState.DELIVERED and delivery.kind in current_app.extensions["outbox"].forgotten:
            delivery.payload = {}
    return db.session.scalar(
        select(Delivery.id)
        .where(Delivery.lane == delivery.lane, Delivery.state == DeliveryState.WAITING)
        .order_by(Delivery.id)
        .limit(1)
    )


def try_again(delivery: Delivery) -> None:
    """Within a transaction, set a parked delivery going once more, with all its time before it.

    What was written later in its lane may be out already: what is sent must stand that, or refuse.
    """
    if delivery.state != DeliveryState.PARKED:
        return
    delivery.state, delivery.last_error, delivery.finished_at = DeliveryState.WAITING, "", None
    delivery.attempts, delivery.due_at, delivery.tried_until = 0, now(), now() + GIVE_UP_AFTER
    db.session.flush()
    db.session.info.setdefault("written", []).append(delivery.id)


def drop(delivery: Delivery) -> None:
    """Within a transaction, give up a parked delivery: it is never sent, and stays as what it was."""
    if delivery.state == DeliveryState.PARKED:
        delivery.state, delivery.finished_at = DeliveryState.DROPPED, now()


def waiting_for(kinds: Iterable[str]) -> list[Delivery]:
    """What has not been delivered, nor given up, oldest first."""
    return list(
        db.session.scalars(
            select(Delivery)
            .where(Delivery.kind.in_(list(kinds)), Delivery.state.in_([DeliveryState.WAITING, DeliveryState.PARKED]))
            .order_by(Delivery.id)
        )
    )
