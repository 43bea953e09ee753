"""What somebody puts on their plan: commitments, and offers that they mean to take. The plan itself is Your plan."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from catalogue.assessments import queries as assessments
from catalogue.errors import NotThere
from catalogue.extensions import db
from catalogue.feedback import queries as feedback
from catalogue.frameworks import queries as frameworks
from catalogue.offers.queries import published_offer
from catalogue.people.models import Person
from catalogue.people.rules import safe_path
from catalogue.plans import actions, queries
from catalogue.plans.forms import AgainForm, CommitForm, HowItWentForm, PlanOfferForm
from catalogue.plans.rules import CommitmentState
from catalogue.security import signed_in
from catalogue.shapes import row_id
from catalogue.transactions import run

plans = Blueprint("plans", __name__, url_prefix="/plan")
COMMITMENT = "/commitments/<int(max=2147483647):commitment_id>"


def _me(person_id: int) -> Person:
    return db.session.get_one(Person, person_id)


@plans.route("/commit", methods=["GET", "POST"])
@signed_in
def commit() -> Response | str | tuple[str, int]:
    """Say what one will do; the address says for which dimension, and what led to it."""
    person_id, began_from = current_user.person.id, _began_from(current_user.person.id)
    form = CommitForm.of(frameworks.current_framework().dimensions, request.args.get("dimension", ""))
    if form.validate_on_submit():
        promise = form.promise
        run(lambda: actions.commit(_me(person_id), promise, began_from))
        flash("Your commitment is on your plan.")
        return redirect(url_for("enrolments.index"))
    page = render_template("plans/commit.html", form=form, commitment=None)
    return page, 422 if form.errors else 200


def _began_from(person_id: int) -> str:
    """What the address says, where it is the person's own; raises ``NotThere``."""
    said = request.args.get("from", "")
    kind, _, number = said.partition(":")
    if not said:
        return ""
    try:
        own_id = row_id(number)
    except ValueError as fault:
        raise NotThere from fault
    if kind == "feedback":
        return f"{kind}:{feedback.own_report(person_id, own_id).id}"
    if kind == "assessment":
        return f"{kind}:{assessments.own_closed(person_id, own_id).id}"
    raise NotThere


@plans.route(COMMITMENT, methods=["GET", "POST"])
@signed_in
def commitment(commitment_id: int) -> Response | str | tuple[str, int]:
    """One commitment: what it is, and how it went."""
    person_id = current_user.person.id
    mine = queries.own_commitment(person_id, commitment_id)
    form = HowItWentForm.of(mine)
    if form.validate_on_submit():
        state, note = CommitmentState(form.state.data), form.note.data or ""
        run(lambda: actions.move(queries.own_commitment(person_id, commitment_id), state, note))
        flash("That is noted on your plan.")
        return redirect(url_for("enrolments.index"))
    page = render_template("plans/commitment.html", commitment=mine, form=form)
    return page, 422 if form.errors else 200


@plans.route(f"{COMMITMENT}/change", methods=["GET", "POST"])
@signed_in
def change(commitment_id: int) -> Response | str | tuple[str, int]:
    person_id = current_user.person.id
    mine = queries.own_commitment(person_id, commitment_id)
    form = CommitForm.of(frameworks.current_framework().dimensions, commitment=mine)
    if form.validate_on_submit():
        promise = form.promise
        run(lambda: actions.change(queries.own_commitment(person_id, commitment_id), promise))
        return redirect(url_for("plans.commitment", commitment_id=commitment_id))
    page = render_template("plans/commit.html", form=form, commitment=mine)
    return page, 422 if form.errors else 200


@plans.post(f"{COMMITMENT}/remove")
@signed_in
def remove(commitment_id: int) -> Response:
    person_id = current_user.person.id
    queries.own_commitment(person_id, commitment_id)
    run(lambda: actions.remove(queries.own_commitment(person_id, commitment_id)))
    flash("The commitment is gone, with what you noted on it.")
    return redirect(url_for("enrolments.index"))


@plans.post("/offers/<slug>")
@signed_in
def put(slug: str) -> Response:
    """Put an offer on the plan, and go on where one was."""
    person_id = current_user.person.id
    title = published_offer(slug, current_user.person).published.title
    run(lambda: actions.put_on_plan(_me(person_id), published_offer(slug, _me(person_id))))
    flash(f"{title} is on your plan.")
    return _back()


@plans.post("/offers/<slug>/take-off")
@signed_in
def take_off(slug: str) -> Response:
    """Also where the offer is not in the catalogue any more."""
    person_id = current_user.person.id
    run(lambda: actions.take_off_plan(_me(person_id), slug))
    flash("It is off your plan.")
    return _back()


def _back() -> Response:
    return redirect(safe_path(request.form.get("next")) or url_for("enrolments.index"))


@plans.route("/offers/<slug>/day", methods=["GET", "POST"])
@signed_in
def day(slug: str) -> Response | str | tuple[str, int]:
    """By when one wants to have joined it."""
    person_id = current_user.person.id
    offer = published_offer(slug, current_user.person)
    planned = next((one for one in queries.planned_of(person_id) if one.offer_id == offer.id), None)
    form = PlanOfferForm(by=planned.by if planned else None)
    form.stays = planned.by if planned else None
    if form.validate_on_submit():
        by = form.by.data
        run(lambda: actions.plan_for(_me(person_id), published_offer(slug, _me(person_id)), by))
        flash(f"{offer.published.title} is on your plan.")
        return redirect(url_for("enrolments.index"))
    page = render_template("plans/day.html", form=form, offer=offer)
    return page, 422 if form.errors else 200


@plans.route("/assess-again", methods=["GET", "POST"])
@signed_in
def assess_again() -> Response | str | tuple[str, int]:
    """A day on which to assess oneself again, or none."""
    person_id, form = current_user.person.id, AgainForm.of()
    if "off" in request.form:
        run(lambda: actions.assess_again(_me(person_id), None))
        flash("We do not remind you any more.")
        return redirect(url_for("enrolments.index"))
    if form.validate_on_submit():
        due_on = form.due_on
        run(lambda: actions.assess_again(_me(person_id), due_on))
        flash("The day is on your plan, and we write to you then.")
        return redirect(url_for("enrolments.index"))
    page = render_template("plans/assess_again.html", form=form, there=queries.open_reassessment(person_id))
    return page, 422 if form.errors else 200
