"""A teacher gives people of their course a place on a run."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import func, select

from catalogue.clock import now, today
from catalogue.enrolments import actions as enrolments
from catalogue.enrolments.models import CompletedBy, Enrolment, EnrolmentState
from catalogue.extensions import db
from catalogue.offers.models import Offer, Run, RunState
from catalogue.outbox import Delivery
from catalogue.people import actions as people
from catalogue.people.models import AuditEvent, Person
from catalogue.systems.models import Membership
from catalogue.transactions import run as in_transaction
from lti.models import Identity
from lti.models import Platform as Registered
from tests.enrolments.conftest import SELF_PACED, WITH_RUNS
from tests.enrolments.test_concurrency import press_all
from tests.lti.platform import NRPS, TEACHER, Platform
from tests.lti.test_course import member, rows
from tests.visitor import ORIGIN, Visitor

Change = Callable[[Callable[[], Any]], Any]


@pytest.fixture
def change(app: Flask) -> Change:
    """Do something in a transaction of its own; what it returns is read before its session ends."""

    def act(action: Callable[[], Any]) -> Any:
        with app.app_context():
            return in_transaction(action)

    return act


@pytest.fixture
def run_id(change: Change) -> int:
    """A run with four places."""
    return int(change(lambda: set_run(places=4)))


def set_run(**values: Any) -> int:
    found = db.session.scalars(
        select(Run).join(Run.offer).where(Offer.slug == WITH_RUNS).order_by(Run.starts_on).limit(1)
    ).one()
    for name, value in values.items():
        setattr(found, name, value)
    return found.id


@pytest.fixture
def teacher(visitors: Callable[[], Visitor], platform: Platform) -> Visitor:
    """Of a course of six learners, of whom nobody has come."""
    platform.members = [member("3", "Tina Teacher", "Instructor")] + [
        member(str(number), f"Learner {number}", email=f"{number}@example.com") for number in range(11, 17)
    ]
    visitor = visitors()
    platform.launch(visitor, TEACHER, sub="3", name="Tina Teacher")
    return visitor


def tick(visitor: Visitor, run_id: int, *subs: str, status: int = 302) -> None:
    """Choose the run on its page, tick these people, and confirm."""
    path = f"/lti/course/1/enrol?run={run_id}"
    token = str(visitor.get(path).select_one("main input[name=csrf_token]")["value"])  # type: ignore[index]
    visitor.post(path, {"csrf_token": token, "people": list(subs)}, status)


def booked() -> list[tuple[str, str]]:
    """Who has a place, by ``sub``, and how it stands."""
    rows = db.session.execute(
        select(Identity.sub, Enrolment.state)
        .join(Enrolment, Enrolment.person_id == Identity.person_id)
        .order_by(Identity.sub)
    )
    return [(sub, str(state)) for sub, state in rows]


def count_all() -> dict[str, int]:
    models = (Person, Identity, Membership, Enrolment, Delivery, AuditEvent)
    return {one.__name__: db.session.scalar(select(func.count()).select_from(one)) or 0 for one in models}


def mails() -> list[dict[str, str]]:
    return list(db.session.scalars(select(Delivery.payload).where(Delivery.kind == "mail").order_by(Delivery.id)))


def checkbox(visitor: Visitor, sub: str) -> Any:
    found = visitor.page.select_one(f"input[type=checkbox][value='{sub}']")
    assert found is not None
    return found


def test_a_teacher_chooses_a_date_then_people_and_they_have_a_place(
    teacher: Visitor, run_id: int, change: Change
) -> None:
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


def test_those_enrolled_are_told_and_by_whom(teacher: Visitor, run_id: int, platform: Platform, change: Change) -> None:
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
    teacher: Visitor, run_id: int, platform: Platform, change: Change, words: str
) -> None:
    platform.launch(teacher, TEACHER, sub="3", name=words)
    tick(teacher, run_id, "11")
    platform.launch(teacher, TEACHER, sub="3", name="Dr. J.R. Smith", context={"id": "2", "title": words})
    tick(teacher, run_id, "12")
    first, second = (mail["text"] for mail in change(mails))
    assert first.startswith("A teacher of LTI Launch Test Course has enrolled you. ")
    assert second.startswith("Dr. J.R. Smith has enrolled you. ")
    assert words not in first + second


def test_two_hundred_people_at_most_are_enrolled_at_once(
    teacher: Visitor, run_id: int, platform: Platform, change: Change
) -> None:
    change(lambda: set_run(places=300))
    platform.members, platform.page_size = [member(str(n), f"Learner {n}") for n in range(1000, 1201)], 1000
    subs = [one["user_id"] for one in platform.members]
    tick(teacher, run_id, *subs, status=422)
    assert "Choose 200 people at most" in teacher.text()
    assert checkbox(teacher, subs[0]).has_attr("checked")
    assert change(booked) == []
    tick(teacher, run_id, *subs[:200])
    assert len(change(booked)) == 200


def test_whoever_never_came_finds_their_place_when_they_come(
    teacher: Visitor, run_id: int, platform: Platform, visitors: Callable[[], Visitor], change: Change
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
    teacher: Visitor, run_id: int, change: Change
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


def test_more_people_than_places_and_nobody_gets_one(teacher: Visitor, run_id: int, change: Change) -> None:
    before = change(count_all)
    tick(teacher, run_id, "11", "12", "13", "14", "15", "16", status=422)
    assert "There are 4 free places and you chose 6." in teacher.text()
    assert all(checkbox(teacher, str(number)).has_attr("checked") for number in range(11, 17))
    assert change(count_all) == before


def test_those_on_the_offer_already_are_named_and_passed_over(
    teacher: Visitor, run_id: int, platform: Platform, visitors: Callable[[], Visitor], change: Change
) -> None:
    platform.launch(visitors(), sub="11")

    def join() -> None:
        person = db.session.scalars(select(Identity).where(Identity.sub == "11")).one().person
        enrolments.enrol(person, db.session.scalars(select(Offer).where(Offer.slug == WITH_RUNS)).one(), run_id)

    change(join)
    teacher.get(f"/lti/course/1/enrol?run={run_id}")
    assert "There are 3 free places" in teacher.text()
    assert [item.get_text() for item in teacher.page.select("main .nhsuk-list--bullet li")] == ["Learner 11"]
    assert teacher.page.select_one("input[value='11']") is None
    assert teacher.page.select_one("input[value='12']") is not None
    tick(teacher, run_id, "11", "12", "13", "14")
    teacher.follow()
    assert "3 people are now enrolled on" in teacher.text()
    assert "1 person was already enrolled" in teacher.text()
    assert len(change(booked)) == 4


def test_the_same_form_twice_enrols_once(teacher: Visitor, run_id: int, change: Change) -> None:
    tick(teacher, run_id, "11", "12")
    after = change(count_all)
    tick(teacher, run_id, "11", "12", "12")
    assert change(count_all) == after
    teacher.follow()
    assert "2 people were already enrolled" in teacher.text()


def test_places_that_others_wait_for_are_not_given_away(
    teacher: Visitor, run_id: int, add_person: Callable[..., int], change: Change
) -> None:
    def wait(person_id: int, state: EnrolmentState) -> None:
        run = db.session.get_one(Run, run_id)
        db.session.add(
            Enrolment(
                person_id=person_id, offer_id=run.offer_id, version_id=run.offer.published.id, run=run, state=state
            )
        )

    for state in (EnrolmentState.BOOKED, EnrolmentState.WAITLISTED):
        person_id = add_person(f"Somebody {state}")
        change(lambda person_id=person_id, state=state: wait(person_id, state))
    tick(teacher, run_id, "11", "12", "13", status=422)
    assert "There are 2 free places and you chose 3." in teacher.text()
    tick(teacher, run_id, "11", "12")


@pytest.mark.parametrize("chosen", ["3", "99", "4", "17", "11 ", "1"], ids=repr)
def test_only_active_learners_of_the_course_can_be_enrolled(
    teacher: Visitor, run_id: int, platform: Platform, visitors: Callable[[], Visitor], change: Change, chosen: str
) -> None:
    platform.launch(visitors(), sub="4", resource_link={"id": "other"}, context={"id": "other"})
    platform.members.append(member("17", "Gone Away", status="Inactive"))
    before = change(count_all)
    tick(teacher, run_id, "11", chosen, status=422)
    assert "not in the course any more" in teacher.text()
    after = change(count_all)
    assert (after["Enrolment"], after["Identity"]) == (before["Enrolment"], before["Identity"])


def test_whoever_leaves_the_course_meanwhile_is_not_enrolled(
    teacher: Visitor, run_id: int, platform: Platform, change: Change
) -> None:
    path = f"/lti/course/1/enrol?run={run_id}"
    token = str(teacher.get(path).select_one("main input[name=csrf_token]")["value"])  # type: ignore[index]
    platform.members.pop()
    teacher.post(path, {"csrf_token": token, "people": ["15", "16"]}, 422)
    assert checkbox(teacher, "15").has_attr("checked")
    assert change(booked) == []


def test_nobody_chosen_is_said(teacher: Visitor, run_id: int) -> None:
    tick(teacher, run_id, status=422)
    assert "Choose at least one person" in teacher.text()


def test_whom_an_administrator_suspended_cannot_be_chosen(
    teacher: Visitor, run_id: int, platform: Platform, visitors: Callable[[], Visitor], change: Change
) -> None:
    platform.launch(visitors(), sub="11")
    change(lambda: people.suspend(db.session.scalars(select(Identity).where(Identity.sub == "11")).one().person))
    teacher.get(f"/lti/course/1/enrol?run={run_id}")
    assert teacher.page.select_one("input[value='11']") is None
    tick(teacher, run_id, "11", status=422)


def test_while_the_platform_does_not_give_its_list_nobody_is_enrolled_and_ticks_stay(
    teacher: Visitor, run_id: int, platform: Platform, change: Change
) -> None:
    path = f"/lti/course/1/enrol?run={run_id}"
    token = str(teacher.get(path).select_one("main input[name=csrf_token]")["value"])  # type: ignore[index]
    platform.up = False
    teacher.post(path, {"csrf_token": token, "people": ["11", "12"]}, 503)
    assert "Nobody has been enrolled yet" in teacher.text()
    assert "Try again in a moment" in teacher.text()
    assert checkbox(teacher, "12").has_attr("checked")
    assert change(booked) == []
    platform.up = True
    with time_machine.travel(now() + timedelta(minutes=1)):
        teacher.post(path, {"csrf_token": token, "people": ["11", "12"]})
    assert change(booked) == [("11", "booked"), ("12", "booked")]


def test_ticks_stay_also_where_no_list_is_left_to_show(
    teacher: Visitor, run_id: int, platform: Platform, change: Change
) -> None:
    path = f"/lti/course/1/enrol?run={run_id}"
    token = str(teacher.get(path).select_one("main input[name=csrf_token]")["value"])  # type: ignore[index]
    platform.faults.append(("/members", (403, {}, {})))
    teacher.post(path, {"csrf_token": token, "people": ["11", "12"]}, 503)
    assert "Learner 11" not in teacher.text()
    kept = [str(one["value"]) for one in teacher.page.select("input[name=people]")]
    assert kept == ["11", "12"]
    with time_machine.travel(now() + timedelta(minutes=1)):
        teacher.post(path, {"csrf_token": token, "people": kept})
    assert change(booked) == [("11", "booked"), ("12", "booked")]


def test_people_whose_names_are_not_shared_can_be_told_apart(teacher: Visitor, run_id: int, platform: Platform) -> None:
    platform.members = [member("11", ""), member("12", ""), member("13", "Learner 13")]
    teacher.get(f"/lti/course/1/enrol?run={run_id}")
    labels = [" ".join(label.get_text().split()) for label in teacher.page.select(".nhsuk-checkboxes__label")]
    assert labels == ["Learner 13", "Name not shared (1)", "Name not shared (2)"]


def test_a_run_that_begins_or_is_cancelled_meanwhile_takes_nobody(
    teacher: Visitor, run_id: int, change: Change
) -> None:
    path = f"/lti/course/1/enrol?run={run_id}"
    token = str(teacher.get(path).select_one("main input[name=csrf_token]")["value"])  # type: ignore[index]
    change(lambda: set_run(state=RunState.CANCELLED))
    teacher.post(path, {"csrf_token": token, "people": ["11"]}, 422)
    assert "This run has been cancelled" in teacher.text()
    assert checkbox(teacher, "11").has_attr("checked")
    teacher.get("/lti/course/1/enrol")
    assert teacher.page.select_one(f"a[href='{path}']") is None
    assert change(booked) == []


def test_a_teacher_finds_an_offer_by_its_words(teacher: Visitor, run_id: int) -> None:
    path = f"/lti/course/1/enrol?run={run_id}"
    teacher.get("/lti/course/1/enrol")
    everything = len(teacher.page.select("main h2"))
    teacher.press("Find", status=200, q="meeting")
    assert teacher.page.select_one(f"a[href='{path}']") is not None
    assert 0 < len(teacher.page.select("main h2")) < everything
    teacher.press("Find", status=200, q="zzzz%")
    assert "Nothing that has dates is found" in teacher.text()


def test_a_link_for_one_offer_enrols_on_that_one(
    teacher: Visitor, run_id: int, platform: Platform, change: Change
) -> None:
    other = change(
        lambda: db.session.scalars(
            select(Run.id).join(Run.offer).where(Offer.slug != WITH_RUNS, Run.starts_on >= today()).limit(1)
        ).one()
    )
    teacher.get(f"/lti/course/1/enrol?run={other}")
    platform.launch(teacher, TEACHER, sub="3", custom={"target": "offer", "offer": WITH_RUNS})
    teacher.get("/lti/course/1/enrol")
    assert len(teacher.page.select("main h2")) == 1
    teacher.get(f"/lti/course/1/enrol?run={other}", 404)
    teacher.get(f"/lti/course/1/enrol?run={run_id}")
    platform.launch(teacher, TEACHER, sub="3", custom={"target": "offer", "offer": SELF_PACED})
    teacher.get("/lti/course/1/enrol")
    assert "has no dates" in teacher.text()
    teacher.get(f"/lti/course/1/enrol?run={run_id}", 404)


@pytest.mark.parametrize("run", ["0", "-1", "999999", "99999999999999", "x"])
def test_a_run_that_is_none_is_not_there(teacher: Visitor, run: str) -> None:
    teacher.get(f"/lti/course/1/enrol?run={run}", 404 if run == "999999" else 200)


def test_nobody_but_who_teaches_the_course_can_enrol(
    teacher: Visitor, run_id: int, platform: Platform, visitors: Callable[[], Visitor], learner: Visitor,
    administrator: Visitor, change: Change,
) -> None:  # fmt: skip
    student, of_another = visitors(), visitors()
    platform.launch(student, sub="11")
    platform.launch(of_another, TEACHER, sub="30", resource_link={"id": "other"}, context={"id": "other"})
    of_another.get("/lti/course/2/enrol")
    before = change(count_all)
    for visitor in (student, of_another, learner, administrator):
        token = visitor.csrf_token(f"/offers/{SELF_PACED}/enrol")
        for path in ("/lti/course/1/enrol", f"/lti/course/1/enrol?run={run_id}"):
            visitor.get(path, 404)
            visitor.post(path, {"csrf_token": token, "people": ["11"]}, 404)
    teacher.get("/lti/course/2/enrol", 404)
    platform.launch(teacher, sub="3")
    teacher.get("/lti/course/1/enrol", 404)
    assert change(booked) == []
    assert change(count_all)["Enrolment"] == before["Enrolment"]


def test_a_completed_run_that_a_teacher_put_them_on_shows_in_the_course(
    teacher: Visitor, run_id: int, change: Change
) -> None:
    tick(teacher, run_id, "11")

    def complete() -> None:
        enrolment = db.session.scalars(select(Enrolment)).one()
        enrolments.complete(enrolment, CompletedBy.PROVIDER, enrolment.person)

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


@pytest.mark.both_databases
def test_two_teachers_at_once_for_twenty_places(
    platform: Platform, visitors: Callable[[], Visitor], change: Change
) -> None:
    run_id = change(lambda: set_run(places=20))
    platform.members = [member(str(number), f"Learner {number}", email=f"{number}@example.com") for number in range(40)]
    presses = []
    for number in (0, 1):
        teacher = visitors()
        platform.launch(teacher, TEACHER, sub=f"teacher-{number}")
        path = f"/lti/course/1/enrol?run={run_id}"
        token = str(teacher.get(path).select_one("main input[name=csrf_token]")["value"])  # type: ignore[index]
        fields = {"csrf_token": token, "people": [str(sub) for sub in range(10 * number, 10 * number + 15)]}
        presses.append(posting(teacher, path, fields))
    assert press_all(presses) == {302: 1, 422: 1}
    assert Counter(state for _, state in change(booked)) == {"booked": 15}
    assert len(change(mails)) == 15


@pytest.mark.both_databases
def test_the_same_form_many_times_at_once_enrols_once(
    platform: Platform, visitors: Callable[[], Visitor], change: Change
) -> None:
    run_id = change(lambda: set_run(places=20))
    platform.members = [member(str(number), f"Learner {number}", email=f"{number}@example.com") for number in range(15)]
    teacher = visitors()
    platform.launch(teacher, TEACHER, sub="3")
    path = f"/lti/course/1/enrol?run={run_id}"
    token = str(teacher.get(path).select_one("main input[name=csrf_token]")["value"])  # type: ignore[index]
    fields = {"csrf_token": token, "people": [str(sub) for sub in range(15)]}
    assert press_all([posting(teacher, path, fields)] * 6) == {302: 6}
    assert Counter(state for _, state in change(booked)) == {"booked": 15}
    assert len(change(mails)) == 15


def posting(visitor: Visitor, path: str, fields: dict[str, Any]) -> Callable[[], int]:
    def post() -> int:
        answer = visitor.client.post(path, data=fields, base_url=ORIGIN, headers={"Referer": f"{ORIGIN}/"})
        return answer.status_code

    return post


def test_without_a_list_of_people_there_is_nothing_to_enrol(
    visitors: Callable[[], Visitor], platform: Platform, run_id: int
) -> None:
    teacher = visitors()
    platform.launch(teacher, TEACHER, sub="3", change=lambda claims: claims.pop(NRPS))
    teacher.get("/lti/course/1")
    assert teacher.page.select_one("a[href='/lti/course/1/enrol']") is None
    teacher.get(f"/lti/course/1/enrol?run={run_id}")
    assert "did not give us its list" in teacher.text()
