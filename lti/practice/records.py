"""What the platform keeps, as values: courses, tools and their deployments, launches, line items and grades."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlsplit

RESOURCE_LINK = "LtiResourceLinkRequest"
DEEP_LINKING = "LtiDeepLinkingRequest"
SUBMISSION_REVIEW = "LtiSubmissionReviewRequest"


@dataclass(frozen=True)
class Course:
    """`history`: the ids of the courses that this one was copied from, newest first."""

    id: str
    label: str
    title: str
    history: tuple[str, ...] = ()

    @property
    def sourcedid(self) -> str:
        return f"sis-{self.label.lower()}"

    @property
    def id_history(self) -> str:
        """As `$Context.id.history` has it: each id URL-encoded, with commas between."""
        return ",".join(quote(one, safe="") for one in self.history)


@dataclass(frozen=True)
class Tool:
    """A registered tool. `claims`, `scopes` and `messages` are what it was granted."""

    client_id: str
    name: str
    login_url: str
    launch_url: str
    deep_linking_url: str
    key_set_url: str
    redirect_urls: tuple[str, ...]
    scopes: tuple[str, ...]
    claims: tuple[str, ...]
    messages: tuple[str, ...]
    custom: Mapping[str, str] = field(default_factory=dict)
    active: bool = False

    @property
    def origins(self) -> tuple[str, ...]:
        """Where its pages and messages come from, each once."""
        found = (origin(url) for url in (self.login_url, *self.redirect_urls))
        return tuple(dict.fromkeys(found))


@dataclass(frozen=True)
class Deployment:
    id: str
    tool: Tool


@dataclass(frozen=True)
class Launch:
    """A launch under way. `message`: its LTI message type. `hint`: the lti_message_hint as it was sent.
    `item_id`, `for_person_id`: whose submission is reviewed. `expires`: Unix seconds."""

    id: str
    message: str
    person_id: str
    course_id: str
    deployment_id: str
    hint: str
    expires: int
    document_target: str = "iframe"
    link_id: str | None = None
    item_id: int | None = None
    for_person_id: str | None = None


@dataclass(frozen=True)
class Selection:
    """Who may hand in what was chosen by deep linking, once. `data` is what must come back, if any."""

    sesskey: str
    person_id: str
    course_id: str
    deployment_id: str
    data: str | None
    expires: int


@dataclass(frozen=True)
class LineItem:
    """A column of the gradebook. `made_for_link`: the link that the platform itself made it for, if any."""

    id: int
    course_id: str
    deployment_id: str
    label: str
    score_maximum: float
    resource_id: str = ""
    tag: str = ""
    link_id: str | None = None
    made_for_link: str | None = None
    submission_review: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Grade:
    """One person's cell. `points`: out of the line item's maximum, None where cleared. Unix seconds."""

    item_id: int
    person_id: str
    points: float | None
    comment: str
    activity_progress: str
    grading_progress: str
    timestamp: int


@dataclass(frozen=True)
class ContentItem:
    """What a tool offers for a course by deep linking: a link, and its line item where it has one.
    `line_item`: the values as the store names them."""

    title: str
    text: str = ""
    url: str = ""
    icon: str = ""
    custom: Mapping[str, str] = field(default_factory=dict)
    line_item: Mapping[str, Any] | None = None


def origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
