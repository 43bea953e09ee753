"""What the lead of a system does for a cohort, and what whoever is nominated answers."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from catalogue.clock import today
from catalogue.enrolments import actions, leading, nominating, queries, rules, seating
from catalogue.enrolments.approving import Manager, by_token
from catalogue.enrolments.forms import AnswerForm, LeaveForm, NominateForm
from catalogue.enrolments.letters import (
    write_answer_to_lead,
    write_approval_request,
    write_confirmation,
    write_confirmations,
    write_nomination,
    write_nomination_ended,
)
from catalogue.enrolments.together import others_of_systems
from catalogue.errors import Refused
from catalogue.extensions import db
from catalogue.frameworks import queries as frameworks
from catalogue.offers.timeline import sections_of
from catalogue.pages import plural
from catalogue.people import audit
from catalogue.people.models import Person
from catalogue.security import signed_in
from catalogue.systems.models import System
from catalogue.systems.queries import led_system, led_systems
from catalogue.transactions import run as in_transaction

nominations = Blueprint("nominations", __name__)


def _system() -> System:
    """The system that is asked for, if this person leads it; else the first that they lead."""
    return led_system(current_user.person, request.values.get("system", ""))


@nominations.get("/seats")
@signed_in
def index() -> str:
    """The cohorts on which a lead's system has seats, or people, or could have."""
    system, person = _system(), current_user.person
    return render_template(
        "enrolments/seats.html", system=system, led=led_systems(person), cohorts=leading.cohorts(system, person)
    )


@nominations.route("/seats/<int(max=2147483647):run_id>", methods=["GET", "POST"])
@signed_in
def cohort(run_id: int) -> Response | str | tuple[str, int]:
    """A system's seats on one cohort, who goes, and nominating."""
    system, lead_id = _system(), current_user.person.id
    run = leading.whole_run(run_id, current_user.person)
    words = request.args.get("q", "")[:200]
    people = leading.people(system, run, words)
    form = NominateForm.of(people, run)
    if form.validate_on_submit():
        pasted, system_id, system_key = form.pasted.data or "", system.id, system.key
        ticked, how = form.people.data or [], form.how
        try:
            count = in_transaction(lambda: _nominate(run_id, system_id, lead_id, ticked, pasted, how=how))
            flash(f"{plural(count, 'person is', 'people are')} nominated. We have written to them.")
            return redirect(url_for("nominations.cohort", run_id=run_id, system=system_key))
        except Refused as refusal:
            (form.pasted if pasted and not ticked else form.people).errors = [str(refusal)]
            system, run = _system(), leading.whole_run(run_id, current_user.person)
            people = leading.people(system, run, words)
    audit.record_reading("people of a system on a run", f"run:{run_id}", current_user.person.key, system=system.id)
    version = run.offer.published
    page = render_template(
        "enrolments/cohort.html",
        system=system, run=run, version=version, sections=sections_of(version),
        names=frameworks.level_names(version.mappings[0].dimension.framework_id), form=form, people=people, words=words,
        seats=leading.seats_of_systems(run, [system])[0], waiting=seating.waiting_counts([run])[run.id],
        going=leading.going(system, run), most=leading.MOST_PEOPLE,
        why_not=rules.why_not(
            version.mode, run.state, run.starts_on, today(), run.apply_by
        ),
    )  # fmt: skip
    return page, 422 if form.errors else 200


def _nominate(run_id: int, system_id: int, lead_id: int, ticked: list[int], pasted: str, *, how: nominating.How) -> int:
    lead = db.session.get_one(Person, lead_id)
    ids = [*ticked, *leading.find_pasted(system_id, pasted)]
    new = nominating.nominate(run_id, ids, system_id, lead, how)
    for enrolment in new:
        write_nomination(enrolment)
    return len(new)


@nominations.post("/seats/<int(max=2147483647):run_id>/<int(max=2147483647):enrolment_id>/take-back")
@signed_in
def take_back(run_id: int, enrolment_id: int) -> Response:
    system, lead_id = _system(), current_user.person.id
    system_id, key = system.id, system.key
    in_transaction(lambda: _take_back(run_id, enrolment_id, system_id, lead_id))
    flash("The nomination is taken back, and the seat is free again.")
    return redirect(url_for("nominations.cohort", run_id=run_id, system=key))


def _take_back(run_id: int, enrolment_id: int, system_id: int, lead_id: int) -> None:
    lead = db.session.get_one(Person, lead_id)
    enrolment = leading.nomination(run_id, enrolment_id, system_id)
    promoted = nominating.take_back(enrolment, lead)
    write_nomination_ended(enrolment)
    write_confirmations(promoted)


@nominations.route("/enrolments/<int(max=2147483647):enrolment_id>/answer", methods=["GET", "POST"])
@signed_in
def answer(enrolment_id: int) -> Response | str | tuple[str, int]:
    """Whether somebody who was nominated takes the place."""
    person_id = current_user.person.id
    mine = queries.own(person_id, enrolment_id)
    if mine.nominated_by_id is None or mine.accepted_at is not None or mine.state not in nominating.OPEN:
        return redirect(url_for("enrolments.enrolment", enrolment_id=enrolment_id))
    form, no = AnswerForm.of(mine.version), LeaveForm(prefix="no")
    says_no = "no-why" in request.form or "says_no" in request.form
    try:
        if says_no and no.validate_on_submit():
            reason = no.reason
            in_transaction(lambda: _decline(person_id, enrolment_id, reason))
            flash("You have declined. We have told whoever put you forward.")
            return redirect(url_for("enrolments.index"))
        if request.method == "POST" and not says_no and form.validate():
            joining, manager = form.joining(current_user.sign_in.via), form.manager
            in_transaction(lambda: _accept(person_id, enrolment_id, joining, manager))
            return redirect(url_for("enrolments.enrolment", enrolment_id=enrolment_id, new=1))
    except Refused as refusal:
        if "manager_email" not in form or "address" not in str(refusal):
            raise
        form.manager_email.errors = [str(refusal)]
        mine = queries.own(person_id, enrolment_id)
    page = render_template(
        "enrolments/answer.html", enrolment=mine, form=no if says_no else form, yes=form, no=no,
        clashes=queries.clashes(person_id, [mine.run] if mine.run else []),
        first=queries.to_complete_first(mine.version, person_id),
        together=others_of_systems(person_id, mine.run.id) if mine.run else [],
    )  # fmt: skip
    return page, 422 if form.errors or no.errors else 200


def _accept(person_id: int, enrolment_id: int, joining: actions.Joining, manager: Manager | None) -> None:
    mine = queries.own(person_id, enrolment_id)
    token = nominating.accept(mine, joining, manager)
    if token:
        write_approval_request(by_token(token), token)
    write_confirmation(mine)


def _decline(person_id: int, enrolment_id: int, reason: str) -> None:
    mine = queries.own(person_id, enrolment_id)
    promoted = nominating.decline(mine, reason)
    write_answer_to_lead(mine)
    write_confirmations(promoted)
