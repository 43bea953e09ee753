"""The pages on which people assess themselves."""

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from catalogue.assessments import actions, queries
from catalogue.assessments.charts import radar
from catalogue.assessments.forms import IMPORTANCE, SeatForm, agreements, dimension_form
from catalogue.assessments.models import Assessment, Form
from catalogue.assessments.papers import sheet
from catalogue.assessments.rules import Standing, strongest, widest_gap
from catalogue.errors import NotThere
from catalogue.extensions import db
from catalogue.frameworks import queries as frameworks
from catalogue.people.models import Person
from catalogue.plans.queries import commitments_of
from catalogue.printing import download
from catalogue.security import signed_in
from catalogue.transactions import run

assessments = Blueprint("assessments", __name__, url_prefix="/assessments")
RESULT = "/<int(max=2147483647):assessment_id>"
COMPARED = 6
"""Results that stand beside each other: more would not fit a screen."""


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
    form = SeatForm.of(frameworks.seats(), earlier.seat_id if earlier else None, earlier.form if earlier else Form.FULL)
    if form.validate_on_submit():
        seat_id, chosen = form.seat.data, Form(form.form.data)
        run(lambda: actions.start(db.session.get_one(Person, person_id), seat_id, chosen))
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
    """One dimension: what it is, and its questions with one scale."""
    person_id = current_user.person.id
    draft = queries.draft_to_answer(person_id)
    asked = frameworks.dimension_with_statements(draft.framework_id, key)
    questions, answered = queries.questions(draft, asked), queries.answers(draft, asked.id)
    form = dimension_form(
        questions, answered, queries.note(draft.id, asked.id), queries.importance(draft.id, asked.id)
    )  # fmt: skip
    if form.validate_on_submit():
        given, note, dimension_id = agreements(form, questions), (form.note.data or "").strip(), asked.id
        importance = int(form.importance.data) if form.importance.data in ("1", "2", "3") else None
        complete = len(given) == len(questions)
        run(lambda: actions.answer(queries.draft_to_answer(person_id), dimension_id, given, note, importance))
        if complete or "later" in request.form:
            return redirect(_next_page(person_id, key, leave="later" in request.form))
        flash("Saved. Some questions on this page are not answered yet.")
        return redirect(url_for("assessments.dimension", key=key, open=1))
    target = frameworks.targets(draft.seat_id, draft.framework_id).get(asked.id)
    page = render_template(
        "assessments/dimension.html",
        draft=draft, dimension=asked, form=form, questions=questions,
        headings={heading.level: heading.heading for heading in asked.headings},
        progress=queries.progress(draft), seat_says=IMPORTANCE[target.importance] if target else "",
        unanswered=[q for q in questions if q.number not in answered] if request.args.get("open") else [],
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


@assessments.get(RESULT)
@signed_in
def result(assessment_id: int) -> str:
    assessment, standings, before = _with_the_one_before(assessment_id)
    return render_template(
        "assessments/result.html",
        assessment=assessment, standings=standings, before=before, importance=IMPORTANCE,
        names=frameworks.level_names(assessment.framework_id),
        strongest=strongest(standings), widest=widest_gap(standings),
        committed=commitments_of(current_user.person.id, f"assessment:{assessment_id}"),
    )  # fmt: skip


def _with_the_one_before(assessment_id: int) -> tuple[Assessment, list[Standing], dict[int, int]]:
    """A finished assessment with where it puts the person, and the levels that they were at before, by dimension id."""
    assessment = queries.own_closed(current_user.person.id, assessment_id)
    earlier = [
        other for other in queries.closed_of(current_user.person.id)
        if other.id < assessment.id and other.framework_id == assessment.framework_id
    ]  # fmt: skip
    before = {row.dimension_id: row.level for row in earlier[0].results} if earlier else {}
    return assessment, queries.standings(assessment), before


@assessments.get(f"{RESULT}/sheet.pdf")
@signed_in
def sheet_pdf(assessment_id: int) -> Response:
    """What to take to an appraisal, or to any talk about one's leadership; with the notes where that is asked for."""
    assessment, standings, before = _with_the_one_before(assessment_id)
    notes = queries.notes(assessment.id) if request.args.get("notes") else {}
    content = sheet(assessment, standings, before, notes, frameworks.headings(assessment.framework_id))
    return download(content, f"leadership-{assessment.closed_at:%Y-%m-%d}")


@assessments.get("/compare")
@signed_in
def compare() -> str:
    """The newest results beside each other, as far as they are of one framework."""
    closed = queries.closed_of(current_user.person.id)
    alike = [each for each in closed if each.framework_id == closed[0].framework_id][:COMPARED]
    if len(alike) < 2:
        raise NotThere("You need two results to compare. There is nothing beside the one that you have yet.")
    return render_template(
        "assessments/compare.html",
        assessments=alike[::-1],
        standings=queries.standings(alike[0]),
        levels={each.id: {row.dimension_id: row.level for row in each.results} for each in alike},
        names=frameworks.level_names(alike[0].framework_id),
    )


@assessments.get(f"{RESULT}/radar.svg")
@signed_in
def radar_svg(assessment_id: int) -> Response:
    assessment = queries.own_closed(current_user.person.id, assessment_id)
    svg = radar(queries.standings(assessment), frameworks.highest_level(assessment.framework_id))
    return Response(svg, mimetype="image/svg+xml")
