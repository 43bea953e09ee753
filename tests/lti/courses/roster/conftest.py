"""A course of three learners with its teacher, and what was asked of the platform's list."""

from collections.abc import Callable

import pytest

from tests.lti.courses.conftest import member, rows
from tests.lti.platform import TEACHER, Platform
from tests.visitor import Visitor

WHOLE = "/members?limit=200"


@pytest.fixture
def teacher(visitors: Callable[[], Visitor], platform: Platform) -> Visitor:
    """On the page of a course of three learners, which the platform told in full."""
    platform.members = [member("4", "Sam Student"), member("5", "Priya Shah"), member("6", "Tom Okoro")]
    visitor = visitors()
    platform.launch(visitor, TEACHER, sub="3")
    return visitor


@pytest.fixture
def telling(platform: Platform, teacher: Visitor) -> Visitor:
    """The same, on a platform that tells differences: the list has been read once."""
    platform.changes = []
    teacher.get("/lti/course/1")
    return teacher


def asked(platform: Platform) -> list[str]:
    """What was asked of the list since the last time."""
    paths = [path for _, path in platform.calls if path.startswith("/members")]
    platform.calls.clear()
    return paths


def names(visitor: Visitor) -> list[str]:
    visitor.get("/lti/course/1")
    return [row[0] for row in rows(visitor)]
