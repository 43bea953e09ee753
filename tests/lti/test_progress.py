"""Where a link grades progress, each step counts: as a share of the offer, in order, over no teacher's grade."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from catalogue.clock import now
from catalogue.enrolments.models import Completion
from catalogue.enrolments.signals import progressed
from catalogue.extensions import db
from catalogue.outbox import Delivery
from catalogue.transactions import run
from tests.catalogue.test_command_line import everyseat
from tests.enrolments.conftest import SELF_PACED
from tests.enrolments.taking_part import join, step_paths
from tests.lti.platform import AGS, LTI, TEACHER, Platform
from tests.lti.test_grades import UNREAD
from tests.visitor import Visitor

Deliver = Callable[[], list[tuple[str, str]]]
NOON = datetime(2026, 11, 2, 12, 0, 0, 100_000, tzinfo=UTC)
THIRD, TWO_THIRDS = 33.33, 66.67
"""Of 100: the offer has three steps."""


def do(visitor: Visitor, step: str) -> None:
    visitor.get(step)
    visitor.press("I have done this")


def posted(platform: Platform) -> list[tuple[Any, str]]:
    assert {score["gradingProgress"] for score in platform.posted} <= {"FullyGraded"}
    return [(score["scoreGiven"], score["activityProgress"]) for score in platform.posted]


@pytest.fixture
def steps(visitor: Visitor, platform: Platform) -> list[str]:
    """The steps of an offer, whose learner came through a link that grades progress."""
    platform.launch(visitor, custom={"grade": "progress"})
    return step_paths(visitor, join(visitor))


@pytest.mark.both_databases
def test_each_step_is_a_score_and_the_last_completes(
    visitor: Visitor, platform: Platform, steps: list[str], deliver: Deliver
) -> None:
    for step in steps:
        do(visitor, step)
        assert {state for state, _ in deliver()} == {"delivered"}
    assert posted(platform) == [(THIRD, "InProgress"), (TWO_THIRDS, "InProgress"), (100, "Completed")]
    (item,) = platform.items.values()
    assert item["resourceId"] == f"offer:{SELF_PACED}"


def test_a_step_that_is_done_again_writes_nothing(
    app: Flask, visitor: Visitor, platform: Platform, steps: list[str], deliver: Deliver
) -> None:
    visitor.get(steps[0])
    token = visitor.page.select_one("input[name=csrf_token]")
    assert token is not None
    for _ in range(3):
        visitor.post(steps[0], {"csrf_token": token["value"]})
    assert deliver() == [("delivered", "")]
    assert posted(platform) == [(THIRD, "InProgress")]


@pytest.mark.parametrize("grade", ["completion", "", "anything"])
def test_where_completions_are_graded_a_step_is_no_score(
    visitor: Visitor, platform: Platform, deliver: Deliver, grade: str
) -> None:
    platform.launch(visitor, custom={"grade": grade})
    first, second, last = step_paths(visitor, join(visitor))
    do(visitor, first)
    do(visitor, second)
    assert deliver() == []
    do(visitor, last)
    assert deliver() == [("delivered", "")]
    assert posted(platform) == [(100, "Completed")]


def test_where_nothing_is_graded_nothing_is_sent(visitor: Visitor, platform: Platform, deliver: Deliver) -> None:
    platform.launch(visitor, custom={"grade": "none"})
    for step in step_paths(visitor, join(visitor)):
        do(visitor, step)
    assert deliver() == []
    assert not [path for _, path in platform.calls if path.startswith("/items")]


def test_what_a_teacher_has_since_set_to_be_graded_no_more_is_not_sent(
    visitor: Visitor, platform: Platform, steps: list[str], deliver: Deliver
) -> None:
    do(visitor, steps[0])
    platform.launch(visitor, TEACHER, sub="3", custom={"grade": "none"})
    assert deliver() == [("delivered", "")]
    assert platform.posted == []


def test_a_link_for_one_offer_grades_the_steps_of_that_offer_in_its_own_line_item(
    visitor: Visitor, platform: Platform, slugs: list[str], deliver: Deliver
) -> None:
    item = platform.add_item(label="The link's", resourceLinkId="1")
    (other,) = [slug for slug in [*slugs, SELF_PACED] if slug != SELF_PACED][:1]
    for offer, count in ((other, 0), (SELF_PACED, 1)):
        platform.launch(
            visitor, resource_link={"id": offer}, custom={"target": "offer", "offer": offer, "grade": "progress"},
            change=lambda claims: claims[AGS].update(lineitem=item["id"]),
        )  # fmt: skip
        if offer == SELF_PACED:
            do(visitor, step_paths(visitor, join(visitor))[0])
        assert len(deliver()) == count
    assert list(platform.scores) == [(1, "4")]
    assert posted(platform) == [(THIRD, "InProgress")]


@pytest.mark.both_databases
@pytest.mark.parametrize("back", [timedelta(0), timedelta(hours=1)], ids=["one moment", "the clock is set back"])
def test_steps_within_one_second_are_told_apart_by_whole_seconds(
    visitor: Visitor, platform: Platform, deliver: Deliver, back: timedelta
) -> None:
    def launch() -> None:
        platform.launch(visitor, custom={"grade": "progress"}, change=lambda c: c[AGS].update(scope=UNREAD))

    with time_machine.travel(NOON, tick=False) as clock:
        launch()
        for step in step_paths(visitor, join(visitor)):
            launch()  # a sign-in of the future is none
            do(visitor, step)
            clock.shift(timedelta(milliseconds=400) - back)
    assert [state for state, _ in deliver()] == ["delivered"] * 3
    seconds = [int(datetime.fromisoformat(score["timestamp"]).timestamp()) for score in platform.posted]
    assert seconds == [int(NOON.timestamp()) + number for number in range(3)]


def test_what_was_done_while_the_platform_was_down_arrives_in_order(
    visitor: Visitor, platform: Platform, steps: list[str], deliver: Deliver
) -> None:
    platform.up = False
    for step in steps:
        do(visitor, step)
        deliver()
    platform.up = True
    assert {state for state, _ in deliver()} == {"delivered"}
    assert [given for given, _ in posted(platform)] == [THIRD, TWO_THIRDS, 100]


@pytest.mark.both_databases
@pytest.mark.parametrize("changed", [50, THIRD], ids=["another grade", "what was there before"])
def test_a_grade_that_a_teacher_changed_between_two_steps_stays(
    visitor: Visitor, platform: Platform, steps: list[str], deliver: Deliver, changed: float
) -> None:
    for step in steps[:2]:
        do(visitor, step)
    deliver()
    platform.scores[1, "4"]["scoreGiven"] = changed
    do(visitor, steps[2])
    assert [state for state, _ in deliver()] == ["delivered", "delivered", "parked"]
    assert platform.scores[1, "4"]["scoreGiven"] == changed


@pytest.mark.both_databases
@pytest.mark.parametrize("grade", ["progress", "completion"])
@pytest.mark.parametrize("first", ["1", "2"])
def test_two_links_of_a_course_share_a_line_item_and_take_no_grade_of_each_other_for_a_teachers(
    visitor: Visitor, platform: Platform, deliver: Deliver, grade: str, first: str
) -> None:
    both = {first: "progress", "3": grade} if first == "1" else {"3": grade, first: "progress"}
    for link, graded in both.items():
        platform.launch(visitor, resource_link={"id": link}, custom={"grade": graded})
    steps = step_paths(visitor, join(visitor))
    for step in steps:
        do(visitor, step)
        assert {state for state, _ in deliver()} == {"delivered"}
    assert len(platform.items) == 1
    assert [given for given, _ in posted(platform)] == [THIRD, TWO_THIRDS, 100]


def test_what_one_link_sends_late_does_not_go_over_what_another_has_sent_since(
    app: Flask, visitor: Visitor, platform: Platform, deliver: Deliver
) -> None:
    for link in ("1", "2"):
        platform.launch(visitor, resource_link={"id": link}, custom={"grade": "progress"})
    steps = step_paths(visitor, join(visitor))
    do(visitor, steps[0])
    platform.faults.append(("/items/1/lineitem/results", (400, {}, {})))
    assert [state for state, _ in deliver()] == ["parked", "delivered"]
    platform.faults.append(("/items/1/lineitem/results", (400, {}, {})))
    do(visitor, steps[1])
    assert [state for state, _ in deliver()] == ["parked", "delivered", "parked", "delivered"]
    held = dict(platform.scores[1, "4"])
    assert held["scoreGiven"] == TWO_THIRDS
    everyseat("grades", "retry", make=lambda: app)
    assert {state for state, _ in deliver()} == {"delivered"}
    assert platform.scores[1, "4"] == held


@pytest.mark.both_databases
def test_a_score_that_was_never_sent_is_not_taken_for_what_the_platform_was_given(
    app: Flask, visitor: Visitor, platform: Platform, steps: list[str], deliver: Deliver
) -> None:
    """A voided completion is done with, and not sent: what is there is the progress before it, and is ours."""
    do(visitor, steps[0])
    do(visitor, steps[1])
    deliver()
    do(visitor, steps[2])

    def void() -> None:
        completion = db.session.scalars(select(Completion)).one()
        completion.voided_at, completion.void_reason = now(), "in error"

    with app.app_context():
        run(void)
    deliver()
    again = step_paths(visitor, join(visitor))
    do(visitor, again[0])
    assert {state for state, _ in deliver()} == {"delivered"}
    assert posted(platform) == [(THIRD, "InProgress"), (TWO_THIRDS, "InProgress"), (THIRD, "InProgress")]


@pytest.mark.both_databases
def test_a_step_that_is_not_kept_leaves_no_score(app: Flask, visitor: Visitor, steps: list[str]) -> None:
    def fail(_sender: object, **_: Any) -> None:
        raise RuntimeError("something else went wrong")

    visitor.get(steps[0])
    with progressed.connected_to(fail), pytest.raises(RuntimeError):
        visitor.press("I have done this")
    with app.app_context():
        assert db.session.scalars(select(Delivery).where(Delivery.kind == "score")).all() == []
    visitor.get(steps[0])
    visitor.press("I have done this")
    with app.app_context():
        assert len(db.session.scalars(select(Delivery).where(Delivery.kind == "score")).all()) == 1


def test_a_grade_that_a_teacher_gave_is_not_taken_for_what_another_course_was_sent(
    visitor: Visitor, platform: Platform, deliver: Deliver
) -> None:
    """One course grades completion, another the steps: two thirds in the second are not ours in the first."""
    items = [platform.add_item(label=course, resourceLinkId=course) for course in ("A", "B")]
    for item, grade in zip(items, ("completion", "progress"), strict=True):
        link = {"id": item["resourceLinkId"]}
        platform.launch(
            visitor,
            resource_link=link,
            context=link,
            custom={"target": "offer", "offer": SELF_PACED, "grade": grade},
            change=lambda claims, url=item["id"]: claims[AGS].update(lineitem=url),
        )
    first, second, last = step_paths(visitor, join(visitor))
    do(visitor, first)
    do(visitor, second)
    deliver()
    by_hand = {"scoreGiven": 67, "scoreMaximum": 100, "timestamp": "2020-01-01T00:00:00+00:00"}
    platform.scores[1, "4"] = by_hand
    do(visitor, last)
    assert sorted(state for state, _ in deliver()) == ["delivered", "delivered", "delivered", "parked"]
    assert platform.scores[1, "4"] == by_hand
    assert platform.scores[2, "4"]["scoreGiven"] == 100


def test_a_message_without_grades_or_a_course_loses_no_score(
    visitors: Callable[[], Visitor], platform: Platform, deliver: Deliver
) -> None:
    learner, teacher = visitors(), visitors()
    platform.launch(learner)
    path = join(learner)
    platform.launch(teacher, TEACHER, sub="3", change=lambda claims: [claims.pop(AGS), claims.pop(LTI + "context")])
    for step in step_paths(learner, path):
        do(learner, step)
    assert deliver() == [("delivered", "")]
