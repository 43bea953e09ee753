"""Showing one's plan to a manager; and their page, which needs no sign-in."""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from catalogue.enrolments.approving import Manager
from catalogue.enrolments.forms import ManagerForm
from catalogue.errors import Refused
from catalogue.extensions import db
from catalogue.people import audit
from catalogue.people.models import Person
from catalogue.plans import queries
from catalogue.plans import sharing as actions
from catalogue.plans.forms import CommentForm
from catalogue.plans.letters import write_comment_came, write_shared
from catalogue.plans.rules import LINK_FOR
from catalogue.security import public, signed_in
from catalogue.transactions import run

sharing = Blueprint("sharing", __name__, url_prefix="/plan")
shared_plans = Blueprint("shared_plans", __name__, url_prefix="/shared-plan/<token>")
COMMENT = "/comments/<int(max=2147483647):comment_id>"


@sharing.route("/share", methods=["GET", "POST"])
@signed_in
def share() -> Response | str | tuple[str, int]:
    """Who will see what, before anybody does; then with whom."""
    person_id, form = current_user.person.id, ManagerForm()
    if form.validate_on_submit():
        manager = Manager(form.manager_name.data or "", form.manager_email.data or "")
        try:
            run(lambda: _share(person_id, manager))
        except Refused as refusal:
            form.manager_email.errors = [str(refusal)]
        else:
            flash(f"{manager.name} has a link to your plan.")
            return redirect(url_for("enrolments.index"))
    shared = queries.open_share(person_id)
    page = render_template("plans/share.html", form=form, shared=shared, days=LINK_FOR.days)
    return page, 422 if form.errors else 200


def _share(person_id: int, manager: Manager) -> None:
    made, token = actions.share(db.session.get_one(Person, person_id), manager)
    if token:
        write_shared(made, token)


@sharing.post("/share/again")
@signed_in
def again() -> Response:
    person_id = current_user.person.id
    run(lambda: write_shared(*actions.again(db.session.get_one(Person, person_id))))
    flash("We have sent them a new link. The one before does not work any more.")
    return redirect(url_for("sharing.share"))


@sharing.post("/share/stop")
@signed_in
def stop() -> Response:
    person_id = current_user.person.id
    run(lambda: actions.stop(db.session.get_one(Person, person_id)))
    flash("Nobody else sees your plan now. What was written on it stays with you.")
    return redirect(url_for("enrolments.index"))


@sharing.post(f"{COMMENT}/seen")
@signed_in
def seen(comment_id: int) -> Response:
    person_id = current_user.person.id
    queries.own_comment(person_id, comment_id)
    run(lambda: actions.see(queries.own_comment(person_id, comment_id)))
    return redirect(url_for("enrolments.index"))


@sharing.post(f"{COMMENT}/remove")
@signed_in
def remove(comment_id: int) -> Response:
    person_id = current_user.person.id
    queries.own_comment(person_id, comment_id)
    run(lambda: actions.remove(queries.own_comment(person_id, comment_id)))
    flash("The comment is gone.")
    return redirect(url_for("enrolments.index"))


@shared_plans.route("", methods=["GET", "POST"])
@public
def plan(token: str) -> Response | str | tuple[str, int]:
    """The plan as a manager sees it. That it was shown is noted; opening it changes nothing else."""
    shared = queries.share_by_token(token)
    found = queries.plan_of(shared.person_id)
    form = CommentForm.of(found.to_do)
    if form.validate_on_submit():
        step, words = form.step.data or "", form.words.data or ""
        run(lambda: _comment(token, step, words))
        flash("It is on their plan, and we tell them that you wrote.")
        return redirect(url_for("shared_plans.plan", token=token))
    audit.record_reading("plan", shared.person.key, "", by="manager")
    comments = queries.comments_by(shared.id)
    page = render_template("plans/shared.html", shared=shared, plan=found, comments=comments, form=form)
    return page, 422 if form.errors else 200


def _comment(token: str, step: str, words: str) -> None:
    shared, tell = actions.comment(token, step, words)
    if tell:
        write_comment_came(shared)
