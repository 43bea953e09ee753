"""A launch, from the platform's side: start it at the tool, answer the tool's authentication request.

Steps 1 to 3 of https://www.imsglobal.org/spec/security/v1p0/#openid_connect_launch_flow
"""

import json
import secrets
import time
from typing import Any

from flask import Blueprint, Response, make_response, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from lti.practice.claims import (
    LAUNCH_CONTAINERS,
    Message,
    deep_linking_claims,
    resource_link_claims,
    submission_review_claims,
)
from lti.practice.errors import Refused
from lti.practice.platform import practice
from lti.practice.records import (
    DEEP_LINKING,
    RESOURCE_LINK,
    SUBMISSION_REVIEW,
    Course,
    Deployment,
    Launch,
    LineItem,
    Selection,
)
from lti.practice.services import people_of
from lti.practice.settings import Person
from lti.practice.signin import member, signed_in, teacher

LAUNCH_LIFE = 5 * 60
SELECTION_LIFE = 3600

launches = Blueprint("launches", __name__)


@launches.get("/launch/<link_id>")
def start(link_id: str) -> ResponseReturnValue:
    """Post the person on to the tool's login initiation. `target`: iframe (the default) or window."""
    link = practice().store.link(link_id)
    target = request.args.get("target", "iframe")
    if link is None or target not in LAUNCH_CONTAINERS:
        raise Refused(404, "There is no such link in this course.")
    if link.deployment_id is None:
        raise Refused(404, "This is a web link: it launches no tool.")
    course = find_course(link.course_id)
    person = member(course)
    deployment = active_deployment(link.deployment_id, RESOURCE_LINK)
    return _begin(RESOURCE_LINK, person, course, deployment, document_target=target, link_id=link.id)


@launches.get("/launch/select/<course_id>/<deployment_id>")
def start_selection(course_id: str, deployment_id: str) -> ResponseReturnValue:
    course = find_course(course_id)
    return _begin(DEEP_LINKING, teacher(course), course, active_deployment(deployment_id, DEEP_LINKING))


@launches.get("/launch/submission/<int:item_id>/<person_id>")
def start_review(item_id: int, person_id: str) -> ResponseReturnValue:
    item, course, learner = reviewable(item_id, person_id)
    return _begin(
        SUBMISSION_REVIEW,
        member(course),
        course,
        active_deployment(item.deployment_id, SUBMISSION_REVIEW),
        link_id=item.link_id,
        item_id=item.id,
        for_person_id=learner.id,
    )


def reviewable(item_id: int, person_id: str) -> tuple[LineItem, Course, Person]:
    """The line item, its course, and the learner whose submission may be seen by who is signed in: a teacher
    sees all, a learner their own."""
    item = practice().store.line_item(item_id)
    if item is None:
        raise Refused(404, "There is no such line item.")
    course = find_course(item.course_id)
    person = member(course)
    learner = next((one for one in people_of(course) if one.id == person_id and one.role == "Learner"), None)
    if learner is None:
        raise Refused(404, "There is no such learner in this course.")
    if person.role != "Instructor" and person != learner:
        raise Refused(403, "A learner sees their own submissions only.")
    return item, course, learner


@launches.route("/auth", methods=["GET", "POST"])
def auth() -> ResponseReturnValue:
    """Answer the tool with a signed message, or with an error page: a request that is not in order is never
    sent on to an address which it names."""
    platform = practice()
    asked = request.form if request.method == "POST" else request.args
    _check_parts(asked)
    launch, person = _launch_of(asked)
    deployment = active_deployment(launch.deployment_id, launch.message)
    _check_values(asked, deployment)
    course = find_course(launch.course_id)
    if person.id not in platform.store.member_ids(course.id):
        raise Refused(400, "You are not in this course any more.")
    if not platform.store.use_launch(launch.id):
        raise Refused(400, "This launch was used already. Open the link again.")
    message = Message(
        platform.settings,
        launch,
        person,
        course,
        deployment,
        platform.store.link(launch.link_id) if launch.link_id else None,
    )
    signed = platform.sign_launch(deployment, asked.to_dict(), _claims_of(message))
    return _onwards(asked["redirect_uri"], {"state": signed["state"], "id_token": signed["id_token"]})


def _claims_of(message: Message) -> dict[str, Any]:
    store, settings, launch = practice().store, practice().settings, message.launch
    if launch.message == DEEP_LINKING:
        selection = Selection(
            secrets.token_hex(16),
            launch.person_id,
            launch.course_id,
            launch.deployment_id,
            settings.deep_linking_data,
            int(time.time()) + SELECTION_LIFE,
        )
        store.add_selection(selection)
        return deep_linking_claims(message, selection)
    if launch.message == SUBMISSION_REVIEW:
        item = store.line_item(launch.item_id) if launch.item_id is not None else None
        learner = settings.person(launch.for_person_id)
        if item is None or learner is None:
            raise Refused(400, "This line item is gone.")
        return submission_review_claims(message, item, learner)
    return resource_link_claims(message, store.line_items(launch.course_id, link_id=launch.link_id))


def _begin(message: str, person: Person, course: Course, deployment: Deployment, **about: Any) -> ResponseReturnValue:
    """`about`: the fields of the launch that say what it is about."""
    settings, tool = practice().settings, deployment.tool
    launch_id = f"ltilaunch{about.get('link_id') or ''}_{secrets.token_hex(16)}"
    hint = json.dumps({"launchid": launch_id}, separators=(",", ":"))
    expires = int(time.time()) + LAUNCH_LIFE
    launch = Launch(launch_id, message, person.id, course.id, deployment.id, hint, expires, **about)
    practice().store.add_launch(launch)
    fields = {
        "iss": settings.url,
        "target_link_uri": tool.deep_linking_url if message == DEEP_LINKING else tool.launch_url,
        "login_hint": person.id,
        "lti_message_hint": hint,
        "client_id": tool.client_id,
        "lti_deployment_id": deployment.id,
    }
    if settings.client_storage and launch.document_target == "iframe":
        fields["lti_storage_target"] = "_parent"
    return _onwards(tool.login_url, fields)


def find_course(course_id: str) -> Course:
    course = practice().store.course(course_id)
    if course is None:
        raise Refused(404, "There is no such course.")
    return course


def active_deployment(deployment_id: str, message: str) -> Deployment:
    deployment = practice().store.deployment(deployment_id)
    if deployment is None or message not in deployment.tool.messages:
        raise Refused(404, "There is no tool for this.")
    if not deployment.tool.active:
        raise Refused(400, "This tool is pending. It launches when a teacher has activated it.")
    return deployment


def _check_parts(asked: MultiDict[str, str]) -> None:
    fixed = {"scope": "openid", "response_type": "id_token", "response_mode": "form_post", "prompt": "none"}
    others = ("client_id", "redirect_uri", "login_hint", "lti_message_hint", "state", "nonce")
    for name in (*fixed, *others):
        given = asked.getlist(name)
        if len(given) != 1 or not given[0]:
            raise Refused(400, f"The request needs one {name}.")
        if name in fixed and given[0] != fixed[name]:
            raise Refused(400, f"{name} must be “{fixed[name]}”; it was “{given[0]}”.")


def _check_values(asked: MultiDict[str, str], deployment: Deployment) -> None:
    tool = deployment.tool
    if asked["client_id"] != tool.client_id:
        raise Refused(400, f"client_id must be “{tool.client_id}”; it was “{asked['client_id']}”.")
    if asked["redirect_uri"] not in tool.redirect_urls:
        known = " or ".join(tool.redirect_urls)
        raise Refused(400, f"redirect_uri must be “{known}”; it was “{asked['redirect_uri']}”.")


def _launch_of(asked: MultiDict[str, str]) -> tuple[Launch, Person]:
    """The launch that the hint names. It serves only the person it was made for, signed in at this browser: a
    launch id that leaked is of no use to anybody else."""
    hint = asked["lti_message_hint"]
    try:
        launch_id = json.loads(hint)["launchid"]
    except (ValueError, TypeError, KeyError, RecursionError):
        raise Refused(400, "lti_message_hint is not the one that was sent.") from None
    launch = practice().store.launch(launch_id) if isinstance(launch_id, str) else None
    if launch is None:
        raise Refused(400, "This launch is unknown, was used already, or is older than five minutes.")
    if hint != launch.hint:
        raise Refused(400, "lti_message_hint must come back unchanged, to the letter.")
    if asked["login_hint"] != launch.person_id:
        raise Refused(400, "login_hint is not the one that was sent.")
    person = signed_in()
    if person is None or person.id != launch.person_id:
        raise Refused(400, "The person signed in at this browser is not the one who opened the link.")
    return launch, person


def _onwards(action: str, fields: dict[str, str]) -> Response:
    """A form that submits itself, with a button for browsers without JavaScript."""
    response = make_response(render_template("practice/onwards.html", action=action, fields=fields))
    response.headers["Cache-Control"] = "no-store"
    return response
