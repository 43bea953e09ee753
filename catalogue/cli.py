"""The command line of the catalogue: database, seed data, people, and serving."""

import socket
import sys
from collections.abc import Callable
from datetime import date, datetime
from typing import Any
from urllib.parse import unquote, urlsplit

import click
from email_validator import EmailNotValidError, validate_email
from flask import Flask, current_app
from flask.cli import AppGroup, ScriptInfo, with_appcontext
from flask_migrate import upgrade
from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.exc import OperationalError, ProgrammingError

from catalogue.credentials.cli import badges_group
from catalogue.errors import Refused
from catalogue.evidence.jobs import tell_effects
from catalogue.extensions import db
from catalogue.frameworks.cli import frameworks
from catalogue.interchange.cli import offers
from catalogue.jobs import work
from catalogue.people import actions, queries
from catalogue.people.audit_cli import audit_group
from catalogue.people.cli import break_glass_link, code, reset_authenticator
from catalogue.people.models import Role
from catalogue.people.rules import fault_of_place
from catalogue.privacy.cli import privacy
from catalogue.records.cli import completions_group
from catalogue.resources import resource_dir
from catalogue.seeding.demonstration import add_demonstration
from catalogue.seeding.files import FaultyFile
from catalogue.seeding.load import load
from catalogue.settings import Settings
from catalogue.systems.cli import systems
from catalogue.systems.models import Organisation, System
from catalogue.transactions import run


class PlainSpoken(AppGroup):
    """Says in a line what an operator has to set right, where a command finds it wrong."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except ValidationError as faults:
            if faults.title != Settings.__name__:
                raise
            for fault in faults.errors():
                named = "".join(f"EVERYSEAT_{name}: ".upper() for name in fault["loc"])
                click.echo(f"Setting: {named}{fault['msg'].removeprefix('Value error, ')}", err=True)
        except (OperationalError, ProgrammingError) as fault:
            said = str(fault.orig).strip().partition("\n")[0]
            click.echo(f"The database does not answer, or needs: everyseat db upgrade ({said})", err=True)
        sys.exit(2)


def command_line(create_app: Callable[[], Flask]) -> click.Group:
    """The group ``everyseat``; ``create_app`` is called only by commands that need the application."""

    group = PlainSpoken(
        name="everyseat",
        context_settings={"obj": ScriptInfo(create_app=create_app, set_debug_flag=False)},
        help="Every Seat: the learning-offer catalogue and LTI 1.3 plug-in for people who lead health and care.",
    )
    for command in (
        db_group, seed, users, frameworks, serve, worker, offers, audit_group, badges_group, completions_group, systems,
        privacy,
    ):  # fmt: skip
        group.add_command(command)
    return group


@click.group("db")
def db_group() -> None:
    """The database."""


@db_group.command("upgrade")
@with_appcontext
def db_upgrade() -> None:
    """Bring the database to the newest version."""
    upgrade()
    click.echo("The database is up to date.")


@click.command()
@click.option("--demo", is_flag=True, help="Also demonstration people, and runs of the example offers.")
@with_appcontext
def seed(demo: bool) -> None:
    """Load the framework, seats, systems, organisations and offers; again at any time."""
    try:
        counts = run(lambda: _seed(demo))
    except FaultyFile as fault:
        raise click.ClickException(f"nothing was changed: {fault}") from fault
    if demo:
        tell_effects()
    click.echo("Loaded: " + ", ".join(f"{count} {kind}" for kind, count in counts.items()) + ".")


def _seed(demo: bool) -> dict[str, int]:
    counts = load(resource_dir("seed"), demo=demo)
    if demo:
        if not current_app.extensions["settings"].development:
            raise click.ClickException("demonstration accounts are for development only (EVERYSEAT_ENV)")
        add_demonstration()
    return counts


def _organisation(key: str) -> Organisation:
    found = db.session.scalar(select(Organisation).where(Organisation.key == key))
    if found is None:
        raise click.ClickException(f"there is no organisation {key}")
    return found


def _system(key: str) -> System:
    found = db.session.scalar(select(System).where(System.key == key))
    if found is None:
        raise click.ClickException(f"there is no system {key}")
    return found


DAY = click.DateTime(["%Y-%m-%d"])


def day_of(given: datetime | None) -> date | None:
    return given.date() if given else None


@click.group()
def users() -> None:
    """People with a local account."""


for way_in in (reset_authenticator, code, break_glass_link):
    users.add_command(way_in)


@users.command("add")
@click.argument("email")
@click.option("--role", required=True, type=click.Choice([role.value for role in Role]))
@click.option("--name", default="", help="Shown on pages; made from the address where left out.")
@click.option(
    "--organisation",
    default="",
    metavar="KEY",
    help="Where it holds; partners, editors, facilitators need one.",
)
@click.option("--system", default="", metavar="KEY", help="Where a lead leads, or an administrator is one.")
@click.option("--from", "first", type=DAY, help="The first day of the role; left out, it holds from today.")
@click.option("--until", "last", type=DAY, help="Its last day; left out, it holds until somebody ends it.")
@with_appcontext
def users_add(
    email: str, *, role: str, name: str, organisation: str, system: str, first: datetime | None, last: datetime | None
) -> None:
    """Add a person, or give one a further role; they set their password by a link."""
    try:
        validate_email(email, check_deliverability=False)
    except EmailNotValidError as fault:
        raise click.UsageError(f"{email} is not an email address: {fault}") from fault
    if misplaced := fault_of_place(Role(role), organisation=bool(organisation), system=bool(system)):
        raise click.UsageError(f"{misplaced} (--organisation KEY, --system KEY)")
    settings: Settings = current_app.extensions["settings"]
    link_to = settings.public_url.rstrip("/") + "/sign-in/reset/"

    def add() -> tuple[bool, bool, str]:
        there = queries.account_by_email(email)
        account = actions.add_account(email, name)
        actions.grant(
            account.person, Role(role),
            _organisation(organisation).id if organisation else None,
            _system(system).id if system else None, starts_on=day_of(first), ends_on=day_of(last),
        )  # fmt: skip
        if not account.password_hash:
            actions.send_reset_link(email, link_to)
        return there is None, not account.password_hash, account.person.name

    try:
        added, written, called = run(add)
    except Refused as refusal:
        raise click.ClickException(str(refusal)) from refusal
    click.echo(f"{email} {'was added' if added else 'was there already'}, as {role}.")
    if name and name != called:
        click.echo(f"--name changes nothing for somebody who is there: their name is {called}.")
    if written:
        to = "to that address"
        if settings.mail.startswith("file:"):
            to = f"into a file in {unquote(urlsplit(settings.mail).path)}"
        click.echo(f"A link to set the password goes {to} (it works for one hour); everyseat worker sends it.")


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=click.IntRange(1, 65535), default=8000, show_default=True)
@with_appcontext  # so that a setting that is missing or unfit is said here, once
def serve(host: str, port: int) -> None:
    """Serve the web pages."""
    try:
        socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET).close()
    except OSError as fault:
        raise click.ClickException(f"{host} port {port} can't be served on: {fault.strerror}; see --port") from fault
    from granian.constants import Interfaces
    from granian.server import Server

    Server(
        "everyseat:create_app", address=host, port=port, interface=Interfaces.WSGI, factory=True,
        blocking_threads=8, log_access=False,
    ).serve()  # fmt: skip


@click.command()
@with_appcontext
def worker() -> None:
    """Send grades and messages, until stopped."""
    work(current_app._get_current_object())  # type: ignore[attr-defined]
