"""What a teacher chose in the tool comes back, and becomes links of the course.

https://www.imsglobal.org/spec/lti-dl/v2p0#deep-linking-response-message, with Moodle's limits: nothing but
ltiResourceLink, and an item with a `url` becomes a web link that belongs to no tool.
"""

from typing import Any
from urllib.parse import urlsplit

import jwt
from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from lti1p3platform.exceptions import LtiException

from lti.practice.claims import LTI
from lti.practice.errors import Refused
from lti.practice.grading import read_column, read_custom
from lti.practice.platform import practice
from lti.practice.records import ContentItem, Deployment, Selection
from lti.practice.signin import signed_in

DL = "https://purl.imsglobal.org/spec/lti-dl/claim/"

deep_linking = Blueprint("deep_linking", __name__)


@deep_linking.post("/contentitem_return")
def content_item_return() -> ResponseReturnValue:
    """From the browser of the teacher who began it, and once. Nothing is written unless everything is in order."""
    store = practice().store
    selection = store.selection(request.args.get("sesskey", ""))
    if selection is None:
        raise Refused(400, "This return address is unknown, was used already, or is older than an hour.")
    person = signed_in()
    if person is None or person.id != selection.person_id:
        raise Refused(403, "The person signed in at this browser is not the one who began to choose.")
    if (request.args.get("course"), request.args.get("id")) != (selection.course_id, selection.deployment_id):
        raise Refused(400, "The return address has to be used as it was given.")
    course, deployment = store.course(selection.course_id), store.deployment(selection.deployment_id)
    if course is None or deployment is None or not deployment.tool.active:
        raise Refused(400, "The course or the tool is gone.")
    if person.id not in store.member_ids(course.id):
        raise Refused(403, "You are not in this course any more.")
    claims, items = _response_of(request.form.get("JWT", ""), selection, deployment)
    added = store.add_content(selection.sesskey, course.id, deployment.id, items)
    if added is None:
        raise Refused(400, "This return address was used already.")
    said = [claims.get(DL + name) for name in ("msg", "errormsg")]
    return render_template(
        "practice/added.html", course=course, links=added, said=[text for text in said if isinstance(text, str)]
    )


def _response_of(token: str, selection: Selection, deployment: Deployment) -> tuple[dict[str, Any], list[ContentItem]]:
    """The claims of the message and what was chosen."""
    platform = practice().platform(deployment)
    try:
        claims = platform.verify(token, practice().settings.url, "nonce")
        for name, wanted in {
            LTI + "message_type": "LtiDeepLinkingResponse",
            LTI + "version": "1.3.0",
            LTI + "deployment_id": deployment.id,
        }.items():
            if claims.get(name) != wanted:
                raise Refused(400, f"The tool's answer must have “{wanted}” as {name}.")
        if claims.get(DL + "data") != selection.data:
            raise Refused(400, "The tool's answer must have the data that was sent, and none where none was sent.")
        items = read_items(claims.get(DL + "content_items", []), deployment.tool.name)
        platform.use_once("nonce", claims)
    except (jwt.PyJWTError, LtiException, ValueError, KeyError, TypeError, AttributeError) as error:
        raise Refused(400, f"The tool's answer is not in order: {error}") from error
    return claims, items


def read_items(sent: Any, tool_name: str) -> list[ContentItem]:
    """Raises Refused for all if one is out of shape."""
    if not isinstance(sent, list) or not all(isinstance(one, dict) for one in sent):
        raise Refused(400, "content_items must be a list of objects")
    return [_item(one, tool_name) for one in sent]


def _item(sent: dict[str, Any], tool_name: str) -> ContentItem:
    if sent.get("type") != "ltiResourceLink":
        raise Refused(400, f"only ltiResourceLink is accepted; this was {sent.get('type')}")
    title = _text(sent, "title").strip() or tool_name
    icon = sent.get("icon") or {}
    if not isinstance(icon, dict):
        raise Refused(400, "an icon must be an object with a url")
    return ContentItem(
        title,
        _text(sent, "text"),
        _url(sent),
        _url(icon),
        read_custom(sent.get("custom") or {}),
        read_column(sent["lineItem"], title) if sent.get("lineItem") else None,
    )


def _text(sent: dict[str, Any], name: str) -> str:
    value = sent.get(name)
    if value is not None and not isinstance(value, str):
        raise Refused(400, f"{name} must be a string")
    return value or ""


def _url(sent: dict[str, Any]) -> str:
    url = _text(sent, "url")
    if url and (urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).netloc):
        raise Refused(400, f"{url} is not a web address")
    return url
