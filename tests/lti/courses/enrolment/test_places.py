"""How many get a place, and that each gets one."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from catalogue.enrolments import actions as enrolments
from catalogue.enrolments.models import Enrolment, EnrolmentState
from catalogue.extensions import db
from catalogue.offers.models import Offer, Run
from lti.models import Identity
from tests.enrolments.at_once import press_all
from tests.enrolments.conftest import WITH_RUNS, Ask
from tests.lti.courses.conftest import member
from tests.lti.courses.enrolment.conftest import booked, checkbox, count_all, mails, set_run, tick
from tests.lti.platform import TEACHER, Platform
from tests.visitor import ORIGIN, Visitor


def test_two_hundred_people_at_most_are_enrolled_at_once(
    teacher: Visitor, run_id: int, platform: Platform, change: Ask
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


def test_more_people_than_places_and_nobody_gets_one(teacher: Visitor, run_id: int, change: Ask) -> None:
    before = change(count_all)
    tick(teacher, run_id, "11", "12", "13", "14", "15", "16", status=422)
    assert "There are 4 free places and you chose 6." in teacher.text()
    assert all(checkbox(teacher, str(number)).has_attr("checked") for number in range(11, 17))
    assert change(count_all) == before


def test_where_the_offer_asks_something_people_are_put_forward_and_asked(
    teacher: Visitor, run_id: int, change: Ask
) -> None:
    def ask_for_a_part() -> None:
        version = db.session.get_one(Run, run_id).offer.published
        version.for_plan_leads = True

    change(ask_for_a_part)
    tick(teacher, run_id, "11", "12")
    assert change(booked) == [("11", "nominated"), ("12", "nominated")]
    teacher.follow()
    assert "2 people are put forward for" in teacher.text()
    assert all("has put you forward" in mail["text"] for mail in change(mails))


def test_those_on_the_offer_already_are_named_and_passed_over(
    teacher: Visitor, run_id: int, platform: Platform, visitors: Callable[[], Visitor], change: Ask
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


def test_the_same_form_twice_enrols_once(teacher: Visitor, run_id: int, change: Ask) -> None:
    tick(teacher, run_id, "11", "12")
    after = change(count_all)
    tick(teacher, run_id, "11", "12", "12")
    assert change(count_all) == after
    teacher.follow()
    assert "2 people were already enrolled" in teacher.text()


def test_places_that_others_wait_for_are_not_given_away(
    teacher: Visitor, run_id: int, add_person: Callable[..., int], change: Ask
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


@pytest.mark.both_databases
def test_two_teachers_at_once_for_twenty_places(
    platform: Platform, visitors: Callable[[], Visitor], change: Ask
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
    platform: Platform, visitors: Callable[[], Visitor], change: Ask
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
