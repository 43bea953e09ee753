"""Who is in a course, as the platform says.

Names and Role Provisioning Services 2.0, section 2: https://www.imsglobal.org/spec/lti-nrps/v2p0
"""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin

from pylti1p3.roles import StudentRole, TeacherRole

from catalogue.outbox import TryAgain
from lti.claims import has_role, text
from lti.models import ResourceLink
from lti.services import Service

MEMBERS_READ = "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly"
MEMBERS_TYPE = "application/vnd.ims.lti-nrps.v2.membershipcontainer+json"
MOST_PAGES = 50


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody in a course; the name is empty where the platform keeps it to itself."""

    sub: str
    name: str
    is_learner: bool
    is_instructor: bool


def members(link: ResourceLink) -> list[Member]:
    """The active members of a link's course. Raises ``TryAgain`` or ``ServiceRefused``."""
    service = Service(link.platform, [MEMBERS_READ])
    url: str | None = link.roster_url
    found: dict[str, Member] = {}
    for _ in range(MOST_PAGES):
        if not url:
            break
        response = service.call("GET", url, media=MEMBERS_TYPE)
        try:
            listed = response.json()["members"]
        except (ValueError, KeyError, TypeError) as fault:
            raise TryAgain("the platform's list of members is not as the standard has it") from fault
        for entry in listed if isinstance(listed, list) else []:
            if isinstance(entry, dict) and (member := _member(entry)):
                found.setdefault(member.sub, member)
        onwards = response.links.get("next", {}).get("url")
        url = urljoin(url, onwards) if onwards else None
    return list(found.values())


def _member(entry: dict[str, Any]) -> Member | None:
    sub, roles = entry.get("user_id"), entry.get("roles")
    if not isinstance(sub, str) or entry.get("status", "Active") != "Active":
        return None
    named = tuple(role for role in roles if isinstance(role, str)) if isinstance(roles, list) else ()
    name = text(entry.get("name")) or f"{text(entry.get('given_name'))} {text(entry.get('family_name'))}".strip()
    return Member(sub, name, has_role(named, StudentRole), has_role(named, TeacherRole))
