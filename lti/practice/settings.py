"""What the practice platform is made of: its address, the tool, the people, the course and its links."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

LINE_ITEM = "https://purl.imsglobal.org/spec/lti-ags/scope/lineitem"
LINE_ITEM_READ = "https://purl.imsglobal.org/spec/lti-ags/scope/lineitem.readonly"
RESULT_READ = "https://purl.imsglobal.org/spec/lti-ags/scope/result.readonly"
SCORE = "https://purl.imsglobal.org/spec/lti-ags/scope/score"
MEMBERS_READ = "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly"
AGS_SCOPES = (LINE_ITEM, LINE_ITEM_READ, RESULT_READ, SCORE)

COURSE_ID = "2"
COURSE_LABEL = "SEATS"
COURSE_TITLE = "Leading from every seat"

Role = Literal["Learner", "Instructor"]


@dataclass(frozen=True)
class Person:
    """Somebody in the course. `id` is the `sub` of the launch: a number, as a string."""

    id: str
    given_name: str
    family_name: str
    role: Role = "Learner"
    active: bool = True

    @property
    def name(self) -> str:
        return f"{self.given_name} {self.family_name}"

    @property
    def username(self) -> str:
        return self.name.lower().replace(" ", ".")

    @property
    def email(self) -> str:
        return f"{self.username}@practice.example"

    @property
    def role_name(self) -> str:
        return "teacher" if self.role == "Instructor" else "learner"


PEOPLE = (
    Person("3", "Tina", "Teacher", "Instructor"),
    Person("4", "Sam", "Ward"),
    Person("5", "Priya", "Shah"),
    Person("6", "Jo", "Mbeki"),
)


@dataclass(frozen=True)
class Link:
    """One resource link of the course. `score_maximum` None: the platform makes no line item for it."""

    id: str
    title: str
    description: str = ""
    custom: Mapping[str, str] = field(default_factory=dict)
    score_maximum: float | None = None


@dataclass(frozen=True)
class PracticeSettings:
    url: str = "http://localhost:9000"
    tool_url: str = "http://127.0.0.1:8000"
    folder: Path = Path("instance/practice")
    client_id: str = "practice-client"
    deployment_id: str = "1"
    offer_slug: str = "meetings-that-finish-on-time"
    offer_label: str = "Meetings that finish on time"
    people: tuple[Person, ...] = PEOPLE
    granted_scopes: tuple[str, ...] = (*AGS_SCOPES, MEMBERS_READ)

    @property
    def links(self) -> tuple[Link, ...]:
        return (
            Link(
                "1",
                "Every Seat: where you stand, and what would help",
                "The whole of Every Seat.",
                score_maximum=100,
            ),
            Link(
                "2",
                "Your self-assessment",
                "Straight to the self-assessment. It has no grade of its own.",
                {"target": "assessment"},
            ),
            Link(
                "3",
                f"Offer: {self.offer_label}",
                "One learning offer. Completing it fills the gradebook.",
                {"target": "offer", "offer": self.offer_slug},
                score_maximum=100,
            ),
        )

    def link(self, link_id: str) -> Link | None:
        return next((link for link in self.links if link.id == link_id), None)

    def person(self, person_id: str | None) -> Person | None:
        """The active person of that id, if there is one."""
        return next((one for one in self.people if one.id == person_id and one.active), None)

    @property
    def learners(self) -> tuple[Person, ...]:
        return tuple(one for one in self.people if one.active and one.role == "Learner")

    @property
    def tool_login_url(self) -> str:
        return f"{self.tool_url}/lti/login"

    @property
    def tool_launch_url(self) -> str:
        """The only redirect URI, and the target of every link: what is linked travels in `custom`."""
        return f"{self.tool_url}/lti/launch"

    @property
    def tool_key_set_url(self) -> str:
        return f"{self.tool_url}/lti/jwks.json"

    @property
    def tool_origin(self) -> str:
        parts = urlsplit(self.tool_url)
        return f"{parts.scheme}://{parts.netloc}"

    @property
    def auth_url(self) -> str:
        return f"{self.url}/auth"

    @property
    def token_url(self) -> str:
        return f"{self.url}/token"

    @property
    def key_set_url(self) -> str:
        return f"{self.url}/certs"

    @property
    def line_items_path(self) -> str:
        return f"{self.url}/services/{COURSE_ID}/lineitems"

    @property
    def line_items_url(self) -> str:
        return f"{self.line_items_path}?type_id={self.deployment_id}"

    def line_item_url(self, item_id: int) -> str:
        return f"{self.line_items_path}/{item_id}/lineitem?type_id={self.deployment_id}"

    def result_url(self, item_id: int, person_id: str) -> str:
        query = f"type_id={self.deployment_id}&user_id={person_id}"
        return f"{self.line_items_path}/{item_id}/lineitem/results?{query}"

    @property
    def members_url(self) -> str:
        return f"{self.url}/services/CourseSection/{COURSE_ID}/bindings/{self.deployment_id}/memberships"
