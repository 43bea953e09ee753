"""How long finding and counting take among 100,000 offers, on both databases, and against a plain count in SQL."""

import os
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import Table, func, insert, select, text

from catalogue.app import create_app
from catalogue.clock import today
from catalogue.extensions import db
from catalogue.frameworks.models import Condition, Seat
from catalogue.frameworks.queries import current_framework
from catalogue.offers.facets import facets
from catalogue.offers.filters import Filters
from catalogue.offers.models import (
    Mapping,
    Mode,
    Offer,
    OfferVersion,
    Run,
    RunState,
    SearchWord,
    VersionState,
    version_condition,
    version_seat,
    version_system,
)
from catalogue.offers.queries import matching, search
from catalogue.offers.rules import words_of
from catalogue.resources import resource_dir
from catalogue.seeding.load import load
from catalogue.settings import Settings
from catalogue.systems.models import Organisation, System
from catalogue.systems.queries import IS_AREA
from catalogue.transactions import run

OFFERS = int(os.environ.get("EVERYSEAT_BENCH_OFFERS", "100000"))
POSTGRES = os.environ.get("EVERYSEAT_TEST_POSTGRES", "postgresql://postgres@127.0.0.1:5432/postgres")
TIMES = 7
FIRST = 1_000_000
"""The ids of what is made here begin above those of what is shipped."""
BATCH = 5000
SYLLABLES = ("ba", "co", "de", "fir", "gan", "hol", "in", "jor", "ka", "len", "mo", "nu", "per", "qui", "ros", "ten")
BROAD = ("team", "meeting", "lead", "care", "change")
"""Words that stand in many offers; the first of them in the most."""
ASKED = {
    "everything": Filters(),
    "a broad word": Filters(q="team"),
    "a broad word, three fields": Filters(q="team", dimension=("team",), mode=("online", "blended"), free=("yes",)),
    "two words": Filters(q="meetings care"),
    "the beginning of a word": Filters(q="meetin"),
    "a slip": Filters(q="meatings"),
    "three fields": Filters(dimension=("care", "team"), price=("free",), seat=("ward-manager",)),
}


def vocabulary(dice: random.Random, size: int) -> list[str]:
    made = {"".join(dice.choices(SYLLABLES, k=dice.randint(2, 4))) for _ in range(size)}
    return [*BROAD, *sorted(made - set(BROAD))]


def fill(offers: int) -> None:
    """So many offers like those that people publish, written in bulk: the triggers keep the index."""
    dice = random.Random(20)  # noqa: S311 the same catalogue each time
    words = vocabulary(dice, 6000)
    weights = [1 / (10 + rank) for rank in range(len(words))]
    stems = words_of(*words)
    known = set(db.session.scalars(select(SearchWord.word)))
    _insert(SearchWord.__table__, [{"word": w, "stem": s} for w, s in stems.items() if w not in known])
    bodies = list(db.session.scalars(select(Organisation.id).order_by(Organisation.id)))
    conditions, seats = (
        list(db.session.scalars(select(Condition.id).order_by(Condition.id))),
        list(db.session.scalars(select(Seat.id).order_by(Seat.id))),
    )
    systems = list(db.session.scalars(select(System.id).where(IS_AREA).order_by(System.id)))
    dimensions = [dimension.id for dimension in current_framework().dimensions]
    day = today()
    for first in range(FIRST, FIRST + offers, BATCH):
        rows: dict[Any, list[dict[str, Any]]] = {
            table: [] for table in (Offer.__table__, OfferVersion.__table__, Mapping.__table__, version_condition,
                                    version_seat, version_system, Run.__table__)
        }  # fmt: skip
        for number in range(first, min(first + BATCH, FIRST + offers)):
            said = dice.choices(words, weights, k=40)
            title, every = {stems[word] for word in said[:5]}, {stems[word] for word in said}
            rows[Offer.__table__].append(
                {"id": number, "slug": f"made-{number}", "key": str(number), "provider_id": dice.choice(bodies),
                 "example": False, "source": ""}
            )  # fmt: skip
            rows[OfferVersion.__table__].append(
                {"id": number, "offer_id": number, "number": 1, "state": VersionState.PUBLISHED,
                 "title": " ".join(said[:5]), "summary": " ".join(said[5:15]), "outcomes": [" ".join(said[15:20])],
                 "description": " ".join(said[20:]), "mode": dice.choice(list(Mode)),
                 "hours": dice.choice([0.5, 1, 2, 4, 8, 16, 60]), "hours_estimated": False,
                 "price_pence": dice.choice([None, 0, 0, 50_00, 200_00, 900_00]), "place": "", "prerequisites": "",
                 "accessibility": "", "url": "", "members_only": dice.random() < 0.02, "retire_on": None,
                 "title_stems": f" {' '.join(sorted(title))} ", "stems": f" {' '.join(sorted(every))} ",
                 "content_hash": ""}
            )  # fmt: skip
            for dimension in dice.sample(dimensions, dice.randint(1, 3)):
                start = dice.randint(0, 3)
                rows[Mapping.__table__].append(
                    {"version_id": number, "dimension_id": dimension, "from_level": start,
                     "to_level": dice.randint(start + 1, 4), "strength": "builds"}
                )  # fmt: skip
            for link, ids, count in (
                (version_condition, conditions, dice.randint(1, 3)),
                (version_seat, seats, dice.choice([0, 0, 0, 2])),
                (version_system, systems, dice.choice([0, 0, 0, 0, 0, 3])),
            ):
                other = link.c[1].name
                rows[link] += [{"version_id": number, other: one} for one in dice.sample(ids, count)]
            for which in range(dice.choice([0, 0, 1, 2])):
                starts_on = day + timedelta(days=dice.randint(-30, 300))
                rows[Run.__table__].append(
                    {"offer_id": number, "key": str(which), "starts_on": starts_on, "ends_on": starts_on,
                     "place": f"Town {dice.randint(1, 150)}", "venue": "", "join_link": "", "accessibility": "",
                     "places": 20, "state": dice.choice([RunState.OPEN, RunState.OPEN, RunState.FULL])}
                )  # fmt: skip
        for table, made in rows.items():
            _insert(table, made)


def _insert(table: Table, rows: list[dict[str, Any]]) -> None:
    if rows:
        db.session.execute(insert(table), rows)


@contextmanager
def postgresql() -> Iterator[str]:
    """A database of its own on the server that the tests use."""
    name = f"everyseat_bench_{uuid4().hex[:8]}"
    with psycopg.connect(POSTGRES, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
        try:
            yield POSTGRES.rsplit("/", 1)[0] + "/" + name
        finally:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def milliseconds(job: Callable[[], object], times: int = TIMES) -> float:
    """The median of several times, after one that is not counted."""
    job()
    taken = []
    for _ in range(times):
        db.session.rollback()
        began = time.perf_counter()
        job()
        taken.append(1000 * (time.perf_counter() - began))
    return statistics.median(taken)


def measure(app: Flask, name: str) -> None:
    with app.app_context():
        upgrade()
        run(lambda: load(resource_dir("seed"), demo=True))
        began = time.perf_counter()
        run(lambda: fill(OFFERS))
        db.session.execute(text("ANALYZE"))
        db.session.commit()
        print(f"\n{name}: {OFFERS:,} offers, written in {time.perf_counter() - began:.0f} s; medians of {TIMES}, in ms")
        print(f"  {'':28}  {'found':>7}  {'page':>7}  {'all counts':>10}  {'plain count':>11}  counts / plain")
        for asked, filters in ASKED.items():
            plain = select(func.count()).select_from(matching(filters, None).subquery())
            found = db.session.scalar(plain)
            page = milliseconds(lambda filters=filters: search(filters, None))
            every = milliseconds(lambda filters=filters: facets(filters, None))
            one = milliseconds(lambda plain=plain: db.session.scalar(plain))
            print(f"  {asked:28}  {found:7,}  {page:7.1f}  {every:10.1f}  {one:11.1f}  {every / one:14.1f}", flush=True)
        db.session.remove()
        db.engine.dispose()


def report() -> None:
    with tempfile.TemporaryDirectory() as folder:
        for name, opened in (("SQLite", sqlite(Path(folder))), ("PostgreSQL", postgresql())):
            with opened as url:
                measure(create_app(Settings(env="development", database_url=url, instance=Path(folder))), name)


@contextmanager
def sqlite(folder: Path) -> Iterator[str]:
    yield f"sqlite:///{folder / 'bench.sqlite'}"


if __name__ == "__main__":
    report()
