"""Completions from files of other systems, by command."""

import sys
from pathlib import Path

import click
from flask.cli import with_appcontext
from rich.console import Console
from rich.table import Table

from catalogue.errors import DomainError
from catalogue.extensions import db
from catalogue.interchange.limits import Unreadable
from catalogue.people import queries as people
from catalogue.people.models import Person
from catalogue.records import importing
from catalogue.records.models import Source
from catalogue.records.planning import Kind, Plan
from catalogue.transactions import run

SHOWN = 50
FILES = (Source.TOTARA, Source.ESR)


@click.group("completions")
def completions_group() -> None:
    """Completions that other systems tell of."""


@completions_group.command("import")
@click.option("--from", "source", required=True, type=click.Choice([one.value for one in FILES]))
@click.option("--organisation", required=True, metavar="KEY", help="Whose people they are.")
@click.option("--by", required=True, metavar="EMAIL", help="The administrator who vouches for them.")
@click.option("--dry-run", is_flag=True, help="Say what would be recorded, and record nothing.")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@with_appcontext
def import_file(source: str, organisation: str, by: str, dry_run: bool, file: Path) -> None:
    """Record the completions in a CSV export: all of them in one transaction; again at any time."""
    content, kind = file.read_bytes(), Source(source)

    def act() -> Plan:
        actor = _administrator(by)
        planned = importing.plan_of(content, kind, importing.organisation_for(actor, organisation))
        if not dry_run:
            importing.record(planned, kind, actor)
        return planned

    try:
        _say(run(act), dry_run)
    except Unreadable as fault:
        raise click.ClickException(f"{fault} {fault.remedy}") from fault
    except DomainError as fault:
        said = str(fault) or f"{by} may not bring completions for {organisation}, or there is no such organisation"
        raise click.ClickException(said) from fault


@completions_group.command("code")
@click.option("--from", "source", required=True, type=click.Choice([one.value for one in FILES]))
@click.option("--organisation", required=True, metavar="KEY")
@click.option("--by", required=True, metavar="EMAIL", help="The administrator who says so.")
@click.argument("code")
@click.argument("offer")
@with_appcontext
def code(source: str, organisation: str, by: str, code: str, offer: str) -> None:
    """Say which OFFER (the last part of its address) a CODE of the other system means."""

    def act() -> None:
        actor = _administrator(by)
        importing.set_code(importing.organisation_for(actor, organisation), Source(source), code, offer, actor)

    try:
        run(act)
    except DomainError as fault:
        raise click.ClickException(str(fault) or f"{by} may not say so for {organisation}") from fault
    click.echo(f"{code} is {offer} from now on.")


def _administrator(email: str) -> Person:
    account = people.account_by_email(email)
    if account is None:
        raise click.ClickException(f"nobody signs in with {email}")
    return db.session.get_one(Person, account.person_id)


def _say(planned: Plan, dry_run: bool) -> None:
    console = Console(soft_wrap=True)
    table = Table("what", "rows", title="Dry run: nothing was recorded" if dry_run else "Recorded")
    for kind, count in planned.counts.items():
        table.add_row(kind, str(count))
    console.print(table)
    faults = [row.fault for row in planned.of(Kind.WRONG, Kind.NOT_MATCHED) if row.fault]
    for fault in faults[:SHOWN]:
        click.echo(f"Row {fault.row}, {fault.column}: {fault.reason}. {fault.remedy}.", err=True)
    if len(faults) > SHOWN:
        click.echo(f"and {len(faults) - SHOWN:,} more", err=True)
    if faults:
        sys.exit(1)
