"""The command line of privacy."""

import click
from flask.cli import with_appcontext

from catalogue.privacy import erasing


@click.group()
def privacy() -> None:
    """What is held about people."""


@privacy.command()
@with_appcontext
def replay() -> None:
    """After a restore: erase again whoever was erased since the backup, as the ledger beside the database says."""
    done = erasing.replay()
    click.echo(f"Erased again: {done.erased:,}. Not there any more: {done.already:,}. ({erasing.ledger()})")
