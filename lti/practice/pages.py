"""The platform's own pages: who you are, the courses, their links and people, the gradebook."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lti.practice.errors import Refused
from lti.practice.launches import active_deployment, find_course, reviewable
from lti.practice.platform import practice
from lti.practice.records import DEEP_LINKING, SUBMISSION_REVIEW, Course, LineItem
from lti.practice.services import line_item_json, people_of
from lti.practice.settings import COURSE, Person
from lti.practice.signin import member, own_form, sign_in, signed_in, teacher

pages = Blueprint("pages", __name__)


@pages.app_context_processor
def common() -> dict[str, Any]:
    """A page of another course than the first names it as `course`."""
    return {"course": COURSE, "me": signed_in(), "settings": practice().settings}


@pages.app_template_filter("london")
def london(moment: datetime) -> str:
    local = moment.astimezone(ZoneInfo("Europe/London"))
    return f"{local.day} {local:%B %Y, %H:%M:%S}"


@pages.get("/")
def home() -> ResponseReturnValue:
    return render_template("practice/home.html")


@pages.post("/sign-in")
def choose() -> ResponseReturnValue:
    own_form()
    person = practice().settings.person(request.form.get("person"))
    if person is None:
        raise Refused(400, "Choose one of the people.")
    response = redirect(url_for("pages.course", course_id=COURSE.id))
    sign_in(response, person)
    return response


@pages.get("/courses")
def courses() -> ResponseReturnValue:
    return render_template("practice/courses.html", courses=practice().store.courses())


@pages.get("/course", defaults={"course_id": COURSE.id})
@pages.get("/courses/<course_id>")
def course(course_id: str) -> ResponseReturnValue:
    found = find_course(course_id)
    member(found)
    return render_template(
        "practice/course.html", course=found, links=practice().store.links(found.id), sources=_sources()
    )


def _sources() -> list[tuple[str, str]]:
    """What content can be added from: the deployment, and what it is called. The id tells namesakes apart."""
    found = [one for one in practice().store.deployments() if one.tool.active and DEEP_LINKING in one.tool.messages]
    names = [one.tool.name for one in found]
    return [
        (one.id, one.tool.name if names.count(one.tool.name) == 1 else f"{one.tool.name} (deployment {one.id})")
        for one in found
    ]


@pages.post("/courses/<course_id>/copy")
def copy(course_id: str) -> ResponseReturnValue:
    own_form()
    found = find_course(course_id)
    teacher(found)
    return redirect(url_for("pages.course", course_id=practice().store.copy_course(found).id))


@pages.get("/courses/<course_id>/add/<deployment_id>")
def add(course_id: str, deployment_id: str) -> ResponseReturnValue:
    """Choose content in the tool; what was chosen comes back to /contentitem_return, in the same frame."""
    found = find_course(course_id)
    teacher(found)
    deployment = active_deployment(deployment_id, DEEP_LINKING)
    return render_template(
        "practice/frame.html",
        course=found,
        heading=f"Add from {deployment.tool.name}",
        source=url_for("launches.start_selection", course_id=found.id, deployment_id=deployment.id),
        origins=deployment.tool.origins,
    )


@pages.get("/course/links/<link_id>")
def link(link_id: str) -> ResponseReturnValue:
    if signed_in() is None:
        return redirect(url_for("pages.home"))
    found = practice().store.link(link_id)
    if found is None or found.deployment_id is None:
        raise Refused(404, "There is no such link in this course.")
    course = find_course(found.course_id)
    member(course)
    deployment = practice().store.deployment(found.deployment_id)
    return render_template(
        "practice/frame.html",
        course=course,
        heading=found.title,
        source=url_for("launches.start", link_id=found.id, target="iframe"),
        window=url_for("launches.start", link_id=found.id, target="window"),
        origins=deployment.tool.origins if deployment else (),
    )


@pages.get("/courses/<course_id>/people")
def people(course_id: str) -> ResponseReturnValue:
    found = find_course(course_id)
    teacher(found)
    everybody = [person for person in practice().settings.people if person.active]
    present = practice().store.member_ids(found.id)
    return render_template("practice/people.html", course=found, people=everybody, present=present)


@pages.post("/courses/<course_id>/people")
def change_people(course_id: str) -> ResponseReturnValue:
    """Form: `person`, and `in_course` as yes or no. Teachers don't take themselves out: nobody could undo it."""
    own_form()
    found = find_course(course_id)
    me, person = teacher(found), practice().settings.person(request.form.get("person"))
    if person is None or person == me or request.form.get("in_course") not in ("yes", "no"):
        raise Refused(400, "Choose somebody else of the people.")
    practice().store.set_member(found.id, person.id, request.form["in_course"] == "yes")
    return redirect(url_for("pages.people", course_id=found.id))


@pages.get("/return")
def back() -> ResponseReturnValue:
    """Where launch_presentation's return_url leads; a tool may add what it wants to say."""
    said = [request.args.get(name, "") for name in ("lti_errormsg", "lti_msg")]
    course = practice().store.course(request.args.get("course", COURSE.id)) or COURSE
    return render_template("practice/return.html", course=course, said=[text for text in said if text])


@pages.get("/course/gradebook", defaults={"course_id": COURSE.id})
@pages.get("/courses/<course_id>/gradebook")
def gradebook(course_id: str) -> ResponseReturnValue:
    found = find_course(course_id)
    items = practice().store.line_items(found.id)
    return render_template(
        "practice/gradebook.html",
        course=found,
        learners=_learners(found),
        items=items,
        grades=_grades(items),
        reviewed={
            one.id
            for one in practice().store.deployments()
            if one.tool.active and SUBMISSION_REVIEW in one.tool.messages
        },
    )


@pages.get("/course/gradebook.json", defaults={"course_id": COURSE.id})
@pages.get("/courses/<course_id>/gradebook.json")
def gradebook_json(course_id: str) -> ResponseReturnValue:
    found = find_course(course_id)
    settings, items = practice().settings, practice().store.line_items(found.id)
    grades = _grades(items)
    return jsonify(
        {
            "line_items": [{"number": item.id} | line_item_json(settings, item) for item in items],
            "learners": [
                {
                    "id": one.id,
                    "name": one.name,
                    "grades": {str(item.id): grades.get((one.id, item.id)) for item in items},
                }
                for one in _learners(found)
            ],
        }
    )


@pages.get("/submissions/<int:item_id>/<person_id>")
def submission(item_id: int, person_id: str) -> ResponseReturnValue:
    item, course, learner = reviewable(item_id, person_id)
    deployment = active_deployment(item.deployment_id, SUBMISSION_REVIEW)
    return render_template(
        "practice/frame.html",
        course=course,
        heading=f"{item.label}: submission of {learner.name}",
        source=url_for("launches.start_review", item_id=item.id, person_id=learner.id),
        origins=deployment.tool.origins,
    )


def _learners(course: Course) -> list[Person]:
    return [person for person in people_of(course) if person.role == "Learner"]


def _grades(items: list[LineItem]) -> dict[tuple[str, int], dict[str, Any]]:
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
        for item in items
        for grade in store.grades(item.id)
    }
