"""The command line of the audit trail."""

import re
import sys

import click
from flask.cli import with_appcontext
from sqlalchemy import select

from catalogue.extensions import db
from catalogue.people import audit, chain
from catalogue.people.models import AuditEvent
from catalogue.transactions import run

SEALED = "earlier events sealed"


@click.group("audit")
def audit_group() -> None:
    """The audit trail."""


def _an_end(_context: click.Context, _option: click.Parameter, said: str) -> str:
    if said and not re.fullmatch(r"\d+:[0-9a-f]{64}|0:", said):
        raise click.BadParameter("give what an earlier everyseat audit verify printed: a number, a colon and a seal")
    return said


@audit_group.command()
@click.option(
    "--against", default="", metavar="NUMBER:SEAL", callback=_an_end,
    help="Where the chain ended at an earlier time, kept outside the database: shows an end that was put back.",
)  # fmt: skip
@with_appcontext
def verify(against: str) -> None:
    """Say whether every event is as it was sealed, or the first thing that is wrong (exit code 1)."""
    db.session.rollback()
    if db.engine.dialect.name == "postgresql":  # one view of the chain and its head, while others add to both
        db.session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
    verdict = chain.verify(against)
    db.session.rollback()
    if verdict.fault:
        click.echo(f"Broken after {verdict.events:,} events. {verdict.fault}", err=True)
        sys.exit(1)
    click.echo(f"Unbroken: {verdict.events:,} events. It ends with {verdict.end}")


@audit_group.command()
@with_appcontext
def seal() -> None:
    """Seal the events from before there was a chain: once, a few hundred at a time."""
    if db.session.scalar(select(AuditEvent.id).where(AuditEvent.action == SEALED).limit(1)):
        raise click.ClickException("that has been done already: what has no seal now was put in past the service")
    count = 0
    while some := run(_seal_some):
        count += some
    run(lambda: audit.record(SEALED, "audit", count=count))
    click.echo(f"Sealed {count:,} events.")


def _seal_some() -> int:
    ids = chain.unsealed_ids(chain.AT_A_TIME)
    chain.seal_at_commit(ids)
    return len(ids)
