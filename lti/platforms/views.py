"""The administrators' pages on learning platforms."""

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask_login import current_user
from sqlalchemy import select
from werkzeug.wrappers import Response

from catalogue.extensions import db
from catalogue.people.models import Role
from catalogue.security import granted
from catalogue.settings import Settings
from catalogue.systems.models import Organisation
from catalogue.transactions import run
from lti import keys, refusals
from lti.grading import queries as grading
from lti.platforms import actions, queries
from lti.platforms.actions import Added, Unfit
from lti.platforms.forms import SAME_NAME, PlatformForm

lti_admin = Blueprint("lti_admin", __name__, url_prefix="/admin/platforms")
INT = "int(max=2147483647)"


@lti_admin.get("")
@granted(Role.ADMINISTRATOR)
def index() -> str:
    return render_template(
        "lti/platforms.html",
        platforms=queries.platforms(), grades=grading.grades_by_platform(), parked=grading.parked(),
        refusals=refusals.recent(), addresses=our_addresses(),
    )  # fmt: skip


@lti_admin.route("/add", methods=["GET", "POST"])
@granted(Role.ADMINISTRATOR)
def add() -> Response | str | tuple[str, int]:
    form = PlatformForm()
    form.organisation.choices = [(SAME_NAME, "A new one, with the platform's name"), *_organisations()]
    development = _settings().development
    if request.method == "POST" and form.check(development=development):
        given, actor = form.registration(), current_user.person.key
        try:
            added: Added = run(
                lambda: actions.add_platform(given, development=development, actor_key=actor, moves=False)
            )
        except Unfit as unfit:
            form.refuse(unfit.faults)
        else:
            keys.ensure_key()
            flash(f"{given.name} was {'added' if added.new else 'brought up to date'}.")
            return redirect(url_for("lti_admin.index"))
    html = render_template("lti/add_platform.html", form=form, addresses=our_addresses())
    return html, 422 if form.errors else 200


@lti_admin.post(f"/<{INT}:platform_id>/suspend")
@granted(Role.ADMINISTRATOR)
def suspend(platform_id: int) -> Response:
    actor = current_user.person.key
    run(lambda: actions.suspend(actions.platform(platform_id), actor))
    flash("The platform is suspended. Whoever came from it is signed out.")
    return redirect(url_for("lti_admin.index"))


@lti_admin.post(f"/<{INT}:platform_id>/activate")
@granted(Role.ADMINISTRATOR)
def activate(platform_id: int) -> Response:
    actor = current_user.person.key
    run(lambda: actions.activate(actions.platform(platform_id), actor))
    flash("The platform is active: people can come from it.")
    return redirect(url_for("lti_admin.index"))


@lti_admin.post(f"/<{INT}:platform_id>/deployments/<{INT}:refusal_id>")
@granted(Role.ADMINISTRATOR)
def accept_deployment(platform_id: int, refusal_id: int) -> Response:
    """Take a deployment that a verified message named, from the row that its refusal left."""
    actor = current_user.person.key
    run(lambda: actions.accept_deployment(actions.platform(platform_id), refusal_id, actor))
    flash("The deployment was added: people can come from it.")
    return redirect(url_for("lti_admin.index"))


def our_addresses() -> list[tuple[str, str]]:
    """What a platform's form asks for, in its words."""
    public_url = _settings().public_url.rstrip("/")
    return [
        ("Tool URL", f"{public_url}/lti/launch"),
        ("Initiate login URL", f"{public_url}/lti/login"),
        ("Redirection URI", f"{public_url}/lti/launch"),
        ("Public key type: keyset URL", f"{public_url}/lti/jwks.json"),
    ]


def _organisations() -> list[tuple[str, str]]:
    rows = db.session.execute(select(Organisation.key, Organisation.name).order_by(Organisation.name))
    return [(key, name) for key, name in rows]


def _settings() -> Settings:
    settings: Settings = current_app.extensions["settings"]
    return settings
