"""A completion that is voided takes its score back: to the progress made, and never over a teacher's own grade."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from catalogue.enrolments.completing import void
from catalogue.enrolments.models import Completion
from catalogue.extensions import db
from catalogue.transactions import run
from tests.enrolments.conftest import SELF_PACED
from tests.enrolments.taking_part import do_all_steps, join
from tests.lti.platform import AGS, Platform
from tests.lti.test_grades import UNREAD, Complete, Deliver
from tests.visitor import Visitor

CLEARED = (None, "InProgress", "NotReady")
COMPLETED = (100, "Completed", "FullyGraded")


@pytest.fixture
def voids(app: Flask) -> Callable[[int], None]:
    def act(completion_id: int) -> None:
        completion = db.session.get_one(Completion, completion_id)
        void(completion, "ticked in error", completion.person)

    def voiding(completion_id: int) -> None:
        with app.app_context():
            run(lambda: act(completion_id))

    return voiding


def posted(platform: Platform) -> list[tuple[Any, str, str]]:
    return [(score.get("scoreGiven"), score["activityProgress"], score["gradingProgress"]) for score in platform.posted]


@pytest.mark.both_databases
def test_a_completion_that_was_graded_is_cleared_and_another_is_graded_again(
    visitor: Visitor, platform: Platform, slugs: list[str], complete: Complete, deliver: Deliver,
    voids: Callable[[int], None],
) -> None:  # fmt: skip
    platform.launch(visitor)
    first = complete(slugs[0])
    deliver()
    voids(first)
    assert {state for state, _ in deliver()} == {"delivered"}
    complete(slugs[0])
    assert {state for state, _ in deliver()} == {"delivered"}
    assert posted(platform) == [COMPLETED, CLEARED, COMPLETED]
    assert "scoreMaximum" not in platform.posted[1]
    moments = [score["timestamp"] for score in platform.posted]
    assert moments == sorted(set(moments))


def test_what_was_never_sent_is_neither_sent_nor_cleared(
    visitor: Visitor, platform: Platform, slugs: list[str], complete: Complete, deliver: Deliver,
    voids: Callable[[int], None],
) -> None:  # fmt: skip
    platform.launch(visitor)
    voids(complete(slugs[0]))
    assert {state for state, _ in deliver()} == {"delivered"}
    assert posted(platform) == []


def test_where_progress_is_graded_the_score_goes_back_to_the_progress_made(
    app: Flask, visitor: Visitor, platform: Platform, deliver: Deliver, voids: Callable[[int], None]
) -> None:
    platform.launch(visitor, custom={"grade": "progress"})
    do_all_steps(visitor, join(visitor))
    deliver()
    with app.app_context():
        completion_id = db.session.query(Completion.id).scalar()
    voids(completion_id)
    deliver()
    assert posted(platform)[-2:] == [COMPLETED, (66.67, "InProgress", "FullyGraded")]


def test_a_teachers_own_grade_is_left_as_it_is(
    visitor: Visitor, platform: Platform, slugs: list[str], complete: Complete, deliver: Deliver,
    voids: Callable[[int], None],
) -> None:  # fmt: skip
    platform.launch(visitor)
    completion = complete(slugs[0])
    deliver()
    platform.scores[1, "4"] = platform.scores[1, "4"] | {"scoreGiven": 55}
    voids(completion)
    assert [state for state, _ in deliver()] == ["delivered", "parked"]
    assert posted(platform) == [COMPLETED]


def test_where_grades_cannot_be_read_it_is_cleared_all_the_same(
    visitor: Visitor, platform: Platform, slugs: list[str], complete: Complete, deliver: Deliver,
    voids: Callable[[int], None],
) -> None:  # fmt: skip
    platform.launch(visitor, change=lambda claims: claims[AGS].update(scope=UNREAD))
    completion = complete(slugs[0])
    deliver()
    voids(completion)
    deliver()
    assert posted(platform) == [COMPLETED, CLEARED]


def test_whoever_has_completed_it_another_time_keeps_the_grade(
    visitor: Visitor, platform: Platform, complete: Complete, deliver: Deliver, voids: Callable[[int], None],
    app: Flask,
) -> None:  # fmt: skip
    platform.launch(visitor)
    first = complete(SELF_PACED)

    def again() -> None:
        from catalogue.enrolments.completing import complete as completing
        from catalogue.enrolments.models import CompletedBy, Enrolment, EnrolmentState

        old = db.session.get_one(Completion, first).enrolment
        new = Enrolment(person_id=old.person_id, offer_id=old.offer_id, version_id=old.version_id,
                        state=EnrolmentState.BOOKED)  # fmt: skip
        db.session.add(new)
        db.session.flush()
        completing(new, CompletedBy.PROVIDER, old.person)

    with app.app_context():
        run(again)
    deliver()
    voids(first)
    deliver()
    assert all(grade == COMPLETED for grade in posted(platform))


def test_a_link_that_was_opened_afterwards_hears_nothing_of_it(
    visitor: Visitor, platform: Platform, slugs: list[str], complete: Complete, deliver: Deliver,
    voids: Callable[[int], None],
) -> None:  # fmt: skip
    platform.launch(visitor)
    completion = complete(slugs[0])
    platform.launch(visitor, resource_link={"id": "2"})
    deliver()
    voids(completion)
    assert len(deliver()) == 2
