"""The list of a course's people is read in full, then by its differences."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from catalogue.clock import now
from catalogue.extensions import db
from catalogue.transactions import run
from lti.models import Platform as Registered
from tests.lti.courses.conftest import member
from tests.lti.courses.roster.conftest import WHOLE, asked, names
from tests.lti.platform import NRPS, TEACHER, Answer, Platform
from tests.visitor import Visitor


def test_a_platform_that_tells_no_differences_is_asked_for_all_each_time(platform: Platform, teacher: Visitor) -> None:
    assert names(teacher) == ["Priya Shah", "Sam Student", "Tom Okoro"]
    platform.members.pop()
    assert names(teacher) == ["Priya Shah", "Sam Student"]
    assert asked(platform) == [WHOLE, WHOLE]


def test_whoever_came_or_left_or_changed_is_told_by_differences(platform: Platform, telling: Visitor) -> None:
    assert asked(platform) == [WHOLE]
    platform.changes = [
        member("4", "Sam Student", status="Deleted"),
        member("5", "Priya Shah", "Instructor"),
        member("6", "Thomas Okoro"),
        member("7", "Wei Chen"),
        member("8", "Not Yet", status="Inactive"),
    ]
    platform.members.clear()
    assert names(telling) == ["Thomas Okoro", "Wei Chen"]
    platform.changes += [member("6", "Thomas Okoro", status="Inactive"), member("4", "Sam Student")]
    assert names(telling) == ["Sam Student", "Wei Chen"]
    assert names(telling) == ["Sam Student", "Wei Chen"]
    assert asked(platform) == ["/members?since=0", "/members?since=5", "/members?since=7"]


def test_differences_come_page_by_page_too(platform: Platform, telling: Visitor) -> None:
    asked(platform)
    platform.page_size = 2
    platform.changes = [member(str(number), f"New {number}") for number in range(10, 15)]
    assert names(telling)[:5] == ["New 10", "New 11", "New 12", "New 13", "New 14"]
    assert names(telling)[:5] == ["New 10", "New 11", "New 12", "New 13", "New 14"]
    assert asked(platform) == [
        "/members?since=0", "/members?from=2&since=0", "/members?from=4&since=0", "/members?since=5",
    ]  # fmt: skip


def test_what_changes_while_pages_are_read_is_not_lost(
    platform: Platform, teacher: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    platform.page_size, platform.changes, answer = 2, [], platform.answer

    def changing(method: str, path: str, headers: Any, body: bytes) -> Answer:
        answered = answer(method, path, headers, body)
        if path == WHOLE and platform.changes == []:
            platform.changes = [member("4", "Sam Student", status="Deleted")]
        return answered

    monkeypatch.setattr(platform, "answer", changing)
    assert names(teacher) == ["Priya Shah", "Sam Student", "Tom Okoro"]
    assert names(teacher) == ["Priya Shah", "Tom Okoro"]


ODD: dict[str, Answer] = {
    "refused": (400, {}, {}),
    "gone": (404, {}, {}),
    "down": (503, {}, {}),
    "no list": (200, {}, {"members": None}),
    "no object": (200, {}, []),
    "not JSON": (200, {}, b"<html>"),
    "two things of one member": (
        200, {}, {"members": [member("7", "Wei Chen"), member("7", "Wei Chen", status="Deleted")]},
    ),
    "a circle": (200, {"Link": '</members?since=0>; rel="next"'}, {"members": []}),
    "a next page elsewhere": (200, {"Link": '<http://localhost:1/x>; rel="next"'}, {"members": []}),
}  # fmt: skip


@pytest.mark.parametrize("case", ODD)
def test_differences_that_cannot_be_had_or_are_odd_have_all_read_again(
    platform: Platform, telling: Visitor, case: str
) -> None:
    asked(platform)
    platform.members.append(member("9", "Amy Adams"))
    platform.faults.append(("/members?since", ODD[case]))
    assert names(telling) == ["Amy Adams", "Priya Shah", "Sam Student", "Tom Okoro"]
    assert asked(platform) == ["/members?since=0", WHOLE]
    assert names(telling) == ["Amy Adams", "Priya Shah", "Sam Student", "Tom Okoro"]
    assert asked(platform) == ["/members?since=0"]


def test_the_same_said_twice_of_one_member_is_taken(platform: Platform, telling: Visitor) -> None:
    asked(platform)
    platform.changes = [member("7", "Wei Chen"), member("7", "Wei Chen")]
    assert names(telling) == ["Priya Shah", "Sam Student", "Tom Okoro", "Wei Chen"]
    assert asked(platform) == ["/members?since=0"]


def test_differences_without_the_next_ones_have_all_read_the_next_time(platform: Platform, telling: Visitor) -> None:
    asked(platform)
    platform.faults.append(("/members?since", (200, {}, {"members": [member("7", "Wei Chen")]})))
    assert names(telling) == ["Priya Shah", "Sam Student", "Tom Okoro", "Wei Chen"]
    assert names(telling) == ["Priya Shah", "Sam Student", "Tom Okoro"]
    assert asked(platform) == ["/members?since=0", WHOLE]


def test_after_an_hour_all_is_read_again(platform: Platform, telling: Visitor) -> None:
    asked(platform)
    names(telling)
    with time_machine.travel(now() + timedelta(minutes=59)):
        names(telling)
    with time_machine.travel(now() + timedelta(minutes=61)):
        names(telling)
        names(telling)
    assert asked(platform) == ["/members?since=0", "/members?since=0", WHOLE, "/members?since=0"]


def set_platform(app: Flask, **values: Any) -> None:
    def change() -> None:
        for registered in db.session.scalars(select(Registered)):
            for name, value in values.items():
                setattr(registered, name, value)

    with app.app_context():
        run(change)


def test_a_platform_that_has_moved_is_asked_for_all(app: Flask, platform: Platform, telling: Visitor) -> None:
    asked(platform)
    set_platform(app, auth_url=f"{platform.url}/elsewhere")
    names(telling)
    assert asked(platform) == [WHOLE]


def test_pages_that_go_round_in_a_circle_are_left(platform: Platform, teacher: Visitor) -> None:
    itself = {"Link": f'<{platform.url}{WHOLE}>; rel="next"'}
    platform.faults.append(("/members", (200, itself, {"members": platform.members})))
    assert names(teacher) == []
    assert "did not give us its list" in teacher.text()
    assert asked(platform) == [WHOLE]


def test_a_member_on_two_pages_counts_once_and_one_without_an_identifier_not_at_all(
    platform: Platform, teacher: Visitor
) -> None:
    platform.members = [
        member("4", "Sam Student"),
        member("4", "Sam Student"),
        {"name": "No Identifier", "roles": ["Learner"]},
        member("", "Empty Identifier"),
        member(7, "A Number"),  # type: ignore[arg-type]
        member("x" * 256, "Too Long"),
        member("a\x00b", "Nul"),
        member("8", "No Roles", roles=None),
        member("9", "Text As Roles", roles="Learner"),
        member("10", "Odd Roles", roles=[None, 7, {}, "Learner"]),
        member("11", "Unknown State", status="Perhaps"),
        member("12", "Unknown Role", "Wizard"),
        "not an object",  # type: ignore[list-item]
    ]
    platform.page_size = 1
    assert names(teacher) == ["Odd Roles", "Sam Student"]


def test_an_address_that_says_how_many_it_gives_stays_as_it_is(
    platform: Platform, visitors: Callable[[], Visitor]
) -> None:
    teacher = visitors()
    platform.launch(
        teacher,
        TEACHER,
        sub="3",
        change=lambda c: c[NRPS].update(context_memberships_url=f"{platform.url}/members?limit=50"),
    )
    names(teacher)
    assert asked(platform) == ["/members?limit=50"]


def test_a_course_of_several_hundred_comes_whole(platform: Platform, teacher: Visitor) -> None:
    platform.members = [member(str(number), f"Learner {number:04}") for number in range(1200)]
    assert len(names(teacher)) == 1200
