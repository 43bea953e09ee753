"""The dates of an offer. Places that come free go to those who wait, with a letter, in the same transaction."""

from flask import flash, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from catalogue.attendance.access import can_register
from catalogue.enrolments import queries as enrolments
from catalogue.enrolments import runs as actions
from catalogue.enrolments.actions import locked
from catalogue.enrolments.forms import ConfirmForm
from catalogue.enrolments.letters import write_cancellation, write_confirmation
from catalogue.errors import NotThere, Refused
from catalogue.offers.models import Run, RunState
from catalogue.offers.queries import joinable_runs
from catalogue.publishing import queries
from catalogue.publishing.access import can_keep_runs
from catalogue.publishing.forms.runs import RunForm
from catalogue.publishing.views.common import OFFER, Work, actor, publishing, work_on
from catalogue.security import signed_in
from catalogue.transactions import run as in_transaction

RUN = f"{OFFER}/runs/<int(max=2147483647):run_id>"


def _kept(offer_id: int) -> Work:
    """The offer, if this person keeps its dates."""
    work = work_on(offer_id)
    if not can_keep_runs(current_user.person, work.offer):
        raise NotThere
    return work


def _run(work: Work, run_id: int) -> Run:
    found = next((one for one in work.offer.runs if one.id == run_id), None)
    if found is None:
        raise NotThere
    return found


def kept_run(offer_id: int, run_id: int) -> tuple[Work, Run]:
    """An offer and a run of it, if this person keeps its dates; raises ``NotThere``."""
    work = _kept(offer_id)
    return work, _run(work, run_id)


@publishing.get(f"{OFFER}/runs")
@signed_in
def runs(offer_id: int) -> str:
    work = _kept(offer_id)
    counts = enrolments.booked_counts([one.id for one in work.offer.runs])
    keeps = work.offer.published is not None and can_register(current_user.person, work.offer)
    return render_template(
        "publishing/runs.html", work=work, counts=counts, joinable=joinable_runs(work.offer) if keeps else []
    )


@publishing.route(f"{OFFER}/runs/new", methods=["GET", "POST"])
@signed_in
def new_run(offer_id: int) -> Response | str | tuple[str, int]:
    work, form = _kept(offer_id), RunForm.of(None)
    if "add_session" in request.form:
        return _with_another_session(work, form, None)
    if form.validate_on_submit():
        values, person_id = form.values, current_user.person.id
        try:
            in_transaction(lambda: actions.add_run(queries.offer_by_id(offer_id), values, actor(person_id)).id)
            flash("The dates are added.")
            return redirect(url_for("publishing.runs", offer_id=offer_id))
        except Refused as refusal:
            form.refuse(str(refusal))
            work = _kept(offer_id)
    return render_template("publishing/run.html", work=work, form=form, run=None), 422 if form.errors else 200


@publishing.route(RUN, methods=["GET", "POST"])
@signed_in
def change_run(offer_id: int, run_id: int) -> Response | str | tuple[str, int]:
    work = _kept(offer_id)
    there = _run(work, run_id)
    form = RunForm.of(there)
    if there.state == RunState.CANCELLED:
        return redirect(url_for("publishing.runs", offer_id=offer_id))
    if "add_session" in request.form:
        return _with_another_session(work, form, there)
    if form.validate_on_submit():
        values, person_id = form.values, current_user.person.id
        try:
            in_transaction(lambda: _change(run_id, values, person_id))
            flash("The dates are changed.")
            return redirect(url_for("publishing.runs", offer_id=offer_id))
        except Refused as refusal:
            form.refuse(str(refusal))
            work = _kept(offer_id)
            there = _run(work, run_id)
    return render_template("publishing/run.html", work=work, form=form, run=there), 422 if form.errors else 200


def _with_another_session(work: Work, form: RunForm, there: Run | None) -> str:
    """The same form with a row more: nothing is kept yet, and nothing is found fault with."""
    form.add_session()
    return render_template("publishing/run.html", work=work, form=form, run=there)


def _change(run_id: int, values: dict[str, object], person_id: int) -> None:
    for promoted in actions.change_run(locked(run_id), values, actor(person_id)):
        write_confirmation(promoted)


@publishing.route(f"{RUN}/cancel", methods=["GET", "POST"])
@signed_in
def cancel_run(offer_id: int, run_id: int) -> Response | str:
    """Cancel it, once it has been said whom that concerns."""
    work = _kept(offer_id)
    there = _run(work, run_id)
    if request.method == "GET":
        counts = enrolments.booked_counts([run_id])[run_id]
        return render_template("publishing/cancel_run.html", work=work, run=there, counts=counts, form=ConfirmForm())
    person_id = current_user.person.id
    in_transaction(lambda: _cancel(run_id, person_id))
    flash("The run is cancelled. We write to everybody who was on it.")
    return redirect(url_for("publishing.runs", offer_id=offer_id))


def _cancel(run_id: int, person_id: int) -> None:
    for enrolment in actions.cancel_run(locked(run_id), actor(person_id)):
        write_cancellation(enrolment)
