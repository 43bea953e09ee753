"""The seats of a run that are kept for the people of a system or of a partner, until a day."""

from flask import flash, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from catalogue.enrolments import allocations, seating
from catalogue.enrolments.actions import locked
from catalogue.enrolments.letters import write_confirmation
from catalogue.errors import Refused
from catalogue.offers.models import Run, RunState
from catalogue.publishing.forms.seats import Bodies, SeatsForm, bodies_of, body_of
from catalogue.publishing.views.common import Work, actor, publishing
from catalogue.publishing.views.runs import RUN, kept_run
from catalogue.security import signed_in
from catalogue.systems.queries import areas
from catalogue.transactions import run as in_transaction


@publishing.route(f"{RUN}/seats", methods=["GET", "POST"])
@signed_in
def run_seats(offer_id: int, run_id: int) -> Response | str | tuple[str, int]:
    """Who has seats on it, how many of them are used, and until when they are kept."""
    work, there = kept_run(offer_id, run_id)
    if there.state == RunState.CANCELLED:
        return redirect(url_for("publishing.runs", offer_id=offer_id))
    kept = seating.allocated([run_id])[run_id]
    bodies = _bodies(work, kept)
    form = SeatsForm.of(kept, bodies)
    if "add_row" in request.form or (request.method == "GET" and not kept):
        form.add_row(bodies)
        return _page(work, there, form, kept)
    if form.validate_on_submit():
        values, person_id = form.values, current_user.person.id
        try:
            in_transaction(lambda: _set(run_id, values, person_id))
            flash("The seats are kept as you say.")
            return redirect(url_for("publishing.run_seats", offer_id=offer_id, run_id=run_id))
        except Refused as refusal:
            form.refuse(str(refusal), bodies)
            work, there = kept_run(offer_id, run_id)
            kept = seating.allocated([run_id])[run_id]
    page = _page(work, there, form, kept)
    return page, 422 if form.errors else 200


def _page(work: Work, there: Run, form: SeatsForm, kept: list[seating.Allocated]) -> str:
    used = {body_of(one): one.used for one in kept}
    return render_template("publishing/seats.html", work=work, run=there, form=form, used=used)


def _set(run_id: int, rows: list[allocations.Row], person_id: int) -> None:
    for promoted in allocations.set_allocations(locked(run_id), rows, actor(person_id)):
        write_confirmation(promoted)


def _bodies(work: Work, kept: list[seating.Allocated]) -> Bodies:
    """Every area, and who provides the offer; whoever has seats already besides."""
    there = [one.allocation for one in kept]
    systems = {one.id: one for one in areas()} | {one.system.id: one.system for one in there if one.system}
    organisations = {one.id: one for one in (work.offer.provider, *work.offer.partners)}
    organisations |= {one.organisation.id: one.organisation for one in there if one.organisation}
    return bodies_of(sorted(systems.values(), key=lambda one: one.name), list(organisations.values()))
