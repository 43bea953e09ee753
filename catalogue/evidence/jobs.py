"""What is done each night: new batches, and what all of them come to."""

from itertools import chain

from flask import Flask

from catalogue.evidence import actions, movements
from catalogue.evidence.rules import batches
from catalogue.jobs import on_its_day, register_daily


def register_evidence_jobs(app: Flask) -> None:
    register_daily(app, "evidence of effect", tell_effects)


def tell_effects() -> None:
    """Each batch in a transaction of its own: what is read takes long, and nobody waits for it meanwhile."""
    for found in chain(movements.of_selves(), movements.of_others()):
        for batch in batches(found.movements):
            on_its_day(lambda found=found, batch=batch: actions.keep(found, batch))  # type: ignore[misc]
    on_its_day(actions.replace_effects)
