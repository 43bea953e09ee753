"""A teacher gives people of their course a place on a run, and what follows of it."""

from collections.abc import Callable

import pytest
from sqlalchemy import func, select

from catalogue.enrolments import completing
from catalogue.enrolments.models import CompletedBy, Enrolment
from catalogue.extensions import db
from catalogue.people.models import AuditEvent, Person
from catalogue.systems.models import Membership
from lti.models import Identity
from lti.models import Platform as Registered
from tests.enrolments.conftest import Ask
from tests.lti.courses.conftest import member, rows
from tests.lti.courses.enrolment.conftest import booked, count_all, mails, tick
from tests.lti.platform import TEACHER, Platform
from tests.visitor import Visitor


def test_a_teacher_chooses_a_date_then_people_and_they_have_a_place(teacher: Visitor, run_id: int, change: Ask) -> None:
    teacher.get("/lti/course/1")
    teacher.get("/lti/course/1/enrol")
    link = teacher.page.select_one(f"a[href='/lti/course/1/enrol?run={run_id}']")
    assert link is not None
    assert "(4 free places)" in link.parent.get_text()  # type: ignore[union-attr]
    tick(teacher, run_id, "11", "12", "13")
    teacher.follow()
    assert "3 people are now enrolled on" in teacher.text()
    assert "3 are enrolled on an offer" in teacher.text()
    assert rows(teacher)[:4] == [
        ["Learner 11", "Not yet", "Not yet", "1", "0"],
        ["Learner 12", "Not yet", "Not yet", "1", "0"],
        ["Learner 13", "Not yet", "Not yet", "1", "0"],
        ["Learner 14", "Not yet", "Not yet", "0", "0"],
    ]
    assert change(booked) == [("11", "booked"), ("12", "booked"), ("13", "booked")]


@pytest.mark.both_databases
def test_what_would_come_of_it_is_shown_for_each_first_and_changes_nothing(
    teacher: Visitor, run_id: int, platform: Platform, change: Ask
) -> None:
    platform.members.append(member("20", "No Address"))
    path = f"/lti/course/1/enrol?run={run_id}"
    page = teacher.get(path)
    token = str(page.select_one("main input[name=csrf_token]")["value"])  # type: ignore[index]
    before = change(count_all)
    fields = {"csrf_token": token, "step": "look", "people": ["11", "20"]}
    teacher.post(path, fields, 200)
    assert "Nothing is changed yet: 2 people get a place." in teacher.text()
    assert "Learner 11 : a place; we write to them No Address : a place; we know no address" in teacher.text()
    assert change(count_all) == before
    sent = {
        "csrf_token": token, "step": "write",
        "people": [str(one["value"]) for one in teacher.page.select("main input[name=people]")],
    }  # fmt: skip
    teacher.post(path, sent)
    assert change(booked) == [("11", "booked"), ("20", "booked")]
    teacher.post(path, {**fields, "people": ["12", "13", "14"]}, 422)
    assert "2 free places" in teacher.text(), "what cannot be is said before anything is written"


def test_who_would_rather_choose_others_finds_them_ticked_still(teacher: Visitor, run_id: int, change: Ask) -> None:
    path = f"/lti/course/1/enrol?run={run_id}"
    token = str(teacher.get(path).select_one("main input[name=csrf_token]")["value"])  # type: ignore[index]
    teacher.post(path, {"csrf_token": token, "step": "look", "people": ["12"]}, 200)
    teacher.press("Choose others", 200)
    assert [str(one["value"]) for one in teacher.page.select("main input[checked]")] == ["12"]
    assert change(booked) == []


def test_those_enrolled_are_told_and_by_whom(teacher: Visitor, run_id: int, platform: Platform, change: Ask) -> None:
    platform.members.append(member("20", "No Address"))
    tick(teacher, run_id, "11", "20")
    (mail,) = change(mails)
    assert mail["to"] == "11@example.com"
    assert mail["subject"].startswith("You are enrolled: ")
    assert "Tina Teacher of LTI Launch Test Course has enrolled you." in mail["text"]


@pytest.mark.parametrize(
    "words",
    [
        "Prize: https://evil.example/x",
        "See WWW.evil.example",
        "boss@evil.example",
        "Go to evil.example/x",
        "Your\u2028boss",
    ],
    ids=ascii,
)
def test_what_a_platform_calls_people_and_courses_puts_no_address_in_our_mail(
    teacher: Visitor, run_id: int, platform: Platform, change: Ask, words: str
) -> None:
    platform.launch(teacher, TEACHER, sub="3", name=words)
    tick(teacher, run_id, "11")
    platform.launch(teacher, TEACHER, sub="3", name="Dr. J.R. Smith", context={"id": "2", "title": words})
    tick(teacher, run_id, "12")
    first, second = (mail["text"] for mail in change(mails))
    assert first.startswith("A teacher of LTI Launch Test Course has enrolled you. ")
    assert second.startswith("Dr. J.R. Smith has enrolled you. ")
    assert words not in first + second


def test_whoever_never_came_finds_their_place_when_they_come(
    teacher: Visitor, run_id: int, platform: Platform, visitors: Callable[[], Visitor], change: Ask
) -> None:
    tick(teacher, run_id, "11")
    made = change(count_all)
    learner = visitors()
    platform.launch(learner, sub="11", name="Learner 11")
    learner.get("/enrolments")
    assert learner.page.select("a[href^='/enrolments/']")
    now_there = change(count_all)
    assert [now_there[name] for name in ("Person", "Identity", "Membership")] == [
        made[name] for name in ("Person", "Identity", "Membership")
    ]


def test_they_belong_to_the_platforms_organisation_and_the_trail_names_the_teacher(
    teacher: Visitor, run_id: int, change: Ask
) -> None:
    tick(teacher, run_id, "11", "12")

    def look() -> tuple[int, set[tuple[str, str]], str]:
        keys = {one.person.key: one.sub for one in db.session.scalars(select(Identity))}
        mine = select(AuditEvent).where(AuditEvent.action.in_(["person added", "enrolled by another"]))
        acts = {(event.action, keys.get(event.actor_key, "")) for event in db.session.scalars(mine) if event.actor_key}
        here = db.session.scalars(select(Registered.organisation_id)).one()
        belong = db.session.scalar(
            select(func.count()).select_from(Membership).where(Membership.organisation_id == here)
        )
        names = ",".join(db.session.scalars(select(Person.name).join(Identity).where(Identity.sub != "3")))
        return belong or 0, acts, names

    assert change(look) == (3, {("person added", "3"), ("enrolled by another", "3")}, "Learner 11,Learner 12")


def test_a_completed_run_that_a_teacher_put_them_on_shows_in_the_course(
    teacher: Visitor, run_id: int, change: Ask
) -> None:
    tick(teacher, run_id, "11")

    def complete() -> None:
        enrolment = db.session.scalars(select(Enrolment)).one()
        completing.complete(enrolment, CompletedBy.PROVIDER, enrolment.person)

    change(complete)
    teacher.get("/lti/course/1")
    assert rows(teacher)[0] == ["Learner 11", "Not yet", "Not yet", "0", "1"]
    tick(teacher, run_id, "11", "12")
    assert change(booked) == [("11", "completed"), ("12", "booked")]


def test_what_a_teacher_of_another_course_did_does_not_show(
    teacher: Visitor, run_id: int, platform: Platform, visitors: Callable[[], Visitor]
) -> None:
    tick(teacher, run_id, "11")
    other = visitors()
    platform.launch(other, TEACHER, sub="30", resource_link={"id": "other"}, context={"id": "other"})
    other.get("/lti/course/2")
    assert rows(other)[0] == ["Learner 11", "Not yet", "Not yet", "0", "0"]
