"""A platform's list that is slow, endless, elsewhere or made to break its reader."""

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask, current_app

from catalogue.clock import now
from lti.courses import roster
from tests.lti.courses.conftest import member, rows
from tests.lti.platform import NRPS, TEACHER, Answer, Platform
from tests.visitor import Visitor


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
    teacher.get("/lti/course/1")
    assert 0 < len(held) < 20, "all pages would take twenty times as long as it may"
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
