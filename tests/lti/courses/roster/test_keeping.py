"""The list is kept in memory for a while, and goes when the platform refuses it."""

from collections.abc import Callable
from datetime import timedelta

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
from tests.lti.courses.roster.conftest import WHOLE, asked, names
from tests.lti.platform import NRPS, TEACHER, Platform
from tests.visitor import Visitor


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
