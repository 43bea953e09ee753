"""How long an import of 5,000 courses takes, and how much memory: read, compared, written, and sent again."""

import io
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from flask_migrate import upgrade

from catalogue.extensions import db
from catalogue.interchange.access import Rights
from catalogue.interchange.names import Names
from catalogue.interchange.reading import read
from catalogue.interchange.rows import OfferRow
from catalogue.interchange.write import By, plan_all, write_all
from catalogue.offers.references import References
from catalogue.resources import resource_dir
from catalogue.seeding.load import load
from catalogue.settings import Settings
from catalogue.transactions import run
from everyseat import create_app
from tests import databases
from tests.interchange.importing import as_csv, provider, rows

COURSES = 5000
T = TypeVar("T")


def report() -> None:
    print(f"Imports: {COURSES:,} courses, each with a run, in CSV")
    print("  database    read   dry run   write   the same again   rows a second written   peak memory")
    with tempfile.TemporaryDirectory() as folder, databases.fresh_postgres() as postgres:
        for name, url in (("SQLite", f"sqlite:///{folder}/bench.sqlite"), ("PostgreSQL", postgres)):
            _measure(name, url, Path(folder))


def _measure(name: str, url: str, folder: Path) -> None:
    app = create_app(Settings(env="development", database_url=url, instance=folder))
    with app.app_context():
        upgrade()
        run(lambda: load(resource_dir("seed"), demo=True))
        content = as_csv(rows(COURSES)).encode()
        names = Names.of(References())
        reading, offers = _timed(lambda: list(read(io.BytesIO(content), "courses.csv", names)))
        dry, _planned = _timed(lambda: _dry_run(offers))
        writing, _written = _timed(lambda: run(lambda: _write(offers)))
        again, _same = _timed(lambda: run(lambda: _write(offers)))
        db.session.remove()
        db.engine.dispose()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"  {name:10}  {reading:4.1f} s  {dry:6.1f} s  {writing:4.1f} s  {again:13.1f} s"
        f"  {COURSES / writing:22,.0f}  {peak:8.0f} MiB"
    )


def _timed(what: Callable[[], T]) -> tuple[float, T]:
    began = time.perf_counter()
    result = what()
    return time.perf_counter() - began, result


def _dry_run(offers: list[OfferRow]) -> int:
    return sum(len(chunk) for chunk in plan_all(provider().id, offers, Rights.PUBLISH))


def _write(offers: list[OfferRow]) -> int:
    return sum(len(chunk) for chunk in write_all(provider(), offers, By(Rights.PUBLISH)))
