"""Home, the administrators' page, and the one place that lists every feature's pages."""

from flask import Blueprint, Flask, Response, jsonify, render_template
from flask_login import current_user
from sqlalchemy import text

from catalogue.assessments import queries as assessments
from catalogue.assessments.rules import strongest, widest_gap
from catalogue.assessments.views import assessments as assessments_pages
from catalogue.enrolments import queries as enrolments
from catalogue.enrolments.models import EnrolmentState
from catalogue.enrolments.views import enrolments as enrolments_pages
from catalogue.extensions import db, limiter, login
from catalogue.frameworks import queries as frameworks
from catalogue.offers.queries import Filters, search
from catalogue.offers.views import offers as offers_pages
from catalogue.people.models import Role
from catalogue.people.views import people as people_pages
from catalogue.recommendations.views import recommendations as recommendations_pages
from catalogue.security import granted, public

home = Blueprint("home", __name__)


def register_views(app: Flask) -> None:
    login.init_app(app)
    for pages in (
        home, people_pages, assessments_pages, offers_pages, enrolments_pages, recommendations_pages
    ):  # fmt: skip
        app.register_blueprint(pages)


@home.get("/")
@public
def index() -> str:
    if not current_user.is_authenticated:
        return render_template("home/new.html", signed_in=False, offers=search(Filters()).total)
    person_id = current_user.person.id
    closed = assessments.closed_of(person_id)
    draft = assessments.draft_of(person_id)
    plan = [e for e in enrolments.of_person(person_id) if e.state != EnrolmentState.COMPLETED]
    if not closed and draft is None and not plan:
        return render_template("home/new.html", signed_in=True, offers=search(Filters()).total)
    standings = assessments.standings(closed[0]) if closed else []
    steps = assessments.progress(draft) if draft else []
    return render_template(
        "home/returning.html",
        assessment=closed[0] if closed else None, draft=draft,
        answered=sum(step.answered for step in steps), statements=sum(step.statements for step in steps),
        standings=standings, strongest=strongest(standings), widest=widest_gap(standings),
        names=frameworks.level_names(closed[0].framework_id) if closed else {},
        plan=plan, waiting=enrolments.waiting_places(person_id),
    )  # fmt: skip


@home.get("/admin")
@granted(Role.ADMINISTRATOR)
def admin() -> str:
    """What administrators answer for: who is on what, and who has completed it."""
    return render_template("home/admin.html", rows=enrolments.uptake())


@home.get("/about")
@public
def about() -> str:
    """Where the words and the data come from."""
    return render_template("home/about.html", framework=frameworks.current_framework())


@home.get("/healthz")
@public
@limiter.exempt
def healthz() -> Response:
    """Whether the service can serve: it can when its database answers."""
    db.session.execute(text("SELECT 1"))
    return jsonify(status="ok")
