"""Asking for feedback, and reading what others say."""

from datetime import timedelta
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from catalogue.assessments import queries as assessments
from catalogue.clock import today
from catalogue.errors import NotThere, Refused
from catalogue.extensions import db
from catalogue.feedback import actions, closing, papers, queries
from catalogue.feedback.forms import AskForm, CloseForm, OpenForm
from catalogue.feedback.letters import write_invitation, write_to_facilitator
from catalogue.feedback.models import FeedbackRound, RoundState
from catalogue.feedback.rules import APART, NAMES, Group, needed
from catalogue.feedback.showing import shown
from catalogue.feedback.telling import close_and_tell, remind_and_tell
from catalogue.offers.queries import joinable_runs
from catalogue.people.models import Person
from catalogue.plans import queries as plans
from catalogue.plans.advising import offers_for
from catalogue.printing import download
from catalogue.reports.access import systems_seen
from catalogue.security import signed_in
from catalogue.systems.access import can_administer, told_together
from catalogue.transactions import run

feedback = Blueprint("feedback", __name__, url_prefix="/feedback")
ID = "/<int(max=2147483647):round_id>"
USUALLY = timedelta(days=21)


@feedback.get("")
@signed_in
def index() -> str:
    person_id = current_user.person.id
    rounds = queries.rounds_of(person_id)
    lately = queries.next_round_from(person_id)
    return render_template(
        "feedback/index.html",
        rounds=rounds, open=next((one for one in rounds if one.state == RoundState.OPEN), None),
        assessed=bool(assessments.closed_of(person_id)),
        next_from=lately.closed_at + APART if lately and lately.closed_at else None,
    )  # fmt: skip


@feedback.route("/open", methods=["GET", "POST"])
@signed_in
def open_round() -> BaseResponse | str | tuple[str, int]:
    """When it closes, and who is to talk about it: both before anybody is asked."""
    person_id, form = current_user.person.id, OpenForm(closes_on=today() + USUALLY)
    if form.validate_on_submit():
        closes_on, facilitator = form.closes_on.data, form.facilitator
        try:
            round_id = run(lambda: actions.open_round(db.session.get_one(Person, person_id), closes_on, facilitator).id)
        except Refused as refusal:
            if "address" not in str(refusal):
                raise
            form.facilitator_email.errors = [str(refusal)]
        else:
            return redirect(url_for("feedback.round_page", round_id=round_id))
    return render_template("feedback/open.html", form=form), 422 if form.errors else 200


@feedback.route(ID, methods=["GET", "POST"])
@signed_in
def round_page(round_id: int) -> BaseResponse | str | tuple[str, int]:
    """Who is asked, how many have answered, and the form to ask somebody."""
    person_id, form = current_user.person.id, AskForm()
    queries.own(person_id, round_id)
    if form.validate_on_submit():
        group, who = Group(form.group.data), form.who
        try:
            run(lambda: _ask(person_id, round_id, group, who))
        except Refused as refusal:
            field = form.group if "line manager" in str(refusal) else form.email
            field.errors = [str(refusal)]
        else:
            flash(f"We have asked {who.name}.")
            return redirect(url_for("feedback.round_page", round_id=round_id))
    here = queries.own(person_id, round_id)
    page = render_template(
        "feedback/round.html",
        round=here, form=form, asking=queries.asking(round_id), groups=list(Group), names=NAMES, needed=needed,
        open=actions.takes_answers(here),
    )  # fmt: skip
    return page, 422 if form.errors else 200


def _own_held(person_id: int, round_id: int) -> FeedbackRound:
    queries.own(person_id, round_id)
    return actions.held(round_id)


def _ask(person_id: int, round_id: int, group: Group, who: actions.Named) -> None:
    here = _own_held(person_id, round_id)
    write_invitation(here, who.email, actions.ask(here, group, who))


@feedback.post(f"{ID}/remind")
@signed_in
def remind(round_id: int) -> BaseResponse:
    person_id = current_user.person.id
    queries.own(person_id, round_id)
    run(lambda: remind_and_tell(round_id))
    flash("We have written to all who have not answered yet.")
    return redirect(url_for("feedback.round_page", round_id=round_id))


@feedback.route(f"{ID}/close", methods=["GET", "POST"])
@signed_in
def close(round_id: int) -> BaseResponse | str | tuple[str, int]:
    person, form = current_user.person, CloseForm()
    here = queries.own(person.id, round_id)
    if here.state != RoundState.OPEN:
        return redirect(url_for("feedback.round_page", round_id=round_id))
    if form.validate_on_submit():
        key = person.key
        run(lambda: close_and_tell(round_id, key))
        return redirect(url_for("feedback.round_page", round_id=round_id))
    page = render_template(
        "feedback/close.html",
        round=here, form=form, asking=queries.asking(round_id), groups=list(Group), names=NAMES, needed=needed,
    )  # fmt: skip
    return page, 422 if form.errors else 200


@feedback.post(f"{ID}/facilitator")
@signed_in
def ask_facilitator(round_id: int) -> BaseResponse:
    """Write to the facilitator again."""
    person_id = current_user.person.id
    run(lambda: _again(person_id, round_id))
    flash("We have written to your facilitator again.")
    return redirect(url_for("feedback.round_page", round_id=round_id))


def _again(person_id: int, round_id: int) -> None:
    here = _own_held(person_id, round_id)
    write_to_facilitator(here, closing.ask_facilitator_again(here))


@feedback.get(f"{ID}/report")
@signed_in
def report(round_id: int) -> str:
    person_id, found = current_user.person.id, _report(round_id)
    return render_template(
        "feedback/report.html", **found,
        advised=offers_for(person_id, [row.key for row in found["shown"].widest]), planned=plans.planned_ids(person_id),
        committed=plans.commitments_of(person_id, f"feedback:{round_id}"), joinable_runs=joinable_runs,
    )  # fmt: skip


@feedback.get(f"{ID}/report.pdf")
@signed_in
def report_pdf(round_id: int) -> Response:
    found = _report(round_id)
    return download(papers.report(found["round"], found["shown"]), "feedback-report")


def _report(round_id: int) -> dict[str, Any]:
    here = queries.own_report(current_user.person.id, round_id)
    before = queries.earlier_report(here)
    return {"round": here, "shown": shown(here.report or {}, before.report if before else None)}


@feedback.get("/systems")
@signed_in
def systems() -> str:
    """What feedback says of a system's people, and of those of its organisations that may be told: for its leads."""
    seen = systems_seen(current_user.person)
    asked = request.args.get("system", "")
    chosen = [system for system in seen if asked in ("", system.key)]
    if not chosen:
        raise NotThere
    return render_template(
        "feedback/systems.html",
        systems=chosen, reports=queries.group_reports([system.id for system in chosen]),
    )  # fmt: skip


@feedback.get("/organisations/<key>")
@signed_in
def organisation(key: str) -> str:
    """What feedback says of an organisation's people: for its administrators, and for leads of its system."""
    found = told_together(current_user.person, key)
    keeps = can_administer(current_user.person, found)
    return render_template(
        "feedback/organisation.html", organisation=found, keeps=keeps, reports=queries.group_reports_of(found.id)
    )
