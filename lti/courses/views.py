"""A teacher's pages on their course."""

from flask import Blueprint, current_app, flash, g, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from catalogue.enrolments import seating
from catalogue.enrolments.rules import asks_them
from catalogue.errors import NotThere, Refused
from catalogue.outbox import TryAgain
from catalogue.pages import plural
from catalogue.security import signed_in
from catalogue.transactions import run as in_transaction
from lti.courses import enrolling
from lti.courses import overview as courses
from lti.courses import review as reviewing
from lti.courses.forms import PeopleForm
from lti.courses.roster import Roster, Rosters
from lti.models import ResourceLink
from lti.services import ServiceRefused

lti_courses = Blueprint("lti_courses", __name__, url_prefix="/lti")

LONGEST_ID = 2147483647


@lti_courses.get("/course/<int(max=2147483647):link_id>")
@signed_in
def course(link_id: int) -> str:
    """What a teacher sees of their course; for everybody else there is no such page."""
    link = _taught(link_id)
    return render_template("lti/course.html", link=link, course=courses.overview(link, current_user.person.id))


@lti_courses.route("/course/<int(max=2147483647):link_id>/enrol", methods=["GET", "POST"])
@signed_in
def enrol(link_id: int) -> Response | str | tuple[str, int]:
    """Give people of the course a place: first the run is chosen, by its link, then who, and what would come of it.

    Without the platform's list as it is now nobody is enrolled; what was ticked stays.
    """
    link = _taught(link_id)
    run_id = request.args.get("run", type=int)
    if run_id is None or not 0 < run_id <= LONGEST_ID:
        words = request.args.get("q", "")[:200]
        offers = enrolling.runs_for(link, words)
        free = seating.free_together([run for _, runs in offers for run in runs], link.platform.organisation_id)
        return render_template(
            "lti/course_runs.html", link=link, course=courses.title_of(link), offers=offers, free=free, words=words
        )  # fmt: skip
    roster = _read(link)
    run, shown = enrolling.run_for(link, run_id), roster or _rosters().last(link)
    choices = enrolling.choices(link, run, shown.learners if shown else [])
    form = PeopleForm.of(choices)
    step = request.form.get("step", "")
    if roster is not None and form.validate_on_submit() and step != "choose":
        ticked = set(form.people.data or ())
        chosen = [member for member in roster.learners if member.sub in ticked]
        teacher_id, title = current_user.person.id, run.offer.published.title
        asked = asks_them(run.offer.published)
        try:
            if step == "look":
                planned = enrolling.plan(link_id, run_id, chosen, teacher_id)
                run = enrolling.run_for(_taught(link_id), run_id)
                return render_template(
                    "lti/course_plan.html", link_id=link_id, run=run, planned=planned, chosen=chosen, asked=asked
                )
            new = in_transaction(lambda: len(enrolling.enrol(link_id, run_id, chosen, teacher_id)))
        except Refused as refusal:
            form.people.errors = [str(refusal)]
        else:
            flash(_said(new, len(chosen) - new, title, asked=asked))
            return redirect(url_for("lti_courses.course", link_id=link_id))
    page = render_template(
        "lti/course_enrol.html",
        link=link, run=run, free=seating.free_together([run], link.platform.organisation_id)[run.id],
        choices=choices, form=form, whole=roster is not None,
    )  # fmt: skip
    return page, 422 if form.errors else 503 if request.method == "POST" and roster is None else 200


def _rosters() -> Rosters:
    rosters: Rosters = current_app.extensions["lti"].rosters
    return rosters


def _taught(link_id: int) -> ResourceLink:
    link = courses.taught(link_id, current_user.sign_in)
    if link is None:
        raise NotThere("There is no such page.")
    return link


def _read(link: ResourceLink) -> Roster | None:
    """Whom the platform lists at this moment: only they can be enrolled."""
    try:
        return _rosters().read(link) if link.roster_url else None
    except (TryAgain, ServiceRefused):
        return None


def _said(new: int, before: int, title: str, *, asked: bool) -> str:
    there = f"{plural(before, 'person was', 'people were')} already enrolled" if before else ""
    if not new:
        return f"Nobody was added to {title}: {there}."
    done = f"put forward for {title}, and asked whether they take part" if asked else f"now enrolled on {title}"
    added = f"{plural(new, 'person is', 'people are')} {done}"
    return f"{added}. {there}." if there else f"{added}."


@lti_courses.get("/review")
@signed_in
def review() -> str:
    """What was handed in, for whoever came to look at it from a gradebook; for everybody else it is not there."""
    found = reviewing.submission(current_user.sign_in)
    if found is None:
        raise NotThere("There is no such page.")
    return render_template("lti/review.html", submission=found)


def course_link() -> str:
    """The address of the present person's own course page, or an empty string."""
    if not current_user.is_authenticated:
        return ""
    if "lti_course_link" not in g:
        arrived_at: str = current_user.sign_in.arrived_at
        link_id = arrived_at.removeprefix("link:") if arrived_at.startswith("link:") else ""
        taught = courses.taught(int(link_id), current_user.sign_in) if link_id.isdecimal() else None
        g.lti_course_link = url_for("lti_courses.course", link_id=taught.id) if taught else ""
    return str(g.lti_course_link)
