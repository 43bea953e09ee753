"""Work that is done beside the web: Huey carries ids and wakes workers; the truth stays in the database."""

import threading
from collections.abc import Callable
from datetime import timedelta
from urllib.parse import urlsplit

import structlog
from flask import Flask
from huey import Huey, PostgresHuey, RedisHuey, SqliteHuey, crontab
from huey.serializer import SignedSerializer

from catalogue import outbox
from catalogue.settings import Settings

NAME = "everyseat"
log = structlog.get_logger()


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
    app.extensions["huey"] = huey
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


def register_daily(app: Flask, name: str, function: Callable[[], None]) -> None:
    """Have every worker call this once a day; it finds for itself what there is to do, and may find nothing."""

    @app.extensions["huey"].periodic_task(crontab(hour="3", minute="20"), name=name)  # type: ignore[untyped-decorator]
    def daily() -> None:
        with app.app_context():
            function()


def work(app: Flask, workers: int = 2) -> None:
    """Work until told to stop."""
    with app.app_context():
        outbox.deliver_due()
    app.extensions["huey"].create_consumer(
        workers=workers, worker_type="thread", periodic=True, scheduler_interval=1
    ).run()
