"""How long Track takes over very many enrolments, on both databases, and against a plain count of them in SQL."""

import os
import tempfile
import time
from itertools import islice
from pathlib import Path

from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import func, select, text

from bench.enrolments import enrolments
from bench.search import milliseconds, postgresql, sqlite
from catalogue.clock import today
from catalogue.enrolments.models import Enrolment
from catalogue.extensions import db
from catalogue.reports.tracking.figures import figures_of
from catalogue.reports.tracking.files import Table
from catalogue.reports.tracking.filters import Eyes, Filters, Sight, next_by
from catalogue.reports.tracking.queries import all_rows, rows_of
from catalogue.resources import resource_dir
from catalogue.seeding.load import load
from catalogue.settings import Settings
from catalogue.spreadsheets import csv_lines
from catalogue.systems.models import System
from catalogue.systems.queries import IS_AREA
from catalogue.transactions import run
from everyseat import create_app

ENROLMENTS = int(os.environ.get("EVERYSEAT_BENCH_ENROLMENTS", "1000000"))
TIMES = 3
OF_A_FILE = 100_000
"""Rows of a file that are timed: each takes as long as the one before."""


def report() -> None:
    with tempfile.TemporaryDirectory() as folder:
        for name, opened in (("SQLite", sqlite(Path(folder))), ("PostgreSQL", postgresql())):
            with opened as url:
                measure(create_app(Settings(env="development", database_url=url, instance=Path(folder))), name)


def measure(app: Flask, name: str) -> None:
    with app.app_context():
        upgrade()
        run(lambda: load(resource_dir("seed"), demo=True))
        began = time.perf_counter()
        run(lambda: enrolments(ENROLMENTS))
        db.session.execute(text("ANALYZE"))
        db.session.commit()
        took = time.perf_counter() - began
        print(f"\nTrack, {name}: {ENROLMENTS:,} enrolments, written in {took:.0f} s; medians of {TIMES}, in ms")
        plain = milliseconds(lambda: db.session.scalar(select(func.count(Enrolment.created_at))), TIMES)
        print(f"  a plain count of all, {plain:.0f}; in brackets, how often that")
        print(f"  {'':22}  {'first rows':>14}  {'rows far on':>14}  {'figures':>16}")
        key, system_id = db.session.execute(select(System.key, System.id).where(IS_AREA).order_by(System.id)).first()
        everybody = Sight(Eyes.ALL)
        for asked, sight, filters in (
            ("everybody's", everybody, Filters()),
            ("overdue", everybody, Filters(state="overdue")),
            ("completed", everybody, Filters(state="completed")),
            ("one system's", everybody, Filters(system=key)),
            ("one system's, overdue", everybody, Filters(system=key, state="overdue")),
            ("a lead's", Sight(Eyes.PEOPLE, systems=frozenset({system_id})), Filters()),
        ):
            _line(asked, sight, filters, plain)
        _file(everybody)
        db.session.remove()
        db.engine.dispose()


def _line(asked: str, sight: Sight, filters: Filters, plain: float) -> None:
    by, day = next_by(filters, sight), today()
    times = [
        milliseconds(lambda: rows_of(sight, filters, day), TIMES),
        milliseconds(lambda: rows_of(sight, filters, day, after=ENROLMENTS // 2), TIMES),
        milliseconds(lambda: figures_of(sight, filters, by, day), TIMES),
    ]
    first, far, figures = (f"{each:,.0f} ({each / plain:.1f})" for each in times)
    print(f"  {asked:22}  {first:>14}  {far:>14}  {figures:>16}", flush=True)


def _file(sight: Sight) -> None:
    table, began = Table(names=True, platforms={}), time.perf_counter()
    rows = islice(all_rows(db.engine, sight, Filters(), today()), OF_A_FILE)
    lines = sum(1 for _line in csv_lines(table.header, map(table.cells, rows)))
    print(f"  a file (CSV): {lines / (time.perf_counter() - began):,.0f} rows a second", flush=True)


if __name__ == "__main__":
    report()
