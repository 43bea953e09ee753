"""Work that is done beside the web: Huey carries ids and wakes workers; the truth stays in the database."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

import structlog
from flask import Flask, current_app
from huey import Huey, PostgresHuey, RedisHuey, SqliteHuey, crontab
from huey.serializer import SignedSerializer
from sqlalchemy import event
from sqlalchemy.orm import Session

from catalogue import outbox
from catalogue.errors import DomainError
from catalogue.extensions import db
from catalogue.settings import Settings
from catalogue.transactions import run

NAME = "everyseat"
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Work:
    """A kind of work on rows of a table: how the queue is told of one, and which are to be done."""

    tell: Callable[[int], object]
    due: Callable[[], Sequence[int]]


def make_huey(url: str, secret: str) -> Huey:
    """A queue for a SQLite, PostgreSQL or Redis address; raises ``ValueError`` for any other.

    What is put into it is signed: who can write there cannot make a worker run what they wrote.
    """
    serializer = SignedSerializer(secret=secret, salt=NAME)
    scheme = urlsplit(url).scheme.split("+")[0]
    if scheme == "sqlite":
        return SqliteHuey(NAME, serializer=serializer, filename=url.removeprefix("sqlite:///"))
    if scheme in ("postgres", "postgresql"):
        return PostgresHuey(NAME, serializer=serializer, dsn="postgresql://" + url.split("://", 1)[1])
    if scheme in ("redis", "rediss"):
        return RedisHuey(NAME, serializer=serializer, url=url)
    raise ValueError(f"EVERYSEAT_JOBS_URL: {scheme}:// is not a queue we know (sqlite, postgresql, redis)")


def register_jobs(app: Flask) -> None:
    settings: Settings = app.extensions["settings"]
    huey = make_huey(settings.jobs, settings.signing_secret)
    app.extensions["huey"], app.extensions["work"] = huey, {}
    sweeping = threading.Lock()

    @huey.task(name="deliver")  # type: ignore[untyped-decorator]
    def deliver(delivery_id: int) -> None:
        with app.app_context():
            outbox.deliver(delivery_id)

    @huey.periodic_task(crontab(minute="*"), name="sweep")  # type: ignore[untyped-decorator]
    def sweep() -> None:
        """Finds what a lost wake-up missed and what is due again."""
        # One sweep at a time in a process. Huey's own lock is kept in its storage: a worker that is killed
        # would leave it locked for ever. Sweeps in two processes do no harm, since deliveries are claimed.
        if not sweeping.acquire(blocking=False):
            return
        try:
            with app.app_context():
                _tell_of_what_is_due()
                outbox.deliver_due()
        finally:
            sweeping.release()

    def wake(delivery_ids: list[int], wait: timedelta) -> None:
        try:
            for delivery_id in delivery_ids:
                deliver.schedule(args=(delivery_id,), delay=wait) if wait else deliver(delivery_id)
        except Exception:  # the delivery is safe in the database: the sweep finds it
            log.warning("a wake-up was lost; the sweep will find the deliveries", exc_info=True)

    outbox.wake_with(app, wake)


def register_work(app: Flask, name: str, do: Callable[[int], None], due: Callable[[], Sequence[int]]) -> None:
    """Have workers do something with rows, by id: with one that ``wake`` names, and with those that are ``due``.

    A worker may hear of a row several times, and several at the same time: ``do`` claims it.
    """

    @app.extensions["huey"].task(name=name)  # type: ignore[untyped-decorator]
    def task(row_id: int) -> None:
        with app.app_context():
            do(row_id)

    app.extensions["work"][name] = _Work(task, due)


def wake(name: str, row_id: int) -> None:
    """Within a transaction, have a worker see to a row once that has been committed."""
    db.session.info.setdefault("work", []).append((name, row_id))


@event.listens_for(Session, "after_commit")
def _tell(session: Session) -> None:
    if not session.in_nested_transaction():
        for name, row_id in session.info.pop("work", []):
            _tell_of(name, row_id)


@event.listens_for(Session, "after_rollback")
def _forget(session: Session) -> None:
    if not session.in_nested_transaction():
        session.info.pop("work", None)


def _tell_of(name: str, row_id: int) -> None:
    try:
        current_app.extensions["work"][name].tell(row_id)
    except Exception:  # that it is to be done stands in the database: the sweep finds it
        log.warning("a wake-up was lost; the sweep will find the work", work=name, exc_info=True)


def _tell_of_what_is_due() -> None:
    for name, work in current_app.extensions["work"].items():
        for row_id in work.due():
            _tell_of(name, row_id)


def register_daily(app: Flask, name: str, function: Callable[[], None]) -> None:
    """Have every worker call this once a day; it finds for itself what there is to do, and may find nothing."""
    _register(app, name, crontab(hour="3", minute="20"), function)


def register_hourly(app: Flask, name: str, function: Callable[[], None]) -> None:
    """Have every worker call this soon after every full hour, so soon after midnight in London too."""
    _register(app, name, crontab(minute="1"), function)


def _register(app: Flask, name: str, when: Callable[..., bool], function: Callable[[], None]) -> None:
    @app.extensions["huey"].periodic_task(when, name=name)  # type: ignore[untyped-decorator]
    def periodic() -> None:
        with app.app_context():
            function()


def on_its_day(action: Callable[[], object]) -> None:
    """Do one thing that is due, in a transaction of its own, so that none keeps another from its day."""
    try:
        run(action)
    except DomainError:
        log.info("nothing to do on its day any more", exc_info=True)
    except Exception:
        log.error("could not do what was due", exc_info=True)


def work(app: Flask, workers: int = 2) -> None:
    """Work until told to stop."""
    with app.app_context():
        _tell_of_what_is_due()
        outbox.deliver_due()
    app.extensions["huey"].create_consumer(
        workers=workers, worker_type="thread", periodic=True, scheduler_interval=1
    ).run()
