"""Several workers send nothing twice, and one that dies loses nothing."""

import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from flask import Flask
from huey import Huey

from catalogue import outbox
from catalogue.outbox import LEASE, DeliveryState, TryAgain
from catalogue.settings import Settings
from tests.catalogue.deliveries import Post, stored, write

pytestmark = pytest.mark.catalogue_alone


@pytest.mark.both_databases
def test_two_workers_on_one_delivery_send_it_once(app: Flask, post: Post) -> None:
    with app.app_context():
        outbox.wake_with(app, lambda _ids, _wait: None)
        delivery_ids = [write(number, lane=str(number)) for number in range(5)]
    workers = 6
    together = threading.Barrier(workers)

    def work() -> None:
        together.wait()
        with app.app_context():
            for delivery_id in delivery_ids:
                outbox.deliver(delivery_id)

    with ThreadPoolExecutor(workers) as pool:
        for done in [pool.submit(work) for _ in range(workers)]:
            done.result()
    assert sorted(post.got) == [0, 1, 2, 3, 4]
    assert post.tries == 5


@pytest.mark.both_databases
def test_workers_side_by_side_keep_each_lane_in_order(app: Flask, post: Post) -> None:
    lanes, each = 3, 6
    with app.app_context():
        outbox.wake_with(app, lambda _ids, _wait: None)
        for number in range(each):
            for lane in range(lanes):
                write((lane, number), lane=str(lane))

    def work() -> None:
        with app.app_context():
            while outbox.waiting_for(["note"]):
                outbox.deliver_due()

    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(work) for _ in range(4)]:
            done.result()
    assert len(post.got) == lanes * each
    for lane in range(lanes):
        assert [number for at, number in post.got if at == lane] == list(range(each))


HERE = Path(__file__).parents[2]

KILLED = """
import os, signal, sys
from catalogue import outbox
from catalogue.app import create_app
from catalogue.settings import Settings
app = create_app(Settings(env="development", database_url=sys.argv[1], instance=sys.argv[2]))
outbox.register_kind(app, "note", lambda payload: os.kill(os.getpid(), signal.SIGKILL))
with app.app_context():
    outbox.deliver_due()
"""


@pytest.mark.both_databases
@pytest.mark.usefixtures("context", "woken")
def test_a_worker_that_is_killed_loses_nothing(post: Post, database_url: str, tmp_path: Path) -> None:
    delivery_id = write("hello")
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, database_url, str(tmp_path)], cwd=HERE, env=os.environ, check=False
    )
    assert killed.returncode == -signal.SIGKILL
    assert stored(delivery_id).attempts == 1
    assert outbox.deliver_due() == 0, "it may still be in the other worker's hands"
    with time_machine.travel(datetime.now(UTC) + LEASE + timedelta(seconds=1)):
        assert outbox.deliver_due() == 1
    assert post.got == ["hello"]


@pytest.mark.usefixtures("context", "woken")
@pytest.mark.parametrize("late", [None, TryAgain("answer 503"), RuntimeError("broken")])
def test_what_a_worker_says_that_comes_back_late_does_not_undo_a_delivery(app: Flask, late: Exception | None) -> None:
    delivery_id = write("hello")

    def slow(_payload: dict[str, Any]) -> None:
        outbox.register_kind(app, "note", lambda _payload: None)
        with time_machine.travel(datetime.now(UTC) + LEASE * 2):
            assert outbox.deliver_due() == 1, "its lease is over, another worker has it"
        if late is not None:
            raise late

    outbox.register_kind(app, "note", slow)
    outbox.deliver(delivery_id)
    assert stored(delivery_id).state == DeliveryState.DELIVERED


@pytest.mark.usefixtures("context")
def test_a_lost_wake_up_is_found_by_the_sweep(app: Flask, post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    huey: Huey = app.extensions["huey"]

    def broken(*_args: object) -> None:
        raise ConnectionError("the queue is down")

    with monkeypatch.context() as down:
        down.setattr(huey.storage, "enqueue", broken)
        delivery_id = write("hello")
    assert huey.pending_count() == 0
    assert stored(delivery_id).state == DeliveryState.WAITING
    sweep(huey)
    assert post.got == ["hello"]


def sweep(huey: Huey) -> None:
    (task,) = [task for task in huey._registry.periodic_tasks if task.name == "sweep"]
    huey.execute(task)


@pytest.mark.usefixtures("context", "woken")
def test_a_sweep_that_was_killed_does_not_keep_the_next_from_sweeping(
    app: Flask, post: Post, settings: Settings
) -> None:
    from catalogue.app import create_app

    class Killed(BaseException):
        pass

    def die(_payload: dict[str, Any]) -> None:
        raise Killed

    outbox.register_kind(app, "note", die)
    write("hello", lane="one")
    with pytest.raises(Killed):
        sweep(app.extensions["huey"])
    again = create_app(settings)
    outbox.register_kind(again, "note", post)
    write("more", lane="two")
    sweep(again.extensions["huey"])
    assert post.got == ["more"]
