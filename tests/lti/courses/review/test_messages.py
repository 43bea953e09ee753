"""Which messages open what a learner has done, for whom, and for how long."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from catalogue.extensions import db
from lti.models import Platform as Registered
from lti.platforms.actions import suspend
from tests.enrolments.test_concurrency import press_all
from tests.lti.courses.review.conftest import ITEM, REVIEW, Act, come, open_submission
from tests.lti.platform import AGS, LEARNER, LEFT_OUT, SCOPES, TEACHER, TOOL, Platform
from tests.visitor import Visitor

Swap = dict[str, Any]
SWAPS: dict[str, Swap] = {
    "another line item": {"item": "/items/8/lineitem?type_id=1"},
    "the line item of another course": {"item": "/items/9/lineitem?type_id=1"},
    "a line item with another query": {"item": "/items/7/lineitem?type_id=2"},
    "a line item without its query": {"item": "/items/7/lineitem"},
    "a line item with more to it": {"item": "/items/7/lineitem?type_id=1&x"},
    "a line item in capitals": {"item": "/items/7/LineItem?type_id=1"},
    "a line item by another way": {"item": "/items/./7/lineitem?type_id=1"},
    "somebody else": {"of": "5"},
    "somebody of another course": {"of": "6"},
    "somebody who is nobody": {"of": "99"},
    "a teacher as the learner": {"of": "30"},
    "another context": {"context": {"id": "other"}},
    "a context that is none": {"context": {"id": "nowhere"}},
    "another link": {"resource_link": {"id": "other"}},
    "a learner who looks at another": {"roles": LEARNER, "sub": "5"},
    "nobody's roles": {"roles": []},
    "a role of the whole platform": {"roles": ["http://purl.imsglobal.org/vocab/lis/v2/system/person#Administrator"]},
    "a teacher of nowhere": {"context": LEFT_OUT, "sub": "31"},
    "a teacher of another course": {"context": LEFT_OUT, "sub": "30"},
}


@pytest.mark.parametrize("case", SWAPS)
def test_a_message_with_something_swapped_opens_nothing(
    visitors: Callable[[], Visitor], platform: Platform, arrived: Visitor, case: str, counts: Callable[[], Any]
) -> None:
    elsewhere = {"resource_link": {"id": "other"}, "context": {"id": "other"}, "item": "/items/9/lineitem?type_id=1"}
    come(visitors(), platform, sub="6", **elsewhere)
    come(visitors(), platform, TEACHER, sub="30", **elsewhere)
    platform.launch(visitors(), sub="5", resource_link={"id": "2nd"})
    before, teacher, swap = counts(), visitors(), dict(SWAPS[case])
    open_submission(teacher, platform, swap.pop("roles", None), status=404, **swap)
    assert "There is nothing to look at here" in teacher.text()
    assert "reference" not in teacher.text().lower()
    assert counts() == before
    teacher.get("/lti/review", 302)


def test_a_line_item_of_another_deployment_opens_nothing(
    visitors: Callable[[], Visitor], platform: Platform, arrived: Visitor, register: Callable[[Platform], int]
) -> None:
    platform.deployment = "2"
    register(platform)
    open_submission(visitors(), platform, status=404)
    platform.deployment = "1"
    open_submission(visitors(), platform)


def test_a_line_item_of_another_platform_opens_nothing(
    visitors: Callable[[], Visitor], platform: Platform, arrived: Visitor, register: Callable[[Platform], int]
) -> None:
    other = Platform(url=platform.url, client_id="client-2")
    register(other)
    open_submission(visitors(), other, status=404)


def test_without_a_context_only_who_came_as_a_teacher_of_the_course_sees_it(
    visitors: Callable[[], Visitor], platform: Platform, arrived: Visitor
) -> None:
    open_submission(visitors(), platform, context=LEFT_OUT, status=404)
    come(visitors(), platform, TEACHER, sub="3")
    open_submission(visitors(), platform, context=LEFT_OUT)
    come(visitors(), platform, LEARNER, sub="3")
    open_submission(visitors(), platform, context=LEFT_OUT, status=404)


def test_a_line_item_of_a_link_to_no_single_offer_opens_nothing(
    visitors: Callable[[], Visitor], platform: Platform
) -> None:
    platform.launch(visitors(), sub="4", change=lambda made: made[AGS].update(lineitem=platform.url + ITEM))
    open_submission(visitors(), platform, status=404)


def test_whoever_came_as_a_teacher_has_handed_nothing_in(visitors: Callable[[], Visitor], platform: Platform) -> None:
    come(visitors(), platform, TEACHER, sub="4")
    open_submission(visitors(), platform, status=404)


def test_nobody_else_has_the_page(
    visitors: Callable[[], Visitor], platform: Platform, arrived: Visitor, learner: Visitor, administrator: Visitor
) -> None:
    teacher = visitors()
    open_submission(teacher, platform)
    teacher.follow()
    for visitor in (arrived, learner, administrator):
        visitor.get("/lti/review", 404)
    visitors().get("/lti/review", 302)
    come(teacher, platform, TEACHER, sub="3")
    teacher.get("/lti/review", 404)
    open_submission(teacher, platform)
    teacher.get("/lti/course/1", 404)


def test_with_the_platform_suspended_the_page_is_gone(
    visitors: Callable[[], Visitor], platform: Platform, arrived: Visitor, act: Act
) -> None:
    teacher = visitors()
    open_submission(teacher, platform)
    teacher.follow()
    act(lambda: suspend(db.session.scalars(select(Registered)).one()))
    teacher.get("/lti/review", 302)


@pytest.mark.both_databases
def test_a_message_opens_it_once(visitors: Callable[[], Visitor], platform: Platform, arrived: Visitor) -> None:
    teacher = visitors()
    asked = platform.log_in(teacher)
    claims = platform.claims(
        asked["nonce"], TEACHER, sub="3", message_type=REVIEW, for_user={"user_id": "4"}, resource_link=LEFT_OUT
    )
    claims[AGS] = {"scope": SCOPES, "lineitem": platform.url + ITEM}
    fields = {"id_token": platform.sign(claims), "state": asked["state"]}

    def post() -> int:
        return teacher.client.post("/lti/launch", data=fields, base_url=TOOL.replace("http:", "https:")).status_code

    assert press_all([post] * 6) == {303: 1, 400: 5}


@pytest.mark.parametrize(
    "whom",
    [{}, {"user_id": ""}, {"user_id": 4}, {"user_id": "x" * 256}, LEFT_OUT],
    ids=["nobody", "empty", "a number", "too long", "left out"],
)
def test_without_saying_whose_it_is_the_message_is_incomplete(
    visitors: Callable[[], Visitor], platform: Platform, arrived: Visitor, whom: Any
) -> None:
    platform.launch(
        visitors(), TEACHER, status=400, sub="3", message_type=REVIEW, for_user=whom,
        change=lambda made: made[AGS].update(lineitem=platform.url + ITEM),
    )  # fmt: skip


@pytest.mark.parametrize("grades", [None, {"scope": SCOPES}], ids=["no grade services", "no line item"])
def test_without_a_line_item_the_message_is_incomplete(
    visitors: Callable[[], Visitor], platform: Platform, arrived: Visitor, grades: Any
) -> None:
    platform.launch(
        visitors(), TEACHER, status=400, sub="3", message_type=REVIEW, for_user={"user_id": "4"},
        change=lambda made: made.update({AGS: grades}) if grades else made.pop(AGS),
    )  # fmt: skip


def test_roles_are_read_in_the_message_alone(
    visitors: Callable[[], Visitor], platform: Platform, arrived: Visitor
) -> None:
    come(visitors(), platform, TEACHER, sub="3")
    open_submission(visitors(), platform, LEARNER, status=404)
