"""What cannot be delivered is tried again later and later, and parked with its reason in the end."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from huey import Huey
from sqlalchemy import select

from catalogue import outbox
from catalogue.extensions import db
from catalogue.outbox import GIVE_UP_AFTER, LONGEST_WAIT, Delivery, DeliveryState, TryAgain
from catalogue.transactions import run
from tests.catalogue.deliveries import NOON, Post, stored, waits, write

pytestmark = pytest.mark.catalogue_alone


@pytest.mark.usefixtures("context", "woken")
def test_what_has_been_delivered_is_not_sent_again(post: Post) -> None:
    delivery_id = write("hello")
    assert outbox.deliver(delivery_id)
    assert not outbox.deliver(delivery_id)
    assert outbox.deliver_due() == 0
    assert post.got == ["hello"]
    assert stored(delivery_id).finished_at


@pytest.mark.usefixtures("context", "woken")
def test_a_side_that_cannot_take_it_is_tried_again_later_and_later(post: Post) -> None:
    post.fault = TryAgain("answer 503")
    with time_machine.travel(NOON, tick=False) as clock:
        delivery_id = write("hello")
        pauses: list[timedelta] = []
        for attempt in range(1, 15):
            assert outbox.deliver_due() == 1
            assert outbox.deliver_due() == 0, "not before it is due"
            pauses.append(waits())
            expected = min(timedelta(seconds=2**attempt), LONGEST_WAIT)
            assert expected * 0.8 <= pauses[-1] <= expected * 1.2
            clock.shift(pauses[-1] + timedelta(milliseconds=1))
        assert stored(delivery_id).last_error == "answer 503"
        post.fault = None
        outbox.deliver_due()
        assert post.got == ["hello"]
        assert stored(delivery_id).state == DeliveryState.DELIVERED
        assert stored(delivery_id).last_error == ""


@pytest.mark.usefixtures("context", "woken")
@pytest.mark.parametrize(
    ("asked", "at_least"),
    [
        (timedelta(minutes=20), timedelta(minutes=20)),
        (timedelta(hours=5), timedelta(hours=5)),
        (timedelta(days=30), GIVE_UP_AFTER),
        (timedelta(0), timedelta(seconds=1)),
        (None, timedelta(seconds=1)),
    ],
)
def test_what_the_other_side_asks_for_is_waited_for(asked: timedelta | None, at_least: timedelta, post: Post) -> None:
    post.fault = TryAgain("answer 429", asked)
    with time_machine.travel(NOON, tick=False):
        write("hello")
        outbox.deliver_due()
        assert at_least <= waits() <= max(at_least, timedelta(seconds=3))


@pytest.mark.usefixtures("context")
def test_what_is_put_off_wakes_the_worker_when_it_is_due(app: Flask, post: Post) -> None:
    post.fault = TryAgain("answer 429", timedelta(minutes=20))
    huey: Huey = app.extensions["huey"]
    with time_machine.travel(NOON, tick=False) as clock:
        delivery_id = write("hello")
        huey.execute(huey.dequeue())
        huey.execute(huey.dequeue())  # it is for later: the queue puts it on its schedule
        assert huey.read_schedule(timestamp=datetime.now(UTC).replace(tzinfo=None)) == []
        post.fault = None
        clock.shift(timedelta(minutes=20, seconds=1))
        (task,) = huey.read_schedule(timestamp=datetime.now(UTC).replace(tzinfo=None))
        huey.execute(task)
    assert post.got == ["hello"]
    assert stored(delivery_id).state == DeliveryState.DELIVERED


@pytest.mark.usefixtures("context")
def test_after_72_hours_it_is_parked_where_an_administrator_sees_it(post: Post, woken: list[int]) -> None:
    post.fault = TryAgain("answer 503")
    with time_machine.travel(NOON, tick=False) as clock:
        delivery_id, after = write("hello"), write("and then")
        woken.clear()
        while stored(delivery_id).state == DeliveryState.WAITING:
            clock.shift(max(stored(delivery_id).due_at - datetime.now(UTC), timedelta(0)))
            outbox.deliver(delivery_id)
        assert datetime.now(UTC) == NOON + GIVE_UP_AFTER, "the last try is at the end, and no pause goes beyond it"
        parked = stored(delivery_id)
        assert (parked.state, parked.last_error) == (DeliveryState.PARKED, "answer 503")
        assert parked.finished_at
        assert [row.id for row in outbox.waiting_for(["note"])] == [delivery_id, after]
        assert woken == [after], "the lane goes on"


@pytest.mark.usefixtures("context")
def test_any_other_fault_parks_it_with_its_reason_and_the_lane_goes_on(post: Post, woken: list[int]) -> None:
    post.fault = PermissionError("answer 403: not your line item")
    first, second = write("one"), write("two")
    woken.clear()
    outbox.deliver(first)
    assert stored(first).state == DeliveryState.PARKED
    assert stored(first).last_error == "PermissionError: answer 403: not your line item"
    assert woken == [second]
    post.fault = None
    outbox.deliver_due()
    assert post.got == ["two"]
    assert post.tries == 2


@pytest.mark.usefixtures("context", "woken")
def test_a_kind_that_nobody_knows_is_parked() -> None:
    delivery_id = run(lambda: outbox.write("of old", "lane", {}).id)
    outbox.deliver_due()
    assert stored(delivery_id).state == DeliveryState.PARKED
    assert "of old" in stored(delivery_id).last_error


@pytest.mark.usefixtures("context", "woken")
def test_what_a_sender_changed_before_it_failed_is_not_kept(app: Flask) -> None:
    def send(_payload: dict[str, Any]) -> None:
        db.session.add(Delivery(kind="left behind", lane="", payload={}))
        db.session.flush()
        raise TryAgain("not now")

    outbox.register_kind(app, "note", send)
    write("hello")
    outbox.deliver_due()
    assert db.session.scalars(select(Delivery).where(Delivery.kind == "left behind")).all() == []
