"""A teacher opens what a learner has done for a grade, from the gradebook."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from catalogue.enrolments import actions as enrolments
from catalogue.enrolments import completing
from catalogue.enrolments.models import CompletedBy, Enrolment
from catalogue.extensions import db
from catalogue.offers.models import Offer, OfferVersion
from lti.models import CourseEnrolment, Identity, ResourceLink
from tests.enrolments.conftest import SELF_PACED
from tests.lti.courses.review.conftest import ITEM, Act, come, do_steps, open_submission
from tests.lti.platform import LEARNER, Platform
from tests.visitor import Visitor


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
    act(lambda: completing.complete(db.session.get_one(Enrolment, number), CompletedBy.ADMINISTRATOR, anybody()))
    teacher.get("/lti/review")
    assert "recorded by an administrator" in facts(teacher)["Completion"]
    assert "done on" not in teacher.text()


def anybody() -> Any:
    return db.session.scalars(select(Identity).order_by(Identity.id)).first().person  # type: ignore[union-attr]


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
            .order_by(Offer.id)
            .limit(1)
        ).one()
        completing.complete(enrolments.enrol(person, offer, None), CompletedBy.LAST_STEP, person)
        return offer.published.title

    title = act(another)
    teacher = visitors()
    open_submission(teacher, platform)
    teacher.follow()
    assert facts(teacher)["Enrolment"] == "Not enrolled"
    assert title not in teacher.text()
