"""What is done each night: new batches, and what all of them come to."""

from flask import Flask

from catalogue.evidence import actions, movements, queries
from catalogue.evidence.rules import batches
from catalogue.evidence.together import equations
from catalogue.jobs import on_its_day, register_daily


def register_evidence_jobs(app: Flask) -> None:
    register_daily(app, "evidence of effect", tell_effects)


def tell_effects() -> None:
    """Each batch in a transaction of its own: what is read takes long, and nobody waits for it meanwhile."""
    claims, believed, learned = queries.claims(), queries.believed(), {}
    for found in movements.of_selves():
        _tell(found)
        key = found.place.key
        learned[key] = equations(found.movements, claims.get(key, ()), believed.get(key, {}))
    for found in movements.of_others():
        _tell(found)
    on_its_day(lambda: actions.replace_effects(claims, learned))


def _tell(found: movements.Found) -> None:
    for batch in batches(found.movements):
        on_its_day(lambda batch=batch: actions.keep(found, batch))  # type: ignore[misc]
