"""Commands for whoever runs the service: platforms, and how far their grades are."""

import json
from typing import Any

import click
from flask import current_app
from flask.cli import with_appcontext

from catalogue.settings import Settings
from catalogue.transactions import run
from lti import keys
from lti.demo import demo
from lti.grading import queries as grading
from lti.grading.queries import Grades
from lti.models import Platform
from lti.platforms import queries
from lti.platforms.actions import Added, Registration, Unfit, add_platform
from lti.practice.cli import practice_platform

OPTIONS = {
    "jwks_url": "--jwks-url",
    "auth_url": "--auth-url",
    "token_url": "--token-url",
    "client_id": "--client-id",
}


def add_lti_commands(cli: click.Group) -> None:
    for command in (platforms, grades, practice_platform, demo):
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
    """Add a platform, or bring one up to date; the same again changes nothing."""
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
    found = [_platform_json(platform) for platform in queries.platforms()]
    if as_json:
        click.echo(json.dumps(found, indent=2))
        return
    for one in found:
        click.echo(f"{one['name']}: {one['state']}, issuer {one['issuer']}, client id {one['client_id']}")
    if not found:
        click.echo("There are no platforms yet. Add one with: everyseat platforms add --help")


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


def _grades_json(counted: Grades) -> dict[str, int]:
    return {
        "waiting": counted.waiting,
        "delivered": counted.delivered,
        "parked": counted.parked,
        "oldest_waiting_seconds": counted.oldest_waiting_seconds,
    }
