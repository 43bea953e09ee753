"""Who is in a course, as the platform says.

Names and Role Provisioning Services 2.0, section 2: https://www.imsglobal.org/spec/lti-nrps/v2p0
"""

from dataclasses import dataclass
from typing import Any

from pylti1p3.roles import StudentRole, TeacherRole

from catalogue.extensions import db
from catalogue.outbox import TryAgain
from lti.claims import has_role, name_of
from lti.models import ResourceLink
from lti.services import Service, json_of, next_page

MEMBERS_READ = "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly"
MEMBERS_TYPE = "application/vnd.ims.lti-nrps.v2.membershipcontainer+json"
MOST_PAGES = 20
PATIENCE = 10.0  # seconds for all of it: somebody waits for the page


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody in a course; the name is empty where the platform keeps it to itself."""

    sub: str
    name: str
    is_learner: bool
    is_instructor: bool


def members(link: ResourceLink) -> list[Member]:
    """The active members of a link's course. Raises ``TryAgain`` or ``ServiceRefused``.

    Ends the present transaction: none stays open while the platform is asked.
    """
    service = Service(link.platform, [MEMBERS_READ], within=PATIENCE)
    url = link.roster_url
    db.session.rollback()
    found: dict[str, Member] = {}
    for _ in range(MOST_PAGES):
        response = service.call("GET", url, media=MEMBERS_TYPE)
        answer = json_of(response)
        listed = answer.get("members") if isinstance(answer, dict) else None
        if not isinstance(listed, list):
            raise TryAgain("the platform's list of members is not as the standard has it")
        for entry in listed:
            if isinstance(entry, dict) and (member := _member(entry)):
                found.setdefault(member.sub, member)
        url = next_page(response, url)
        if not url:
            return list(found.values())
    raise TryAgain(f"the platform's list of members is longer than {MOST_PAGES} pages")


def _member(entry: dict[str, Any]) -> Member | None:
    sub, roles = entry.get("user_id"), entry.get("roles")
    if not isinstance(sub, str) or entry.get("status", "Active") != "Active":
        return None
    named = tuple(role for role in roles if isinstance(role, str)) if isinstance(roles, list) else ()
    return Member(sub, name_of(entry), has_role(named, StudentRole), has_role(named, TeacherRole))
