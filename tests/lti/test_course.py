"""A teacher's page on their course."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from catalogue.enrolments import actions as enrolments
from catalogue.enrolments.models import CompletedBy
from catalogue.extensions import db
from catalogue.offers.models import Offer, OfferVersion
from catalogue.people.models import Person
from catalogue.transactions import run
from lti.models import Identity
from tests.lti.platform import LTI, NRPS, TEACHER, Platform
from tests.visitor import Visitor


def member(sub: str, name: str, role: str = "Learner", **more: Any) -> dict[str, Any]:
    return {"user_id": sub, "name": name, "roles": [role], "status": "Active"} | more


@pytest.fixture
def complete(app: Flask) -> Callable[[str], str]:
    """A person of a platform completes an offer at their own pace; returns its slug."""

    def completing(sub: str) -> str:
        offer = db.session.scalars(
            select(Offer).join(Offer.published).where(OfferVersion.mode == "self-paced").order_by(Offer.id).limit(1)
        ).one()
        identity = db.session.scalars(select(Identity).where(Identity.sub == sub)).one()
        person = db.session.get_one(Person, identity.person_id)
        enrolments.complete(enrolments.enrol(person, offer, None), CompletedBy.LAST_STEP, person)
        return offer.slug

    def completes(sub: str) -> str:
        with app.app_context():
            return run(lambda: completing(sub))

    return completes


def rows(visitor: Visitor) -> list[list[str]]:
    for heading in visitor.page.select(".nhsuk-table-responsive__heading"):
        heading.extract()
    return [[" ".join(c.get_text().split()) for c in row.select("td")] for row in visitor.page.select("tbody tr")]


def test_a_teacher_sees_how_far_learners_are_page_by_page_of_the_platforms_list(
    visitors: Callable[[], Visitor], platform: Platform, complete: Callable[[str], str]
) -> None:
    platform.members = [
        member("4", "Sam Student"),
        member("3", "Tina Teacher", "Instructor"),
        member("5", "Priya Shah", "http://purl.imsglobal.org/vocab/lis/v2/membership#Learner"),
        member("6", "Gone Away", status="Inactive"),
    ]
    platform.page_size = 2
    platform.launch(visitors(), sub="4")
    complete("4")
    teacher = visitors()
    platform.launch(teacher, TEACHER, sub="3")
    teacher.get("/lti/course/1")
    assert rows(teacher) == [
        ["Priya Shah", "Not yet", "Not yet", "0", "0"],
        ["Sam Student", "Yes", "Not yet", "0", "1"],
    ]


def test_without_the_platforms_list_those_who_came_are_shown(
    visitors: Callable[[], Visitor], platform: Platform
) -> None:
    platform.launch(visitors(), sub="4", name="", change=lambda c: [c.pop("given_name"), c.pop("family_name")])
    teacher = visitors()
    platform.launch(teacher, TEACHER, sub="3", change=lambda claims: claims.pop(NRPS))
    teacher.get("/lti/course/1")
    assert rows(teacher) == [["Name not shared", "Yes", "Not yet", "0", "0"]]
    platform.launch(teacher, TEACHER, sub="3")
    platform.faults.append(("/members", (500, {}, {})))
    teacher.get("/lti/course/1")
    assert "did not give us its list" in teacher.text()


def test_what_was_completed_before_the_course_or_through_another_is_not_shown(
    visitors: Callable[[], Visitor], platform: Platform, complete: Callable[[str], str]
) -> None:
    platform.members = [member("4", "Sam Student")]
    platform.launch(visitors(), sub="4", resource_link={"id": "other"}, context={"id": "other"})
    complete("4")
    platform.launch(visitors(), sub="4")
    teacher = visitors()
    platform.launch(teacher, TEACHER, sub="3")
    teacher.get("/lti/course/2")
    assert rows(teacher) == [["Sam Student", "Yes", "Not yet", "0", "0"]]
    teacher.get("/lti/course/1", 404)


def test_a_course_that_links_one_offer_shows_that_offer_alone(
    visitors: Callable[[], Visitor], platform: Platform, complete: Callable[[str], str]
) -> None:
    platform.members = [member("4", "Sam Student")]
    platform.launch(visitors(), sub="4", custom={"target": "offer", "offer": "another-offer"})
    complete("4")
    teacher = visitors()
    platform.launch(teacher, TEACHER, sub="3", custom={"target": "offer", "offer": "another-offer"})
    teacher.get("/lti/course/1")
    assert rows(teacher) == [["Sam Student", "Yes", "Not yet", "0", "0"]]


def test_nobody_else_sees_the_page(
    visitors: Callable[[], Visitor], platform: Platform, visitor: Visitor, learner: Visitor, administrator: Visitor
) -> None:
    teacher, student = visitors(), visitors()
    platform.launch(teacher, TEACHER, sub="3")
    platform.launch(student, sub="4")
    teacher.get("/lti/course/1")
    for other in (student, learner, administrator):
        other.get("/lti/course/1", 404)
    visitor.get("/lti/course/1", 302)
    platform.launch(teacher, sub="3", change=lambda claims: claims[LTI + "roles"].clear())
    teacher.get("/lti/course/1", 404)
