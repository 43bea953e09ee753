"""A teacher's page on their course."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask, current_app
from sqlalchemy import event, select

from catalogue.clock import now, today
from catalogue.enrolments import actions as enrolments
from catalogue.enrolments.models import CompletedBy
from catalogue.extensions import db
from catalogue.offers.models import Offer, OfferVersion, Run
from catalogue.people.models import Person
from catalogue.transactions import run
from lti.courses import roster
from lti.models import Identity
from tests.lti.platform import LTI, NRPS, TEACHER, Answer, Platform
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


def test_a_slow_list_holds_nobody_and_no_connection(
    app: Flask, visitors: Callable[[], Visitor], platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    platform.members, platform.page_size = [member(str(number), "Slow") for number in range(100)], 1
    platform.launch(visitors(), sub="4")
    teacher, held, answer = visitors(), [], platform.answer
    platform.launch(teacher, TEACHER, sub="3")

    def slow(method: str, path: str, headers: Any, body: bytes) -> Answer:
        with app.app_context():
            held.append(current_app.extensions["sqlalchemy"].engine.pool.checkedout())
        time.sleep(0.2)
        return answer(method, path, headers, body)

    monkeypatch.setattr(platform, "answer", slow)
    monkeypatch.setattr(roster, "PATIENCE", 1.0)
    began = time.monotonic()
    teacher.get("/lti/course/1")
    assert time.monotonic() - began < 6  # all pages would take ten seconds
    assert len(held) > 1
    assert set(held) == {0}
    assert "did not give us its list" in teacher.text()
    assert [row[0] for row in rows(teacher)] == ["Sam Student"]


def test_an_endless_list_is_left(visitors: Callable[[], Visitor], platform: Platform) -> None:
    platform.members, platform.page_size = [member(str(number), "Many") for number in range(100)], 1
    teacher = visitors()
    platform.launch(teacher, TEACHER, sub="3")
    teacher.get("/lti/course/1")
    assert "did not give us its list" in teacher.text()
    assert len([path for _, path in platform.calls if path.startswith("/members")]) == 50


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
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement.startswith("SELECT"):
            sent.append(statement)

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    yield sent
    event.remove(engine, "before_cursor_execute", note)


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


def test_a_list_on_a_host_that_is_not_the_platforms_gets_no_token(
    visitors: Callable[[], Visitor], platform: Platform
) -> None:
    elsewhere = platform.url.replace("127.0.0.1", "localhost")
    teacher = visitors()
    platform.launch(
        teacher, TEACHER, sub="3", change=lambda c: c[NRPS].update(context_memberships_url=f"{elsewhere}/members")
    )
    teacher.get("/lti/course/1")
    assert "did not give us its list" in teacher.text()
    assert [path for _, path in platform.calls if path != "/certs"] == []


HOSTILE: dict[str, tuple[str, Answer]] = {
    "deep": ("/members", (200, {}, b"[" * 200_000)),
    "a huge number": ("/members", (200, {}, b"1" * 10_000)),
    "a character set of traps": ("/members", (200, {"Content-Type": "text/x; charset=idna"}, b"\xff{}")),
    "an error in it": ("/members", (500, {"Content-Type": "text/x; charset=idna"}, b"\xff\x00")),
    "a broken next page": ("/members", (200, {"Link": '<http://[1>; rel="next"'}, {"members": []})),
    "no object": ("/members", (200, {}, [])),
    "a long pause": ("/members", (503, {"Retry-After": "9" * 5000}, {})),
    "a date out of range": ("/members", (503, {"Retry-After": "Mon, 99 Jan 99999 99:99:99 +9999"}, {})),
    "a token without end": ("/token", (200, {}, {"access_token": "x", "expires_in": 10**400})),
    "a token that no header carries": ("/token", (200, {}, {"access_token": "\u2603", "expires_in": 60})),
    "a token of lines": ("/token", (200, {}, {"access_token": "a\r\nb", "expires_in": 60})),
    "a token that is a list": ("/token", (200, {}, {"access_token": [], "expires_in": 60})),
    "a deep token": ("/token", (200, {}, b"[" * 200_000)),
    "a token in traps": ("/token", (400, {"Content-Type": "text/x; charset=idna"}, b"\xff")),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_an_answer_made_to_break_its_reader_only_leaves_the_list_out(
    visitors: Callable[[], Visitor], platform: Platform, case: str
) -> None:
    teacher = visitors()
    platform.launch(teacher, TEACHER, sub="3")
    platform.faults.append(HOSTILE[case])
    teacher.get("/lti/course/1")
    assert "did not give us its list" in teacher.text()
    with time_machine.travel(now() + timedelta(minutes=1)):
        teacher.get("/lti/course/1")
    assert "did not give us its list" not in teacher.text()
