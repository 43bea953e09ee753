"""The list of a course's people: read in full, then by its differences, and kept in memory for a while."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from catalogue.clock import now
from catalogue.extensions import db
from catalogue.pages import format_time
from catalogue.people.models import Person
from catalogue.transactions import run
from lti.courses import roster
from lti.models import Platform as Registered
from lti.models import PlatformState
from tests.lti.platform import NRPS, TEACHER, Answer, Platform
from tests.lti.test_course import member, rows
from tests.visitor import Visitor

WHOLE = "/members?limit=200"


@pytest.fixture
def teacher(visitors: Callable[[], Visitor], platform: Platform) -> Visitor:
    """On the page of a course of three learners, which the platform told in full."""
    platform.members = [member("4", "Sam Student"), member("5", "Priya Shah"), member("6", "Tom Okoro")]
    visitor = visitors()
    platform.launch(visitor, TEACHER, sub="3")
    return visitor


@pytest.fixture
def telling(platform: Platform, teacher: Visitor) -> Visitor:
    """The same, on a platform that tells differences: the list has been read once."""
    platform.changes = []
    teacher.get("/lti/course/1")
    return teacher


def asked(platform: Platform) -> list[str]:
    """What was asked of the list since the last time."""
    paths = [path for _, path in platform.calls if path.startswith("/members")]
    platform.calls.clear()
    return paths


def names(visitor: Visitor) -> list[str]:
    visitor.get("/lti/course/1")
    return [row[0] for row in rows(visitor)]


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


def test_what_a_suspended_platform_said_is_dropped_with_the_next_reading_of_any_course(
    app: Flask, platform: Platform, telling: Visitor, visitors: Callable[[], Visitor],
    register: Callable[[Platform], int],
) -> None:  # fmt: skip
    other = Platform(url=platform.url, client_id="client-2")
    register(other)
    another = visitors()
    other.launch(another, TEACHER, sub="30")
    asked(platform)

    def suspend(client_id: str, state: PlatformState) -> None:
        with app.app_context():
            run(
                lambda: setattr(
                    db.session.scalars(select(Registered).where(Registered.client_id == client_id)).one(),
                    "state",
                    state,
                )
            )

    suspend("client-1", PlatformState.SUSPENDED)
    another.get("/lti/course/2")
    suspend("client-1", PlatformState.ACTIVE)
    names(telling)
    assert asked(platform) == [WHOLE, WHOLE]


def test_while_the_list_cannot_be_had_the_last_one_is_shown_for_a_day(platform: Platform, telling: Visitor) -> None:
    read_at = now()
    platform.up = False
    assert names(telling) == ["Priya Shah", "Sam Student", "Tom Okoro"]
    about_then = {format_time(read_at), format_time(read_at - timedelta(seconds=30))}
    assert any(f"this is its list of {moment}." in telling.text() for moment in about_then)
    with time_machine.travel(now() + timedelta(hours=11, minutes=50)):  # a sign-in ends after twelve
        assert names(telling) == ["Priya Shah", "Sam Student", "Tom Okoro"]
    with time_machine.travel(now() + timedelta(hours=25)):
        platform.up = True
        platform.launch(telling, TEACHER, sub="3")
        platform.up = False
        assert names(telling) == []
        assert "only those who have opened a link" in telling.text()


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


def test_of_many_who_look_at_the_same_moment_one_asks(
    app: Flask, platform: Platform, visitors: Callable[[], Visitor], teacher: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    colleagues = [teacher, *(visitors() for _ in range(4))]
    for number, colleague in enumerate(colleagues[1:], 30):
        platform.launch(colleague, TEACHER, sub=str(number))
    asked(platform)
    answer, together, at_once = platform.answer, threading.Barrier(len(colleagues)), []

    def slow(method: str, path: str, headers: Any, body: bytes) -> Answer:
        at_once.append(path)
        time.sleep(0.5)
        return answer(method, path, headers, body)

    monkeypatch.setattr(platform, "answer", slow)
    monkeypatch.setattr(roster, "QUEUES_FOR", 20.0)

    def look(colleague: Visitor) -> list[str]:
        together.wait()
        return names(colleague)

    with ThreadPoolExecutor(len(colleagues)) as pool:
        found = list(pool.map(look, colleagues))
    assert found == [["Priya Shah", "Sam Student", "Tom Okoro"]] * len(colleagues)
    assert len(asked(platform)) < len(colleagues)


@dataclass
class Blocked:
    """A platform whose lists come only once they are let go; ``asked`` has one for each request that has arrived."""

    asked: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    let_go: threading.Event = field(default_factory=threading.Event)


@pytest.fixture
def blocked(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> Iterator[Blocked]:
    made, answer = Blocked(), platform.answer

    def waits(method: str, path: str, headers: Any, body: bytes) -> Answer:
        if path.startswith("/members"):
            made.asked.release()
            made.let_go.wait(20)
        return answer(method, path, headers, body)

    with monkeypatch.context() as patched:
        patched.setattr(platform, "answer", waits)
        yield made
        made.let_go.set()


def colleague_of(platform: Platform, visitor: Visitor, number: int, link: str = "1") -> Visitor:
    """A teacher by that link; any but the first has a list of its own."""
    address = f"{platform.url}/members" + ("" if link == "1" else f"?of={link}")
    platform.launch(
        visitor, TEACHER, sub=f"teacher-{number}", resource_link={"id": link},
        change=lambda c: c[NRPS].update(context_memberships_url=address),
    )  # fmt: skip
    return visitor


def test_behind_a_slow_list_nobody_queues(
    platform: Platform, visitors: Callable[[], Visitor], telling: Visitor, blocked: Blocked
) -> None:
    colleagues = [colleague_of(platform, visitors(), number) for number in range(6)]
    asked(platform)
    with ThreadPoolExecutor(7) as pool:
        pool.submit(names, telling)
        assert blocked.asked.acquire(timeout=5)
        began = time.monotonic()
        found = list(pool.map(names, colleagues))
        took = time.monotonic() - began
        assert not blocked.asked.acquire(blocking=False)  # nobody else asked
        blocked.let_go.set()
    assert took < 5  # the one who reads is given ten seconds
    assert found == [["Priya Shah", "Sam Student", "Tom Okoro"]] * 6
    assert all("this is its list of" in one.text() for one in colleagues)


def test_of_one_platform_two_lists_at_most_are_read_at_once(
    platform: Platform, visitors: Callable[[], Visitor], blocked: Blocked
) -> None:
    first, second, third = (colleague_of(platform, visitors(), number, f"course-{number}") for number in range(3))
    with ThreadPoolExecutor(2) as pool:
        pool.submit(first.get, "/lti/course/1")
        pool.submit(second.get, "/lti/course/2")
        assert blocked.asked.acquire(timeout=5)
        assert blocked.asked.acquire(timeout=5)
        began = time.monotonic()
        third.get("/lti/course/3")
        assert time.monotonic() - began < 5
        assert not blocked.asked.acquire(blocking=False)
        blocked.let_go.set()
    assert "did not give us its list" in third.text()


def test_after_lists_were_read_others_have_their_turn(platform: Platform, visitors: Callable[[], Visitor]) -> None:
    platform.members = [member("4", "Sam Student")]
    for number in range(4):
        teacher = colleague_of(platform, visitors(), number, f"course-{number}")
        if number < 3:
            platform.faults.append(("/members", (503, {}, {})))
        teacher.get(f"/lti/course/{number + 1}")
    assert [row[0] for row in rows(teacher)] == ["Sam Student"]


@pytest.mark.parametrize("status", [503, 403])
def test_a_list_that_failed_is_left_alone_for_half_a_minute_and_other_courses_are_not(
    platform: Platform, visitors: Callable[[], Visitor], teacher: Visitor, status: int
) -> None:
    other = colleague_of(platform, visitors(), 1, "other")
    platform.faults.append(("/members", (status, {}, {})))
    asked(platform)
    assert names(teacher) == []
    assert names(teacher) == []
    assert asked(platform).count(WHOLE) == 1
    other.get("/lti/course/2")
    assert len(rows(other)) == 3
    with time_machine.travel(now() + timedelta(seconds=20)):
        assert names(teacher) == []
    with time_machine.travel(now() + timedelta(seconds=31)):
        assert names(teacher) == ["Priya Shah", "Sam Student", "Tom Okoro"]


@pytest.mark.parametrize("status", [400, 403, 404, 410])
def test_names_go_at_once_when_the_platform_refuses_its_list(platform: Platform, telling: Visitor, status: int) -> None:
    platform.faults += [("/members", (status, {}, {}))] * 2  # the differences, then all of it
    assert names(telling) == []
    assert "only those who have opened a link" in telling.text()
    platform.up = False
    with time_machine.travel(now() + timedelta(minutes=1)):
        assert names(telling) == []


def test_names_go_when_no_token_is_granted_for_the_list_any_more(platform: Platform, telling: Visitor) -> None:
    platform.tokens.clear()
    platform.faults.append(("/token", (400, {}, {"error": "invalid_scope"})))
    platform.faults.append(("/token", (400, {}, {"error": "invalid_scope"})))
    assert names(telling) == []


def test_a_link_without_a_list_any_more_shows_none(platform: Platform, telling: Visitor) -> None:
    platform.launch(telling, TEACHER, sub="3", change=lambda claims: claims.pop(NRPS))
    asked(platform)
    assert names(telling) == []
    assert asked(platform) == []


def test_so_many_courses_are_held_and_the_one_that_was_used_longest_ago_goes(
    platform: Platform, telling: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(roster, "MOST_COURSES", 2)
    for number in (1, 2):
        address = f"{platform.url}/members?course={number}"
        platform.launch(
            telling, TEACHER, sub="3", resource_link={"id": f"link-{number}"},
            change=lambda c, address=address: c[NRPS].update(context_memberships_url=address),
        )  # fmt: skip
        telling.get(f"/lti/course/{number + 1}")
    platform.launch(telling, TEACHER, sub="3")
    asked(platform)
    names(telling)
    assert asked(platform) == [WHOLE]


def test_people_in_memory_are_bounded_too(
    app: Flask, platform: Platform, telling: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(roster, "MOST_PEOPLE", 4)
    platform.launch(
        telling, TEACHER, sub="3", resource_link={"id": "other"},
        change=lambda c: c[NRPS].update(context_memberships_url=f"{platform.url}/members?course=2"),
    )  # fmt: skip
    telling.get("/lti/course/2")
    platform.launch(telling, TEACHER, sub="3")
    asked(platform)
    names(telling)
    assert asked(platform) == [WHOLE]


def test_nobody_is_written_down_for_being_listed(app: Flask, telling: Visitor) -> None:
    names(telling)
    with app.app_context():
        assert db.session.scalar(select(Person).where(Person.name.in_(["Priya Shah", "Tom Okoro"]))) is None
