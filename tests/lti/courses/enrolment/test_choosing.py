"""Which runs and whom a teacher can choose, and who can choose at all."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select

from catalogue.clock import now, today
from catalogue.extensions import db
from catalogue.offers.models import Offer, Run, RunState
from catalogue.people import actions as people
from lti.models import Identity
from tests.enrolments.conftest import SELF_PACED, WITH_RUNS, Ask
from tests.lti.courses.conftest import member
from tests.lti.courses.enrolment.conftest import booked, checkbox, count_all, set_run, tick
from tests.lti.platform import NRPS, TEACHER, Platform
from tests.visitor import Visitor


@pytest.mark.parametrize("chosen", ["3", "99", "4", "17", "11 ", "1"], ids=repr)
def test_only_active_learners_of_the_course_can_be_enrolled(
    teacher: Visitor, run_id: int, platform: Platform, visitors: Callable[[], Visitor], change: Ask, chosen: str
) -> None:
    platform.launch(visitors(), sub="4", resource_link={"id": "other"}, context={"id": "other"})
    platform.members.append(member("17", "Gone Away", status="Inactive"))
    before = change(count_all)
    tick(teacher, run_id, "11", chosen, status=422)
    assert "not in the course any more" in teacher.text()
    after = change(count_all)
    assert (after["Enrolment"], after["Identity"]) == (before["Enrolment"], before["Identity"])


def test_whoever_leaves_the_course_meanwhile_is_not_enrolled(
    teacher: Visitor, run_id: int, platform: Platform, change: Ask
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
    teacher: Visitor, run_id: int, platform: Platform, visitors: Callable[[], Visitor], change: Ask
) -> None:
    platform.launch(visitors(), sub="11")
    change(lambda: people.suspend(db.session.scalars(select(Identity).where(Identity.sub == "11")).one().person))
    teacher.get(f"/lti/course/1/enrol?run={run_id}")
    assert teacher.page.select_one("input[value='11']") is None
    tick(teacher, run_id, "11", status=422)


def test_while_the_platform_does_not_give_its_list_nobody_is_enrolled_and_ticks_stay(
    teacher: Visitor, run_id: int, platform: Platform, change: Ask
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
    teacher: Visitor, run_id: int, platform: Platform, change: Ask
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


def test_a_run_that_begins_or_is_cancelled_meanwhile_takes_nobody(teacher: Visitor, run_id: int, change: Ask) -> None:
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
    teacher: Visitor, run_id: int, platform: Platform, change: Ask
) -> None:
    other = change(
        lambda: db.session.scalars(
            select(Run.id)
            .join(Run.offer)
            .where(Offer.slug != WITH_RUNS, Run.starts_on >= today())
            .order_by(Run.id)
            .limit(1)
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


def test_nobody_is_enrolled_on_what_is_for_members_only(
    teacher: Visitor, run_id: int, platform: Platform, change: Ask
) -> None:
    path = f"/lti/course/1/enrol?run={run_id}"
    token = str(teacher.get(path).select_one("main input[name=csrf_token]")["value"])  # type: ignore[index]
    change(hide)
    teacher.post(path, {"csrf_token": token, "people": ["11"]}, 404)
    assert change(booked) == []
    teacher.get(path, 404)
    platform.launch(teacher, TEACHER, sub="3", custom={"target": "offer", "offer": WITH_RUNS})
    teacher.get(path, 404)
    teacher.get("/lti/course/1/enrol")
    assert not teacher.page.select("main h2")


def hide() -> None:
    db.session.scalars(select(Offer).where(Offer.slug == WITH_RUNS)).one().published.members_only = True


@pytest.mark.parametrize("run", ["0", "-1", "999999", "99999999999999", "x"])
def test_a_run_that_is_none_is_not_there(teacher: Visitor, run: str) -> None:
    teacher.get(f"/lti/course/1/enrol?run={run}", 404 if run == "999999" else 200)


def test_nobody_but_who_teaches_the_course_can_enrol(
    teacher: Visitor, run_id: int, platform: Platform, visitors: Callable[[], Visitor], learner: Visitor,
    administrator: Visitor, change: Ask,
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


def test_without_a_list_of_people_there_is_nothing_to_enrol(
    visitors: Callable[[], Visitor], platform: Platform, run_id: int
) -> None:
    teacher = visitors()
    platform.launch(teacher, TEACHER, sub="3", change=lambda claims: claims.pop(NRPS))
    teacher.get("/lti/course/1")
    assert teacher.page.select_one("a[href='/lti/course/1/enrol']") is None
    teacher.get(f"/lti/course/1/enrol?run={run_id}")
    assert "did not give us its list" in teacher.text()
