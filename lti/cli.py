"""Commands for whoever runs the service: platforms, how far their grades are, and our own keys."""

import json
from collections.abc import Callable
from typing import Any

import click
from flask import current_app
from flask.cli import with_appcontext

from catalogue.errors import Refused
from catalogue.pages import format_time
from catalogue.people import authenticators
from catalogue.settings import Settings
from catalogue.signon import actions as signon
from catalogue.transactions import run
from lti import keys
from lti.demo import demo
from lti.grading import actions as grading_actions
from lti.grading import queries as grading
from lti.grading.queries import Grades
from lti.grading.views import on_the_way
from lti.models import Platform, SigningKey
from lti.platforms import actions, checks, queries
from lti.platforms.actions import Added, add_platform
from lti.platforms.rules import Registration, Unfit
from lti.platforms.tool_settings import ToolSettings
from lti.practice.cli import practice_platform

OPTIONS = {
    "jwks_url": "--jwks-url",
    "auth_url": "--auth-url",
    "token_url": "--token-url",
    "client_id": "--client-id",
}


def add_lti_commands(cli: click.Group) -> None:
    for command in (platforms, grades, keys_group, practice_platform, demo):
        cli.add_command(command)


@click.group()
def platforms() -> None:
    """Learning platforms."""


@platforms.command("add")
@click.option("--name", required=True, help="What people call it.")
@click.option("--issuer", required=True, help="Moodle calls it platform ID; exactly as the platform has it.")
@click.option("--client-id", required=True)
@click.option("--deployment", required=True, help="The deployment ID.")
@click.option("--jwks-url", required=True, help="The platform's public key set.")
@click.option("--auth-url", required=True, help="The authentication request URL.")
@click.option("--token-url", required=True, help="The access token URL.")
@click.option(
    "--organisation",
    default="",
    metavar="KEY",
    help="Whose people come from it; made from the name if left out.",
)
@with_appcontext
def platforms_add(**given: str) -> None:
    """Add a platform, or bring one up to date.

    The same again changes nothing.
    """
    settings: Settings = current_app.extensions["settings"]

    def add() -> tuple[Added, str, str]:
        added = add_platform(Registration(**given), development=settings.development)
        organisation = added.platform.organisation
        return added, added.platform.name, organisation.name if organisation else "nobody yet"

    try:
        added, name, organisation = run(add)
    except Unfit as unfit:
        for field, message in unfit.faults.items():
            click.echo(f"{OPTIONS.get(field, f'--{field}')}: {message}.", err=True)
        raise SystemExit(2) from unfit
    keys.ensure_key()
    if added.new:
        click.echo(f"{name} was added, for {organisation}.")
    elif added.changed:
        click.echo(f"{name} was there already, and was changed: {', '.join(added.changed)}.")
    else:
        click.echo(f"{name} was there already; nothing was changed.")


@platforms.command("list")
@click.option("--json", "as_json", is_flag=True)
@with_appcontext
def platforms_list(as_json: bool) -> None:
    """Every platform, with its state and its last launch."""
    found = queries.platforms()
    if as_json:
        click.echo(json.dumps([_platform_json(platform) for platform in found], indent=2))
        return
    for one in found:
        last = f"last launch {format_time(one.last_launch_at)}" if one.last_launch_at else "no launch yet"
        click.echo(f"{one.id} {one.name}: {one.state}, issuer {one.issuer}, client id {one.client_id}, {last}")
    if not found:
        click.echo("There are no platforms yet. Add one with: everyseat platforms add --help")


@platforms.command("settings")
@with_appcontext
def platforms_settings() -> None:
    """What to type into a platform to connect it.

    An address with which it registers itself, or what its forms ask for.
    """
    settings: Settings = current_app.extensions["settings"]
    tool = ToolSettings.at(settings.public_url)
    click.echo(f"Registration URL: {tool.registration}")
    for heading, listed in (("Moodle, by hand", tool.moodle), ("Totara and others, by hand", tool.others)):
        click.echo(f"\n{heading}")
        for label, value in listed:
            click.echo(f"  {label}: {value}")


@platforms.command("check")
@click.argument("name")
@with_appcontext
def platforms_check(name: str) -> None:
    """Try the connection to a platform out. NAME may be its id.

    The exit code is 1 where something does not work.
    """
    settings: Settings = current_app.extensions["settings"]
    key_set = ToolSettings.at(settings.public_url).key_set
    results = checks.check(_named(name), key_set, development=settings.development)
    for one in results:
        click.echo(f"{'Fine' if one.fine else 'Not working'}: {one.tried}")
        for said in filter(None, (one.found, one.advice)):
            click.echo(f"  {said}")
    raise SystemExit(0 if all(one.fine for one in results) else 1)


@platforms.command("approve")
@click.argument("name")
@click.option(
    "--organisation", default="", metavar="KEY", help="Whose people come from it; made from the name if left out."
)
@with_appcontext
def platforms_approve(name: str, organisation: str) -> None:
    """Let people come from a platform that registered itself. NAME may be its id."""
    _act(name, lambda platform: actions.approve(platform, organisation), "was approved")
    keys.ensure_key()


@platforms.command("suspend")
@click.argument("name")
@with_appcontext
def platforms_suspend(name: str) -> None:
    """Refuse launches, and sign out whoever came. NAME may be the platform's id."""
    _act(name, actions.suspend, "was suspended")


@platforms.command("activate")
@click.argument("name")
@with_appcontext
def platforms_activate(name: str) -> None:
    """End a suspension. NAME may be the platform's id."""
    _act(name, actions.activate, "is active")


def _act(name: str, action: Callable[[Platform], None], done: str) -> None:
    def act() -> str:
        platform = _named(name)
        action(platform)
        return platform.name

    try:
        called = run(act)
    except Unfit as unfit:
        raise click.UsageError("; ".join(unfit.faults.values())) from unfit
    except Refused as refusal:
        raise click.ClickException(str(refusal)) from refusal
    click.echo(f"{called} {done}.")


def _named(name: str) -> Platform:
    """The one platform of this name, or with this id; else the command ends, with 2."""
    found = queries.named(name)
    if not found:
        raise click.UsageError(f"there is no platform {name}: see everyseat platforms list")
    if len(found) > 1:
        ids = ", ".join(str(platform.id) for platform in found)
        raise click.UsageError(f"{len(found)} platforms are called {name}: say which by its id, one of {ids}")
    return found[0]


def _platform_json(platform: Platform) -> dict[str, Any]:
    return {
        "id": platform.id,
        "name": platform.name,
        "issuer": platform.issuer,
        "client_id": platform.client_id,
        "deployments": [deployment.deployment_id for deployment in platform.deployments],
        "jwks_url": platform.jwks_url,
        "auth_url": platform.auth_url,
        "token_url": platform.token_url,
        "organisation": platform.organisation.key if platform.organisation else None,
        "state": str(platform.state),
        "last_launch_at": platform.last_launch_at.isoformat() if platform.last_launch_at else None,
    }


@click.group()
def grades() -> None:
    """Grades on their way to platforms."""


@grades.command("status")
@click.option("--json", "as_json", is_flag=True)
@with_appcontext
def grades_status(as_json: bool) -> None:
    """How many wait, were delivered, or need a person."""
    by_platform = grading.grades_by_platform()
    listed: list[dict[str, Any]] = [
        {"id": platform.id, "name": platform.name} | _grades_json(by_platform.get(platform.id, Grades()))
        for platform in queries.platforms()
    ]
    total: dict[str, Any] = _grades_json(grading.all_grades(by_platform))
    if as_json:
        click.echo(json.dumps(total | {"platforms": listed}, indent=2))
        return
    for one in [{"name": "All platforms"} | total, *listed]:
        click.echo(f"{one['name']}: {one['waiting']} waiting, {one['delivered']} delivered, {one['parked']} parked")


@grades.command("retry")
@click.option("--platform", "name", default="", metavar="NAME", help="Of one platform alone; NAME may be its id.")
@with_appcontext
def grades_retry(name: str) -> None:
    """Send grades that need a person once more.

    First put right on the platform what stopped them.
    """

    def retry() -> int:
        wanted = [_named(name)] if name else queries.platforms()
        return sum(grading_actions.try_all_again(platform.id) for platform in wanted)

    click.echo(on_the_way(run(retry)))


def _grades_json(counted: Grades) -> dict[str, int]:
    return {
        "waiting": counted.waiting,
        "delivered": counted.delivered,
        "parked": counted.parked,
        "oldest_waiting_seconds": counted.oldest_waiting_seconds,
    }


@click.group("keys")
def keys_group() -> None:
    """Our own signing keys."""


@keys_group.command("rotate")
@click.option(
    "--now", "at_once", is_flag=True,
    help="For a key that has leaked, or cannot be read: a new one signs at once, and every other is destroyed.",
)  # fmt: skip
@with_appcontext
def keys_rotate(at_once: bool) -> None:
    """Publish a new key that signs from tomorrow.

    The stored ones are encrypted with the newest secret.
    """
    try:
        added = run(keys.replace if at_once else keys.rotate)
        run(authenticators.encrypt_anew)
        run(signon.encrypt_anew)
    except keys.KeysLocked as locked:
        raise click.ClickException(str(locked)) from locked
    if at_once:
        click.echo("A new key signs from now on. The others were destroyed, and are published no longer.")
        click.echo("What was signed lately may be refused, until platforms have fetched our key set anew.")
    else:
        click.echo("A new key is published." if added else "A new key waits to sign already; none was added.")
    signing, _ = keys.signing_key()
    for key in keys.published():
        click.echo(f"{key.kid}: {_when_it_signs(key, signing)}")


def _when_it_signs(key: SigningKey, signing: str) -> str:
    gone = f"published until {format_time(key.retired_at + keys.PUBLISHED_AFTER_RETIRING)}" if key.retired_at else ""
    if key.kid == signing:
        return f"signs now, until {format_time(key.retired_at)}; {gone}" if key.retired_at else "signs now"
    if key.retired_at:
        return f"signs no more; {gone}"
    return f"signs from {format_time(key.signs_from)}"
