"""The administrators' pages on learning platforms."""

from collections.abc import Callable

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from catalogue.people.models import Role
from catalogue.security import granted
from catalogue.settings import Settings
from catalogue.transactions import run
from lti import keys, refusals
from lti.addresses import origin
from lti.grading import queries as grading
from lti.models import Platform, PlatformState
from lti.platforms import actions, checks, queries
from lti.platforms.actions import Added
from lti.platforms.checks import Result
from lti.platforms.forms import SAME_NAME, ApprovalForm, PlatformForm, SettingsForm
from lti.platforms.rules import Unfit, on_other_hosts
from lti.platforms.tool_settings import ToolSettings

lti_admin = Blueprint("lti_admin", __name__, url_prefix="/admin/platforms")
PLATFORM = "/<int(max=2147483647):platform_id>"


@lti_admin.get("")
@granted(Role.ADMINISTRATOR)
def index() -> str:
    return render_template(
        "lti/platforms.html",
        platforms=queries.platforms(), grades=grading.grades_by_platform(),
        not_answering=queries.not_answering(), refusals=refusals.recent(), tool=_tool(),
    )  # fmt: skip


@lti_admin.route("/add", methods=["GET", "POST"])
@granted(Role.ADMINISTRATOR)
def add() -> Response | str | tuple[str, int]:
    form = PlatformForm()
    form.organisation.choices = _choices()
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
    html = render_template("lti/add_platform.html", form=form, tool=_tool())
    return html, 422 if form.errors else 200


@lti_admin.get(PLATFORM)
@granted(Role.ADMINISTRATOR)
def platform(platform_id: int) -> str:
    return _page(queries.platform(platform_id))


@lti_admin.get(f"{PLATFORM}/approve")
@lti_admin.get(f"{PLATFORM}/check")
@lti_admin.get(f"{PLATFORM}/settings")
@granted(Role.ADMINISTRATOR)
def opened_again(platform_id: int) -> Response:
    """The address of a form's answer, opened by hand or from a bookmark."""
    return _back_to(platform_id)


@lti_admin.post(f"{PLATFORM}/approve")
@granted(Role.ADMINISTRATOR)
def approve(platform_id: int) -> Response | tuple[str, int]:
    """Let people come from a platform that registered itself."""
    form = _approval(queries.platform(platform_id))
    if form.validate_on_submit():
        actor, key, name = current_user.person.key, form.organisation_key, form.chosen_name
        try:
            run(lambda: actions.approve(queries.platform(platform_id), key, actor, name=name))
        except Unfit as unfit:
            form.refuse(unfit.faults)
        else:
            keys.ensure_key()
            flash("The platform is approved: people can come from it.")
            return _back_to(platform_id)
    return _page(queries.platform(platform_id), approval=form), 422


@lti_admin.post(f"{PLATFORM}/decline")
@granted(Role.ADMINISTRATOR)
def decline(platform_id: int) -> Response:
    """Forget a platform that registered itself."""
    actor = current_user.person.key
    run(lambda: actions.decline(queries.platform(platform_id), actor))
    flash("The platform was declined, and forgotten. Delete Every Seat there too.")
    return redirect(url_for("lti_admin.index"))


@lti_admin.post(f"{PLATFORM}/check")
@granted(Role.ADMINISTRATOR)
def check(platform_id: int) -> str:
    """Try the connection out, and say what came of it. Nothing is changed, so the page comes at once."""
    key_set, development = _tool().key_set, _settings().development
    results = checks.check(queries.platform(platform_id), key_set, development=development)
    return _page(queries.platform(platform_id), results=results)


@lti_admin.post(f"{PLATFORM}/settings")
@granted(Role.ADMINISTRATOR)
def settings(platform_id: int) -> Response | tuple[str, int]:
    form = SettingsForm(obj=queries.platform(platform_id))
    values, actor, development = form.values, current_user.person.key, _settings().development
    if not form.check(development=development):
        return _page(queries.platform(platform_id), form=form), 422
    run(
        lambda: actions.change_settings(
            queries.platform(platform_id), **values, development=development, actor_key=actor
        )
    )
    flash("The settings were changed.")
    return _back_to(platform_id)


@lti_admin.post(f"{PLATFORM}/suspend")
@granted(Role.ADMINISTRATOR)
def suspend(platform_id: int) -> Response:
    return _act(platform_id, actions.suspend, "The platform is suspended. Whoever came from it is signed out.")


@lti_admin.post(f"{PLATFORM}/activate")
@granted(Role.ADMINISTRATOR)
def activate(platform_id: int) -> Response:
    return _act(platform_id, actions.activate, "The platform is active: people can come from it.")


@lti_admin.post(f"{PLATFORM}/deployments/<int(max=2147483647):refusal_id>")
@granted(Role.ADMINISTRATOR)
def accept_deployment(platform_id: int, refusal_id: int) -> Response:
    """Take a deployment that a verified message named, from the row that its refusal left."""
    return _act(
        platform_id,
        lambda platform, actor: actions.accept_deployment(platform, refusal_id, actor),
        "The deployment was added: people can come from it.",
    )


def _act(platform_id: int, action: Callable[[Platform, str], None], done: str) -> Response:
    actor = current_user.person.key
    run(lambda: action(queries.platform(platform_id), actor))
    flash(done)
    return _back_to(platform_id)


def _back_to(platform_id: int) -> Response:
    return redirect(url_for("lti_admin.platform", platform_id=platform_id))


def _page(
    platform: Platform,
    *,
    approval: ApprovalForm | None = None,
    form: SettingsForm | None = None,
    results: list[Result] | None = None,
) -> str:
    """The platform's own page; ``form`` and ``approval`` are given where what was typed is not fit."""
    pending = platform.state == PlatformState.PENDING
    held = {deployment.deployment_id for deployment in platform.deployments}
    refused = queries.refusals_of(platform.id)
    offered = {
        one.deployment_id: one for one in reversed(refused) if one.deployment_id and one.deployment_id not in held
    }
    return render_template(
        "lti/platform.html",
        platform=platform, pending=pending, grades=grading.grades_by_platform().get(platform.id),
        since=queries.not_answering().get(platform.id), refusals=refused, offered=offered,
        results=results, outcome=checks.outcome(results) if results else "",
        approval=approval or (_approval(platform) if pending else None),
        form=form or approval, settings_form=form or SettingsForm(formdata=None, obj=platform),
        usual_origin=origin(platform.auth_url), elsewhere=_elsewhere(platform) if pending else [],
    )  # fmt: skip


def _elsewhere(platform: Platform) -> list[tuple[str, str]]:
    addresses = {
        "authentication request URL": platform.auth_url,
        "access token URL": platform.token_url,
        "public key set URL": platform.jwks_url,
    }
    return on_other_hosts(platform.issuer, addresses)


def _approval(platform: Platform) -> ApprovalForm:
    form = ApprovalForm(obj=platform)
    form.organisation.choices = _choices()
    return form


def _choices() -> list[tuple[str, str]]:
    return [(SAME_NAME, "A new one, with the platform's name"), *queries.organisations()]


def _tool() -> ToolSettings:
    return ToolSettings.at(_settings().public_url)


def _settings() -> Settings:
    settings: Settings = current_app.extensions["settings"]
    return settings
