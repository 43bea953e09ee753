"""The claims of each message, in the shape in which Moodle sends them. Pure.

The envelope (iss, aud, nonce, iat, exp, deployment, version) comes with signing.
https://www.imsglobal.org/spec/lti/v1p3#resource-link-launch-request-message,
https://www.imsglobal.org/spec/lti-dl/v2p0#deep-linking-request-message,
https://www.imsglobal.org/spec/lti-sr/v1p0
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

from lti.practice.records import Course, Deployment, Launch, LineItem, Selection
from lti.practice.settings import AGS_SCOPES, MEMBERS_READ, Link, Person, PracticeSettings

LTI = "https://purl.imsglobal.org/spec/lti/claim/"
AGS = "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"
DEEP_LINKING_SETTINGS = "https://purl.imsglobal.org/spec/lti-dl/claim/deep_linking_settings"
MEMBERSHIP = "http://purl.imsglobal.org/vocab/lis/v2/membership#"
LAUNCH_CONTAINERS = {"iframe": "3", "window": "4"}


@dataclass(frozen=True)
class Message:
    """What every message is about. `link` None: it is about no link."""

    settings: PracticeSettings
    launch: Launch
    person: Person
    course: Course
    deployment: Deployment
    link: Link | None = None


def resource_link_claims(message: Message, line_items: list[LineItem]) -> dict[str, Any]:
    """`line_items`: those of the link. The `lineitem` claim is there only where the link has exactly one."""
    claims = _claims(message, message.deployment.tool.launch_url)
    claims |= _resource_link(message)
    if AGS in claims and len(line_items) == 1:
        claims[AGS]["lineitem"] = message.settings.line_item_url(line_items[0])
    return claims


def deep_linking_claims(message: Message, selection: Selection) -> dict[str, Any]:
    query = {"course": message.course.id, "id": message.deployment.id, "sesskey": selection.sesskey}
    settings: dict[str, Any] = {
        "accept_types": ["ltiResourceLink"],
        "accept_presentation_document_targets": ["frame", "iframe", "window"],
        "accept_copy_advice": False,
        "accept_multiple": True,
        "accept_unsigned": False,
        "auto_create": False,
        "can_confirm": False,
        "deep_link_return_url": f"{message.settings.url}/contentitem_return?{urlencode(query)}",
        "title": "",
        "text": "",
    }
    if selection.data is not None:
        settings["data"] = selection.data
    claims = _claims(message, message.deployment.tool.deep_linking_url)
    return claims | {LTI + "launch_presentation": {"locale": "en"}, DEEP_LINKING_SETTINGS: settings}


def submission_review_claims(message: Message, item: LineItem, learner: Person) -> dict[str, Any]:
    """What is reviewed is the learner's submission for the line item, whether or not that has a link."""
    review = item.submission_review or {}
    claims = _claims(message, message.deployment.tool.launch_url, review.get("custom", {}))
    claims |= _resource_link(message)
    claims.setdefault(AGS, {})["lineitem"] = message.settings.line_item_url(item)
    user = {
        "user_id": learner.id,
        "person_sourcedid": learner.sourcedid,
        "roles": [MEMBERSHIP + learner.role],
        **_personal(message, learner),
    }
    return claims | {LTI + "for_user": user}


def _claims(message: Message, target_link_uri: str, custom: Mapping[str, str] | None = None) -> dict[str, Any]:
    settings, person, course, tool = message.settings, message.person, message.course, message.deployment.tool
    members_url = settings.members_url(course.id, message.deployment.id)
    back = {"course": course.id, "launch_container": LAUNCH_CONTAINERS[message.launch.document_target]}
    if message.link is not None:
        back["instanceid"] = message.link.id
    claims: dict[str, Any] = {
        "sub": person.id,
        **_personal(message, person),
        LTI + "message_type": message.launch.message,
        LTI + "target_link_uri": target_link_uri,
        LTI + "lis": {"person_sourcedid": person.sourcedid, "course_section_sourcedid": course.sourcedid},
        LTI + "roles": [MEMBERSHIP + person.role],
        LTI + "context": {"id": course.id, "label": course.label, "title": course.title, "type": ["CourseSection"]},
        LTI + "ext": {"user_username": person.username, "lms": "moodle-2"},
        LTI + "launch_presentation": {
            "locale": "en",
            "document_target": message.launch.document_target,
            "return_url": f"{settings.url}/return?{urlencode(back)}",
        },
        LTI + "tool_platform": {
            "product_family_code": "moodle",
            "version": "2024100705.01",
            "guid": urlsplit(settings.url).hostname,
            "name": "practice",
            "description": "Practice platform",
        },
    }
    written = {**tool.custom, **(message.link.custom if message.link else {}), **(custom or {})}
    claims[LTI + "custom"] = _custom(written, _variables(message))
    if MEMBERS_READ in tool.scopes:
        claims[LTI + "custom"]["context_memberships_url"] = members_url
        claims["https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice"] = {
            "context_memberships_url": members_url,
            "service_versions": ["1.0", "2.0"],
        }
    if scopes := [scope for scope in AGS_SCOPES if scope in tool.scopes]:
        claims[AGS] = {"scope": scopes, "lineitems": settings.line_items_url(course.id, message.deployment.id)}
    return claims


def _resource_link(message: Message) -> dict[str, Any]:
    link = message.link
    if link is None:
        return {}
    return {
        LTI + "resource_link": {"title": link.title, "description": link.description, "id": link.id},
        "https://purl.imsglobal.org/spec/lti-bo/claim/basicoutcome": {
            "lis_result_sourcedid": _result_sourcedid(message, link),
            # Named because Moodle names it; this service of LTI 1.1 is not offered here.
            "lis_outcome_service_url": f"{message.settings.url}/service",
        },
    }


def _personal(message: Message, person: Person) -> dict[str, str]:
    """Name and e-mail, as granted to the tool."""
    known = {
        "given_name": person.given_name,
        "family_name": person.family_name,
        "name": person.name,
        "email": person.email,
    }
    return {name: value for name, value in known.items() if name in message.deployment.tool.claims}


def _variables(message: Message) -> dict[str, str]:
    """https://www.imsglobal.org/spec/lti/v1p3#custom-variables"""
    course, person, link = message.course, message.person, message.link
    known = {
        "$Context.id": course.id,
        "$Context.id.history": course.id_history,
        "$Context.label": course.label,
        "$Context.title": course.title,
        "$User.id": person.id,
        "$User.username": person.username,
        "$Person.sourcedId": person.sourcedid,
    }
    if link is not None:
        known |= {"$ResourceLink.id": link.id, "$ResourceLink.title": link.title}
    return known


VARIABLES = (
    "Context.id",
    "Context.id.history",
    "Context.label",
    "Context.title",
    "User.id",
    "User.username",
    "Person.sourcedId",
    "ResourceLink.id",
    "ResourceLink.title",
)


def _custom(written: Mapping[str, str], variables: Mapping[str, str]) -> dict[str, str]:
    """A key arrives as written, and in lower case with what is neither letter nor digit turned to `_`. A value
    that is a variable is replaced; a variable that is not known arrives as it is."""
    custom: dict[str, str] = {}
    for key, value in written.items():
        custom[key] = custom[re.sub(r"[^a-z0-9]", "_", key.lower())] = variables.get(value, value)
    return custom


def _result_sourcedid(message: Message, link: Link) -> str:
    """An opaque string to the tool: Moodle's own shape, a JSON string within the JSON."""
    data = {
        "instanceid": link.id,
        "userid": message.person.id,
        "typeid": message.deployment.id,
        "launchid": message.launch.id,
    }
    digest = hashlib.sha256(json.dumps(data).encode()).hexdigest()
    return json.dumps({"data": data, "hash": digest}, separators=(",", ":"))
