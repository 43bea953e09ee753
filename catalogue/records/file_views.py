"""Files with completions on their way in: sending one, what it would record, which codes mean what."""

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from catalogue.errors import NotThere, Refused
from catalogue.extensions import db, limiter
from catalogue.interchange.limits import Unreadable
from catalogue.people import audit
from catalogue.people.models import Person
from catalogue.receiving import name_of, room_for_a_file
from catalogue.records import importing
from catalogue.records.exports import HEADINGS, MAX_BYTES
from catalogue.records.forms import SYSTEMS, CodeForm, FileForm
from catalogue.records.models import Source
from catalogue.records.planning import Kind
from catalogue.security import signed_in
from catalogue.spreadsheets import csv_lines
from catalogue.transactions import run

completions = Blueprint("completions", __name__)
IMPORT = "/completions/imports/<int(max=2147483647):import_id>"
CODES = "/completions/codes/<organisation>"
SHOWN = 100
room_for_a_file(completions, "start", MAX_BYTES, "Split it into several files.")


def _actor() -> Person:
    return db.session.get_one(Person, current_user.person.id)


@completions.route("/completions/import", methods=["GET", "POST"])
@limiter.limit("60 per hour", methods=["POST"])
@signed_in
def start() -> BaseResponse | str | tuple[str, int]:
    organisations = importing.organisations_of(current_user.person)
    if not organisations and request.method == "POST":
        raise NotThere
    if not organisations and not importing.may_import_for(current_user.person, 0):
        raise NotThere
    form = FileForm.of(organisations)
    if form.validate_on_submit():
        key, source, name = form.organisation.data, Source(form.source.data), name_of(form.file.data)
        content = form.file.data.read()
        try:
            begun = run(
                lambda: importing.begin(
                    _actor(), importing.organisation_for(_actor(), key), source, name, content
                ).id
            )  # fmt: skip
            return redirect(url_for("completions.report", import_id=begun))
        except Unreadable as fault:
            form.file.errors = [f"{fault} {fault.remedy}"]
    said = render_template("records/start.html", form=form, organisations=organisations, headings=HEADINGS)
    return said, 422 if form.errors else 200


@completions.get(IMPORT)
@signed_in
def report(import_id: int) -> str:
    """What the file would record, or has recorded."""
    kept = importing.import_for(current_user.person, import_id)
    planned = importing.plan_of(kept.content, kept.source, kept.organisation) if kept.content else None
    new = planned.of(Kind.NEW) if planned else []
    if new:
        where = f"completion import:{import_id}"
        audit.record_reading("file of completions", where, current_user.person.key, people=len(new))
    return render_template(
        "records/report.html",
        kept=kept, planned=planned, counts=planned.counts if planned else kept.counts, systems=SYSTEMS, most=SHOWN,
        new=new,
        wrong=planned.of(Kind.WRONG, Kind.NOT_MATCHED) if planned else [],
    )  # fmt: skip


@completions.get(f"{IMPORT}/wrong.csv")
@signed_in
def wrong(import_id: int) -> Response:
    """The rows that would be left out, for whoever keeps the list."""
    kept = importing.import_for(current_user.person, import_id)
    if kept.content is None:
        raise NotThere
    planned = importing.plan_of(kept.content, kept.source, kept.organisation)
    found = planned.of(Kind.WRONG, Kind.NOT_MATCHED)
    rows = [(one.row, one.fault.column, one.fault.reason, one.fault.remedy) for one in found if one.fault]
    return Response(
        csv_lines(("row", "column", "what is wrong", "what to do"), rows, bom=True),
        mimetype="text/csv",
        headers={"Content-Disposition": f"attachment; filename=not-recorded-{import_id}.csv"},
    )


@completions.post(f"{IMPORT}/write")
@signed_in
def write(import_id: int) -> BaseResponse:
    run(lambda: importing.write(importing.import_for(_actor(), import_id), _actor()))
    return redirect(url_for("completions.report", import_id=import_id))


@completions.post(f"{IMPORT}/throw-away")
@signed_in
def throw_away(import_id: int) -> BaseResponse:
    run(lambda: importing.throw_away(importing.import_for(_actor(), import_id)))
    flash("The file is thrown away. Nothing was recorded.")
    return redirect(url_for("completions.start"))


@completions.route(CODES, methods=["GET", "POST"])
@signed_in
def codes(organisation: str) -> BaseResponse | str | tuple[str, int]:
    """Which offer a code of theirs means."""
    found = importing.organisation_for(current_user.person, organisation)
    back = request.args.get("import", type=int)
    form = CodeForm(source=request.args.get("source"), code=request.args.get("code"))
    if form.validate_on_submit():
        source, code, slug = Source(form.source.data), form.code.data or "", form.slug
        try:
            run(lambda: importing.set_code(
                importing.organisation_for(_actor(), organisation), source, code, slug, _actor()
            ))  # fmt: skip
            if back:
                return redirect(url_for("completions.report", import_id=back))
            return redirect(url_for("completions.codes", organisation=organisation))
        except (NotThere, Refused):
            form.offer.errors = ["There is no offer at this address. Copy it from the offer's page"]
    page_of = render_template(
        "records/codes.html", form=form, organisation=found, codes=importing.codes(found), systems=SYSTEMS, back=back
    )
    return page_of, 422 if form.errors else 200


@completions.post(f"{CODES}/<int(max=2147483647):code_id>/remove")
@signed_in
def remove_code(organisation: str, code_id: int) -> BaseResponse:
    run(lambda: importing.remove_code(importing.organisation_for(_actor(), organisation), code_id, _actor()))
    return redirect(url_for("completions.codes", organisation=organisation))
