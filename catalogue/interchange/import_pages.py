"""A provider's file on its way in: sending it, what it would change, and what came of it."""

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from catalogue.errors import NotThere
from catalogue.extensions import db, limiter
from catalogue.interchange import actions, queries
from catalogue.interchange.access import Rights, rights_of
from catalogue.interchange.forms import ImportForm
from catalogue.interchange.limits import MAX_FILE, SPLIT_IT
from catalogue.interchange.models import ImportState
from catalogue.interchange.report import KINDS
from catalogue.people.models import Person
from catalogue.publishing.queries import publishing_organisation
from catalogue.receiving import name_of, room_for_a_file
from catalogue.security import signed_in
from catalogue.spreadsheets import csv_lines
from catalogue.systems.models import Organisation
from catalogue.transactions import run

imports = Blueprint("imports", __name__)
IMPORT = "/publish/imports/<int(max=2147483647):import_id>"
ON_A_PAGE = 50
room_for_a_file(imports, "start", MAX_FILE, SPLIT_IT)


def importing_for() -> tuple[list[Organisation], str]:
    """The providers that this person may choose from, and the key of the one that the address names."""
    providers, key = queries.providers_for(current_user.person), request.args.get("provider", "")
    if not providers or (key and key not in {provider.key for provider in providers}):
        raise NotThere
    return providers, key


@imports.route("/publish/import", methods=["GET", "POST"])
@limiter.limit("60 per hour", methods=["POST"])
@signed_in
def start() -> BaseResponse | str | tuple[str, int]:
    providers, key = importing_for()
    form = ImportForm.of(providers, key)
    if form.validate_on_submit():
        chosen, name, person_id = form.provider.data, name_of(form.file.data), current_user.person.id
        content = form.file.data.read()

        def begin() -> int:
            person = db.session.get_one(Person, person_id)
            return actions.begin_import(publishing_organisation(chosen), person, name, content).id

        return redirect(url_for("imports.report", import_id=run(begin)))
    latest = queries.latest_imports([provider.id for provider in providers])
    said = render_template("interchange/start.html", form=form, providers=providers, latest=latest)
    return said, 422 if form.errors else 200


@imports.get(IMPORT)
@signed_in
def report(import_id: int) -> str:
    """How far it is; then what it would change, or has changed, row by row."""
    imported = queries.import_for(current_user.person, import_id)
    kind, number = request.args.get("kind", ""), request.args.get("page", 1, type=int)
    rows = [row for row in imported.report.get("rows", []) if kind in ("", row["kind"])]
    pages = max(1, -(-len(rows) // ON_A_PAGE))
    number = min(max(number, 1), pages)
    return render_template(
        "interchange/report.html",
        imported=imported, report=imported.report, kinds=KINDS, kind=kind if kind in KINDS else "",
        rows=rows[(number - 1) * ON_A_PAGE : number * ON_A_PAGE], number=number, pages=pages,
        publishes=rights_of(current_user.person, imported.provider_id) == Rights.PUBLISH,
        under_way=imported.state in (ImportState.READING, ImportState.WRITING), still="still" in request.args,
    )  # fmt: skip


@imports.post(f"{IMPORT}/write")
@signed_in
def write(import_id: int) -> BaseResponse:
    queries.import_for(current_user.person, import_id)
    person_id = current_user.person.id
    run(lambda: actions.write_import(import_id, db.session.get_one(Person, person_id)))
    return redirect(url_for("imports.report", import_id=import_id))


@imports.post(f"{IMPORT}/throw-away")
@signed_in
def throw_away(import_id: int) -> BaseResponse:
    queries.import_for(current_user.person, import_id)
    run(lambda: actions.throw_away(import_id))
    flash("The file is thrown away. Nothing was changed.")
    return redirect(url_for("imports.start"))


@imports.get(f"{IMPORT}/wrong.csv")
@signed_in
def wrong(import_id: int) -> Response:
    """What is wrong, for whoever keeps the file."""
    imported = queries.import_for(current_user.person, import_id)
    faults = [
        (fault["row"], row["key"], row["title"], fault["column"], fault["reason"], fault["remedy"])
        for row in imported.report.get("rows", [])
        for fault in row["faults"]
    ]
    return Response(
        csv_lines(("row", "key", "title", "column", "what is wrong", "what to do"), faults, bom=True),
        mimetype="text/csv",
        headers={"Content-Disposition": f"attachment; filename=wrong-rows-{import_id}.csv"},
    )
