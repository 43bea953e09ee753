"""Writing the dates that a file brings."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from catalogue.enrolments.actions import promote
from catalogue.enrolments.letters import write_confirmation
from catalogue.enrolments.rules import run_state
from catalogue.enrolments.seating import standings, waiting_counts
from catalogue.enrolments.sessions import set_sessions
from catalogue.extensions import db
from catalogue.interchange.plan_runs import PlannedRun, RunKind
from catalogue.offers.models import Offer, Run, RunState


def write_runs(planned: Iterable[tuple[Offer, PlannedRun]]) -> None:
    """Add what is new and change what is not as planned; who waits gets a place that has come free, and a letter.

    A run never has fewer places than are taken or kept, whoever enrolled while the file was read.
    """
    changed: dict[int, dict[str, Any]] = {}
    for offer, plan in planned:
        if plan.kind == RunKind.NEW:
            state = run_state(RunState.OPEN, free=plan.values["places"] > 0)
            columns = {column: value for column, value in plan.values.items() if column != "sessions"}
            run = Run(offer_id=offer.id, **columns, state=state)
            db.session.add(run)
            set_sessions(run, plan.values["sessions"])
        elif plan.kind == RunKind.CHANGED and plan.run is not None:
            changed[plan.run.id] = plan.values
    held = _held(sorted(changed))
    found = standings(held)
    for run in held:
        for column, value in changed[run.id].items():
            if column != "sessions":
                setattr(run, column, max(value, found[run.id].committed) if column == "places" else value)
        set_sessions(run, changed[run.id]["sessions"], end_others=False)
    db.session.flush()
    waiting, found = waiting_counts(held), standings(held)
    for run in held:
        if waiting[run.id] and found[run.id].free:
            for enrolment in promote(run):
                write_confirmation(enrolment)
        else:
            run.state = run_state(run.state, free=found[run.id].open > 0)
    db.session.flush()


def _held(run_ids: Sequence[int]) -> Sequence[Run]:
    """The runs, until the commit: whoever changes who is on one of them waits for their turn."""
    if not run_ids:
        return ()
    return db.session.scalars(
        select(Run)
        .where(Run.id.in_(run_ids))
        .order_by(Run.id)
        .options(selectinload(Run.sessions))
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
