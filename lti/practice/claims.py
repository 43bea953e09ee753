"""The claims of a resource link launch, in the shape in which Moodle sends them. Pure.

The envelope (iss, aud, nonce, iat, exp, deployment, target link, message type, version) comes with signing.
https://www.imsglobal.org/spec/lti/v1p3#resource-link-launch-request-message
"""

import hashlib
import json
import re
from typing import Any
from urllib.parse import urlencode, urlsplit

from lti.practice.settings import (
    AGS_SCOPES,
    COURSE_ID,
    COURSE_LABEL,
    COURSE_TITLE,
    Link,
    Person,
    PracticeSettings,
)
from lti.practice.store import Launch, LineItem

LTI = "https://purl.imsglobal.org/spec/lti/claim/"
MEMBERSHIP = "http://purl.imsglobal.org/vocab/lis/v2/membership#"
LAUNCH_CONTAINERS = {"iframe": "3", "window": "4"}


def resource_link_claims(
    settings: PracticeSettings, person: Person, link: Link, launch: Launch, line_items: list[LineItem]
) -> dict[str, Any]:
    """`line_items`: those of the link. The `lineitem` claim is there only where the link has exactly one."""
    endpoint: dict[str, Any] = {
        "scope": [scope for scope in AGS_SCOPES if scope in settings.granted_scopes],
        "lineitems": settings.line_items_url,
    }
    if len(line_items) == 1:
        endpoint["lineitem"] = settings.line_item_url(line_items[0].id)
    back = urlencode(
        {
            "course": COURSE_ID,
            "launch_container": LAUNCH_CONTAINERS[launch.document_target],
            "instanceid": link.id,
        }
    )
    return {
        "sub": person.id,
        "given_name": person.given_name,
        "family_name": person.family_name,
        "name": person.name,
        "email": person.email,
        LTI + "lis": {
            "person_sourcedid": f"sis-{person.username}",
            "course_section_sourcedid": f"sis-{COURSE_LABEL.lower()}",
        },
        LTI + "roles": [MEMBERSHIP + person.role],
        LTI + "context": {
            "id": COURSE_ID,
            "label": COURSE_LABEL,
            "title": COURSE_TITLE,
            "type": ["CourseSection"],
        },
        LTI + "resource_link": {"title": link.title, "description": link.description, "id": link.id},
        "https://purl.imsglobal.org/spec/lti-bo/claim/basicoutcome": {
            "lis_result_sourcedid": _result_sourcedid(settings, person, link, launch),
            # Named because Moodle names it; this service of LTI 1.1 is not offered here.
            "lis_outcome_service_url": f"{settings.url}/service",
        },
        LTI + "ext": {"user_username": person.username, "lms": "moodle-2"},
        LTI + "launch_presentation": {
            "locale": "en",
            "document_target": launch.document_target,
            "return_url": f"{settings.url}/return?{back}",
        },
        LTI + "tool_platform": {
            "product_family_code": "moodle",
            "version": "2024100705.01",
            "guid": urlsplit(settings.url).hostname,
            "name": "practice",
            "description": "Practice platform",
        },
        LTI + "custom": _custom(link, settings),
        "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint": endpoint,
        "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice": {
            "context_memberships_url": settings.members_url,
            "service_versions": ["1.0", "2.0"],
        },
    }


def _custom(link: Link, settings: PracticeSettings) -> dict[str, str]:
    """A key arrives as written, and in lower case with what is neither letter nor digit turned to `_`."""
    custom: dict[str, str] = {}
    for key, value in link.custom.items():
        custom[key] = value
        custom[re.sub(r"[^a-z0-9]", "_", key.lower())] = value
    return custom | {"context_memberships_url": settings.members_url}


def _result_sourcedid(settings: PracticeSettings, person: Person, link: Link, launch: Launch) -> str:
    """An opaque string to the tool: Moodle's own shape, a JSON string within the JSON."""
    data = {
        "instanceid": link.id,
        "userid": person.id,
        "typeid": settings.deployment_id,
        "launchid": launch.id,
    }
    digest = hashlib.sha256(json.dumps(data).encode()).hexdigest()
    return json.dumps({"data": data, "hash": digest}, separators=(",", ":"))
