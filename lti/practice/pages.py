"""The platform's own pages: who you are, the course, its links, the gradebook."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lti.practice.platform import practice
from lti.practice.services import line_item_json
from lti.practice.settings import COURSE_TITLE
from lti.practice.signin import sign_in, signed_in

pages = Blueprint("pages", __name__)


@pages.app_context_processor
def common() -> dict[str, Any]:
    return {"course_title": COURSE_TITLE, "me": signed_in(), "settings": practice().settings}


@pages.app_template_filter("london")
def london(moment: datetime) -> str:
    local = moment.astimezone(ZoneInfo("Europe/London"))
    return f"{local.day} {local:%B %Y, %H:%M:%S}"


@pages.get("/")
def home() -> ResponseReturnValue:
    return render_template("practice/home.html")


@pages.post("/sign-in")
def choose() -> ResponseReturnValue:
    """Another site's form is refused: the cookie goes anywhere, so the origin is what tells."""
    origin = request.headers.get("Origin")
    person = practice().settings.person(request.form.get("person"))
    if person is None or origin not in (None, request.host_url.rstrip("/")):
        return render_template("practice/error.html", reason="Choose one of the people."), 400
    response = redirect(url_for("pages.course"))
    sign_in(response, person)
    return response


@pages.get("/course")
def course() -> ResponseReturnValue:
    if signed_in() is None:
        return redirect(url_for("pages.home"))
    return render_template("practice/course.html")


@pages.get("/course/links/<link_id>")
def link(link_id: str) -> ResponseReturnValue:
    if signed_in() is None:
        return redirect(url_for("pages.home"))
    found = practice().settings.link(link_id)
    if found is None:
        return render_template("practice/error.html", reason="There is no such link in this course."), 404
    return render_template("practice/link.html", link=found)


@pages.get("/return")
def back() -> ResponseReturnValue:
    """Where launch_presentation's return_url leads; a tool may add what it wants to say."""
    said = [request.args.get(name, "") for name in ("lti_errormsg", "lti_msg")]
    return render_template("practice/return.html", said=[text for text in said if text])


@pages.get("/course/gradebook")
def gradebook() -> ResponseReturnValue:
    return render_template("practice/gradebook.html", items=practice().store.line_items(), grades=_grades())


@pages.get("/course/gradebook.json")
def gradebook_json() -> ResponseReturnValue:
    settings, items, grades = practice().settings, practice().store.line_items(), _grades()
    return jsonify(
        {
            "line_items": [{"number": item.id} | line_item_json(settings, item) for item in items],
            "learners": [
                {
                    "id": one.id,
                    "name": one.name,
                    "grades": {str(item.id): grades.get((one.id, item.id)) for item in items},
                }
                for one in settings.learners
            ],
        }
    )


def _grades() -> dict[tuple[str, int], dict[str, Any]]:
    """By person and line item."""
    store = practice().store
    return {
        (grade.person_id, item.id): {
            "points": grade.points,
            "maximum": item.score_maximum,
            "comment": grade.comment,
            "activity_progress": grade.activity_progress,
            "grading_progress": grade.grading_progress,
            "time": datetime.fromtimestamp(grade.timestamp, UTC),
        }
        for item in store.line_items()
        for grade in store.grades(item.id)
    }
