"""Systems, organisations and staff from a file: first what it would change, then changing it."""

from collections.abc import Callable, Iterable, Iterator

from flask import flash, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from catalogue.extensions import db, limiter
from catalogue.people.models import Person, Role
from catalogue.security import granted, signed_in
from catalogue.spreadsheets import Cell, csv_lines
from catalogue.systems import importing, importing_systems, queries
from catalogue.systems.access import adds_people
from catalogue.systems.files import Line, Unreadable, read, text_of
from catalogue.systems.forms import ConfirmFileForm, FileForm
from catalogue.systems.importing import ORGANISATION_COLUMNS, STAFF_COLUMNS, Done, Kind, carry_out
from catalogue.systems.importing_systems import SYSTEM_COLUMNS
from catalogue.systems.views.bodies import systems
from catalogue.systems.views.members import own
from catalogue.systems.views.organisations import ORGANISATION

SHOWN = 500
"""Rows that a page lists: those that are wrong come first."""
_ORDER = (Kind.WRONG, Kind.NEW, Kind.ASKED, Kind.CHANGED, Kind.SAME)
ASKS = "Whoever does not belong to it yet is asked first, by letter: they belong to it when they say yes."
Taken = Callable[[list[Line]], list[Done]]


@systems.route("/admin/organisations/import", methods=["GET", "POST"])
@limiter.limit("60 per hour", methods=["POST"])
@granted(Role.ADMINISTRATOR)
def import_organisations() -> Response | tuple[str, int]:
    actor = current_user.person.key
    return _page(
        lambda content: read(content, ORGANISATION_COLUMNS, ["ODS code"]),
        lambda lines: importing.import_organisations(lines, actor),
        title="Import organisations", columns=ORGANISATION_COLUMNS, back=url_for("systems.organisations"),
    )  # fmt: skip


@systems.route("/admin/systems/import", methods=["GET", "POST"])
@limiter.limit("60 per hour", methods=["POST"])
@granted(Role.ADMINISTRATOR)
def import_systems() -> Response | tuple[str, int]:
    actor = current_user.person.key
    return _page(
        lambda content: read(content, SYSTEM_COLUMNS, ["name"]),
        lambda lines: importing_systems.import_systems(lines, actor),
        title="Import systems", columns=SYSTEM_COLUMNS, back=url_for("systems.index", kind="all"),
    )  # fmt: skip


@systems.route(f"{ORGANISATION}/people/import", methods=["GET", "POST"])
@limiter.limit("60 per hour", methods=["POST"])
@signed_in
def import_people(key: str) -> Response | tuple[str, int]:
    organisation, actor_id = own(key), current_user.person.id

    def take(lines: list[Line]) -> list[Done]:
        return importing.import_staff(queries.organisation_by_key(key), lines, db.session.get_one(Person, actor_id))

    return _page(
        lambda content: read(content, STAFF_COLUMNS, ["person"]), take,
        title=f"Import people of {organisation.name}", columns=STAFF_COLUMNS, back=url_for("systems.people", key=key),
        note="" if adds_people(current_user.person) else ASKS,
    )  # fmt: skip


def _page(
    reading: Callable[[bytes], list[Line]], take: Taken, *, title: str, columns: Iterable[str], back: str,
    note: str = "",
) -> Response | tuple[str, int]:  # fmt: skip
    """Ask for a file; show what it would change; on the second word do it. The file comes back with that word.

    ``note`` is what is to be known before. The rows that are wrong can be had as a file, to be set right and sent in.
    """
    form, confirm = FileForm(), ConfirmFileForm()

    def shown(done: list[Done] | None, *, asks: bool = False) -> str:
        rows = sorted(done or [], key=lambda row: (_ORDER.index(row.kind), row.number))
        told = [row for row in rows if row.kind != Kind.SAME]
        return render_template(
            "systems/import.html",
            title=title, columns=list(columns), back_to=back, form=form, confirm=confirm, asks=asks,
            rows=told[:SHOWN], unlisted=len(told[SHOWN:]), counts=_counts(rows), done=done is not None, note=note,
        )  # fmt: skip

    if confirm.content.data and confirm.validate_on_submit():
        lines = reading(str(confirm.content.data).encode("utf-8", "replace"))
        if "wrong" in request.form:
            return _wrong_rows(lines, carry_out(lambda: take(lines), dry_run=True), list(columns))
        done = carry_out(lambda: take(lines), dry_run=False)
        counts = _counts(done)
        if counts[Kind.WRONG]:
            return shown(done), 200
        told = [f"{counts[kind]} {kind}" for kind in _ORDER[1:] if counts[kind] or kind != Kind.ASKED]
        flash(f"Imported: {', '.join(told)}.")
        return redirect(back)
    if form.validate_on_submit():
        try:
            content: bytes = form.file.data.read()
            lines = reading(content)
            done = carry_out(lambda: take(lines), dry_run=True)
            confirm.content.data = text_of(content)
            return shown(done, asks=True), 200
        except Unreadable as fault:
            form.file.errors = [str(fault)]
    return shown(None), 422 if form.errors else 200


def _wrong_rows(lines: list[Line], done: list[Done], columns: list[str]) -> Response:
    """As they came, each with its number, what is wrong with it and what to do; these columns are passed over."""
    faults = {row.number: row.fault for row in done if row.fault}
    rows: Iterator[list[Cell]] = (
        [*(line.get(name) for name in columns), line.number, fault.column, fault.reason, fault.remedy]
        for line in lines
        if (fault := faults.get(line.number))
    )
    header = [*columns, "row", "wrong column", "what is wrong", "what to do"]
    return Response(
        csv_lines(header, rows, bom=True), mimetype="text/csv",
        headers={"Content-Disposition": 'attachment; filename="every-seat-wrong-rows.csv"'},
    )  # fmt: skip


def _counts(rows: list[Done]) -> dict[Kind, int]:
    return {kind: sum(row.kind == kind for row in rows) for kind in Kind}
