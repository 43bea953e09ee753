"""Enrolling, the plan, and working through an offer."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from catalogue.assessments import queries as assessments
from catalogue.attendance import queries as attendance
from catalogue.attendance.actions import do_step, settle
from catalogue.clock import today
from catalogue.enrolments import actions, approving, queries, rules, seating
from catalogue.enrolments.forms import ConfirmForm, EnrolForm, LeaveForm
from catalogue.enrolments.letters import write_approval_request, write_confirmation, write_confirmations
from catalogue.enrolments.models import ACTIVE, ON_IT, EnrolmentState
from catalogue.enrolments.together import others_of_systems
from catalogue.equality import queries as equality
from catalogue.errors import NotThere, Refused
from catalogue.extensions import db
from catalogue.offers import queries as offers
from catalogue.offers.models import Offer, Step
from catalogue.people.models import Person
from catalogue.plans import queries as plans
from catalogue.security import signed_in
from catalogue.systems.queries import led_systems
from catalogue.transactions import run as in_transaction

enrolments = Blueprint("enrolments", __name__)
JOINED = (EnrolmentState.REQUESTED, EnrolmentState.WAITLISTED, *ON_IT)
"""Who has said that they take part, and has not completed it."""


@enrolments.get("/enrolments")
@signed_in
def index() -> str:
    """Your plan: what you have to do, by date, what it is for, and what you have done."""
    person_id = current_user.person.id
    latest = next(iter(assessments.closed_of(person_id)), None)
    gaps = {standing.key for standing in assessments.standings(latest) if standing.gap} if latest else set()
    plan = plans.plan_of(person_id)
    comments = plan.by_step(plans.comments_of(person_id))
    return render_template(
        "enrolments/index.html",
        plan=plan, gaps=gaps, waiting=queries.waiting_places(person_id), comments=comments, about=plan.titles,
        shared=plans.open_share(person_id),
        so_far=attendance.steps_so_far(person_id, plan.enrolments),
    )  # fmt: skip


@enrolments.route("/offers/<slug>/enrol", methods=["GET", "POST"])
@signed_in
def enrol(slug: str) -> Response | str | tuple[str, int]:
    person_id = current_user.person.id
    offer = offers.published_offer(slug, current_user.person)
    there = queries.active(person_id, offer.id)
    if there is not None:
        return redirect(url_for("enrolments.enrolment", enrolment_id=there.id))
    version = offer.published
    runs = [run for run in offers.joinable_runs(offer) if run.apply_by is None or run.apply_by >= today()]
    free = seating.free_by_run(runs, person_id)
    chosen = request.args.get("run", type=int) or (runs[0].id if len(runs) == 1 else None)
    form = EnrolForm.of(version, runs, free, chosen)
    if form.validate_on_submit():
        offer_id, run_id = offer.id, None if version.self_paced else form.run.data
        joining, manager = form.joining(current_user.sign_in.via), form.manager
        try:
            enrolment_id = in_transaction(lambda: _enrol(person_id, offer_id, run_id, joining, manager))
            return redirect(url_for("enrolments.enrolment", enrolment_id=enrolment_id, new=1))
        except Refused as refusal:
            if not form.refuse(str(refusal)):
                raise
    page = render_template(
        "enrolments/enrol.html",
        offer=offer, version=version, form=form, runs=runs, free=free,
        clashes=queries.clashes(person_id, runs), first=queries.to_complete_first(version, person_id),
        leads=bool(led_systems(current_user.person)),
    )  # fmt: skip
    return page, 422 if form.errors else 200


def _enrol(
    person_id: int, offer_id: int, run_id: int | None, joining: actions.Joining, manager: approving.Manager | None
) -> int:
    # The person's row is held, so that the same form posted twice at one moment is confirmed once.
    person = db.session.get_one(Person, person_id, with_for_update={"key_share": True})
    offer = db.session.get_one(Offer, offer_id)
    before = queries.active(person.id, offer.id)
    enrolment, token = approving.join(person, offer, run_id, joining, manager)
    if token:
        write_approval_request(approving.by_token(token), token)
    if before is None:
        write_confirmation(enrolment)
        if any(step.offer_id for step in enrolment.version.steps):
            settle(enrolment, person)  # what they completed before counts
    return enrolment.id


@enrolments.get("/enrolments/<int(max=2147483647):enrolment_id>")
@signed_in
def enrolment(enrolment_id: int) -> str:
    mine = queries.own(current_user.person.id, enrolment_id)
    standing = attendance.standing(mine)
    return render_template(
        "enrolments/enrolment.html",
        enrolment=mine, new="new" in request.args, done=standing.done.steps, parts_asked=standing.asked.parts,
        missing=standing.missing if mine.state in ON_IT else [], voided=attendance.last_voided(mine),
        waiting=queries.waiting_place(mine) if mine.state == EnrolmentState.WAITLISTED else (0, 0),
        asked=approving.asked_now(mine.id),
        asks_about_you=mine.state in JOINED and not equality.asked(mine.person_id, mine.offer_id),
        together=others_of_systems(mine.person_id, mine.run_id) if mine.run_id and mine.state in ACTIVE else [],
        can_leave=rules.can_withdraw(mine.state, mine.run.withdraw_by if mine.run else None, today()),
    )  # fmt: skip


@enrolments.route("/enrolments/<int(max=2147483647):enrolment_id>/steps/<key>", methods=["GET", "POST"])
@signed_in
def step(enrolment_id: int, key: str) -> Response | str:
    person_id = current_user.person.id
    mine = queries.own(person_id, enrolment_id)
    steps = mine.version.steps
    at = next((index for index, step in enumerate(steps) if step.key == key), None)
    if at is None:
        raise NotThere
    done = attendance.done_steps(mine)
    if request.method == "POST":
        step_id = steps[at].id
        after = steps[at + 1].key if at + 1 < len(steps) else None
        completed = in_transaction(lambda: _do_step(person_id, enrolment_id, step_id))
        if completed or after is None:
            return redirect(url_for("enrolments.enrolment", enrolment_id=enrolment_id, new=1 if completed else None))
        return redirect(url_for("enrolments.step", enrolment_id=enrolment_id, key=after))
    return render_template("enrolments/step.html", enrolment=mine, steps=steps, at=at, done=done, form=ConfirmForm())


def _do_step(person_id: int, enrolment_id: int, step_id: int) -> bool:
    mine = queries.own(person_id, enrolment_id)
    return do_step(mine, db.session.get_one(Step, step_id)) is not None


@enrolments.route("/enrolments/<int(max=2147483647):enrolment_id>/withdraw", methods=["GET", "POST"])
@signed_in
def withdraw(enrolment_id: int) -> Response | str | tuple[str, int]:
    person_id, form = current_user.person.id, LeaveForm()
    mine = queries.own(person_id, enrolment_id)
    if form.validate_on_submit():
        title, reason = mine.version.title, form.reason
        in_transaction(lambda: _withdraw(person_id, enrolment_id, reason))
        flash(f"You have withdrawn from {title}.")
        return redirect(url_for("enrolments.index"))
    can_leave = rules.can_withdraw(mine.state, mine.run.withdraw_by if mine.run else None, today())
    page = render_template("enrolments/withdraw.html", enrolment=mine, form=form, can_leave=can_leave)
    return page, 422 if form.errors else 200


def _withdraw(person_id: int, enrolment_id: int, reason: str) -> None:
    mine = queries.own(person_id, enrolment_id)
    write_confirmations(actions.withdraw(mine, db.session.get_one(Person, person_id), reason))
