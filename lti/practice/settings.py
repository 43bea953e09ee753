"""What the practice platform is made of: its address, the tool, the people, the course and its links."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from lti.practice.records import DEEP_LINKING, RESOURCE_LINK, SUBMISSION_REVIEW, Course, LineItem, Tool, origin

LINE_ITEM = "https://purl.imsglobal.org/spec/lti-ags/scope/lineitem"
LINE_ITEM_READ = "https://purl.imsglobal.org/spec/lti-ags/scope/lineitem.readonly"
RESULT_READ = "https://purl.imsglobal.org/spec/lti-ags/scope/result.readonly"
SCORE = "https://purl.imsglobal.org/spec/lti-ags/scope/score"
MEMBERS_READ = "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly"
AGS_SCOPES = (LINE_ITEM, LINE_ITEM_READ, RESULT_READ, SCORE)

COURSE = Course("2", "SEATS", "Leading from every seat")
LINE_ITEMS = {"1": 100.0, "3": 100.0}
"""The links that the platform makes a line item for, with its maximum."""

NAME_CLAIMS = ("name", "given_name", "family_name")
CLAIMS = ("sub", "iss", *NAME_CLAIMS, "email")
MESSAGES = (RESOURCE_LINK, DEEP_LINKING, SUBMISSION_REVIEW)

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
    def sourcedid(self) -> str:
        return f"sis-{self.username}"

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
    """One link of a course. With a `url` it is a plain web link, has no deployment and launches no tool."""

    id: str
    course_id: str
    deployment_id: str | None
    title: str
    description: str = ""
    custom: Mapping[str, str] = field(default_factory=dict)
    url: str = ""
    icon: str = ""


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

    deep_linking_data: str | None = None
    client_storage: bool = False

    @property
    def links(self) -> tuple[Link, ...]:
        """What the first course starts with."""
        return (
            Link(
                "1",
                COURSE.id,
                self.deployment_id,
                "Every Seat: where you stand, and what would help",
                "The whole of Every Seat.",
            ),
            Link(
                "2",
                COURSE.id,
                self.deployment_id,
                "Your self-assessment",
                "Straight to the self-assessment. It has no grade of its own.",
                {"target": "assessment"},
            ),
            Link(
                "3",
                COURSE.id,
                self.deployment_id,
                f"Offer: {self.offer_label}",
                "One learning offer. Completing it fills the gradebook.",
                {"target": "offer", "offer": self.offer_slug},
            ),
        )

    @property
    def tool(self) -> Tool:
        """The tool that is there from the start, without being registered."""
        return Tool(
            client_id=self.client_id,
            name="Every Seat",
            login_url=self.tool_login_url,
            launch_url=self.tool_launch_url,
            deep_linking_url=self.tool_launch_url,
            key_set_url=f"{self.tool_url}/lti/jwks.json",
            redirect_urls=(self.tool_launch_url,),
            scopes=self.granted_scopes,
            claims=CLAIMS,
            messages=MESSAGES,
            active=True,
        )

    @property
    def learners(self) -> tuple[Person, ...]:
        return tuple(one for one in self.people if one.active and one.role == "Learner")

    def person(self, person_id: str | None) -> Person | None:
        """The active person of that id, if there is one."""
        return next((one for one in self.people if one.id == person_id and one.active), None)

    @property
    def tool_login_url(self) -> str:
        return f"{self.tool_url}/lti/login"

    @property
    def tool_launch_url(self) -> str:
        """The only redirect URI, and the target of every link: what is linked travels in `custom`."""
        return f"{self.tool_url}/lti/launch"

    @property
    def tool_origin(self) -> str:
        return origin(self.tool_url)

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
    def configuration_url(self) -> str:
        return f"{self.url}/openid-configuration"

    @property
    def registration_url(self) -> str:
        return f"{self.url}/openid-registration"

    def line_items_url(self, course_id: str, deployment_id: str) -> str:
        return f"{self.url}/services/{course_id}/lineitems?type_id={deployment_id}"

    def line_item_url(self, item: LineItem) -> str:
        return f"{self._line_item(item)}?type_id={item.deployment_id}"

    def result_url(self, item: LineItem, person_id: str) -> str:
        return f"{self._line_item(item)}/results?type_id={item.deployment_id}&user_id={person_id}"

    def _line_item(self, item: LineItem) -> str:
        return f"{self.url}/services/{item.course_id}/lineitems/{item.id}/lineitem"

    def members_url(self, course_id: str, deployment_id: str) -> str:
        return f"{self.url}/services/CourseSection/{course_id}/bindings/{deployment_id}/memberships"
