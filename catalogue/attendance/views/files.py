"""Attendance, or who completed, from a file: what it would change is shown first, and written in one transaction."""

from typing import BinaryIO, cast

from flask import Response, flash, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from catalogue.attendance import marking, queries, sheet
from catalogue.attendance.forms import FileForm, carried, entries_carried
from catalogue.attendance.marking import Entry, Left, Marked
from catalogue.attendance.sheet import Sheet
from catalogue.attendance.views.common import RUN, Kept, actor, attendance, by_of, kept, run_of
from catalogue.clock import today
from catalogue.interchange.limits import Unreadable
from catalogue.keeping import keeps
from catalogue.offers.models import Run
from catalogue.pages import plural
from catalogue.security import signed_in
from catalogue.transactions import run as in_transaction

LISTED = 200


@attendance.get(f"{RUN}/attendance.csv")
@signed_in
def template(slug: str, run_id: int) -> Response:
    """The people of a run and the marks that they have, to be filled in."""
    run = run_of(kept(slug), run_id)
    lines = "".join(sheet.written(queries.on_register(run_id), run.sessions, queries.marks(run_id)))
    disposition = f"attachment; filename=attendance-{run_id}.csv"
    return Response(lines, mimetype="text/csv", headers={"Content-Disposition": disposition})


@attendance.route(f"{RUN}/file", methods=["GET", "POST"])
@signed_in
def upload(slug: str, run_id: int) -> str | tuple[str, int]:
    """Send a file, and see what it would change."""
    register = kept(slug)
    run, form = run_of(register, run_id), FileForm()
    if not form.validate_on_submit():
        return _start(register, run, form), 422 if form.errors else 200
    try:
        read = sheet.read(
            cast(BinaryIO, form.file.data.stream), queries.on_register(run_id), run.sessions, queries.marks(run_id),
            today(),
        )  # fmt: skip
    except Unreadable as fault:
        form.file.errors = [f"{fault} {fault.remedy}"]
        return _start(register, run, form), 422
    return _report(register, run, read)


@attendance.post(f"{RUN}/file/write")
@signed_in
@keeps
def write(slug: str, run_id: int) -> BaseResponse | tuple[str, int]:
    """Write what was shown: all of it at once, but for what somebody has changed meanwhile."""
    register = kept(slug)
    run_of(register, run_id)
    entries, person_id = entries_carried(request.form.getlist("entry")), current_user.person.id
    done = in_transaction(lambda: _write(slug, run_id, entries, person_id))
    if not done.left:
        flash(f"Saved: {plural(done.written, 'mark' if entries and entries[0].session_id else 'completion')}.")
        return redirect(url_for("attendance.register", slug=slug))
    register = kept(slug)
    return _report(register, run_of(register, run_id), Sheet(), done.left, done.written), 409


def _write(slug: str, run_id: int, entries: list[Entry], person_id: int) -> Marked:
    who = actor(person_id)
    if run_of(kept(slug), run_id).sessions:
        return marking.mark(run_id, entries, who)
    return marking.complete_all(run_id, entries, by_of(who), who)


def _start(register: Kept, run: Run, form: FileForm) -> str:
    return render_template("attendance/file.html", register=register, run=run, form=form)


def _report(register: Kept, run: Run, read: Sheet, left: list[Left] | None = None, written: int = 0) -> str:
    return render_template(
        "attendance/file_report.html",
        register=register, run=run, read=read, listed=read.changes[:LISTED], carried=carried, left=left or [],
        written=written, titles={session.id: session.title for session in run.sessions},
    )  # fmt: skip
