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
from lti.practice.settings import (
    COURSE_ID,
    COURSE_LABEL,
    COURSE_TITLE,
    LINE_ITEM,
    LINE_ITEM_READ,
    MEMBERS_READ,
    RESULT_READ,
    SCORE,
    Person,
    PracticeSettings,
)
from lti.practice.store import Grade, LineItem
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


@services.get("/<course>/lineitems")
def line_items(course: str) -> ResponseReturnValue:
    """All that match, on one page: a `limit` is not supported, and makes no difference."""
    _admit(course, LINE_ITEM, LINE_ITEM_READ, media=LINE_ITEMS_TYPE)
    found = practice().store.line_items(
        link_id=request.args.get("resource_link_id", request.args.get("lti_link_id")),
        resource_id=request.args.get("resource_id"),
        tag=request.args.get("tag"),
    )
    return _json([line_item_json(practice().settings, item) for item in found], LINE_ITEMS_TYPE)


@services.post("/<course>/lineitems")
def add_line_item(course: str) -> ResponseReturnValue:
    _admit(course, LINE_ITEM, media=LINE_ITEM_TYPE)
    item = practice().store.add_line_item(read_line_item(_body(), _link_ids()))
    return _json(line_item_json(practice().settings, item), LINE_ITEM_TYPE, 201)


@services.get("/<course>/lineitems/<int:item_id>/lineitem")
def line_item(course: str, item_id: int) -> ResponseReturnValue:
    _admit(course, LINE_ITEM, LINE_ITEM_READ, media=LINE_ITEM_TYPE)
    return _json(line_item_json(practice().settings, _line_item(item_id)), LINE_ITEM_TYPE)


@services.put("/<course>/lineitems/<int:item_id>/lineitem")
def change_line_item(course: str, item_id: int) -> ResponseReturnValue:
    """A link that is not named stays as it was."""
    _admit(course, LINE_ITEM, media=LINE_ITEM_TYPE)
    item = _line_item(item_id)
    values = read_line_item(_body(), _link_ids())
    values["link_id"] = values["link_id"] or item.link_id
    changed = practice().store.change_line_item(item, values)
    return _json(line_item_json(practice().settings, changed), LINE_ITEM_TYPE)


@services.delete("/<course>/lineitems/<int:item_id>/lineitem")
def delete_line_item(course: str, item_id: int) -> ResponseReturnValue:
    _admit(course, LINE_ITEM)
    if _line_item(item_id).made_for_link:
        raise Refused(403, "the platform made this line item: only the platform deletes it")
    practice().store.delete_line_item(item_id)
    return "", 204


@services.post("/<course>/lineitems/<int:item_id>/lineitem/scores")
def scores(course: str, item_id: int) -> ResponseReturnValue:
    _admit(course, SCORE, media=SCORE_TYPE)
    learner_ids = {person.id for person in practice().settings.learners}
    grade = read_score(_body(), _line_item(item_id), learner_ids)
    if not practice().store.save_grade(grade):
        raise Refused(409, "a score with this timestamp, or a later one, is stored already")
    return "", 200


@services.get("/<course>/lineitems/<int:item_id>/lineitem/results")
def results(course: str, item_id: int) -> ResponseReturnValue:
    _admit(course, RESULT_READ, media=RESULTS_TYPE)
    item = _line_item(item_id)
    wanted = request.args.get("user_id")
    found = [grade for grade in practice().store.grades(item.id) if wanted in (None, grade.person_id)]
    return _json([_result_json(practice().settings, item, grade) for grade in found], RESULTS_TYPE)


@services.get("/CourseSection/<course>/bindings/<deployment>/memberships")
def members(course: str, deployment: str) -> ResponseReturnValue:
    """Active members, a page at a time where `limit` asks for it; `from` is how many went before."""
    require(MEMBERS_READ)
    settings = practice().settings
    if course != COURSE_ID or deployment != settings.deployment_id:
        raise Refused(404, "there is no such course")
    _negotiate(MEMBERS_TYPE)
    role, link_id = request.args.get("role"), request.args.get("rlid")
    if link_id is not None and settings.link(link_id) is None:
        raise Refused(404, "there is no such link in this course")
    people = [one for one in settings.people if one.active and role in (None, one.role, _long_role(one.role))]
    limit = max(0, request.args.get("limit", 0, type=int))
    start = max(0, request.args.get("from", 0, type=int)) if limit else 0
    page = people[start : start + limit] if limit else people
    response = _json(
        {
            "id": settings.members_url,
            "context": {"id": COURSE_ID, "label": COURSE_LABEL, "title": COURSE_TITLE},
            "members": [_member_json(person) for person in page],
        },
        MEMBERS_TYPE,
    )
    if limit and start + limit < len(people):
        query = {"limit": limit, "from": start + limit, "role": role, "rlid": link_id}
        onwards = urlencode({name: value for name, value in query.items() if value is not None})
        response.headers["Link"] = f'<{settings.members_url}?{onwards}>; rel="next"'
    return response


def line_item_json(settings: PracticeSettings, item: LineItem) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "id": settings.line_item_url(item.id),
        "label": item.label,
        "scoreMaximum": _plain(item.score_maximum),
        "resourceId": item.resource_id,
        "tag": item.tag,
    }
    if item.link_id is not None:
        shown |= {"resourceLinkId": item.link_id, "ltiLinkId": item.link_id}
    return shown


def _result_json(settings: PracticeSettings, item: LineItem, grade: Grade) -> dict[str, Any]:
    """Moodle takes a grade of 0 for none: the result is listed, but says nothing of the score."""
    shown: dict[str, Any] = {"id": settings.result_url(item.id, grade.person_id), "userId": grade.person_id}
    if grade.points:
        shown |= {"resultScore": _plain(grade.points), "resultMaximum": _plain(item.score_maximum)}
        if grade.comment:
            shown["comment"] = grade.comment
        shown["scoreOf"] = settings.line_item_url(item.id)
        shown["timestamp"] = datetime.fromtimestamp(grade.timestamp, UTC).isoformat()
    return shown


def _member_json(person: Person) -> dict[str, Any]:
    """Role names are short here, though they are long in a launch."""
    return {
        "status": "Active",
        "roles": [person.role],
        "user_id": person.id,
        "lis_person_sourcedid": f"sis-{person.username}",
        "name": person.name,
        "given_name": person.given_name,
        "family_name": person.family_name,
        "email": person.email,
        "ext_user_username": person.username,
    }


def _long_role(role: str) -> str:
    return f"http://purl.imsglobal.org/vocab/lis/v2/membership#{role}"


def _plain(number: float) -> float | int:
    return int(number) if number == int(number) else number


def _admit(course: str, *scopes: str, media: str | None = None) -> None:
    """The token first, then the course, then the query that a line item's address carries."""
    require(*scopes)
    if course != COURSE_ID:
        raise Refused(404, "there is no such course")
    wanted = practice().settings.deployment_id
    if request.args.get("type_id") != wanted:
        raise Refused(400, f"the address must keep its query, type_id={wanted}, also with /scores or /results")
    if media:
        _negotiate(media)


def _negotiate(media: str) -> None:
    """Moodle finds the service by its media type: of what is sent, or of what is accepted."""
    if request.method in ("POST", "PUT"):
        if request.mimetype != media:
            raise Refused(400, f"Content-Type must be {media}")
        return
    accepted = request.headers.get("Accept", "")
    if accepted and "*/*" not in accepted and media not in accepted:
        raise Refused(400, f"Accept must have {media}")


def _line_item(item_id: int) -> LineItem:
    item = practice().store.line_item(item_id)
    if item is None:
        raise Refused(404, "there is no such line item")
    return item


def _link_ids() -> set[str]:
    return {link.id for link in practice().settings.links}


def _body() -> Any:
    return request.get_json(force=True, silent=True)


def _json(body: Any, media: str, status: int = 200) -> Response:
    response = jsonify(body)
    response.status_code = status
    response.content_type = media
    return response
