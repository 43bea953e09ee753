"""The register of a session: who was there. Made for a phone, and for connections that break off."""

from dataclasses import dataclass

from flask import flash, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from catalogue.attendance import marking, queries
from catalogue.attendance.forms import ButtonForm, entries_of
from catalogue.attendance.marking import Left
from catalogue.attendance.models import Attendance
from catalogue.attendance.views.common import RUN, Kept, actor, attendance, kept, run_of
from catalogue.clock import in_london, today
from catalogue.enrolments.models import Enrolment
from catalogue.errors import NotThere
from catalogue.keeping import keeps
from catalogue.offers.models import Run, RunSession
from catalogue.pages import plural
from catalogue.security import signed_in
from catalogue.transactions import run as in_transaction

SESSION = f"{RUN}/sessions/<int(max=2147483647):session_id>"


@dataclass(frozen=True, slots=True)
class Row:
    """One person on the page: what the form shows of them, and what could not be written of what was chosen."""

    enrolment: Enrolment
    held: Attendance | None
    chosen: bool | None
    left: Left | None

    @property
    def shown(self) -> bool | None:
        return self.held.attended if self.held else None

    @property
    def fixed(self) -> bool:
        """Whether the mark can be changed no more."""
        return self.held is not None and self.enrolment.state == "completed"


@attendance.route(SESSION, methods=["GET", "POST"])
@signed_in
@keeps
def session(slug: str, run_id: int, session_id: int) -> Response | str | tuple[str, int]:
    register = kept(slug)
    run = run_of(register, run_id)
    if request.method == "GET":
        return _page(register, run, session_id, [])
    entries, person_id = entries_of(request.form, session_id), current_user.person.id
    done = in_transaction(lambda: marking.mark(run_id, entries, actor(person_id)))
    if not done.left:
        flash(f"Saved: {plural(done.written, 'mark')}." if done.written else "Saved. Nothing was changed.")
        return redirect(url_for("attendance.session", slug=slug, run_id=run_id, session_id=session_id))
    register = kept(slug)
    return _page(register, run_of(register, run_id), session_id, done.left, written=done.written), 409


def _page(register: Kept, run: Run, session_id: int, left: list[Left], written: int = 0) -> str:
    at = _session(run, session_id)
    marks = queries.marks(run.id, session_id)
    by_person = {one.entry.enrolment_id: one for one in left}
    rows = []
    for enrolment in queries.on_register(run.id):
        held, kept_back = marks.get((enrolment.id, session_id)), by_person.pop(enrolment.id, None)
        shown = held.attended if held else None
        rows.append(Row(enrolment, held, kept_back.entry.chosen if kept_back else shown, kept_back))
    return render_template(
        "attendance/session.html",
        register=register, run=run, session=at, rows=rows, left=left, gone=list(by_person.values()), written=written,
        begun=in_london(at.starts_at).date() <= today(), button_form=ButtonForm(),
    )  # fmt: skip


def _session(run: Run, session_id: int) -> RunSession:
    found = next((one for one in run.sessions if one.id == session_id), None)
    if found is None:
        raise NotThere
    return found


@attendance.get(f"{RUN}/list")
@signed_in
def printed(slug: str, run_id: int) -> str:
    """The people of a run and its sessions, to be printed and filled in by hand."""
    register = kept(slug)
    run = run_of(register, run_id)
    return render_template(
        "attendance/list.html",
        register=register, run=run, people=queries.on_register(run_id), marks=queries.marks(run_id),
    )  # fmt: skip
