"""Giving feedback, and releasing it: pages for people without an account, each by a link of their own."""

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from catalogue.errors import NotThere
from catalogue.feedback import queries, rating
from catalogue.feedback.forms import BeginForm, CommentsForm, rating_form
from catalogue.feedback.models import FeedbackRater, RoundState
from catalogue.feedback.rules import NAMES, Group
from catalogue.feedback.showing import shown
from catalogue.feedback.telling import release_and_tell
from catalogue.people import audit
from catalogue.security import public
from catalogue.transactions import run

raters = Blueprint("rating", __name__, url_prefix="/rate/<token>")
facilitators = Blueprint("facilitating", __name__, url_prefix="/release/<token>")


@raters.route("", methods=["GET", "POST"])
@public
def index(token: str) -> Response | str | tuple[str, int]:
    """Who is told what, before the first answer. Opening it changes nothing, whoever's program follows the link."""
    rater, form = queries.rater_by_token(token), BeginForm()
    over = rating.over(rater)
    if not over and form.validate_on_submit():
        run(lambda: rating.begin(token))
        return redirect(url_for("rating.tasks", token=token))
    page = render_template(
        "feedback/rate.html",
        rater=rater, round=rater.round, token=token, form=form, over=over, names=NAMES,
        manager=rater.relation == Group.MANAGER,
        steps=[] if over else queries.steps(rater),
    )  # fmt: skip
    return page, 422 if form.errors else 200


def _answering(token: str) -> FeedbackRater | None:
    """The rater, where they may answer now; else they belong on their first page."""
    rater = queries.rater_by_token(token)
    return rater if not rating.over(rater) and rating.begun(rater) else None


@raters.get("/answer")
@public
def tasks(token: str) -> Response | str:
    rater = _answering(token)
    if rater is None:
        return redirect(url_for("rating.index", token=token))
    return render_template(
        "feedback/tasks.html", rater=rater, round=rater.round, token=token, steps=queries.steps(rater)
    )


@raters.route("/answer/<key>", methods=["GET", "POST"])
@public
def dimension(token: str, key: str) -> Response | str | tuple[str, int]:
    rater = _answering(token)
    if rater is None:
        return redirect(url_for("rating.index", token=token))
    steps = queries.steps(rater)
    step = next((one for one in steps if one.dimension.key == key), None)
    if step is None:
        raise NotThere
    form = rating_form(step.dimension, rater)
    if form.validate_on_submit():
        dimension_id, answers, weight = step.dimension.id, form.answers(step.dimension), form.weight
        run(lambda: rating.save(token, dimension_id, answers, weight))
        return redirect(_after(token, key, later="later" in request.form))
    page = render_template(
        "feedback/dimension.html",
        rater=rater, round=rater.round, token=token, dimension=step.dimension, steps=steps, form=form,
        open=[s.id for s in step.dimension.statements if str(s.id) not in rater.answers]
        if request.args.get("open") else [],
        weight_open=request.args.get("open") and str(step.dimension.id) not in rater.importance,
        cannot_say_all=bool(request.args.get("open")) and step.answered == step.questions and not step.enough,
    )  # fmt: skip
    return page, 422 if form.errors else 200


def _after(token: str, key: str, *, later: bool) -> str:
    """This page again while something on it is open; then the next that is; then the comments."""
    steps = queries.steps(queries.rater_by_token(token))
    at = next(number for number, step in enumerate(steps) if step.dimension.key == key)
    if later:
        return url_for("rating.tasks", token=token)
    if not steps[at].complete:
        return url_for("rating.dimension", token=token, key=key, open=1)
    for step in steps[at + 1 :] + steps[:at]:
        if not step.complete:
            return url_for("rating.dimension", token=token, key=step.dimension.key)
    return url_for("rating.comments", token=token)


@raters.route("/comments", methods=["GET", "POST"])
@public
def comments(token: str) -> Response | str | tuple[str, int]:
    rater = _answering(token)
    if rater is None:
        return redirect(url_for("rating.index", token=token))
    form = CommentsForm(data=rater.comments)
    if form.validate_on_submit():
        said = form.comments
        run(lambda: rating.comment(token, said))
        return redirect(url_for("rating.tasks", token=token))
    page = render_template(
        "feedback/comments.html",
        rater=rater, round=rater.round, token=token, form=form, manager=rater.relation == Group.MANAGER,
    )  # fmt: skip
    return page, 422 if form.errors else 200


@raters.post("/send")
@public
def send(token: str) -> Response:
    run(lambda: rating.send(token))
    return redirect(url_for("rating.index", token=token))


@raters.post("/decline")
@public
def decline(token: str) -> Response:
    run(lambda: rating.decline(token))
    return redirect(url_for("rating.index", token=token))


@facilitators.route("", methods=["GET", "POST"])
@public
def report(token: str) -> Response | str:
    """The report, before its person sees it; and the word that releases it, after the two have talked."""
    here = queries.round_by_facilitators_token(token)
    if here.state == RoundState.CLOSED and request.method == "POST":
        round_id = here.id
        run(lambda: release_and_tell(round_id, "facilitator"))
        return redirect(url_for("facilitating.report", token=token))
    if here.state != RoundState.CLOSED:
        return render_template("feedback/released.html", round=here)
    before = queries.earlier_report(here)
    content = here.held_back or {}
    audit.record_reading("feedback report", f"feedback:{here.id}", "", by="facilitator")
    return render_template(
        "feedback/facilitate.html",
        round=here, token=token, shown=shown(content, before.report if before else None),
    )  # fmt: skip
