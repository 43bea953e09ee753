"""A completion becomes a score in the course's gradebook: once, in order, and nothing is overwritten."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from catalogue import outbox
from catalogue.clock import now
from catalogue.enrolments import actions as enrolments
from catalogue.enrolments.models import CompletedBy, Completion
from catalogue.extensions import db
from catalogue.offers.models import Offer, OfferVersion
from catalogue.outbox import Delivery, DeliveryState
from catalogue.people.models import Person
from catalogue.transactions import run
from lti import actions
from lti.line_items import below, with_query
from lti.models import Identity, LineItem
from lti.models import Platform as Registered
from lti.services import retry_after
from tests.lti.platform import AGS, SCOPES, TEACHER, Platform
from tests.visitor import Visitor


@pytest.fixture
def slugs(app: Flask) -> list[str]:
    """Offers that can be taken at one's own pace."""
    chosen = select(Offer.slug).join(Offer.published)
    with app.app_context():
        return list(db.session.scalars(chosen.where(OfferVersion.mode == "self-paced").order_by(Offer.id).limit(2)))


@pytest.fixture
def complete(app: Flask) -> Callable[[str], int]:
    """Whoever came last completes an offer; returns the completion's id."""

    def completing(slug: str) -> int:
        identity = db.session.scalars(select(Identity).order_by(Identity.id.desc()).limit(1)).one()
        offer = db.session.scalars(select(Offer).where(Offer.slug == slug)).one()
        person = db.session.get_one(Person, identity.person_id)
        enrolment = enrolments.enrol(person, offer, None)
        return enrolments.complete(enrolment, CompletedBy.LAST_STEP, person).id

    def completes(slug: str) -> int:
        with app.app_context():
            return run(lambda: completing(slug))

    return completes


@pytest.fixture
def deliver(app: Flask) -> Callable[[], list[tuple[str, str]]]:
    """What the worker does with all scores, due or not; their states and last errors."""

    def due() -> None:
        for delivery in db.session.scalars(select(Delivery).where(Delivery.state == DeliveryState.WAITING)):
            delivery.due_at = now() - timedelta(seconds=1)

    def sends() -> list[tuple[str, str]]:
        with app.app_context():
            run(due)
            outbox.deliver_due()
            found = db.session.scalars(select(Delivery).where(Delivery.kind == "score").order_by(Delivery.id))
            return [(str(delivery.state), delivery.last_error) for delivery in found]

    return sends


Deliver = Callable[[], list[tuple[str, str]]]
Complete = Callable[[str], int]


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
    platform.launch(visitor, sub="4", change=lambda claims: claims.pop(AGS))
    complete(slugs[0])
    platform.launch(visitor, sub="5", change=lambda claims: claims[AGS].update(scope=SCOPES[:2]))
    complete(slugs[0])
    assert deliver() == []


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
    administrator.get("/admin/platforms")
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


def _later() -> str:
    return (now() + timedelta(minutes=5)).isoformat(timespec="milliseconds")


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
    platform.launch(visitor)
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


def test_a_platform_whose_services_stand_at_a_private_address_is_not_called(
    app: Flask, visitor: Visitor, platform: Platform, slugs: list[str], complete: Complete, deliver: Deliver
) -> None:
    platform.launch(visitor, change=lambda c: c[AGS].update(lineitems="https://10.0.0.1/items?type_id=1"))
    complete(slugs[0])
    (state, error), *_ = deliver()
    assert (state, "private" in error) == ("parked", True)


def test_addresses_keep_their_query() -> None:
    url = "https://moodle.example/services/2/lineitem?type_id=1"
    assert below(url, "scores") == "https://moodle.example/services/2/lineitem/scores?type_id=1"
    assert with_query(url, a="b c") == "https://moodle.example/services/2/lineitem?type_id=1&a=b+c"
    assert with_query("https://m.example/x", a="1") == "https://m.example/x?a=1"


def test_retry_after_is_seconds_or_a_date() -> None:
    assert retry_after("120") == timedelta(minutes=2)
    assert retry_after("soon") is None
    assert retry_after("") is None
    assert retry_after("Thu, 01 Jan 1970 00:00:00 GMT") == timedelta(0)
