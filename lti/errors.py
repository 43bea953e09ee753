"""Why a launch is refused."""

from enum import StrEnum


class Why(StrEnum):
    """The kinds of refusal: each has a page of its own in ``refusals.PAGES``."""

    UNKNOWN_PLATFORM = "unknown platform"
    PENDING_PLATFORM = "platform is not approved"
    SUSPENDED_PLATFORM = "platform is suspended"
    UNKNOWN_DEPLOYMENT = "unknown deployment"
    SUSPENDED_PERSON = "person is suspended"
    NOT_OURS = "address is not ours"
    NO_COOKIES = "no cookies"
    COOKIE_LOST = "cookie did not come back"
    OTHER_BROWSER = "another browser"
    USED_UP = "used, or too late"
    PLATFORM_STOPPED = "platform stopped it"
    NO_KEYS = "no key set"
    NOT_VERIFIED = "not verified"
    CLOCKS = "clocks differ"
    INCOMPLETE = "incomplete"
    OTHER_MESSAGE = "another kind of message"
    NOT_A_TEACHER = "not a teacher"
    CHOOSING_OVER = "choosing is over"
    ANSWERED = "answered already"
    NOTHING_TO_REVIEW = "nothing to review"


class LaunchRefused(Exception):
    """``reason`` is exact, for the administrator, and holds no personal data.

    ``platform_id`` and ``frame_origin`` are given where the platform is known, so that the refusal can be
    shown in its frame. ``again`` is what the launch can be begun with once more, in a new window.
    ``deployment_id`` is an unknown deployment that a verified message named, ``back`` where it says that the course is.
    """

    def __init__(
        self,
        why: Why,
        reason: str,
        *,
        platform_id: int | None = None,
        frame_origin: str = "",
        again: dict[str, str] | None = None,
        deployment_id: str = "",
    ) -> None:
        super().__init__(reason)
        self.why = why
        self.reason = reason
        self.platform_id = platform_id
        self.frame_origin = frame_origin
        self.again = again
        self.deployment_id = deployment_id
        self.back = ""
