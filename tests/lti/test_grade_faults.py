"""Faults on the way to the gradebook: what passes is tried again, what stays is parked, nothing is overwritten."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from catalogue.clock import now
from catalogue.extensions import db
from catalogue.outbox import Delivery
from catalogue.settings import Settings
from catalogue.transactions import run
from lti import keys
from lti.models import Platform as Registered
from lti.platforms import actions
from lti.services import retry_after
from tests.lti.platform import AGS, Answer, Platform
from tests.lti.test_grades import UNREAD
from tests.visitor import Visitor

Deliver = Callable[[], list[tuple[str, str]]]
Complete = Callable[[str], int]


def test_a_score_waits_while_the_platform_is_down_and_goes_when_it_is_up(
    visitor: Visitor, platform: Platform, slugs: list[str], complete: Complete, deliver: Deliver
) -> None:
    platform.launch(visitor)
    complete(slugs[0])
    platform.up = False
    assert [state for state, _ in deliver()] == ["waiting"]
    platform.up = True
    assert deliver() == [("delivered", "")]
    assert len(platform.posted) == 1


@pytest.mark.parametrize("status", [500, 502, 503, 429, 408])
@pytest.mark.parametrize("path", ["/token", "/items?", "/items/1/lineitem/scores"])
def test_a_passing_fault_is_tried_again(
    visitor: Visitor, platform: Platform, slugs: list[str], complete: Complete, deliver: Deliver, path: str, status: int
) -> None:
    platform.launch(visitor)
    complete(slugs[0])
    platform.faults.append((path, (status, {}, {})))
    (state, error), *_ = deliver()
    assert (state, str(status) in error) == ("waiting", True)
    assert deliver() == [("delivered", "")]
    assert len(platform.items) == 1


def test_retry_after_is_honoured(
    app: Flask, visitor: Visitor, platform: Platform, slugs: list[str], complete: Complete, deliver: Deliver
) -> None:
    platform.launch(visitor)
    complete(slugs[0])
    platform.faults.append(("/items/1/lineitem/scores", (429, {"Retry-After": "1800"}, {})))
    deliver()
    with app.app_context():
        due_at = db.session.scalars(select(Delivery.due_at).where(Delivery.kind == "score")).one()
        assert timedelta(minutes=29) < due_at - now() <= timedelta(minutes=30)


def test_a_token_that_is_refused_is_dropped_once(
    visitor: Visitor, platform: Platform, slugs: list[str], complete: Complete, deliver: Deliver
) -> None:
    platform.launch(visitor)
    complete(slugs[0])
    deliver()
    platform.tokens.clear()
    complete(slugs[1])
    assert [state for state, _ in deliver()] == ["delivered", "delivered"]
    assert len(platform.token_requests) == 2


@pytest.mark.parametrize("status", [400, 403])
def test_what_the_platform_will_not_take_is_parked_with_its_reason(
    visitor: Visitor, administrator: Visitor, platform: Platform, slugs: list[str], complete: Complete,
    deliver: Deliver, status: int,
) -> None:  # fmt: skip
    platform.launch(visitor)
    complete(slugs[0])
    platform.faults.append(("/items/1/lineitem/scores", (status, {}, {"error": "cannot be graded"})))
    (state, error), *_ = deliver()
    assert state == "parked"
    assert f"answer {status}" in error
    administrator.get("/admin/grades")
    assert "cannot be graded" in administrator.text()


def test_an_answer_that_was_lost_is_no_second_score(
    visitor: Visitor, platform: Platform, slugs: list[str], complete: Complete, deliver: Deliver
) -> None:
    platform.launch(visitor)
    complete(slugs[0])
    platform.faults.append(("/items/1/lineitem/scores", (503, {}, {})))
    deliver()
    item = platform.items[1]
    platform.scores[1, "4"] = {"scoreGiven": 100, "scoreMaximum": 100, "timestamp": _later(), "item": item["id"]}
    assert deliver() == [("delivered", "")]
    assert platform.posted == []


def test_a_grade_that_was_changed_on_the_platform_is_flagged_and_left(
    visitor: Visitor, platform: Platform, slugs: list[str], complete: Complete, deliver: Deliver
) -> None:
    platform.add_item(label="Ours", resourceId=f"offer:{slugs[0]}", tag="completion")
    held = {"scoreGiven": 55, "scoreMaximum": 100, "timestamp": _later()}
    platform.scores[1, "4"] = held
    platform.launch(visitor)
    complete(slugs[0])
    (state, error), *_ = deliver()
    assert (state, "55 of 100" in error) == ("parked", True)
    assert platform.scores[1, "4"] == held
    assert platform.posted == []


def test_a_grade_given_before_ours_is_not_overwritten_either(
    visitor: Visitor, platform: Platform, slugs: list[str], complete: Complete, deliver: Deliver
) -> None:
    """By its timestamp the platform would take ours."""
    platform.add_item(label="Ours", resourceId=f"offer:{slugs[0]}", tag="completion")
    held = {"scoreGiven": 55, "scoreMaximum": 100, "timestamp": "2020-01-01T00:00:00.000+00:00"}
    platform.scores[1, "4"] = held
    platform.launch(visitor)
    complete(slugs[0])
    (state, error), *_ = deliver()
    assert (state, "55 of 100" in error) == ("parked", True)
    assert platform.scores[1, "4"] == held


def test_what_the_platform_does_not_let_us_read_is_posted_and_judged_by_its_answer(
    visitor: Visitor, platform: Platform, slugs: list[str], complete: Complete, deliver: Deliver
) -> None:
    platform.launch(visitor, change=lambda claims: claims[AGS].update(scope=UNREAD))
    complete(slugs[0])
    complete(slugs[1])
    platform.add_item(label="Ours", resourceId=f"offer:{slugs[0]}", tag="completion")
    platform.scores[1, "4"] = {"scoreGiven": 55, "scoreMaximum": 100, "timestamp": _later()}
    (first, error), (second, _) = deliver()
    assert (first, "does not let us read it" in error, second) == ("parked", True, "delivered")
    assert not any("/results" in path for _, path in platform.calls)


@pytest.mark.parametrize(
    ("result", "state"),
    [
        ({"resultScore": 10, "resultMaximum": 10}, "delivered"),
        ({"resultScore": 9.97, "resultMaximum": 10}, "delivered"),
        ({"resultScore": 1}, "delivered"),
        ({"resultScore": 9.9, "resultMaximum": 10}, "parked"),
        ({"resultScore": 0, "resultMaximum": 10}, "parked"),
        ({"resultScore": "10", "resultMaximum": 10}, "parked"),
        ({"resultScore": True, "resultMaximum": 1}, "parked"),
        ({"resultScore": 10, "resultMaximum": 0}, "parked"),
        ({"resultScore": 10**400, "resultMaximum": 10}, "parked"),
        ({"resultScore": 10, "resultMaximum": 10**400}, "parked"),
    ],
)
def test_grades_are_compared_as_shares_of_their_maximum(
    visitor: Visitor, platform: Platform, slugs: list[str], complete: Complete, deliver: Deliver,
    result: dict[str, Any], state: str,
) -> None:  # fmt: skip
    platform.launch(visitor)
    complete(slugs[0])
    platform.faults.append(("/items/1/lineitem/results", (200, {}, [{"userId": "4"} | result])))
    ((found, error),) = deliver()
    assert (found, error.partition(":")[0]) == (state, "ScoreConflict" if state == "parked" else "")
    assert platform.posted == []


@pytest.mark.parametrize(
    "answer",
    [
        (200, {}, []), (200, {}, [{"userId": "5", "resultScore": 55, "resultMaximum": 100}]),
        (200, {}, [{"userId": "4", "resultScore": None}]), (200, {}, [{"userId": "4"}]), (404, {}, {}),
    ],
    ids=["none", "somebody else's", "null", "no score", "no results"],
)  # fmt: skip
def test_where_the_learner_has_no_grade_yet_it_is_posted(
    visitor: Visitor, platform: Platform, slugs: list[str], complete: Complete, deliver: Deliver, answer: Answer
) -> None:
    platform.launch(visitor)
    complete(slugs[0])
    platform.faults.append(("/items/1/lineitem/results", answer))
    assert deliver() == [("delivered", "")]
    assert len(platform.posted) == 1


def test_the_learner_is_looked_for_on_further_pages(
    visitor: Visitor, platform: Platform, slugs: list[str], complete: Complete, deliver: Deliver
) -> None:
    platform.launch(visitor)
    complete(slugs[0])
    on = {"Link": f'<{platform.url}/items/1/lineitem/results?page=2>; rel="next"'}
    others = [{"userId": "5", "resultScore": 100, "resultMaximum": 100}]
    mine = [{"userId": "4", "resultScore": 55, "resultMaximum": 100}]
    platform.faults += [
        ("/items/1/lineitem/results", (200, on, others)),
        ("/items/1/lineitem/results", (200, {}, mine)),
    ]
    (state, error), *_ = deliver()
    assert (state, "55 of 100" in error) == ("parked", True)


def test_scores_wait_while_our_own_keys_cannot_be_read(
    app: Flask, settings: Settings, visitor: Visitor, platform: Platform, slugs: list[str], complete: Complete,
    deliver: Deliver,
) -> None:  # fmt: skip
    platform.launch(visitor)
    complete(slugs[0])
    with app.app_context():
        keys.ensure_key()
    app.extensions["settings"] = settings.model_copy(update={"secret_key": "another"})
    (state, error), *_ = deliver()
    assert (state, "EVERYSEAT_SECRET_KEY" in error) == ("waiting", True)
    app.extensions["settings"] = settings
    assert deliver() == [("delivered", "")]


def _later() -> str:
    return (now() + timedelta(minutes=5)).isoformat(timespec="milliseconds")


def test_nothing_is_sent_to_a_platform_that_is_suspended(
    app: Flask, visitor: Visitor, platform: Platform, slugs: list[str], complete: Complete, deliver: Deliver
) -> None:
    platform.launch(visitor)
    complete(slugs[0])
    with app.app_context():
        run(lambda: actions.suspend(db.session.scalars(select(Registered)).one()))
    assert deliver() == [("waiting", "the platform is suspended")]
    with app.app_context():
        run(lambda: actions.activate(db.session.scalars(select(Registered)).one()))
    assert deliver() == [("delivered", "")]


def test_a_platform_whose_services_stand_at_a_private_address_is_not_called(
    app: Flask, visitor: Visitor, platform: Platform, slugs: list[str], complete: Complete, deliver: Deliver
) -> None:
    platform.launch(visitor, change=lambda c: c[AGS].update(lineitems="https://10.0.0.1/items?type_id=1"))
    complete(slugs[0])
    with app.app_context():
        run(lambda: db.session.execute(update(Registered).values(auth_url="https://10.0.0.1/auth")))
    (state, error), *_ = deliver()
    assert (state, "private" in error) == ("parked", True)


def test_a_platform_names_no_host_of_somebody_else_for_its_services(
    visitor: Visitor, platform: Platform, slugs: list[str], complete: Complete, deliver: Deliver
) -> None:
    elsewhere = platform.url.replace("127.0.0.1", "localhost")
    platform.launch(visitor, change=lambda c: c[AGS].update(lineitems=f"{elsewhere}/items?type_id=1"))
    complete(slugs[0])
    (state, error), *_ = deliver()
    assert (state, "its host is none of those" in error) == ("parked", True)
    assert platform.token_requests == []


def test_retry_after_is_seconds_or_a_date() -> None:
    assert retry_after("120") == timedelta(minutes=2)
    assert retry_after("soon") is None
    assert retry_after("") is None
    assert retry_after("9" * 5000) is None
    assert retry_after("9" * 200) == retry_after("Fri, 31 Dec 9999 00:00:00 GMT") == timedelta(days=30)
    assert retry_after("Thu, 01 Jan 1970 00:00:00 GMT") == timedelta(0)


def test_a_list_of_results_without_end_is_no_missing_grade(
    visitor: Visitor, platform: Platform, slugs: list[str], complete: Complete, deliver: Deliver
) -> None:
    item = platform.add_item(label="A", resourceLinkId="1")
    custom = {"target": "offer", "offer": slugs[0]}
    platform.launch(visitor, custom=custom, change=lambda claims: claims[AGS].update(lineitem=item["id"]))
    complete(slugs[0])
    onwards = {"Link": f'<{platform.url}/items/1/lineitem/results?type_id=1>; rel="next"'}
    somebody = [{"userId": "other", "resultScore": 1, "resultMaximum": 1}]
    platform.faults += [("/items/1/lineitem/results", (200, onwards, somebody))] * 5
    ((state, reason),) = deliver()
    assert (state, platform.posted) == ("waiting", [])
    assert "longer than" in reason


def test_what_is_kept_of_a_fault_names_no_learner(
    visitor: Visitor, platform: Platform, slugs: list[str], complete: Complete, deliver: Deliver
) -> None:
    item = platform.add_item(label="A", resourceLinkId="1")
    custom = {"target": "offer", "offer": slugs[0]}
    platform.launch(
        visitor, sub="sam.student", custom=custom, change=lambda claims: claims[AGS].update(lineitem=item["id"])
    )
    complete(slugs[0])
    platform.faults.append(("/items/1/lineitem/results", (400, {}, {"error": "no"})))
    ((state, reason),) = deliver()
    assert state == "parked"
    assert "/items/1/lineitem/results" in reason
    assert "sam.student" not in reason
