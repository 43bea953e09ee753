"""A line manager's word: their page, which needs no sign-in, and what whoever asked can do meanwhile."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from catalogue.enrolments import approving, queries
from catalogue.enrolments.approving import Manager
from catalogue.enrolments.forms import DecideForm, ManagerForm
from catalogue.enrolments.letters import write_approval_request, write_confirmations, write_decision
from catalogue.errors import Refused
from catalogue.extensions import db
from catalogue.people.models import Person
from catalogue.security import public, signed_in
from catalogue.transactions import run as in_transaction

approvals = Blueprint("approvals", __name__)


@approvals.route("/approvals/<token>", methods=["GET", "POST"])
@public
def answer(token: str) -> Response | str | tuple[str, int]:
    """What the manager is asked. Opening it changes nothing, whoever's program follows the link first."""
    approval, form = approving.by_token(token), DecideForm()
    if form.validate_on_submit():
        approved, reason = form.decision.data == "yes", form.reason.data or ""
        in_transaction(lambda: _decide(token, approved=approved, reason=reason))
        return redirect(url_for("approvals.answer", token=token))
    over = approving.over(approval)
    page = render_template("enrolments/approve.html", approval=approval, form=form, over=over)
    return page, 422 if form.errors else 200


def _decide(token: str, *, approved: bool, reason: str) -> None:
    decided = approving.decide(token, approved=approved, reason=reason)
    write_decision(decided.approval)
    write_confirmations(decided.promoted)


@approvals.route("/enrolments/<int(max=2147483647):enrolment_id>/manager", methods=["GET", "POST"])
@signed_in
def manager(enrolment_id: int) -> Response | str | tuple[str, int]:
    """Remind the manager, or name somebody else."""
    person_id, form = current_user.person.id, ManagerForm()
    mine = queries.own(person_id, enrolment_id)
    asked = approving.asked_now(mine.id)
    if asked is None:
        return redirect(url_for("enrolments.enrolment", enrolment_id=enrolment_id))
    if request.method == "GET":
        return render_template("enrolments/manager.html", enrolment=mine, asked=asked, form=form)
    other = None
    if "remind" not in request.form:
        if not form.validate_on_submit():
            return render_template("enrolments/manager.html", enrolment=mine, asked=asked, form=form), 422
        other = form.manager
    try:
        name = in_transaction(lambda: _again(person_id, enrolment_id, other))
    except Refused as refusal:
        if other is None:
            raise
        form.manager_email.errors = [str(refusal)]
        mine = queries.own(person_id, enrolment_id)
        asked = approving.asked_now(mine.id)
        return render_template("enrolments/manager.html", enrolment=mine, asked=asked, form=form), 422
    flash(f"We have written to {name}.")
    return redirect(url_for("enrolments.enrolment", enrolment_id=enrolment_id))


def _again(person_id: int, enrolment_id: int, other: Manager | None) -> str:
    mine = queries.own(person_id, enrolment_id)
    approval, token = approving.again(mine, db.session.get_one(Person, person_id), other)
    write_approval_request(approval, token)
    return approval.manager_name
