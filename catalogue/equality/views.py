"""Asking, once and as one likes; and the administrators' figures."""

from flask import Blueprint, Flask, flash, redirect, render_template, request, url_for
from flask_login import current_user
from sqlalchemy import select
from werkzeug.wrappers import Response

from catalogue.enrolments import queries as enrolments
from catalogue.equality import actions, queries
from catalogue.equality.forms import EqualityForm
from catalogue.equality.rules import QUESTIONS
from catalogue.errors import NotThere
from catalogue.extensions import db
from catalogue.jobs import register_daily
from catalogue.offers.models import Offer
from catalogue.pages import Task, add_admin_page
from catalogue.people.models import Role
from catalogue.security import granted, signed_in
from catalogue.transactions import run

equality = Blueprint("equality", __name__)


def register_equality(app: Flask) -> None:
    app.register_blueprint(equality)
    add_admin_page(app, Task.OUTCOMES, "Equality monitoring", "equality.index")
    register_daily(app, "equality", _once_a_day)


def _once_a_day() -> None:
    run(actions.shuffle)
    run(actions.tell)


@equality.route("/enrolments/<int(max=2147483647):enrolment_id>/about-you", methods=["GET", "POST"])
@signed_in
def about_you(enrolment_id: int) -> Response | str | tuple[str, int]:
    """Questions about whoever has joined an offer. Skipping them is an answer too: nobody is asked again."""
    person_id = current_user.person.id
    mine = enrolments.own(person_id, enrolment_id)
    offer_id, back = mine.offer_id, url_for("enrolments.enrolment", enrolment_id=enrolment_id)
    if queries.asked(person_id, offer_id):
        flash("You have been asked before, and nobody is asked twice. Your answers, if you gave any, are safe.")
        return redirect(back)
    form = EqualityForm()
    if form.validate_on_submit():
        answers = {} if "skip" in request.form else form.answers
        run(lambda: actions.answer(person_id, offer_id, answers))
        flash("Thank you. Your answers are kept apart from you." if answers else "You will not be asked again.")
        return redirect(back)
    page = render_template("equality/about_you.html", enrolment=mine, form=form, questions=QUESTIONS)
    return page, 422 if form.errors else 200


@equality.get("/admin/equality")
@granted(Role.ADMINISTRATOR)
def index() -> str:
    """What is told over all, and the offers of which something is told."""
    offers, more = queries.offers_told_of(request.args.get("after", ""))
    return render_template(
        "equality/index.html",
        offer=None, reports=queries.reports(None), questions=QUESTIONS, offers=offers, more=more,
    )  # fmt: skip


@equality.get("/admin/equality/<slug>")
@granted(Role.ADMINISTRATOR)
def offer(slug: str) -> str:
    found = db.session.scalar(select(Offer).where(Offer.slug == slug))
    if found is None:
        raise NotThere
    return render_template(
        "equality/index.html", offer=found, reports=queries.reports(found.id), questions=QUESTIONS, offers=[], more=""
    )
