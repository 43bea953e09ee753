"""Somebody with a finished self-assessment, and their plan."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from catalogue.clock import today
from tests.assessments.closed import closed_assessment
from tests.conftest import Ask
from tests.visitor import Visitor

SOON = (today() + timedelta(days=30)).isoformat()


@pytest.fixture
def person_id(add_person: Callable[..., int], change: Ask) -> int:
    made = add_person("Sam Planner")
    change(lambda: closed_assessment(made, 0))
    return made


@pytest.fixture
def planner(person_id: int, sign_in: Callable[[int], Visitor]) -> Visitor:
    return sign_in(person_id)


def commits(planner: Visitor, words: str = "I ask before I say", by: str = SOON, query: str = "", **typed: str) -> str:
    """Make a commitment by its page; returns its address."""
    planner.get(f"/plan/commit{query}")
    planner.press("Put it on my plan", words=words, by=by, **typed)
    planner.follow()
    return str(next(a["href"] for a in planner.page.select("main h3 a") if a.get_text() == words))
