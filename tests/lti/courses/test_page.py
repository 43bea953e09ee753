"""A teacher's page on their course: what it shows, and to whom."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from catalogue.clock import today
from catalogue.extensions import db
from catalogue.offers.models import Run
from tests.lti.courses.conftest import member, rows
from tests.lti.platform import LTI, NRPS, TEACHER, Platform
from tests.statements import statements_sent
from tests.visitor import Visitor


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


def test_whoever_teaches_no_more_sees_the_course_no_more(visitors: Callable[[], Visitor], platform: Platform) -> None:
    former = visitors()
    platform.launch(former, TEACHER, sub="3")
    former.get("/lti/course/1")
    platform.launch(former, sub="3", resource_link={"id": "other"})
    former.get("/lti/course/1", 404)
    former.get("/lti/course/2", 404)


def test_courses_of_two_deployments_stay_apart(
    visitors: Callable[[], Visitor], platform: Platform, register: Callable[[Platform], int]
) -> None:
    platform.launch(visitors(), sub="4", name="Sam Student")
    platform.deployment = "2"
    register(platform)
    teacher = visitors()
    platform.launch(teacher, TEACHER, sub="3", change=lambda claims: claims.pop(NRPS))
    teacher.get("/lti/course/2")
    assert rows(teacher) == []


@pytest.mark.parametrize(
    ("role", "status"), [("Learner#Instructor", 404), ("Learner/x#Instructor", 404), ("Instructor#Grader", 200)]
)
def test_of_a_sub_role_the_principal_role_counts(visitor: Visitor, platform: Platform, role: str, status: int) -> None:
    platform.launch(visitor, ["http://purl.imsglobal.org/vocab/lis/v2/membership/" + role])
    visitor.get("/lti/course/1", status)


def test_a_link_that_is_widened_later_shows_no_more_of_what_was_before(
    visitors: Callable[[], Visitor], platform: Platform, complete: Callable[[str], str]
) -> None:
    one_offer = {"target": "offer", "offer": "another-offer"}
    platform.launch(visitors(), sub="4", custom=one_offer)
    complete("4")
    platform.launch(visitors(), sub="4")
    teacher = visitors()
    platform.launch(teacher, TEACHER, sub="3", change=lambda claims: claims.pop(NRPS))
    teacher.get("/lti/course/1")
    assert rows(teacher) == [["Sam Student", "Yes", "Not yet", "0", "0"]]


def test_the_page_sums_up_and_says_of_which_course_it_is_a_copy(
    visitors: Callable[[], Visitor], platform: Platform, complete: Callable[[str], str]
) -> None:
    platform.members = [member(str(number), f"Learner {number}") for number in range(4, 10)]
    teacher = visitors()
    platform.launch(teacher, TEACHER, sub="3", context={"id": "1", "title": "Last year’s course"})
    teacher.get("/lti/course/1")
    assert "Copied from" not in teacher.text()
    copy = {"resource_link": {"id": "copied"}, "context": {"id": "2", "title": "This year’s course"}}
    platform.launch(visitors(), sub="4", **copy)
    platform.launch(visitors(), sub="5", **copy)
    complete("4")
    platform.launch(teacher, TEACHER, sub="3", custom={"context_history": "1"}, **copy)
    teacher.get("/lti/course/2")
    assert "This year’s course Copied from Last year’s course" in teacher.text()
    assert (
        "Of 6 learners, 2 have opened a link of this course, 0 have done a self-assessment, "
        "0 are enrolled on an offer and 1 has completed one." in teacher.text()
    )


COPY: dict[str, Any] = {
    "resource_link": {"id": "copied"},
    "context": {"id": "2", "title": "This year’s course"},
    "custom": {"context_history": "1"},
}


@pytest.mark.parametrize("came_as", ["nobody", "learner", "teacher of another course"])
def test_a_title_of_a_course_where_they_do_not_teach_is_not_told(
    visitors: Callable[[], Visitor], platform: Platform, came_as: str
) -> None:
    platform.launch(visitors(), TEACHER, sub="3", context={"id": "1", "title": "Disciplinary hearings"})
    curious = visitors()
    if came_as == "learner":
        platform.launch(curious, sub="9", context={"id": "1", "title": "Disciplinary hearings"})
    if came_as == "teacher of another course":
        platform.launch(curious, TEACHER, sub="9", resource_link={"id": "3"}, context={"id": "3", "title": "Mine"})
    platform.launch(curious, TEACHER, sub="9", **COPY)
    curious.get("/")
    curious.get(str(curious.page.select("a[href^='/lti/course/']")[0]["href"]))
    assert "This year’s course Copied from another course" in curious.text()
    assert "Disciplinary" not in curious.text()


def test_that_a_course_is_a_copy_costs_one_query_at_most(
    app: Flask, visitors: Callable[[], Visitor], platform: Platform
) -> None:
    teacher, plain = visitors(), COPY | {"custom": {}}
    platform.launch(teacher, TEACHER, sub="3", context={"id": "1", "title": "Last year’s course"})
    counted = []
    for claims in (plain, COPY):
        platform.launch(teacher, TEACHER, sub="3", **claims)
        teacher.get("/lti/course/2")
        with selects(app) as sent:
            teacher.get("/lti/course/2")
        counted.append(len(sent))
    assert "Copied from Last year’s course" in teacher.text()
    assert counted[1] <= counted[0] + 1


@contextmanager
def selects(app: Flask) -> Iterator[list[str]]:
    """What is read from the database meanwhile."""
    read: list[str] = []
    with statements_sent(app) as sent:
        yield read
    read += [statement for statement in sent if statement.startswith("SELECT")]


@pytest.mark.parametrize("path", ["/lti/course/1", "/lti/course/1/enrol", "/lti/course/1/enrol?run="])
def test_the_page_asks_the_database_no_more_often_for_many_people(
    app: Flask, visitors: Callable[[], Visitor], platform: Platform, complete: Callable[[str], str], path: str
) -> None:
    teacher, platform.page_size = visitors(), 1000
    platform.launch(teacher, TEACHER, sub="3")
    with app.app_context():
        joinable = select(Run.id).where(Run.starts_on > today()).order_by(Run.id).limit(1)
        path += str(db.session.scalar(joinable)) if path.endswith("=") else ""

    def asked(numbers: range) -> int:
        for number in numbers:
            platform.launch(visitors(), sub=str(number))
            complete(str(number))
            platform.members.append(member(str(number), f"Learner {number}"))
        teacher.get(path)
        with selects(app) as sent:
            teacher.get(path)
        return len(sent)

    few = asked(range(10, 13))
    platform.members += [member(f"new-{number}", f"Somebody {number}") for number in range(500)]
    assert asked(range(13, 33)) <= few <= 30
