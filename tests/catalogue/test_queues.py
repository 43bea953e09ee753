"""Each kind of queue carries what the web asks for to a worker."""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
import redis

from catalogue import jobs, outbox
from catalogue.extensions import db
from catalogue.settings import Settings
from tests import databases
from tests.catalogue.deliveries import Post, write

pytestmark = pytest.mark.catalogue_alone

SECRET = "a secret that every worker shares"


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
        jobs.make_huey(databases.REDIS, SECRET).flush()


def test_what_one_process_asks_for_another_does(queue: str) -> None:
    done: list[int] = []
    asks, works = jobs.make_huey(queue, SECRET), jobs.make_huey(queue, SECRET)
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
        huey = jobs.make_huey(spelling + url.split("://", 1)[1], SECRET)
        assert huey.pending_count() == 0


@pytest.mark.parametrize("url", ["amqp://127.0.0.1/", "http://127.0.0.1/", "", "everyseat.sqlite"])
def test_an_address_that_is_no_queue_is_refused_by_name(url: str) -> None:
    with pytest.raises(ValueError, match="EVERYSEAT_JOBS_URL"):
        jobs.make_huey(url, SECRET)
