"""SQLite has one writer at a time: whoever waits to write keeps no connection from others, and is served in the end."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from flask import Flask
from sqlalchemy import event, update

from catalogue.extensions import POOL, db
from catalogue.people.models import Person
from catalogue.transactions import run
from tests.conftest import Ask
from tests.enrolments.at_once import post
from tests.enrolments.conftest import SELF_PACED, states
from tests.visitor import Visitor

MANY = POOL["pool_size"] + POOL["max_overflow"] + 5
TRIES = 600
"""How often is looked whether all have come as far as they can, a twentieth of a second apart."""


def test_more_wait_to_write_than_there_are_connections(app: Flask, learner: Visitor, ask: Ask) -> None:
    begun, ended = threading.Event(), threading.Event()
    taken: list[int] = []

    def write_long() -> None:
        def act() -> None:
            db.session.execute(update(Person).values(name="Somebody"))
            begun.set()
            ended.wait()

        with app.app_context():
            run(act)

    def took(*_: Any) -> None:
        taken.append(1)

    press = post(learner, f"/offers/{SELF_PACED}/enrol")
    with app.app_context():
        engine = db.engine
    with ThreadPoolExecutor(MANY + 1) as pool:
        writer = pool.submit(write_long)
        begun.wait()
        event.listen(engine, "checkout", took)
        waiting = [pool.submit(press) for _ in range(MANY)]
        try:
            assert any(_all_wait(engine.pool, taken) for _ in range(TRIES)), "whoever waits holds a connection"
            learner.get("/enrolments")
        finally:
            event.remove(engine, "checkout", took)
            ended.set()
        writer.result()
        assert [one.result() for one in waiting] == [302] * MANY
    assert [state for _person, state in ask(states)] == ["booked"]


def _all_wait(pool: Any, taken: list[int]) -> bool:
    """Whether each has read who asks, and only the one who writes has a connection."""
    time.sleep(0.05)
    return len(taken) >= MANY and pool.checkedout() == 1
