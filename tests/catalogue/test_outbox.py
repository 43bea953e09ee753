"""What is to be sent is written with what causes it, and goes out whatever happens in between."""

import email
import email.policy
import os
import signal
import smtplib
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import redis
import time_machine
from flask import Flask
from huey import Huey
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from catalogue import jobs, mail, outbox
from catalogue.extensions import db
from catalogue.outbox import GIVE_UP_AFTER, LEASE, LONGEST_WAIT, Delivery, DeliveryState, TryAgain
from catalogue.settings import Settings
from catalogue.transactions import run
from tests import databases

pytestmark = pytest.mark.catalogue_alone
NOON = datetime(2027, 3, 1, 12, tzinfo=UTC)
HERE = Path(__file__).parents[2]


@pytest.fixture
def context(app: Flask) -> Iterator[None]:
    with app.app_context():
        yield


@pytest.fixture
def woken(app: Flask) -> list[int]:
    """Whom the web has asked the worker to deliver."""
    ids: list[int] = []

    def wake(delivery_ids: list[int], wait: timedelta) -> None:
        if not wait:
            ids.extend(delivery_ids)

    outbox.wake_with(app, wake)
    return ids


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


@pytest.fixture
def post(app: Flask) -> Post:
    other_side = Post()
    outbox.register_kind(app, "note", other_side)
    return other_side


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


# Tried again, given up, parked


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


# Several workers, and workers that die


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


# Queues


@pytest.fixture(params=["sqlite", "postgresql", "redis"])
def queue(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of a queue of its own."""
    monkeypatch.setattr(jobs, "NAME", f"test-{uuid4().hex[:12]}")
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'queue.sqlite'}"
    elif request.param == "postgresql":
        with databases.fresh_postgres() as url:
            yield url
    else:
        try:
            redis.Redis.from_url(databases.REDIS).ping()
        except redis.RedisError as fault:
            databases.missing("Redis", fault)
        yield databases.REDIS
        jobs.make_huey(databases.REDIS).flush()


def test_what_one_process_asks_for_another_does(queue: str) -> None:
    done: list[int] = []
    asks, works = jobs.make_huey(queue), jobs.make_huey(queue)
    ask = asks.task(name="note")(done.append)
    works.task(name="note")(done.append)
    ask(7)
    assert works.pending_count() == 1
    works.execute(works.dequeue())
    assert done == [7]
    assert works.dequeue() is None


def test_each_queue_carries_a_delivery_to_its_worker(queue: str, settings: Settings) -> None:
    from catalogue.app import create_app

    app = create_app(settings.model_copy(update={"jobs_url": queue}))
    other_side = Post()
    outbox.register_kind(app, "note", other_side)
    with app.app_context():
        write("hello")
        db.session.remove()
        db.engine.dispose()
    huey = app.extensions["huey"]
    huey.execute(huey.dequeue())
    assert other_side.got == ["hello"]


@pytest.mark.parametrize("spelling", ["postgres://", "postgresql://", "postgresql+psycopg://"])
def test_a_postgresql_queue_may_be_spelled_as_people_do(spelling: str) -> None:
    with databases.fresh_postgres() as url:
        huey = jobs.make_huey(spelling + url.split("://", 1)[1])
        assert huey.pending_count() == 0


@pytest.mark.parametrize("url", ["amqp://127.0.0.1/", "http://127.0.0.1/", "", "everyseat.sqlite"])
def test_an_address_that_is_no_queue_is_refused_by_name(url: str) -> None:
    with pytest.raises(ValueError, match="EVERYSEAT_JOBS_URL"):
        jobs.make_huey(url)


# Mail


@pytest.fixture
def mailbox(settings: Settings) -> Callable[[], list[EmailMessage]]:
    """The messages in the folder that development writes them to."""
    folder = settings.folder / "mail"

    def read() -> list[EmailMessage]:
        return [
            email.message_from_bytes(file.read_bytes(), policy=email.policy.default)  # type: ignore[arg-type]
            for file in sorted(folder.glob("*.eml"))
        ]

    return read


def send_mail(to: str, subject: str, text: str = "Hello") -> Delivery:
    run(lambda: mail.write_mail(to, subject, text))
    outbox.deliver_due()
    db.session.rollback()
    return db.session.scalars(select(Delivery).order_by(Delivery.id.desc()).limit(1)).one()


@pytest.mark.usefixtures("context", "woken")
def test_a_message_becomes_a_file_that_one_can_read(mailbox: Callable[[], list[EmailMessage]]) -> None:
    text = "Dear Zoë,\n\nthe ward – yours – has a place.\n"
    delivery = send_mail("zoe@test.example", "You are enrolled: Führen & führen lassen", text)
    assert delivery.state == DeliveryState.DELIVERED
    (message,) = mailbox()
    assert message["To"] == "zoe@test.example"
    assert message["Subject"] == "You are enrolled: Führen & führen lassen"
    assert message["From"] == "Every Seat <no-reply@everyseat.example>"
    assert message["Date"]
    assert message.get_content() == text


@pytest.mark.usefixtures("context", "woken")
@pytest.mark.parametrize("break_", ["\n", "\r\n", "\r", "\n ", "\x0b", "\x0c", "\x85", "\u2028"])
def test_a_title_cannot_add_a_header(break_: str, mailbox: Callable[[], list[EmailMessage]]) -> None:
    subject = f"You are enrolled: Lead{break_}Bcc: victim@test.example{break_}{break_}<p>text</p>"
    assert send_mail("lena@test.example", subject).state == DeliveryState.DELIVERED
    (message,) = mailbox()
    assert message["Bcc"] is None
    assert message["Subject"] == "You are enrolled: Lead Bcc: victim@test.example <p>text</p>"
    assert message.get_content() == "Hello\n"


@pytest.mark.usefixtures("context", "woken")
@pytest.mark.parametrize(
    "to",
    [
        "lena@test.example\nBcc: victim@test.example",
        "lena@test.example\r\n\r\ntext",
        "lena@test.example, victim@test.example",
        "lena@test.example; victim@test.example",
        "Lena <lena@test.example>",
        "group: lena@test.example, victim@test.example;",
        "lena",
        "",
    ],
)
def test_an_address_is_one_address_or_nothing_is_sent(to: str, mailbox: Callable[[], list[EmailMessage]]) -> None:
    delivery = send_mail(to, "Hello")
    assert delivery.state == DeliveryState.PARKED
    assert delivery.last_error
    assert mailbox() == []


class Smtp:
    """An SMTP server that answers with a fault."""

    fault: Exception | None = None
    sent: list[EmailMessage]

    def __init__(self, *_args: object, **_options: object) -> None:
        pass

    def __enter__(self) -> "Smtp":
        return self

    def __exit__(self, *_fault: object) -> None:
        pass

    def send_message(self, message: EmailMessage) -> None:
        if self.fault is not None:
            raise self.fault
        self.sent.append(message)


@pytest.mark.usefixtures("context", "woken")
@pytest.mark.parametrize(
    ("fault", "state"),
    [
        (None, DeliveryState.DELIVERED),
        (smtplib.SMTPRecipientsRefused({"a": (450, b"greylisted")}), DeliveryState.WAITING),
        (smtplib.SMTPRecipientsRefused({"a": (550, b"no such mailbox")}), DeliveryState.PARKED),
        (smtplib.SMTPDataError(451, b"later"), DeliveryState.WAITING),
        (smtplib.SMTPDataError(554, b"not this"), DeliveryState.PARKED),
        (smtplib.SMTPAuthenticationError(535, b"wrong password"), DeliveryState.WAITING),
        (smtplib.SMTPServerDisconnected("gone"), DeliveryState.WAITING),
        (TimeoutError("slow"), DeliveryState.WAITING),
        (ConnectionRefusedError(), DeliveryState.WAITING),
    ],
)
def test_a_mail_server_that_may_take_it_later_is_tried_again(
    fault: Exception | None, state: DeliveryState, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    app.extensions["settings"] = app.extensions["settings"].model_copy(
        update={"mail_url": "smtp://mail.test.example:25"}
    )
    Smtp.fault, Smtp.sent = fault, []
    monkeypatch.setattr(smtplib, "SMTP", Smtp)
    assert send_mail("lena@test.example", "Hello").state == state
    assert len(Smtp.sent) == (state == DeliveryState.DELIVERED)
