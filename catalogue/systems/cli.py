"""The command line of systems and their organisations."""

from pathlib import Path

import click
from flask.cli import with_appcontext

from catalogue.errors import DomainError
from catalogue.systems.files import read
from catalogue.systems.importing import ORGANISATION_COLUMNS, Kind, carry_out, import_organisations
from catalogue.systems.importing_systems import SYSTEM_COLUMNS, import_systems

KINDS = {
    "organisations": (ORGANISATION_COLUMNS, "ODS code", import_organisations),
    "systems": (SYSTEM_COLUMNS, "name", import_systems),
}
"""What a file may hold: its columns, the one that is needed, and what takes its rows."""


@click.group()
def systems() -> None:
    """Systems and their organisations."""


@systems.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--of", type=click.Choice(("organisations", "systems")), default="organisations", show_default=True)
@click.option("--dry-run", is_flag=True, help="Show what would change, and change nothing.")
@with_appcontext
def import_file(file: Path, of: str, dry_run: bool) -> None:
    """Add and change organisations by their ODS codes, each with its system, from CSV; again at any time.

    Columns: ODS code, name, kind, system, started on, ended on, successor. Of systems: name, kind (STP or ICS),
    started on, ended on, successor. A row that is wrong is left out.
    """
    columns, needed, take = KINDS[of]
    try:
        lines = read(file.read_bytes(), columns, [needed])
        done = carry_out(lambda: take(lines, ""), dry_run=dry_run)
    except DomainError as fault:
        raise click.ClickException(str(fault)) from fault
    click.echo("Dry run: nothing was changed." if dry_run else "Imported.")
    counted = [kind for kind in Kind if kind != Kind.ASKED]  # nobody is asked: these are no people
    click.echo(", ".join(f"{sum(row.kind == kind for row in done)} {kind}" for kind in counted) + ".")
    for row in done:
        if row.kind in (Kind.NEW, Kind.CHANGED):
            click.echo(f"Row {row.number}: {row.title}: {row.kind}" + "".join(f"; {one}" for one in row.changes))
    wrong = [row for row in done if row.fault]
    for row in wrong:
        if row.fault:
            click.echo(f"Row {row.number}, {row.fault.column}: {row.fault.reason}. {row.fault.remedy}.", err=True)
    if wrong:
        raise SystemExit(1)
