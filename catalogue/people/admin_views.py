"""The administrators' pages on people: who they are, which roles they hold where and when, and letting them in."""

from collections.abc import Callable

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_login import current_user
from sqlalchemy import select
from werkzeug.wrappers import Response

from catalogue.clock import today
from catalogue.errors import Refused
from catalogue.extensions import db
from catalogue.people import actions, authenticators, queries
from catalogue.people.admin_forms import EVERYWHERE, ROLES, GrantForm
from catalogue.people.models import Person, Role
from catalogue.security import granted
from catalogue.shapes import row_id
from catalogue.systems.models import Organisation, System
from catalogue.systems.queries import memberships_of
from catalogue.transactions import run

people_admin = Blueprint("people_admin", __name__, url_prefix="/admin/people")


@people_admin.get("")
@granted(Role.ADMINISTRATOR)
def index() -> str:
    words = request.args.get("q", "")[:200]
    found = queries.find_people(words, request.args.get("after", type=row_id))
    return render_template(
        "people/admin/people.html", found=found, words=words, names=_names(), labels=ROLES, today=today()
    )


@people_admin.route("/<key>", methods=["GET", "POST"])
@granted(Role.ADMINISTRATOR)
def person(key: str) -> Response | str | tuple[str, int]:
    """Somebody, and the form that gives them a role."""
    names, form = _names(), GrantForm()
    form.where.choices = [(EVERYWHERE, "Everywhere"), *names.items()]
    found = queries.person_by_key(key)
    if not form.check():
        return _page(found, form, names), 422 if form.errors else 200
    role, (organisation_id, system_id), actor = Role(form.role.data), form.place, current_user.person.key
    days = {"starts_on": form.starts_on.data, "ends_on": form.ends_on.data}
    run(lambda: actions.grant(queries.person_by_key(key), role, organisation_id, system_id, **days, actor_key=actor))
    flash("The role was given.")
    return _back_to(key)


@people_admin.post("/<key>/roles/<int(max=2147483647):grant_id>/end")
@granted(Role.ADMINISTRATOR)
def end(key: str, grant_id: int) -> Response:
    actor = current_user.person.key
    run(lambda: actions.end_grant(queries.grant_of(queries.person_by_key(key), grant_id), actor_key=actor))
    flash("The role has ended.")
    return redirect(url_for("home.index")) if key == actor else _back_to(key)


@people_admin.post("/<key>/suspend")
@granted(Role.ADMINISTRATOR)
def suspend(key: str) -> Response:
    if key == current_user.person.key:
        raise Refused("You cannot suspend yourself. Ask another administrator to do it.")
    return _act(key, actions.suspend, "They are suspended, and signed out everywhere.")


@people_admin.post("/<key>/activate")
@granted(Role.ADMINISTRATOR)
def activate(key: str) -> Response:
    return _act(key, actions.activate, "They can sign in again.")


@people_admin.post("/<key>/reset-authenticator")
@granted(Role.ADMINISTRATOR)
def reset_authenticator(key: str) -> Response:
    if key == current_user.person.key:
        raise Refused(
            "Take away your own on your own page, with its code. If you have lost it, ask another administrator."
        )
    return _act(key, authenticators.take_away, "Their authenticator is reset, and they are signed out everywhere.")


def _act(key: str, action: Callable[[Person, str], None], done: str) -> Response:
    actor = current_user.person.key
    run(lambda: action(queries.person_by_key(key), actor))
    flash(done)
    return _back_to(key)


def _back_to(key: str) -> Response:
    return redirect(url_for("people_admin.person", key=key))


def _page(found: Person, form: GrantForm, names: dict[str, str]) -> str:
    day = today()
    grants = sorted(found.all_grants, key=lambda one: one.id)
    return render_template(
        "people/admin/person.html",
        person=found, form=form, labels=ROLES, names=names, memberships=memberships_of(found),
        account=queries.account_of(found.id), authenticator=queries.authenticator_of(found.id),
        oneself=found.id == current_user.person.id,
        in_force=[one for one in grants if one.in_force(day)],
        to_come=[one for one in grants if one.starts_on is not None and one.starts_on > day],
        ended=[one for one in grants if one.ends_on is not None and one.ends_on < day],
    )  # fmt: skip


def _names() -> dict[str, str]:
    """The systems and organisations in which a role can hold, as a form names them."""
    systems = db.session.execute(select(System.id, System.name, System.kind).order_by(System.name))
    organisations = db.session.scalars(select(Organisation).order_by(Organisation.name))
    return {f"system:{number}": f"{name} ({kind})" for number, name, kind in systems} | {
        f"organisation:{one.id}": f"{one.name} (ended)" if one.ended(today()) else one.name for one in organisations
    }
