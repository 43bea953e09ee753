"""What is put right about one person on a register."""

from flask import flash, redirect, render_template, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from catalogue.attendance import absence
from catalogue.attendance.forms import ReasonForm
from catalogue.attendance.views.common import (
    ENROLMENT,
    RUN,
    actor,
    attendance,
    enrolment_of,
    kept,
    name_of,
    put_right,
    run_of,
)
from catalogue.clock import today
from catalogue.enrolments import actions, completing
from catalogue.enrolments.letters import write_confirmation, write_confirmations, write_taken_off
from catalogue.errors import NotThere
from catalogue.pages import plural
from catalogue.security import signed_in
from catalogue.transactions import run as in_transaction


@attendance.route(f"{ENROLMENT}/void", methods=["GET", "POST"])
@signed_in
def void(slug: str, enrolment_id: int) -> Response | str | tuple[str, int]:
    """Take back a completion that was made in error, once it has been said what that does."""
    register = put_right(slug)
    found, form = enrolment_of(register.offer.id, enrolment_id), ReasonForm()
    completion = completing.standing_completion(enrolment_id)
    if completion is None:
        flash("There is no completion to take back.")
        return redirect(url_for("attendance.register", slug=slug))
    if form.validate_on_submit():
        offer_id, reason, actor_id = register.offer.id, form.reason.data or "", current_user.person.id
        name = in_transaction(lambda: _void(offer_id, enrolment_id, reason, actor_id))
        flash(f"The completion of {name} is taken back. It stays in the record, with your reason.")
        return redirect(url_for("attendance.register", slug=slug))
    page = render_template("attendance/void.html", register=register, enrolment=found, completion=completion, form=form)
    return page, 422 if form.errors else 200


def _void(offer_id: int, enrolment_id: int, reason: str, actor_id: int) -> str:
    found = enrolment_of(offer_id, enrolment_id)
    completion = completing.standing_completion(enrolment_id)
    if completion is None:
        raise NotThere
    for promoted in completing.void(completion, reason, actor(actor_id)):
        write_confirmation(promoted)
    return name_of(found)


@attendance.route(f"{ENROLMENT}/no-show", methods=["GET", "POST"])
@signed_in
def no_show(slug: str, enrolment_id: int) -> Response | str | tuple[str, int]:
    """Somebody with a place did not come."""
    register = kept(slug)
    found, form = enrolment_of(register.offer.id, enrolment_id), ReasonForm()
    if form.validate_on_submit():
        offer_id, reason, person_id = register.offer.id, form.reason.data or "", current_user.person.id
        in_transaction(lambda: absence.no_show(enrolment_of(offer_id, enrolment_id), reason, actor(person_id)))
        flash("It is noted that they did not come.")
        return redirect(url_for("attendance.register", slug=slug))
    page = render_template("attendance/no_show.html", register=register, enrolment=found, form=form)
    return page, 422 if form.errors else 200


@attendance.post(f"{ENROLMENT}/came")
@signed_in
def came(slug: str, enrolment_id: int) -> Response:
    """They came after all."""
    offer_id, person_id = kept(slug).offer.id, current_user.person.id
    in_transaction(lambda: absence.came(enrolment_of(offer_id, enrolment_id), actor(person_id)))
    flash("They hold their place again.")
    return redirect(url_for("attendance.register", slug=slug))


@attendance.route(f"{RUN}/absent", methods=["GET", "POST"])
@signed_in
def absent(slug: str, run_id: int) -> Response | str | tuple[str, int]:
    """When a run is over: all who were never marked as there, in one step."""
    register = kept(slug)
    run, form = run_of(register, run_id), ReasonForm()
    if form.validate_on_submit():
        reason, person_id = form.reason.data or "", current_user.person.id
        count = in_transaction(lambda: absence.close(run_id, reason, actor(person_id)))
        flash(f"It is noted that {plural(count, 'person', 'people')} did not come.")
        return redirect(url_for("attendance.register", slug=slug))
    page = render_template(
        "attendance/absent.html",
        register=register, run=run, people=absence.never_there(run_id), over=run.ends_on < today(), form=form,
    )  # fmt: skip
    return page, 422 if form.errors else 200


@attendance.route(f"{ENROLMENT}/withdraw", methods=["GET", "POST"])
@signed_in
def withdraw(slug: str, enrolment_id: int) -> Response | str | tuple[str, int]:
    """The provider takes somebody off a run, with a reason."""
    register = put_right(slug)
    found, form = enrolment_of(register.offer.id, enrolment_id), ReasonForm()
    if form.validate_on_submit():
        offer_id, reason, person_id = register.offer.id, form.reason.data or "", current_user.person.id
        name = in_transaction(lambda: _withdraw(offer_id, enrolment_id, reason, person_id))
        flash(f"{name} is withdrawn.")
        return redirect(url_for("attendance.register", slug=slug))
    page = render_template("attendance/withdraw.html", register=register, enrolment=found, form=form)
    return page, 422 if form.errors else 200


def _withdraw(offer_id: int, enrolment_id: int, reason: str, actor_id: int) -> str:
    found = enrolment_of(offer_id, enrolment_id)
    promoted = actions.withdraw_for(found, actor(actor_id), reason)
    write_taken_off(found)
    write_confirmations(promoted)
    return name_of(found)
