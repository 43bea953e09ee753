"""The dates of an offer: adding, changing and cancelling a run, with the places that people hold on it."""

from typing import Any

from sqlalchemy import select

from catalogue.clock import now
from catalogue.enrolments import rules, seating
from catalogue.enrolments.actions import keep_state, promote
from catalogue.enrolments.models import ACTIVE, Enrolment, EnrolmentState
from catalogue.enrolments.sessions import set_sessions
from catalogue.errors import Refused
from catalogue.extensions import db
from catalogue.offers.models import Offer, Run, RunState
from catalogue.people import audit
from catalogue.people.models import Person, new_key


def add_run(offer: Offer, values: dict[str, Any], actor: Person) -> Run:
    """A run that takes people; ``values`` are its columns by name, with the provider's own key where it has one, and
    its ``sessions`` (``SessionValues``) where they are said.
    """
    columns = {name: value for name, value in values.items() if name != "sessions"}
    run = Run(offer_id=offer.id, state=RunState.OPEN, **({"key": new_key()} | columns))
    db.session.add(run)
    db.session.flush()
    set_sessions(run, values.get("sessions", ()))
    keep_state(run)
    audit.record("run added", f"offer:{offer.id}", actor.key, run=run.id)
    return run


def change_run(run: Run, values: dict[str, Any], actor: Person) -> list[Enrolment]:
    """Change a run, which is held; those who wait get the places that this makes free. Returns them.

    Raises ``Refused`` for fewer places than are taken or kept, and where the run has been cancelled.
    """
    if run.state == RunState.CANCELLED:
        raise Refused("This run has been cancelled. Add another one.")
    standing = seating.standing(run)
    if values["places"] < standing.committed:
        raise Refused(rules.too_few_for_all(standing.taken, standing.unused))
    for name, value in values.items():
        if name != "sessions":
            setattr(run, name, value)
    db.session.flush()
    if "sessions" in values:
        set_sessions(run, values["sessions"])
    audit.record("run changed", f"offer:{run.offer_id}", actor.key, run=run.id)
    promoted = promote(run)
    keep_state(run)  # also where nobody is promoted any more
    return promoted


def cancel_run(run: Run, actor: Person) -> list[Enrolment]:
    """Cancel a run, which is held: whoever was on it, or waited, is free for another one. Returns them."""
    if run.state == RunState.CANCELLED:
        return []
    run.state = RunState.CANCELLED
    enrolments = db.session.scalars(
        select(Enrolment).where(Enrolment.run_id == run.id, Enrolment.state.in_(ACTIVE)).order_by(Enrolment.id)
    ).all()
    for enrolment in enrolments:
        enrolment.state, enrolment.changed_at = EnrolmentState.WITHDRAWN, now()
        audit.record("withdrawn as its run was cancelled", f"enrolment:{enrolment.id}", actor.key)
    db.session.flush()
    audit.record("run cancelled", f"offer:{run.offer_id}", actor.key, run=run.id)
    return list(enrolments)
