"""Many who look at once, behind one list or several."""

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

from catalogue.clock import now
from lti.courses import roster
from tests.lti.courses.conftest import member, rows
from tests.lti.courses.roster.conftest import WHOLE, asked, names
from tests.lti.platform import NRPS, TEACHER, Answer, Platform
from tests.visitor import Visitor


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
            made.let_go.wait(60)
        return answer(method, path, headers, body)

    with monkeypatch.context() as patched:
        patched.setattr(platform, "answer", waits)
        patched.setattr(roster, "PATIENCE", 60.0)
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
        reading = pool.submit(names, telling)
        assert blocked.asked.acquire(timeout=60)
        found = list(pool.map(names, colleagues))
        assert not reading.done(), "they waited for the one who reads"
        assert not blocked.asked.acquire(blocking=False)  # nobody else asked
        blocked.let_go.set()
    assert found == [["Priya Shah", "Sam Student", "Tom Okoro"]] * 6
    assert all("this is its list of" in one.text() for one in colleagues)


def test_of_one_platform_two_lists_at_most_are_read_at_once(
    platform: Platform, visitors: Callable[[], Visitor], blocked: Blocked
) -> None:
    first, second, third = (colleague_of(platform, visitors(), number, f"course-{number}") for number in range(3))
    with ThreadPoolExecutor(2) as pool:
        reading = [pool.submit(first.get, "/lti/course/1"), pool.submit(second.get, "/lti/course/2")]
        assert blocked.asked.acquire(timeout=60)
        assert blocked.asked.acquire(timeout=60)
        third.get("/lti/course/3")
        assert not any(one.done() for one in reading), "it waited for one of the others"
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
