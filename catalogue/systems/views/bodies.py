"""The administrators' pages on systems, and on their local partners."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from catalogue.errors import Refused
from catalogue.people.models import Role
from catalogue.security import granted
from catalogue.systems import actions, queries
from catalogue.systems.forms import AddSystemForm, PartnerDaysForm, PartnerForm, SystemForm
from catalogue.systems.models import SystemKind
from catalogue.transactions import run

systems = Blueprint("systems", __name__)
SYSTEM = "/admin/systems/<key>"
NO_SUCH = "No organisation has this code, or this name alone. Look it up in the list of organisations."


@systems.get("/admin/systems")
@granted(Role.ADMINISTRATOR)
def index() -> str:
    """The areas, what followed them, or both; by key."""
    q, kind = request.args.get("q", "").strip(), request.args.get("kind", SystemKind.STP.value)
    found = queries.systems_page(q, kind, request.args.get("after", ""))
    members, partners = queries.counts_of(found.rows)
    return render_template(
        "systems/index.html",
        found=found, q=q, kind=kind, members=members, partners=partners, leads=queries.leads_of(found.rows),
    )  # fmt: skip


@systems.route("/admin/systems/add", methods=["GET", "POST"])
@granted(Role.ADMINISTRATOR)
def add() -> Response | tuple[str, int]:
    """A new one, with those that it follows, as after a merger."""
    form = AddSystemForm.of(queries.open_systems())
    if form.check():
        name, kind, started_on = form.name.data or "", SystemKind(form.kind.data), form.started_on.data
        keys, actor = form.followed.data or [], current_user.person.key

        def act() -> str:
            followed = [queries.system_by_key(key) for key in keys]
            return actions.add_system(name, kind, started_on, followed, actor).key

        try:
            key = run(act)
            flash(f"{name} was added.")
            return redirect(url_for("systems.system", key=key))
        except Refused as refusal:
            field = form.name if str(refusal) == actions.SAME_NAME else form.followed
            field.errors = [str(refusal)]
    return render_template("systems/add.html", form=form), 422 if form.errors else 200


@systems.get(SYSTEM)
@granted(Role.ADMINISTRATOR)
def system(key: str) -> str:
    found = queries.system_by_key(key)
    organisations = queries.organisations_of(found)
    return render_template(
        "systems/system.html",
        system=found, organisations=organisations, people=queries.people_in(organisations),
        partners=queries.partners_of(found), leads=queries.leads_of([found]).get(found.id, []),
        before=queries.followed_by(found),
    )  # fmt: skip


@systems.route(f"{SYSTEM}/change", methods=["GET", "POST"])
@granted(Role.ADMINISTRATOR)
def change(key: str) -> Response | tuple[str, int]:
    found = queries.system_by_key(key)
    form = SystemForm.of(found, queries.current_systems())
    if form.validate_on_submit():
        actor = current_user.person.key
        name, between, follower = form.name.data or "", (form.started_on.data, form.ended_on.data), form.successor.data
        try:
            run(
                lambda: actions.change_system(
                    queries.system_by_key(key), name, between,
                    queries.system_by_key(follower) if follower else None, actor,
                )
            )  # fmt: skip
            flash("The system was changed.")
            return redirect(url_for("systems.system", key=key))
        except Refused as refusal:
            form.successor.errors = [str(refusal)]
    return render_template("systems/change.html", system=found, form=form), 422 if form.errors else 200


@systems.route(f"{SYSTEM}/partners", methods=["GET", "POST"])
@granted(Role.ADMINISTRATOR)
def add_partner(key: str) -> Response | tuple[str, int]:
    found, form = queries.system_by_key(key), PartnerForm()
    if form.validate_on_submit():
        called, starts_on, ends_on = form.organisation.data or "", form.starts_on.data, form.ends_on.data
        actor = current_user.person.key

        def add() -> str:
            organisation = queries.organisation_called(called)
            if organisation is None:
                raise Refused(NO_SUCH)
            actions.set_partner(queries.system_by_key(key), organisation, starts_on, ends_on, actor)
            return organisation.name

        try:
            flash(f"{run(add)} supports this system now, on the days that you gave.")
            return redirect(url_for("systems.system", key=key))
        except Refused as refusal:
            form.organisation.errors = [str(refusal)]
    return render_template("systems/partner.html", system=found, form=form, partner=None), 422 if form.errors else 200


@systems.route(f"{SYSTEM}/partners/<int(max=2147483647):partner_id>", methods=["GET", "POST"])
@granted(Role.ADMINISTRATOR)
def partner(key: str, partner_id: int) -> Response | tuple[str, int]:
    """Change from when to when an organisation supports the system."""
    found = queries.system_by_key(key)
    there = queries.partner_of(found, partner_id)
    form = PartnerDaysForm.of(there)
    if form.validate_on_submit():
        starts_on, ends_on, actor = form.starts_on.data, form.ends_on.data, current_user.person.key

        def set_days() -> None:
            system = queries.system_by_key(key)
            actions.set_partner(system, queries.partner_of(system, partner_id).organisation, starts_on, ends_on, actor)

        run(set_days)
        flash("The days were changed.")
        return redirect(url_for("systems.system", key=key))
    page = render_template("systems/partner.html", system=found, form=form, partner=there)
    return page, 422 if form.errors else 200


@systems.post(f"{SYSTEM}/partners/<int(max=2147483647):partner_id>/remove")
@granted(Role.ADMINISTRATOR)
def remove_partner(key: str, partner_id: int) -> Response:
    actor = current_user.person.key
    run(lambda: actions.remove_partner(queries.partner_of(queries.system_by_key(key), partner_id), actor))
    flash("The local partner was removed, as one that never was.")
    return redirect(url_for("systems.system", key=key))
