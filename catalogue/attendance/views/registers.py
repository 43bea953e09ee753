"""The register of an offer: who is on it, and a tick for who completed it."""

from flask import flash, redirect, render_template, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from catalogue.attendance import queries
from catalogue.attendance.actions import took_part
from catalogue.attendance.forms import ButtonForm
from catalogue.attendance.views.common import ENROLMENT, REGISTER, actor, attendance, by_of, enrolment_of, kept, name_of
from catalogue.offers.queries import joinable_runs
from catalogue.security import signed_in
from catalogue.transactions import run as in_transaction


@attendance.get(REGISTER)
@signed_in
def register(slug: str) -> str:
    """The people on an offer, by run, with what there is to do about each."""
    there = kept(slug)
    return render_template(
        "attendance/register.html",
        register=there, offer=there.offer, groups=queries.people_by_run(there.offer),
        voided=queries.voided_of(there.offer), marked=queries.marked_by_session(there.offer), form=ButtonForm(),
        joinable=joinable_runs(there.offer) if there.offer.published else [],
    )  # fmt: skip


@attendance.post(ENROLMENT)
@signed_in
def tick(slug: str, enrolment_id: int) -> Response:
    """Somebody took part in all of it: the provider's tick, or the administrator's."""
    offer_id, actor_id = kept(slug).offer.id, current_user.person.id
    flash(in_transaction(lambda: _tick(offer_id, enrolment_id, actor_id)))
    return redirect(url_for("attendance.register", slug=slug))


def _tick(offer_id: int, enrolment_id: int, actor_id: int) -> str:
    found, who = enrolment_of(offer_id, enrolment_id), actor(actor_id)
    if took_part(found, by_of(who), who):
        return f"{name_of(found)} has completed this offer."
    return f"{name_of(found)} took part. This offer is completed when they have assessed themself again."
