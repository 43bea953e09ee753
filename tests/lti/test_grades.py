"""A completion becomes a score in the course's gradebook: once, in order, and nothing is overwritten."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from catalogue.clock import now
from catalogue.enrolments.models import Completion
from catalogue.extensions import db
from catalogue.offers.models import Offer
from catalogue.transactions import run
from lti.addresses import below, with_query
from lti.models import LineItem
from tests.lti.platform import AGS, SCOPES, TEACHER, TOOL, Platform
from tests.visitor import Visitor

Deliver = Callable[[], list[tuple[str, str]]]
Complete = Callable[[str], int]
UNREAD = [scope for scope in SCOPES if "result" not in scope]
"""The services of a platform that does not let us read its grades."""


@pytest.mark.both_databases
def test_a_learners_completion_makes_a_line_item_and_a_score(
    visitor: Visitor, platform: Platform, slugs: list[str], complete: Complete, deliver: Deliver
) -> None:
    platform.launch(visitor)
    complete(slugs[0])
    complete(slugs[1])
    assert [state for state, _ in deliver()] == ["delivered", "delivered"]
    made = list(platform.items.values())
    assert [item["resourceId"] for item in made] == [f"offer:{slug}" for slug in slugs]
    assert {(item["scoreMaximum"], item["tag"], item["resourceLinkId"]) for item in made} == {(100, "completion", "1")}
    score = platform.posted[0]
    assert datetime.fromisoformat(score.pop("timestamp")).tzinfo is not None
    assert score == {
        "userId": "4", "scoreGiven": 100, "scoreMaximum": 100,
        "activityProgress": "Completed", "gradingProgress": "FullyGraded",
    }  # fmt: skip
    assert set(platform.token_requests[0]["scope"].split()) == set(SCOPES)
    assert len(platform.token_requests) == 1
    assert not any("limit" in path for _, path in platform.calls)


def test_a_second_learner_is_graded_in_the_same_line_item(
    visitor: Visitor, platform: Platform, slugs: list[str], complete: Complete, deliver: Deliver
) -> None:
    for sub in ("4", "5"):
        platform.launch(visitor, sub=sub)
        complete(slugs[0])
        deliver()
    assert len(platform.items) == 1
    assert {user for _, user in platform.scores} == {"4", "5"}


def test_a_line_item_that_is_there_already_is_found(
    visitor: Visitor, platform: Platform, slugs: list[str], complete: Complete, deliver: Deliver
) -> None:
    platform.add_item(label="Somebody else's", resourceId=f"offer:{slugs[0]}", tag="other", resourceLinkId="9")
    platform.add_item(label="Ours", resourceId=f"offer:{slugs[0]}", tag="completion")
    platform.launch(visitor)
    complete(slugs[0])
    assert deliver() == [("delivered", "")]
    assert len(platform.items) == 2
    assert list(platform.scores) == [(2, "4")]


def test_a_link_for_one_offer_grades_that_offer_in_its_own_line_item(
    visitor: Visitor, platform: Platform, slugs: list[str], complete: Complete, deliver: Deliver
) -> None:
    item = platform.add_item(label="The link's", resourceId="", tag="", resourceLinkId="1")
    platform.launch(
        visitor, custom={"target": "offer", "offer": slugs[0]},
        change=lambda claims: claims[AGS].update(lineitem=item["id"]),
    )  # fmt: skip
    complete(slugs[1])
    assert deliver() == []
    complete(slugs[0])
    assert deliver() == [("delivered", "")]
    assert list(platform.scores) == [(1, "4")]
    assert len(platform.items) == 1


def test_teachers_are_not_graded_and_nor_is_anybody_without_the_service(
    visitor: Visitor, platform: Platform, slugs: list[str], complete: Complete, deliver: Deliver
) -> None:
    platform.launch(visitor, TEACHER, sub="3")
    complete(slugs[0])
    platform.launch(visitor, sub="4", resource_link={"id": "2"}, change=lambda claims: claims.pop(AGS))
    complete(slugs[0])
    platform.launch(visitor, sub="5", change=lambda claims: claims[AGS].update(scope=SCOPES[:2]))
    complete(slugs[0])
    assert deliver() == []


def test_a_line_item_that_is_gone_is_made_again(
    visitor: Visitor, platform: Platform, slugs: list[str], complete: Complete, deliver: Deliver
) -> None:
    platform.launch(visitor)
    complete(slugs[0])
    deliver()
    del platform.items[1]
    platform.add_item(label="Another")
    platform.launch(visitor, sub="5")
    complete(slugs[0])
    assert [state for state, _ in deliver()] == ["delivered", "delivered"]
    assert [item.get("tag") for item in platform.items.values()] == [None, "completion"]


@pytest.mark.both_databases
def test_timestamps_grow_in_a_lane_though_the_clock_is_set_back(
    app: Flask, visitor: Visitor, platform: Platform, slugs: list[str], complete: Complete, deliver: Deliver
) -> None:
    platform.launch(visitor, change=lambda claims: claims[AGS].update(scope=UNREAD))
    completion_id = complete(slugs[0])
    deliver()

    def void() -> None:
        completion = db.session.get_one(Completion, completion_id)
        completion.voided_at, completion.void_reason = now(), "in error"

    with app.app_context():
        run(void)
    with time_machine.travel(now() - timedelta(hours=1), tick=True):
        complete(slugs[0])
    assert [state for state, _ in deliver()] == ["delivered", "delivered"]
    first, second = (datetime.fromisoformat(score["timestamp"]) for score in platform.posted)
    assert second - first == timedelta(seconds=1)


def test_a_completion_that_was_voided_is_not_sent(
    app: Flask, visitor: Visitor, platform: Platform, slugs: list[str], complete: Complete, deliver: Deliver
) -> None:
    platform.launch(visitor)
    completion_id = complete(slugs[0])

    def void() -> None:
        completion = db.session.get_one(Completion, completion_id)
        completion.voided_at, completion.void_reason = now(), "in error"

    with app.app_context():
        run(void)
    assert deliver() == [("delivered", "")]
    assert platform.posted == []


@pytest.mark.both_databases
def test_two_workers_make_one_line_item(
    app: Flask, visitor: Visitor, platform: Platform, slugs: list[str], complete: Complete, deliver: Deliver
) -> None:
    """The other one is just making it: this one waits, and then uses what was made."""
    platform.launch(visitor)
    complete(slugs[0])
    with app.app_context():
        offer_id = db.session.scalars(select(Offer.id).where(Offer.slug == slugs[0])).one()
        run(lambda: db.session.add(LineItem(resource_link_id=1, offer_id=offer_id)))
    assert deliver() == [("waiting", "its line item is just being made")]
    with time_machine.travel(now() + timedelta(minutes=2), tick=True):
        assert deliver() == [("delivered", "")]


@pytest.mark.parametrize("name", ["lineitem", "lineitems", "lineitem_url", "lineitems_url"])
def test_a_line_item_is_named_by_the_claim_of_the_service_alone(
    visitor: Visitor, platform: Platform, slugs: list[str], complete: Complete, deliver: Deliver, name: str
) -> None:
    somebody_elses = platform.add_item(label="Somebody else's")
    custom = {"target": "offer", "offer": slugs[0], name: somebody_elses["id"]}
    platform.launch(visitor, custom=custom, target_link_uri=f"{TOOL}/lti/launch?{name}={somebody_elses['id']}")
    visitor.get("/", query_string={name: somebody_elses["id"]})
    complete(slugs[0])
    assert deliver() == [("delivered", "")]
    assert list(platform.scores) == [(2, "4")]
    assert platform.items[2]["resourceId"] == f"offer:{slugs[0]}"


def test_addresses_keep_their_query() -> None:
    url = "https://moodle.example/services/2/lineitem?type_id=1"
    assert below(url, "scores") == "https://moodle.example/services/2/lineitem/scores?type_id=1"
    assert with_query(url, a="b c") == "https://moodle.example/services/2/lineitem?type_id=1&a=b+c"
    assert with_query("https://m.example/x", a="1") == "https://m.example/x?a=1"
