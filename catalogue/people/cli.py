"""Commands on how people sign in."""

import time

import click
from flask import current_app
from flask.cli import with_appcontext

from catalogue.errors import Refused
from catalogue.people import authenticators, break_glass, queries
from catalogue.people.models import Person
from catalogue.transactions import run


def _person(email: str) -> Person:
    account = queries.account_by_email(email)
    if account is None:
        raise click.ClickException(f"there is no account {email}")
    return account.person


@click.command("reset-authenticator")
@click.argument("email")
@with_appcontext
def reset_authenticator(email: str) -> None:
    """Forget somebody's authenticator: for the administrator who has lost theirs, and has nobody to ask."""
    try:
        run(lambda: authenticators.take_away(_person(email)))
    except Refused as refusal:
        raise click.ClickException(str(refusal)) from refusal
    click.echo(f"The authenticator of {email} is reset, and they are signed out everywhere.")


@click.command("break-glass")
@click.argument("email")
@click.option("--reason", required=True, help="Stands in the audit trail, and is sent to every administrator.")
@with_appcontext
def break_glass_link(email: str, reason: str) -> None:
    """Print a link that signs an administrator in once, within 15 minutes, without a password and a code."""
    try:
        link = run(lambda: break_glass.make_link(_person(email), reason))
    except Refused as refusal:
        raise click.ClickException(str(refusal)) from refusal
    click.echo(link)
    click.echo("It works once, within 15 minutes. Every administrator is told, with the reason.", err=True)


@click.command("code")
@click.argument("email")
@with_appcontext
def code(email: str) -> None:
    """A code that lets an account of the demonstration in, after its password: in development alone."""
    if not current_app.extensions["settings"].development:
        raise click.ClickException("codes are made by people's own apps; this is for development only (EVERYSEAT_ENV)")
    try:
        made, wait = authenticators.next_code(_person(email))
    except Refused as refusal:
        raise click.ClickException(str(refusal)) from refusal
    time.sleep(wait)
    click.echo(made)
