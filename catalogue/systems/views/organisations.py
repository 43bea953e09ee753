"""Organisations: all of them for administrators, one for its own."""

from flask import flash, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from catalogue.errors import Refused
from catalogue.extensions import db
from catalogue.people.models import Person, Role
from catalogue.security import granted, signed_in
from catalogue.systems import actions, joining, queries
from catalogue.systems.access import administered
from catalogue.systems.forms import AnswerForm, OrganisationForm
from catalogue.systems.models import System
from catalogue.systems.rules import ASKED_FOR
from catalogue.systems.views.bodies import systems
from catalogue.transactions import run

ORGANISATION = "/organisations/<key>"


@systems.get("/admin/organisations")
@granted(Role.ADMINISTRATOR)
def organisations() -> str:
    """All of them, by key."""
    q = request.args.get("q", "").strip()
    found = queries.organisations_page(q, request.args.get("after", ""))
    return render_template("systems/organisations.html", found=found, q=q, people=queries.people_in(found.rows))


@systems.route("/admin/organisations/add", methods=["GET", "POST"])
@granted(Role.ADMINISTRATOR)
def add_organisation() -> Response | tuple[str, int]:
    areas = queries.areas()
    within = next((area for area in areas if area.key == request.args.get("system")), None)
    form = OrganisationForm.of(None, areas, within)
    if form.validate_on_submit():
        about, actor, there = form.about, current_user.person.key, form.system.data
        try:
            key = run(lambda: actions.add_organisation(about, _system(there), actor).key)
            flash(f"{about.name} was added.")
            return redirect(url_for("systems.organisation", key=key))
        except Refused as refusal:
            form.ods_code.errors = [str(refusal)]
    page = render_template("systems/organisation_form.html", form=form, organisation=None, within=within)
    return page, 422 if form.errors else 200


@systems.get("/organisations")
@signed_in
def own_organisations() -> str:
    """Those that ask whether somebody belongs to them, those to which they do, and those that they administer."""
    person = current_user.person
    return render_template(
        "systems/own_organisations.html",
        asked=joining.requests_to(person), memberships=queries.memberships_of(person),
        administered=queries.administered_by(person),
    )  # fmt: skip


@systems.route(f"{ORGANISATION}/answer", methods=["GET", "POST"])
@signed_in
def answer(key: str) -> Response | str | tuple[str, int]:
    """What a yes means, and whether somebody belongs to the organisation that asks them."""
    asked, form = joining.request_to(current_user.person, key), AnswerForm()
    if asked is None:
        if any(one.organisation.key == key for one in queries.memberships_of(current_user.person)):
            flash("You belong to it already. Nothing was changed.")
            return redirect(url_for("systems.own_organisations"))
        raise joining.NotAsked
    if form.validate_on_submit():
        person_id, yes, name = current_user.person.id, form.answer.data == "yes", asked.organisation.name
        run(lambda: joining.answer(db.session.get_one(Person, person_id), key, yes=yes))
        flash(f"You belong to {name} now." if yes else f"You have said no: you do not belong to {name}.")
        return redirect(url_for("systems.own_organisations"))
    page = render_template("systems/answer.html", asked=asked, form=form, answer_by=asked.asked_at + ASKED_FOR)
    return page, 422 if form.errors else 200


@systems.get(ORGANISATION)
@signed_in
def organisation(key: str) -> str:
    found = administered(current_user.person, queries.organisation_by_key(key))
    return render_template("systems/organisation.html", organisation=found, people=queries.people_in([found])[found.id])


@systems.route(f"{ORGANISATION}/change", methods=["GET", "POST"])
@granted(Role.ADMINISTRATOR)
def change_organisation(key: str) -> Response | tuple[str, int]:
    found = queries.organisation_by_key(key)
    form = OrganisationForm.of(found, queries.areas(), found.system)
    if form.validate_on_submit():
        about, actor, there = form.about, current_user.person.key, form.system.data
        try:
            run(lambda: actions.change_organisation(queries.organisation_by_key(key), about, _system(there), actor))
            flash("The organisation was changed.")
            return redirect(url_for("systems.organisation", key=key))
        except Refused as refusal:
            form.ods_code.errors = [str(refusal)]
    page = render_template("systems/organisation_form.html", form=form, organisation=found, within=None)
    return page, 422 if form.errors else 200


def _system(key: str | None) -> System | None:
    return queries.system_by_key(key) if key else None
