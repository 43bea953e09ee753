"""How long the map of all systems takes over a large catalogue, from the database to its cells."""

import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
from flask_migrate import upgrade
from sqlalchemy import select

from bench.rows import after, put
from catalogue.app import create_app
from catalogue.assessments.models import Assessment, AssessmentState, Result
from catalogue.clock import now, today
from catalogue.extensions import db
from catalogue.frameworks.models import Condition, Seat
from catalogue.frameworks.queries import current_framework
from catalogue.offers.models import Mapping, Mode, Offer, OfferVersion, Run, version_condition, version_system
from catalogue.people.models import Person
from catalogue.reports.queries import coverage
from catalogue.resources import resource_dir
from catalogue.seeding.load import load
from catalogue.settings import Settings
from catalogue.systems.models import Membership, Organisation
from catalogue.systems.queries import areas
from catalogue.transactions import run

OFFERS, PEOPLE, TIMES = 100_000, 30_000, 5


def report() -> None:
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(Settings(env="development", instance=Path(folder)))
        with app.app_context():
            upgrade()
            run(lambda: load(resource_dir("seed"), demo=False))
            run(_fill)
            systems = areas()
            print(f"\nMap: {OFFERS:,} offers, {PEOPLE:,} people assessed, {len(systems)} systems, SQLite")
            for name, chosen in (("all of them", systems), ("one of them", systems[:1])):
                times = [1000 * _timed(lambda of=chosen: coverage(of, whole=len(of) > 1)) for _ in range(TIMES)]
                print(f"  {name}  milliseconds median {np.median(times):5.0f}  worst {max(times):5.0f}")
            db.session.remove()
            db.engine.dispose()


def _timed(action: Any) -> float:
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def _fill() -> None:
    random = np.random.default_rng(0)
    _offers(random)
    _people(random)


def _offers(random: np.random.Generator) -> None:
    """Each in two conditions and three dimensions; every second one at one's own pace, every tenth for two systems."""
    provider = db.session.scalars(select(Organisation.id).where(Organisation.publishes).limit(1)).one()
    conditions = list(db.session.scalars(select(Condition.id)))
    dimensions = [dimension.id for dimension in current_framework().dimensions]
    systems = [system.id for system in areas()]
    first, version = after(Offer), after(OfferVersion)
    numbers = range(OFFERS)
    put(Offer, ({"id": first + n, "slug": f"bench-{n}", "key": f"bench-{n}", "provider_id": provider} for n in numbers))
    said = {"summary": "", "outcomes": [], "description": "", "title_stems": " ", "stems": " ", "content_hash": ""}
    put(
        OfferVersion,
        (
            {"id": version + n, "offer_id": first + n, "number": 1, "title": f"Offer {n}", "hours": 1 + n % 12,
             "mode": Mode.SELF_PACED if n % 2 else Mode.IN_PERSON} | said
            for n in numbers
        ),
    )  # fmt: skip

    def some(of: list[int], count: int) -> list[int]:
        return [of[place] for place in random.permutation(len(of))[:count]]

    put(
        version_condition,
        ({"version_id": version + n, "condition_id": key} for n in numbers for key in some(conditions, 2)),
    )
    put(
        Mapping,
        (
            {"version_id": version + n, "dimension_id": key, "from_level": 1, "to_level": 2, "strength": "builds"}
            for n in numbers for key in some(dimensions, 3)
        ),
    )  # fmt: skip
    put(
        version_system,
        ({"version_id": version + n, "system_id": key} for n in numbers[::10] for key in some(systems, 2)),
    )
    day = today() + timedelta(days=30)
    put(
        Run,
        (
            {"offer_id": first + n, "key": "1", "starts_on": day, "ends_on": day, "place": "Leeds", "places": 20}
            for n in numbers[::2]
        ),
    )


def _people(random: np.random.Generator) -> None:
    """As many in each system, in one organisation there, each assessed in every dimension."""
    systems, framework = areas(), current_framework()
    seats = list(db.session.scalars(select(Seat.id)))
    trust, first, assessment = after(Organisation), after(Person), after(Assessment)
    put(
        Organisation,
        (
            {"id": trust + n, "key": f"bench-{n}", "name": f"Trust {n}", "kind": "trust", "system_id": system.id}
            for n, system in enumerate(systems)
        ),
    )
    numbers, at = range(PEOPLE), now()
    put(Person, ({"id": first + n, "name": f"Person {n}"} for n in numbers))
    put(
        Membership,
        ({"person_id": first + n, "organisation_id": trust + n % len(systems)} for n in numbers),
    )
    put(
        Assessment,
        (
            {"id": assessment + n, "person_id": first + n, "framework_id": framework.id,
             "seat_id": seats[n % len(seats)], "state": AssessmentState.CLOSED, "closed_at": at}
            for n in numbers
        ),
    )  # fmt: skip
    levels = random.integers(0, 4, size=(PEOPLE, len(framework.dimensions)))
    put(
        Result,
        (
            {"assessment_id": assessment + n, "dimension_id": dimension.id, "level": int(levels[n, place])}
            for n in numbers for place, dimension in enumerate(framework.dimensions)
        ),
    )  # fmt: skip
