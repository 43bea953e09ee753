"""What is to be sent is written with what causes it, and goes out in the order of its lane."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from catalogue import outbox
from catalogue.extensions import db
from catalogue.outbox import Delivery, TryAgain
from catalogue.transactions import run
from tests.catalogue.deliveries import NOON, Post, write

pytestmark = pytest.mark.catalogue_alone


# Written in the transaction


@pytest.mark.usefixtures("context")
def test_the_worker_is_woken_once_the_delivery_can_be_seen(app: Flask) -> None:
    seen: list[list[int]] = []

    def wake(ids: list[int], _wait: timedelta) -> None:
        with app.app_context():  # as another connection sees it
            seen.append(list(db.session.scalars(select(Delivery.id).where(Delivery.id.in_(ids)))))

    outbox.wake_with(app, wake)
    delivery_id = write("hello")
    assert seen == [[delivery_id]]


@pytest.mark.usefixtures("context")
def test_after_a_rollback_nothing_waits_and_nobody_is_woken(woken: list[int]) -> None:
    def act() -> None:
        outbox.write("note", "lane", {"say": "hello"})
        raise RuntimeError("something else went wrong")

    with pytest.raises(RuntimeError):
        run(act)
    assert db.session.scalars(select(Delivery)).all() == []
    run(lambda: None)
    assert woken == []


@pytest.mark.both_databases
@pytest.mark.usefixtures("context")
@pytest.mark.parametrize("savepoint_fails", [False, True])
def test_a_savepoint_neither_wakes_too_early_nor_forgets(woken: list[int], *, savepoint_fails: bool) -> None:
    def act() -> int:
        delivery = outbox.write("note", "lane", {"say": "hello"})
        savepoint = db.session.begin_nested()
        if savepoint_fails:
            savepoint.rollback()
        else:
            savepoint.commit()
        assert woken == []
        return delivery.id

    delivery_id = run(act)
    assert woken == [delivery_id]


@pytest.mark.usefixtures("context", "woken")
def test_an_action_that_runs_again_writes_once(post: Post) -> None:
    tries: list[int] = []

    def act() -> None:
        tries.append(1)
        outbox.write("note", "lane", {"say": "hello"})
        if len(tries) < 3:
            raise OperationalError("", {}, Exception("database is locked"))

    run(act)
    outbox.deliver_due()
    assert post.got == ["hello"]


# Lanes


@pytest.mark.usefixtures("context", "woken")
def test_a_lane_keeps_its_order_and_another_overtakes_it(post: Post, app: Flask) -> None:
    blocked = {"busy"}

    def send(payload: dict[str, Any]) -> None:
        if payload["say"][0] in blocked:
            raise TryAgain("busy")
        post(payload)

    outbox.register_kind(app, "note", send)
    with time_machine.travel(NOON, tick=False) as clock:
        for number in range(3):
            write(("busy", number), lane="busy")
            write(("free", number), lane="free")
        outbox.deliver_due()
        assert post.got == [["free", 0], ["free", 1], ["free", 2]]
        blocked.clear()
        outbox.deliver_due()
        assert len(post.got) == 3, "the second does not overtake the first, which is not due"
        clock.shift(timedelta(seconds=10))
        outbox.deliver_due()
        assert post.got[3:] == [["busy", 0], ["busy", 1], ["busy", 2]]


@pytest.mark.usefixtures("context", "woken")
def test_many_that_wait_in_one_lane_do_not_keep_the_sweep_from_the_others(post: Post) -> None:
    post.fault = TryAgain("busy")
    first = write("first", lane="busy")
    outbox.deliver(first)
    for number in range(5):
        write(number, lane="busy")
    post.fault = None
    write("free", lane="free")
    outbox.deliver_due(limit=3)
    assert post.got == ["free"]


@pytest.mark.usefixtures("context")
def test_whoever_finishes_one_wakes_the_next_in_its_lane(post: Post, woken: list[int]) -> None:
    first, second = write("one"), write("two")
    woken.clear()
    assert not outbox.deliver(second), "not before the first"
    outbox.deliver(first)
    assert woken == [second]
    outbox.deliver(second)
    assert woken == [second]
    assert post.got == ["one", "two"]
