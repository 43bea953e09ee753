"""The keys that badges are signed with."""

import click
from flask.cli import with_appcontext
from sqlalchemy import func, select

from catalogue.credentials import actions, keys
from catalogue.credentials.models import Credential
from catalogue.extensions import db
from catalogue.pages import format_time, plural
from catalogue.transactions import run


@click.group("badges")
def badges_group() -> None:
    """Badges for completions, and the keys that sign them."""


@badges_group.command("rotate")
@with_appcontext
def rotate() -> None:
    """Sign with a new key from now on; what older keys have signed can still be checked."""
    kid = run(lambda: keys.rotate().kid)
    actions.catch_up()
    click.echo(f"Badges are signed with {kid} from now on. All earlier keys stay published.")


@badges_group.command("show")
@with_appcontext
def show() -> None:
    """The keys, and whether badges wait to be signed."""
    newest = keys.newest()
    since = f"{newest.kid}, since {format_time(newest.created_at)}" if newest else "no key has been needed yet"
    click.echo(f"Signs: {since}")
    click.echo(f"Published: {plural(len(keys.published()), 'key')}")
    waiting = db.session.scalar(select(func.count()).where(Credential.signed == "", Credential.revoked_at.is_(None)))
    click.echo(f"Waiting to be signed: {waiting or 0}")
