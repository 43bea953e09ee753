"""A teacher opens what a learner has done for a grade, from the gradebook."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from catalogue.enrolments import actions as enrolments
from catalogue.enrolments.models import CompletedBy, Enrolment
from catalogue.extensions import db
from catalogue.offers.models import Offer, OfferVersion
from catalogue.transactions import run
from lti.models import CourseEnrolment, Identity, ResourceLink
from lti.models import Platform as Registered
from lti.platforms.actions import suspend
from tests.enrolments.conftest import SELF_PACED
from tests.enrolments.test_concurrency import press_all
from tests.lti.platform import AGS, LEARNER, LEFT_OUT, SCOPES, TEACHER, TOOL, Platform
from tests.visitor import Visitor

REVIEW = "LtiSubmissionReviewRequest"
ITEM = "/items/7/lineitem?type_id=1"
ONE_OFFER = {"target": "offer", "offer": SELF_PACED}

Act = Callable[[Callable[[], Any]], Any]


@pytest.fixture
def act(app: Flask) -> Act:
    def acts(action: Callable[[], Any]) -> Any:
        with app.app_context():
            return run(action)

    return acts


@pytest.fixture
def arrived(visitors: Callable[[], Visitor], platform: Platform) -> Visitor:
    """Sam, who came through a link for one offer whose line item the platform named."""
    visitor = visitors()
    come(visitor, platform, sub="4", name="Sam Student")
    return visitor


def come(visitor: Visitor, platform: Platform, roles: Any = None, item: str = ITEM, **claims: Any) -> None:
    platform.launch(
        visitor, roles, change=lambda made: made[AGS].update(lineitem=platform.url + item), custom=ONE_OFFER, **claims
    )


def open_submission(
    visitor: Visitor, platform: Platform, roles: Any = None, *, of: Any = "4", item: str = ITEM, status: int = 303,
    **claims: Any,
) -> None:  # fmt: skip
    """The platform's message for a learner's submission; ``item`` is the path of the line item."""

    def name_item(made: dict[str, Any]) -> None:
        made[AGS] = {"scope": SCOPES, "lineitem": platform.url + item}

    given: dict[str, Any] = {"sub": "3", "name": "Tina Teacher", "resource_link": LEFT_OUT}
    given |= {"message_type": REVIEW, "for_user": {"user_id": of}} | claims
    platform.launch(visitor, TEACHER if roles is None else roles, status=status, change=name_item, **given)


def do_steps(act: Act, count: int, sub: str = "4") -> int:
    """Sam enrols, and does so many steps; returns the enrolment's id."""

    def do() -> int:
        person = db.session.scalars(select(Identity).where(Identity.sub == sub)).one().person
        offer = db.session.scalars(select(Offer).where(Offer.slug == SELF_PACED)).one()
        enrolment = enrolments.enrol(person, offer, None)
        for step in enrolment.version.steps[:count]:
            enrolments.do_step(enrolment, step)
        return enrolment.id

    return int(act(do))


def facts(visitor: Visitor) -> dict[str, str]:
    rows = visitor.page.select(".nhsuk-summary-list__row")
    return {row.dt.get_text(): " ".join(row.dd.get_text().split()) for row in rows if row.dt and row.dd}


def test_a_teacher_sees_what_was_done_for_the_grade(
    visitors: Callable[[], Visitor], platform: Platform, arrived: Visitor, act: Act, deliver: Callable[[], Any]
) -> None:
    do_steps(act, 2)
    teacher = visitors()
    open_submission(teacher, platform)
    assert teacher.response.headers["Location"] == "/lti/review"
    teacher.follow()
    assert "Sam Student" in teacher.text()
    assert facts(teacher)["Enrolment"].startswith("Enrolled on ")
    assert facts(teacher)["Completion"] == "Not completed"
    assert facts(teacher)["Score"] == "None was sent"
    steps = [" ".join(step.get_text().split()) for step in teacher.page.select("main ol li")]
    assert [step.rsplit(": ", 1)[1].startswith("done on ") for step in steps] == [True, True, False]
    do_steps(act, 3)
    teacher.get("/lti/review")
    assert "recorded by the last step" in facts(teacher)["Completion"]
    assert facts(teacher)["Score"] == "100 of 100, waiting to be sent to your learning platform"
    platform.items[7] = {"id": platform.url + ITEM}
    deliver()
    teacher.get("/lti/review")
    assert facts(teacher)["Score"].startswith("100 of 100, sent to your learning platform on ")


def test_a_score_that_the_platform_does_not_take_is_said(
    visitors: Callable[[], Visitor], platform: Platform, arrived: Visitor, act: Act, deliver: Callable[[], Any]
) -> None:
    do_steps(act, 3)
    platform.faults.append((ITEM.split("?", maxsplit=1)[0], (403, {}, {})))
    deliver()
    teacher = visitors()
    open_submission(teacher, platform)
    teacher.follow()
    assert "which your learning platform did not take" in facts(teacher)["Score"]


def test_a_line_item_that_we_made_is_found_by_its_address(
    visitors: Callable[[], Visitor], platform: Platform, act: Act, deliver: Callable[[], Any]
) -> None:
    platform.launch(visitors(), sub="4")
    do_steps(act, 3)
    deliver()
    (item,) = platform.items.values()
    teacher = visitors()
    open_submission(teacher, platform, item=item["id"].removeprefix(platform.url))
    teacher.follow()
    assert "recorded by the last step" in facts(teacher)["Completion"]


def test_learners_see_their_own_submission(
    visitors: Callable[[], Visitor], platform: Platform, arrived: Visitor, act: Act
) -> None:
    do_steps(act, 1)
    open_submission(arrived, platform, LEARNER, sub="4", name="Sam Student")
    arrived.follow()
    assert facts(arrived)["Enrolment"].startswith("Enrolled")


def test_what_was_done_before_the_course_is_not_shown(
    visitors: Callable[[], Visitor], platform: Platform, act: Act
) -> None:
    platform.launch(visitors(), sub="4", resource_link={"id": "other"}, context={"id": "other"})
    number = do_steps(act, 2)

    def earlier() -> None:
        enrolment = db.session.get_one(Enrolment, number)
        enrolment.created_at -= timedelta(days=3)
        for done in enrolment.steps_done:
            done.at -= timedelta(days=2)

    act(earlier)
    come(visitors(), platform, sub="4")
    teacher = visitors()
    open_submission(teacher, platform)
    teacher.follow()
    assert facts(teacher) == {"Enrolment": "Not enrolled", "Completion": "Not completed", "Score": "None was sent"}
    assert teacher.page.select("main ol li") == []
    act(lambda: enrolments.complete(db.session.get_one(Enrolment, number), CompletedBy.ADMINISTRATOR, anybody()))
    teacher.get("/lti/review")
    assert "recorded by an administrator" in facts(teacher)["Completion"]
    assert "done on" not in teacher.text()


def anybody() -> Any:
    return db.session.scalars(select(Identity)).first().person  # type: ignore[union-attr]


def test_a_place_that_a_teacher_gave_them_before_they_came_is_shown(
    visitors: Callable[[], Visitor], platform: Platform, act: Act
) -> None:
    platform.launch(visitors(), sub="4", resource_link={"id": "other"}, context={"id": "other"})
    number = do_steps(act, 0)
    come(visitors(), platform, sub="4")

    def given() -> None:
        db.session.get_one(Enrolment, number).created_at -= timedelta(days=3)
        link = db.session.scalars(select(ResourceLink).where(ResourceLink.resource_link_id == "1")).one()
        db.session.add(CourseEnrolment(enrolment_id=number, resource_link_id=link.id))

    act(given)
    teacher = visitors()
    open_submission(teacher, platform)
    teacher.follow()
    assert facts(teacher)["Enrolment"].startswith("Enrolled")


def test_other_offers_are_not_shown(
    visitors: Callable[[], Visitor], platform: Platform, arrived: Visitor, act: Act
) -> None:
    def another() -> str:
        person = db.session.scalars(select(Identity)).one().person
        offer = db.session.scalars(
            select(Offer)
            .join(Offer.published)
            .where(Offer.slug != SELF_PACED, OfferVersion.mode == "self-paced")
            .limit(1)
        ).one()
        enrolments.complete(enrolments.enrol(person, offer, None), CompletedBy.LAST_STEP, person)
        return offer.published.title

    title = act(another)
    teacher = visitors()
    open_submission(teacher, platform)
    teacher.follow()
    assert facts(teacher)["Enrolment"] == "Not enrolled"
    assert title not in teacher.text()


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
