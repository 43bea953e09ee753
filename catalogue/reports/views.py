"""The map of need against what stands to meet it: as a heat map, as a table, and as files."""

from collections.abc import Sequence

from flask import Blueprint, Response, abort, render_template, request
from flask_login import current_user

from catalogue.clock import today
from catalogue.errors import NotThere
from catalogue.people.models import Person
from catalogue.reports import queries
from catalogue.reports.access import may_see_map, sees_all, systems_seen
from catalogue.reports.coverage import Cell, Coverage
from catalogue.reports.forms import COLUMNS, FIGURES, ROWS, Asked, asked_of
from catalogue.security import signed_in
from catalogue.spreadsheets import Cell as Written
from catalogue.spreadsheets import csv_lines
from catalogue.systems.models import System

reports = Blueprint("reports", __name__, url_prefix="/map")

HEADER = (
    "system", "system name", "system ended on", "framework", "dimension", "dimension name", "condition",
    "condition name", "state", "gap in systems", "people assessed", "people with a gap", "levels to go", "offers",
    "offers at one's own pace", "free places", "hours",
)  # fmt: skip


@reports.get("")
@signed_in
def index() -> str:
    if not may_see_map(current_user.person):
        abort(404)
    systems = systems_seen(current_user.person)
    return map_page(current_user.person, systems) if systems else render_template("reports/no_system.html")


@reports.get("/cells.csv")
@signed_in
def cells() -> Response:
    asked, coverage = _asked_for(current_user.person, systems_seen(current_user.person))
    return _file("cells", asked, coverage, coverage.cells)


@reports.get("/gaps.csv")
@signed_in
def gaps() -> Response:
    asked, coverage = _asked_for(current_user.person, systems_seen(current_user.person))
    return _file("gaps", asked, coverage, coverage.gaps)


def map_page(person: Person, systems: Sequence[System]) -> str:
    """The map of the systems that this person sees, or of the one of them that the address names."""
    asked, coverage = _asked_for(person, systems)
    rows = asked.in_order(coverage.cells) if asked.table else []
    return render_template(
        "reports/map.html",
        asked=asked, coverage=coverage, systems=systems, gaps=coverage.gaps, columns=COLUMNS, figures=FIGURES,
        within=[] if sees_all(person) else [system.key for system in systems],
        rows=rows[ROWS * (asked.page - 1) : ROWS * asked.page], total=len(rows), last=ROWS * asked.page >= len(rows),
    )  # fmt: skip


def _asked_for(person: Person, systems: Sequence[System]) -> tuple[Asked, Coverage]:
    """Raises ``NotThere`` for a system that is not one of theirs, and where none is."""
    asked = asked_of(request.args)
    chosen = [system for system in systems if asked.system in ("", system.key)]
    if not chosen:
        raise NotThere
    return asked, queries.coverage(chosen, whole=sees_all(person) and not asked.system)


def _file(name: str, asked: Asked, coverage: Coverage, shown: Sequence[Cell]) -> Response:
    rows = (_row(coverage, cell) for cell in shown)
    file_name = "-".join(["every-seat", name, asked.system or "all", today().isoformat()])
    return Response(
        csv_lines(HEADER, rows, bom=True),
        mimetype="text/csv",
        headers={"Content-Disposition": f'attachment; filename="{file_name}.csv"'},
    )


def _row(coverage: Coverage, cell: Cell) -> list[Written]:
    """A cell as a row; figures that are not shown are empty."""
    system, supply = cell.system, cell.supply
    return [
        *((system.key, system.name, system.ended_on) if system else ("", "All of these systems together", None)),
        coverage.framework.key, cell.dimension.key, cell.dimension.name, cell.condition.key, cell.condition.name,
        str(cell.state), None if system else cell.gaps_in, cell.assessed,
        *((cell.need.people, cell.need.levels) if cell.need else (None, None)),
        supply.offers, supply.self_paced, supply.places, supply.hours,
    ]  # fmt: skip
