"""Home, the administrators' page, and the one place that lists every feature's pages."""

from flask import Blueprint, Flask, Response, jsonify, render_template
from flask_login import current_user
from sqlalchemy import func, select, text

import catalogue.offers.search_index  # noqa: F401 an index that is a table
from catalogue.assessments import queries as assessments
from catalogue.assessments.rules import strongest, widest_gap
from catalogue.assessments.views import assessments as assessments_pages
from catalogue.attendance import queries as attendance
from catalogue.attendance.views import register_attendance
from catalogue.credentials.register import register_credentials
from catalogue.enrolments import queries as enrolments
from catalogue.enrolments.register import register_enrolments
from catalogue.equality.views import register_equality
from catalogue.evidence.register import register_evidence
from catalogue.extensions import db, limiter, login
from catalogue.feedback.register import register_feedback
from catalogue.frameworks import queries as frameworks
from catalogue.frameworks.case.views import case as case_endpoints
from catalogue.frameworks.views import frameworks as frameworks_pages
from catalogue.interchange.feeds import feeds
from catalogue.interchange.register import register_imports
from catalogue.offers.filters import Filters
from catalogue.offers.queries import matching
from catalogue.offers.views import offers as offers_pages
from catalogue.pages import Task, add_admin_page
from catalogue.people.admin_views import people_admin
from catalogue.people.models import Person, Role
from catalogue.people.second_views import second as second_pages
from catalogue.people.token_views import tokens as tokens_pages
from catalogue.people.views import people as people_pages
from catalogue.plans.queries import comments_of, plan_of
from catalogue.plans.register import register_plans
from catalogue.privacy.views import register_privacy
from catalogue.publishing.views import register_publishing
from catalogue.recommendations.register import register_recommendations
from catalogue.records.register import register_records
from catalogue.reports.access import systems_seen
from catalogue.reports.tracking.views import register_tracking
from catalogue.reports.views import map_page
from catalogue.reports.views import reports as reports_pages
from catalogue.security import granted, public, signed_in
from catalogue.signon.register import register_signon
from catalogue.systems.joining import requests_to
from catalogue.systems.views import register_systems

home = Blueprint("home", __name__)


def register_views(app: Flask) -> None:
    login.init_app(app)
    for pages in (
        home, people_pages, people_admin, second_pages, tokens_pages, assessments_pages, frameworks_pages,
        case_endpoints, offers_pages, feeds, reports_pages,
    ):  # fmt: skip
        app.register_blueprint(pages)
    add_admin_page(app, Task.PEOPLE, "People: roles, and suspending", "people_admin.index")
    register_enrolments(app)
    register_attendance(app)
    register_tracking(app)
    register_publishing(app)
    register_systems(app)
    register_signon(app)
    register_equality(app)
    register_feedback(app)
    register_plans(app)
    register_recommendations(app)
    register_evidence(app)
    register_imports(app)
    register_credentials(app)
    register_records(app)
    register_privacy(app)
    add_admin_page(app, Task.OUTCOMES, "Need and offers, system by system", "reports.index")
    add_admin_page(app, Task.OFFERS, "Frameworks", "frameworks.admin")


@home.get("/")
@public
def index() -> str:
    if not current_user.is_authenticated:
        return render_template("home/new.html", signed_in=False, offers=_offers(None))
    systems = systems_seen(current_user.person)
    return map_page(current_user.person, systems) if systems else learner()


@home.get("/home")
@signed_in
def learner() -> str:
    """A person's own home, whatever else they answer for."""
    person_id = current_user.person.id
    closed = assessments.closed_of(person_id)
    draft = assessments.draft_of(person_id)
    plan = plan_of(person_id)
    asked = requests_to(current_user.person)
    if not closed and draft is None and not plan.to_do:
        return render_template("home/new.html", signed_in=True, offers=_offers(current_user.person), asked=asked)
    standings = assessments.standings(closed[0]) if closed else []
    steps = assessments.progress(draft) if draft else []
    return render_template(
        "home/returning.html",
        assessment=closed[0] if closed else None, draft=draft,
        answered=sum(step.answered for step in steps), questions=sum(step.questions for step in steps),
        standings=standings, strongest=strongest(standings), widest=widest_gap(standings),
        names=frameworks.level_names(closed[0].framework_id) if closed else {},
        plan=plan, waiting=enrolments.waiting_places(person_id), asked=asked,
        so_far=attendance.steps_so_far(person_id, plan.enrolments),
        unread=sum(one.seen_at is None for one in comments_of(person_id)),
    )  # fmt: skip


def _offers(person: Person | None) -> int:
    """How many there are to look around in."""
    found = matching(Filters(), person).subquery()
    return db.session.scalar(select(func.count()).select_from(found)) or 0


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
