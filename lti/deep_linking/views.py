"""Choosing for a course."""

from lti.claims import Launch
from lti.errors import LaunchRefused, Why


def begin(message: Launch) -> str:
    """The first page of a teacher's choosing. Raises ``LaunchRefused``."""
    raise LaunchRefused(Why.OTHER_MESSAGE, "deep linking")
