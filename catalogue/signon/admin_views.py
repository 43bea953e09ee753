"""The administrators' pages on identity providers."""

from collections.abc import Callable

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_login import current_user
from sqlalchemy import select
from werkzeug.wrappers import Response

from catalogue.errors import Refused
from catalogue.extensions import db
from catalogue.people.models import IdentityProvider, Role
from catalogue.security import granted
from catalogue.signon import actions, checks, flow, protocol, queries
from catalogue.signon.checks import Result
from catalogue.signon.forms import SHARED, ProviderForm, SettingsForm
from catalogue.systems.models import Organisation
from catalogue.transactions import run

providers_admin = Blueprint("providers_admin", __name__, url_prefix="/admin/sign-on")


@providers_admin.get("")
@granted(Role.ADMINISTRATOR)
def index() -> str:
    return render_template("signon/providers.html", providers=queries.providers())


@providers_admin.route("/add", methods=["GET", "POST"])
@granted(Role.ADMINISTRATOR)
def add() -> Response | str | tuple[str, int]:
    form = ProviderForm()
    there = db.session.execute(select(Organisation.id, Organisation.name).order_by(Organisation.name))
    form.organisation.choices = [
        (SHARED, "Of several organisations"), *((str(number), name) for number, name in there)
    ]  # fmt: skip
    key, issuer = form.key.data or "", form.issuer.data or ""
    if form.is_submitted() and form.check(key=key, issuer=issuer, development=flow.settings().development):
        given, organisation_id, actor = form.settings(key, issuer), form.organisation_id, current_user.person.key
        try:
            run(lambda: actions.add_provider(given, organisation_id, actor))
        except Refused as refusal:
            form.key.errors = [str(refusal)]
        else:
            flash(f"{given.name} was added. Check it before you tell people.")
            return redirect(url_for("providers_admin.provider", key=key))
    page = render_template("signon/add.html", form=form, return_address=flow.return_address("KEY"))
    return page, 422 if form.errors else 200


@providers_admin.route("/<key>", methods=["GET", "POST"])
@granted(Role.ADMINISTRATOR)
def provider(key: str) -> Response | str | tuple[str, int]:
    """A provider, and the form that changes it."""
    found = queries.provider(key)
    form, actor = SettingsForm(obj=found), current_user.person.key
    if form.is_submitted() and form.check(key=key, issuer=found.issuer, development=flow.settings().development):
        given = form.settings(key, found.issuer)
        run(
            lambda: actions.change_provider(
                queries.provider(key), given.name, given.client_id, given.client_secret, actor
            )
        )
        flash("The settings were changed.")
        return _back_to(key)
    return _page(found, form), 422 if form.errors else 200


@providers_admin.post("/<key>/check")
@granted(Role.ADMINISTRATOR)
def check(key: str) -> str:
    """Try it out, and say what came of it. Nothing is changed, so the page comes at once."""
    us = flow.registration(queries.provider(key))
    db.session.rollback()
    results = checks.check(us, protocol.client_for(development=flow.settings().development))
    return _page(queries.provider(key), results=results)


@providers_admin.post("/<key>/end")
@granted(Role.ADMINISTRATOR)
def end(key: str) -> Response:
    return _act(key, actions.end_provider, "Nobody signs in through it any more. Whoever did is signed out.")


@providers_admin.post("/<key>/open")
@granted(Role.ADMINISTRATOR)
def open_again(key: str) -> Response:
    return _act(key, actions.open_again, "People can sign in through it again.")


def _act(key: str, action: Callable[[IdentityProvider, str], None], done: str) -> Response:
    actor = current_user.person.key
    run(lambda: action(queries.provider(key), actor))
    flash(done)
    return _back_to(key)


def _back_to(key: str) -> Response:
    return redirect(url_for("providers_admin.provider", key=key))


def _page(found: IdentityProvider, form: SettingsForm | None = None, results: list[Result] | None = None) -> str:
    organisation = db.session.get(Organisation, found.organisation_id) if found.organisation_id else None
    return render_template(
        "signon/provider.html",
        provider=found, organisation=organisation, form=form or SettingsForm(formdata=None, obj=found),
        results=results, outcome=checks.outcome(results) if results else "",
        return_address=flow.return_address(found.key),
    )  # fmt: skip
