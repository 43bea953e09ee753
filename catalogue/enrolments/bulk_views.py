"""Enrolling people from a list: a lead those of their system, a provider and an administrator anybody they name."""

from datetime import date

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from catalogue.attendance.access import can_register
from catalogue.enrolments import bulk, leading
from catalogue.enrolments.forms import ListForm
from catalogue.enrolments.letters import write_confirmation, write_nomination
from catalogue.enrolments.models import EnrolmentState
from catalogue.errors import Refused
from catalogue.extensions import db, limiter
from catalogue.offers.models import Run
from catalogue.pages import plural
from catalogue.people.audit import record_reading
from catalogue.people.models import Person, Role
from catalogue.security import signed_in
from catalogue.systems.queries import led_system
from catalogue.transactions import run as in_transaction

lists = Blueprint("lists", __name__)


def _run(run_id: int) -> tuple[Run, int | None]:
    """The run, and the system whose people alone this person may enrol (none for everybody); else it is not there."""
    run = leading.run(run_id, current_user.person)
    if can_register(current_user.person, run.offer):
        return run, None
    return run, led_system(current_user.person, request.values.get("system", "")).id


@lists.route("/seats/<int(max=2147483647):run_id>/list", methods=["GET", "POST"])
@limiter.limit("60 per hour", methods=["POST"])  # each may be of a thousand people
@signed_in
def index(run_id: int) -> Response | str | tuple[str, int]:
    """A list is looked at first: who gets a place, who waits, who is there, who cannot and why. Then it is written.

    A provider is told no names by it: else they could learn those behind any addresses and staff numbers.
    """
    run, system_id = _run(run_id)
    names = system_id is not None or current_user.person.has(Role.ADMINISTRATOR)
    version, lines, planned = run.offer.published, [], None
    form = ListForm.of(run, asked=bulk.asks(version, system_id))
    if form.validate_on_submit():
        actor_id, text, strict = current_user.person.id, form.text, bool(form.all_or_none.data)
        until = form.answer_by.data if "answer_by" in form else None
        try:
            lines = bulk.read(text)
            if form.step.data == "write":
                count = in_transaction(lambda: _write(run_id, lines, actor_id, system_id, strict=strict, until=until))
                flash(f"{plural(count, 'person is', 'people are')} enrolled or waiting now. We have written to them.")
                return redirect(url_for("lists.index", run_id=run_id, system=request.values.get("system")))
        except Refused as refusal:
            form.people.errors = [str(refusal)]
            run, system_id = _run(run_id)
        if lines:
            planned = bulk.plan(run, lines, system_id)
            found = len({one.who.id for one in planned if one.who is not None})
            if found:
                record_reading("people of a list", f"run:{run_id}", current_user.person.key, people=found)
    form.people.data = form.text or form.people.data  # what a file said too
    page = render_template(
        "enrolments/list.html",
        run=run, version=run.offer.published, form=form, planned=planned, lead=system_id is not None, names=names,
        system=request.values.get("system", ""), most=bulk.MOST_LINES,
        counts={outcome: sum(one.outcome == outcome for one in planned or ()) for outcome in bulk.Outcome},
    )  # fmt: skip
    return page, 422 if form.errors else 200


def _write(
    run_id: int, lines: list[bulk.Line], actor_id: int, system_id: int | None, *, strict: bool, until: date | None
) -> int:
    actor = db.session.get_one(Person, actor_id)
    new = bulk.enrol_all(run_id, lines, actor, system_id, all_or_none=strict, answer_by=until)
    for enrolment in new:
        if enrolment.nominated_by_id is not None:
            write_nomination(enrolment)
        else:
            write_confirmation(enrolment, by=_by(enrolment.state, enrolment.offer.provider.name))
    return len(new)


def _by(state: EnrolmentState, provider: str) -> str:
    return f"{provider} has {'put you on the list' if state == EnrolmentState.WAITLISTED else 'enrolled you'}."
