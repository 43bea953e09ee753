"""The services that a tool calls: line items, scores and results (AGS), names and roles (NRPS).

https://www.imsglobal.org/spec/lti-ags/v2p0 and https://www.imsglobal.org/spec/lti-nrps/v2p0, as in Moodle.
"""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue

from lti.practice.errors import Refused
from lti.practice.grading import read_line_item, read_score
from lti.practice.platform import practice
from lti.practice.records import Course, Deployment, Grade, LineItem, Tool
from lti.practice.settings import (
    LINE_ITEM,
    LINE_ITEM_READ,
    MEMBERS_READ,
    NAME_CLAIMS,
    RESULT_READ,
    SCORE,
    Person,
    PracticeSettings,
)
from lti.practice.tokens import require

LINE_ITEM_TYPE = "application/vnd.ims.lis.v2.lineitem+json"
LINE_ITEMS_TYPE = "application/vnd.ims.lis.v2.lineitemcontainer+json"
SCORE_TYPE = "application/vnd.ims.lis.v1.score+json"
RESULTS_TYPE = "application/vnd.ims.lis.v2.resultcontainer+json"
MEMBERS_TYPE = "application/vnd.ims.lti-nrps.v2.membershipcontainer+json"

services = Blueprint("services", __name__, url_prefix="/services")


@services.errorhandler(Refused)
def refused(refusal: Refused) -> Response:
    response = jsonify({"error": refusal.reason})
    response.status_code = refusal.status
    if refusal.status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


@services.get("/<course_id>/lineitems")
def line_items(course_id: str) -> ResponseReturnValue:
    """All that match, on one page: a `limit` is not supported, and makes no difference."""
    course, deployment = _admit(course_id, LINE_ITEM, LINE_ITEM_READ, media=LINE_ITEMS_TYPE)
    found = practice().store.line_items(
        course.id,
        deployment.id,
        link_id=request.args.get("resource_link_id", request.args.get("lti_link_id")),
        resource_id=request.args.get("resource_id"),
        tag=request.args.get("tag"),
    )
    return _json([line_item_json(practice().settings, item) for item in found], LINE_ITEMS_TYPE)


@services.post("/<course_id>/lineitems")
def add_line_item(course_id: str) -> ResponseReturnValue:
    course, deployment = _admit(course_id, LINE_ITEM, media=LINE_ITEM_TYPE)
    values = read_line_item(_body(), _link_ids(course, deployment))
    item = practice().store.add_line_item(course.id, deployment.id, values)
    return _json(line_item_json(practice().settings, item), LINE_ITEM_TYPE, 201)


@services.get("/<course_id>/lineitems/<int:item_id>/lineitem")
def line_item(course_id: str, item_id: int) -> ResponseReturnValue:
    item = _line_item(item_id, *_admit(course_id, LINE_ITEM, LINE_ITEM_READ, media=LINE_ITEM_TYPE))
    return _json(line_item_json(practice().settings, item), LINE_ITEM_TYPE)


@services.put("/<course_id>/lineitems/<int:item_id>/lineitem")
def change_line_item(course_id: str, item_id: int) -> ResponseReturnValue:
    """A link that is not named stays as it was."""
    course, deployment = _admit(course_id, LINE_ITEM, media=LINE_ITEM_TYPE)
    item = _line_item(item_id, course, deployment)
    values = read_line_item(_body(), _link_ids(course, deployment))
    values["link_id"] = values["link_id"] or item.link_id
    changed = practice().store.change_line_item(item, values)
    return _json(line_item_json(practice().settings, changed), LINE_ITEM_TYPE)


@services.delete("/<course_id>/lineitems/<int:item_id>/lineitem")
def delete_line_item(course_id: str, item_id: int) -> ResponseReturnValue:
    item = _line_item(item_id, *_admit(course_id, LINE_ITEM))
    if item.made_for_link:
        raise Refused(403, "the platform made this line item: only the platform deletes it")
    practice().store.delete_line_item(item.id)
    return "", 204


@services.post("/<course_id>/lineitems/<int:item_id>/lineitem/scores")
def scores(course_id: str, item_id: int) -> ResponseReturnValue:
    course, deployment = _admit(course_id, SCORE, media=SCORE_TYPE)
    learner_ids = {person.id for person in people_of(course) if person.role == "Learner"}
    grade = read_score(_body(), _line_item(item_id, course, deployment), learner_ids)
    if not practice().store.save_grade(grade):
        raise Refused(409, "a score with this timestamp, or a later one, is stored already")
    return "", 200


@services.get("/<course_id>/lineitems/<int:item_id>/lineitem/results")
def results(course_id: str, item_id: int) -> ResponseReturnValue:
    item = _line_item(item_id, *_admit(course_id, RESULT_READ, media=RESULTS_TYPE))
    wanted = request.args.get("user_id")
    found = [grade for grade in practice().store.grades(item.id) if wanted in (None, grade.person_id)]
    return _json([_result_json(practice().settings, item, grade) for grade in found], RESULTS_TYPE)


@services.get("/CourseSection/<course_id>/bindings/<deployment_id>/memberships")
def members(course_id: str, deployment_id: str) -> ResponseReturnValue:
    """Active members; with `since`, those whose membership changed, and who left has the status Deleted.

    A page at a time where `limit` asks for it; `from` is how many went before. `since` counts the changes of
    memberships: https://www.imsglobal.org/spec/lti-nrps/v2p0#membership-differences
    """
    tool = require(MEMBERS_READ)
    store, url = practice().store, practice().settings.members_url(course_id, deployment_id)
    course, deployment = store.course(course_id), store.deployment(deployment_id)
    if course is None or deployment is None or deployment.tool != tool:
        raise Refused(404, "there is no such course")
    _negotiate(MEMBERS_TYPE)
    role, link_id = request.args.get("role"), request.args.get("rlid")
    if link_id is not None and link_id not in _link_ids(course, deployment):
        raise Refused(404, "there is no such link in this course")
    revision, since = store.revision(), request.args.get("since", type=int)
    if since is None:
        states = dict.fromkeys(store.member_ids(course.id), True)
    else:
        states = store.changed_members(course.id, since)
    known = [one for one in practice().settings.people if one.active and one.id in states]
    found = [one for one in known if role in (None, one.role, _long_role(one.role))]
    limit = max(0, request.args.get("limit", 0, type=int))
    start = max(0, request.args.get("from", 0, type=int)) if limit else 0
    page = found[start : start + limit] if limit else found
    response = _json(
        {
            "id": url,
            "context": {"id": course.id, "label": course.label, "title": course.title},
            "members": [_member_json(person, tool, states[person.id]) for person in page],
        },
        MEMBERS_TYPE,
    )
    if limit and start + limit < len(found):
        query = {"limit": limit, "from": start + limit, "role": role, "rlid": link_id, "since": since}
        onwards = urlencode({name: value for name, value in query.items() if value is not None})
        response.headers.add("Link", f'<{url}?{onwards}>; rel="next"')
    response.headers.add("Link", f'<{url}?since={revision}>; rel="differences"')
    return response


def people_of(course: Course) -> list[Person]:
    """The members of a course, as they are listed."""
    ids = practice().store.member_ids(course.id)
    return [person for person in practice().settings.people if person.active and person.id in ids]


def line_item_json(settings: PracticeSettings, item: LineItem) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "id": settings.line_item_url(item),
        "label": item.label,
        "scoreMaximum": _plain(item.score_maximum),
        "resourceId": item.resource_id,
        "tag": item.tag,
    }
    if item.link_id is not None:
        shown |= {"resourceLinkId": item.link_id, "ltiLinkId": item.link_id}
    if item.submission_review is not None:
        shown["submissionReview"] = item.submission_review
    return shown


def _result_json(settings: PracticeSettings, item: LineItem, grade: Grade) -> dict[str, Any]:
    """Moodle takes a grade of 0 for none: the result is listed, but says nothing of the score."""
    shown: dict[str, Any] = {"id": settings.result_url(item, grade.person_id), "userId": grade.person_id}
    if grade.points:
        shown |= {"resultScore": _plain(grade.points), "resultMaximum": _plain(item.score_maximum)}
        if grade.comment:
            shown["comment"] = grade.comment
        shown["scoreOf"] = settings.line_item_url(item)
        shown["timestamp"] = datetime.fromtimestamp(grade.timestamp, UTC).isoformat()
    return shown


def _member_json(person: Person, tool: Tool, present: bool) -> dict[str, Any]:
    """Role names are short here, though they are long in a launch. Names and e-mail as granted to the tool."""
    shown: dict[str, Any] = {
        "status": "Active" if present else "Deleted",
        "roles": [person.role],
        "user_id": person.id,
        "lis_person_sourcedid": person.sourcedid,
        "name": person.name,
        "given_name": person.given_name,
        "family_name": person.family_name,
        "email": person.email,
        "ext_user_username": person.username,
    }
    withheld = {*NAME_CLAIMS, "email"}.difference(tool.claims)
    return {name: value for name, value in shown.items() if name not in withheld}


def _long_role(role: str) -> str:
    return f"http://purl.imsglobal.org/vocab/lis/v2/membership#{role}"


def _plain(number: float) -> float | int:
    return int(number) if number == int(number) else number


def _admit(course_id: str, *scopes: str, media: str | None = None) -> tuple[Course, Deployment]:
    """The token first, then the course, then the query that a line item's address carries."""
    tool = require(*scopes)
    course = practice().store.course(course_id)
    if course is None:
        raise Refused(404, "there is no such course")
    deployment = practice().store.deployment(request.args.get("type_id", ""))
    if deployment is None or deployment.tool != tool:
        reason = "the address must keep its query, type_id with the tool's deployment id, also with /scores or /results"
        raise Refused(400, reason)
    if media:
        _negotiate(media)
    return course, deployment


def _negotiate(media: str) -> None:
    """Moodle finds the service by its media type: of what is sent, or of what is accepted."""
    if request.method in ("POST", "PUT"):
        if request.mimetype != media:
            raise Refused(400, f"Content-Type must be {media}")
        return
    accepted = request.headers.get("Accept", "")
    if accepted and "*/*" not in accepted and media not in accepted:
        raise Refused(400, f"Accept must have {media}")


def _line_item(item_id: int, course: Course, deployment: Deployment) -> LineItem:
    item = practice().store.line_item(item_id)
    if item is None or (item.course_id, item.deployment_id) != (course.id, deployment.id):
        raise Refused(404, "there is no such line item")
    return item


def _link_ids(course: Course, deployment: Deployment) -> set[str]:
    return {link.id for link in practice().store.links(course.id, deployment.id)}


def _body() -> Any:
    return request.get_json(force=True, silent=True)


def _json(body: Any, media: str, status: int = 200) -> Response:
    response = jsonify(body)
    response.status_code = status
    response.content_type = media
    return response
