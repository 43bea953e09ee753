"""Runs begin and end by their dates: looked after every hour."""

from datetime import date

from sqlalchemy import ColumnElement, and_, or_, select

from catalogue.attendance import rules
from catalogue.attendance.actions import settle
from catalogue.clock import today
from catalogue.enrolments.actions import keep_state, locked
from catalogue.enrolments.models import ON_IT, Enrolment
from catalogue.extensions import db
from catalogue.offers.models import Run, RunState
from catalogue.people import audit
from catalogue.transactions import run as in_transaction

BEGUN, OVER = RunState.IN_PROGRESS, RunState.COMPLETED


def keep_run_states() -> int:
    """Bring every run to what its dates say, each in a transaction of its own; how many were changed."""
    due = db.session.scalars(select(Run.id).where(_due(today())).order_by(Run.id)).all()
    db.session.rollback()
    return sum(in_transaction(lambda run_id=run_id: _keep(run_id)) for run_id in due)  # type: ignore[misc]


def _due(day: date) -> ColumnElement[bool]:
    return and_(
        Run.state != RunState.CANCELLED,
        or_(
            and_(Run.ends_on < day, Run.state != OVER),
            and_(Run.starts_on < day, Run.ends_on >= day, Run.state != BEGUN),
            and_(Run.starts_on >= day, Run.state.in_([BEGUN, OVER])),
        ),
    )


def _keep(run_id: int) -> bool:
    run = locked(run_id)
    state = rules.run_state(run.state, run.starts_on, run.ends_on, today())
    if state == run.state:
        return False
    before, run.state = run.state, state
    db.session.flush()
    audit.record("run is " + state, f"offer:{run.offer_id}", run=run.id)
    if state == RunState.OPEN:
        keep_state(run)
    elif before not in (BEGUN, OVER):
        _settle(run)
    return True


def _settle(run: Run) -> None:
    """Nothing is completed before its run begins: now those are who have done all of it already."""
    there = select(Enrolment).where(Enrolment.run_id == run.id, Enrolment.state.in_(ON_IT)).order_by(Enrolment.id)
    for enrolment in db.session.scalars(there).all():
        settle(enrolment, enrolment.person)
