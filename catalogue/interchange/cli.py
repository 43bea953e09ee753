"""The command line of files with offers."""

import io
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import click
from flask.cli import with_appcontext
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table
from sqlalchemy import func, select

from catalogue.extensions import db
from catalogue.interchange.access import Rights
from catalogue.interchange.feeds import csv_of, jsonld_of, xcri_of
from catalogue.interchange.fetching import fetch
from catalogue.interchange.limits import Unreadable
from catalogue.interchange.names import Names
from catalogue.interchange.offers_out import offers as published_offers
from catalogue.interchange.plan import Kind, PlannedRow
from catalogue.interchange.reading import read
from catalogue.interchange.rows import OfferRow
from catalogue.interchange.write import By, plan_all, write_all
from catalogue.offers.filters import Filters
from catalogue.offers.models import Offer
from catalogue.offers.references import References
from catalogue.systems.models import Organisation
from catalogue.transactions import run

SHOWN = 10  # rows of each kind


FORMATS: dict[str, Callable[[Iterable[Offer]], Iterator[Any]]] = {"xcri": xcri_of, "csv": csv_of, "jsonld": jsonld_of}


@click.group()
def offers() -> None:
    """Offers from and to files."""


@offers.command("import")
@click.argument("source", metavar="FILE_OR_URL")
@click.option("--dry-run", is_flag=True, help="Show what would change, and change nothing.")
@click.option(
    "--provider", "provider_key", default="", metavar="KEY", help="Whose offers they are, unless the file says."
)
@with_appcontext
def import_offers(source: str, dry_run: bool, provider_key: str) -> None:
    """Import offers from CSV, an Excel workbook or XCRI-CAP; again at any time: what has not changed stays as it is.

    What is complete is published at once, what is not becomes a draft, and a row that is wrong is left out.
    """
    with _progress("Reading") as told:
        try:
            reading = read(io.BytesIO(_content(source)), source, Names.of(References()))
            rows = list(told(reading))
        except Unreadable as fault:
            raise click.ClickException(f"{fault} {fault.remedy}") from fault
    for note in reading.notes:
        click.echo(note, err=True)
    provider_id = (_provider(provider_key) if provider_key else _named_in(rows)).id
    with _progress("Comparing" if dry_run else "Importing", len(rows)) as told:
        if dry_run:
            planned = [row for chunk in plan_all(provider_id, rows, Rights.PUBLISH) for row in told(chunk)]
        else:
            planned = run(lambda: _write(provider_id, rows, told))
    _report(planned, dry_run)


def _content(source: str) -> bytes:
    if source.startswith(("https://", "http://")):
        fetched = fetch(source)
        return fetched.content if fetched else b""
    try:
        return Path(source).read_bytes()
    except OSError as fault:
        raise click.ClickException(f"{source}: {fault.strerror}") from fault


def _provider(key: str) -> Organisation:
    found = db.session.scalar(select(Organisation).where(Organisation.key == key, Organisation.publishes))
    if found is None:
        raise click.ClickException(f"no organisation {key} publishes offers")
    return found


def _named_in(rows: list[OfferRow]) -> Organisation:
    """The one provider of ours that the whole file names, by key or by name."""
    said = {called.strip().casefold() for row in rows for called in row.provider}
    publishing = db.session.scalars(select(Organisation).where(Organisation.publishes)).all()
    found = [one for one in publishing if {one.key, one.name.casefold()} & said]
    if len(found) != 1 or not all(row.provider for row in rows):
        named = f"it names {', '.join(one.key for one in found)}" if found else "it names none that publishes here"
        raise click.ClickException(f"say whose offers these are, with --provider KEY: {named}")
    return found[0]


def _write(provider_id: int, rows: list[OfferRow], told: "Told") -> list[PlannedRow]:
    provider = db.session.get_one(Organisation, provider_id)
    return [row for chunk in write_all(provider, rows, By(Rights.PUBLISH)) for row in told(chunk)]


Row = TypeVar("Row")


class Told:
    """Counts on a bar what goes by."""

    def __init__(self, bar: Progress, words: str, total: int | None) -> None:
        self._bar, self._task = bar, bar.add_task(words, total=total)

    def __call__(self, rows: Iterable[Row]) -> Iterator[Row]:
        for row in rows:
            self._bar.advance(self._task)
            yield row


@contextmanager
def _progress(words: str, total: int | None = None) -> Iterator[Told]:
    """A bar for who sits at a terminal; it is no part of what the command says."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        yield Told(bar, words, total)


def _report(planned: list[PlannedRow], dry_run: bool) -> None:
    """What was done, or would be, on the way out; what is wrong on the other, with a status of 1."""
    console = Console(soft_wrap=True)
    counts = Table("what", "offers", title="Dry run: nothing was changed" if dry_run else "Imported")
    for kind in Kind:
        counts.add_row(kind, str(sum(row.kind == kind for row in planned)))
    console.print(counts)
    for kind in (Kind.NEW, Kind.CHANGED, Kind.INCOMPLETE, Kind.RETIRED):
        _rows([row for row in planned if row.kind == kind], kind)
    _rows([row for row in planned if row.kind == Kind.SAME and row.does_something], "changed dates")
    wrong = [fault for row in planned for fault in row.faults]
    for fault in wrong:
        click.echo(f"Row {fault.row}, {fault.column}: {fault.reason}. {fault.remedy}", err=True)
    if wrong:
        left_out = sum(row.kind == Kind.WRONG for row in planned)
        verb = "would be" if dry_run else "were"
        click.echo(f"{left_out} of {len(planned)} {verb} left out; the others {verb} imported.", err=True)
        sys.exit(1)


def _rows(rows: list[PlannedRow], title: str) -> None:
    for row in rows[:SHOWN]:
        click.echo(f"{title}: row {row.row.number}, {row.row.key}: {row.title}")
        for change in row.changes:
            click.echo(f"    {change.field}: {change.before} → {change.after}")
        for dates in row.runs:
            for change in dates.changes:
                click.echo(f"    {dates.key}, {change.field}: {change.before} → {change.after}")
        if row.missing:
            click.echo(f"    to be completed: {', '.join(row.missing)}")
    if len(rows) > SHOWN:
        click.echo(f"    and {len(rows) - SHOWN:,} more")


@offers.command("export")
@click.option("--format", "form", type=click.Choice(list(FORMATS)), required=True)
@click.option("--provider", "provider_key", default="", metavar="KEY", help="Only the offers of this provider.")
@with_appcontext
def export_offers(form: str, provider_key: str) -> None:
    """Print every published offer that anybody may find, in a format that others read."""
    if provider_key and db.session.scalar(select(Organisation.id).where(Organisation.key == provider_key)) is None:
        raise click.ClickException(f"there is no organisation {provider_key}")
    wanted = select(func.count()).select_from(Offer).join(Offer.published)
    if provider_key:
        wanted = wanted.join(Offer.provider).where(Organisation.key == provider_key)
    with _progress("Exporting", db.session.scalar(wanted) or 0) as told:
        for part in FORMATS[form](told(published_offers(Filters(), provider_key))):
            click.echo(part, nl=False)
