"""The pages on which people assess themselves."""

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from catalogue.assessments import actions, queries
from catalogue.assessments.charts import radar
from catalogue.assessments.forms import SeatForm, agreements, dimension_form
from catalogue.assessments.rules import strongest, widest_gap
from catalogue.extensions import db
from catalogue.frameworks import queries as frameworks
from catalogue.people.models import Person
from catalogue.security import signed_in
from catalogue.transactions import run

assessments = Blueprint("assessments", __name__, url_prefix="/assessments")


@assessments.get("")
@signed_in
def index() -> str:
    draft = queries.draft_of(current_user.person.id)
    return render_template(
        "assessments/index.html",
        draft=draft,
        progress=queries.progress(draft) if draft else [],
        closed=queries.closed_of(current_user.person.id),
        framework=frameworks.current_framework(),
    )


@assessments.get("/before-you-start")
@signed_in
def before() -> str:
    """Who sees what, before the first answer."""
    return render_template("assessments/before.html", framework=frameworks.current_framework())


@assessments.route("/start", methods=["GET", "POST"])
@signed_in
def start() -> BaseResponse | str | tuple[str, int]:
    person_id = current_user.person.id
    draft = queries.draft_of(person_id)
    earlier = draft or next(iter(queries.closed_of(person_id)), None)
    form = SeatForm.of(frameworks.seats(), earlier.seat_id if earlier else None)
    if form.validate_on_submit():
        seat_id = form.seat.data
        run(lambda: actions.start(db.session.get_one(Person, person_id), seat_id))
        return redirect(url_for("assessments.tasks"))
    return render_template("assessments/start.html", form=form, draft=draft), 422 if form.errors else 200


@assessments.get("/answer")
@signed_in
def tasks() -> str:
    """The dimensions as a task list."""
    draft = queries.draft_to_answer(current_user.person.id)
    return render_template("assessments/tasks.html", draft=draft, progress=queries.progress(draft))


@assessments.route("/answer/<key>", methods=["GET", "POST"])
@signed_in
def dimension(key: str) -> BaseResponse | str | tuple[str, int]:
    """One dimension: what it is, and its statements with one scale."""
    person_id = current_user.person.id
    draft = queries.draft_to_answer(person_id)
    asked = frameworks.dimension_with_statements(draft.framework_id, key)
    form = dimension_form(asked, queries.answers(draft.id, asked.id), queries.note(draft.id, asked.id))
    if form.validate_on_submit():
        given, note, dimension_id = agreements(form, asked), (form.note.data or "").strip(), asked.id
        complete = len(given) == len(asked.statements)
        run(lambda: actions.answer(queries.draft_to_answer(person_id), dimension_id, given, note))
        if complete or "later" in request.form:
            return redirect(_next_page(person_id, key, leave="later" in request.form))
        flash("Saved. Some statements on this page are not answered yet.")
        return redirect(url_for("assessments.dimension", key=key, open=1))
    answered = queries.answers(draft.id, asked.id)
    page = render_template(
        "assessments/dimension.html",
        draft=draft, dimension=asked, form=form,
        headings={heading.level: heading.heading for heading in asked.headings},
        progress=queries.progress(draft),
        unanswered=[s for s in asked.statements if s.id not in answered] if request.args.get("open") else [],
    )  # fmt: skip
    return page, 422 if form.errors else 200


def _next_page(person_id: int, key: str, *, leave: bool) -> str:
    """The next dimension that is not complete, in the framework's order and round to its start; else the list."""
    if leave:
        return url_for("assessments.tasks")
    steps = queries.progress(queries.draft_to_answer(person_id))
    at = next(index for index, step in enumerate(steps) if step.dimension.key == key)
    for step in steps[at + 1 :] + steps[:at]:
        if not step.complete:
            return url_for("assessments.dimension", key=step.dimension.key)
    return url_for("assessments.tasks")


@assessments.post("/finish")
@signed_in
def finish() -> BaseResponse:
    person_id = current_user.person.id
    closed_id = run(lambda: actions.close(queries.draft_to_answer(person_id)).id)
    return redirect(url_for("assessments.result", assessment_id=closed_id))


@assessments.get("/<int(max=2147483647):assessment_id>")
@signed_in
def result(assessment_id: int) -> str:
    assessment = queries.own_closed(current_user.person.id, assessment_id)
    standings = queries.standings(assessment)
    earlier = [
        other for other in queries.closed_of(current_user.person.id)
        if other.id < assessment.id and other.framework_id == assessment.framework_id
    ]  # fmt: skip
    before = {row.dimension_id: row.level for row in earlier[0].results} if earlier else {}
    return render_template(
        "assessments/result.html",
        assessment=assessment, standings=standings, before=before,
        names=frameworks.level_names(assessment.framework_id),
        strongest=strongest(standings), widest=widest_gap(standings),
    )  # fmt: skip


@assessments.get("/<int(max=2147483647):assessment_id>/radar.svg")
@signed_in
def radar_svg(assessment_id: int) -> Response:
    assessment = queries.own_closed(current_user.person.id, assessment_id)
    svg = radar(queries.standings(assessment), frameworks.highest_level(assessment.framework_id))
    return Response(svg, mimetype="image/svg+xml")
