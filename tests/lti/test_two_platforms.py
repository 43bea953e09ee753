"""What somebody completes reaches every platform that they came through: in order, once, and all or nothing."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from catalogue.enrolments.completing import void
from catalogue.enrolments.models import Completion
from catalogue.enrolments.signals import completed
from catalogue.extensions import db
from catalogue.outbox import Delivery
from catalogue.transactions import run
from lti.models import Identity
from lti.models import Platform as Registered
from tests.attendance.conftest import PROGRAMME, add_programme, put_on
from tests.enrolments.conftest import SELF_PACED, WITH_RUNS
from tests.enrolments.taking_part import join, step_paths
from tests.lti.platform import Platform, serving
from tests.lti.test_grades import Deliver
from tests.lti.test_progress import do
from tests.visitor import Visitor

Launch = Callable[..., Visitor]


@pytest.fixture
def other(register: Callable[[Platform], int], platform: Platform) -> Iterator[Platform]:
    """A second platform, of another organisation's."""
    with serving(Platform(client_id="client-2")) as made:
        register(made)
        yield made


@pytest.fixture
def came_through_both(app: Flask, visitor: Visitor, visitors: Callable[[], Visitor]) -> Callable[..., Visitor]:
    """One person, who is known on both, comes through a link of each; returns their browser at the first."""

    def come(first: Platform, second: Platform, of_first: dict[str, str], of_second: dict[str, str]) -> Visitor:
        first.launch(visitor, custom=of_first)

        def known() -> None:
            person_id = db.session.scalars(select(Identity.person_id)).one()
            platform_id = db.session.scalars(select(Registered.id).where(Registered.issuer == second.url)).one()
            db.session.add(Identity(platform_id=platform_id, sub="44", person_id=person_id))

        with app.app_context():
            run(known)
        second.launch(visitors(), sub="44", custom=of_second)
        return visitor

    return come


def posted(platform: Platform) -> list[tuple[str, Any, str]]:
    return [(score["userId"], score.get("scoreGiven"), score["activityProgress"]) for score in platform.posted]


def change(app: Flask, action: Callable[[], Any]) -> Any:
    with app.app_context():
        return run(action)


@pytest.mark.both_databases
def test_a_completion_reaches_both_in_order_and_once(
    app: Flask, platform: Platform, other: Platform, came_through_both: Callable[..., Visitor], deliver: Deliver
) -> None:
    person = came_through_both(platform, other, {"grade": "progress"}, {"target": "offer", "offer": SELF_PACED})
    for step in step_paths(person, join(person)):
        do(person, step)
    assert {state for state, _ in deliver()} == {"delivered"}
    deliver()
    assert posted(platform) == [("4", 33.33, "InProgress"), ("4", 66.67, "InProgress"), ("4", 100, "Completed")]
    assert posted(other) == [("44", 100, "Completed")]


@pytest.mark.both_databases
def test_a_programme_in_one_and_its_step_in_the_other(
    app: Flask, platform: Platform, other: Platform, came_through_both: Callable[..., Visitor], deliver: Deliver
) -> None:
    change(app, lambda: add_programme(needed=(SELF_PACED, WITH_RUNS)))
    person = came_through_both(
        platform, other,
        {"target": "offer", "offer": PROGRAMME, "grade": "progress"}, {"target": "offer", "offer": SELF_PACED},
    )  # fmt: skip
    person_id = change(app, lambda: db.session.scalars(select(Identity.person_id)).first())
    change(app, lambda: put_on(person_id, PROGRAMME))
    for step in step_paths(person, join(person)):
        do(person, step)
    deliver()
    assert posted(platform) == [("4", 50, "InProgress")]
    assert posted(other) == [("44", 100, "Completed")]
    (item,) = platform.items.values()
    assert item["resourceId"] == f"offer:{PROGRAMME}"

    def takes_it_back() -> None:
        completion = db.session.scalars(select(Completion)).one()
        void(completion, "ticked in error", completion.person)

    change(app, takes_it_back)
    deliver()
    assert posted(platform)[1:] == [("4", None, "InProgress")]
    assert posted(other)[1:] == [("44", None, "InProgress")]


@pytest.mark.both_databases
def test_to_neither_anything_is_written_where_the_completion_is_not(
    app: Flask, platform: Platform, other: Platform, came_through_both: Callable[..., Visitor], deliver: Deliver
) -> None:
    person = came_through_both(platform, other, {}, {})
    *steps, last = step_paths(person, join(person))
    for step in steps:
        do(person, step)

    def fail(_sender: object, completion: Completion) -> None:
        db.session.flush()
        raise RuntimeError(str(completion.id))

    person.get(last)
    with completed.connected_to(fail), pytest.raises(RuntimeError):
        person.press("I have done this")
    scores = select(func.count()).select_from(Delivery).where(Delivery.kind == "score")
    assert change(app, lambda: db.session.scalar(scores)) == 0
    do(person, last)
    assert change(app, lambda: db.session.scalar(scores)) == 2
    deliver()
    assert [len(one.posted) for one in (platform, other)] == [1, 1]


def test_one_that_is_down_does_not_keep_the_other_waiting(
    app: Flask, platform: Platform, other: Platform, came_through_both: Callable[..., Visitor], deliver: Deliver
) -> None:
    person = came_through_both(platform, other, {}, {})
    platform.up = False
    for step in step_paths(person, join(person)):
        do(person, step)
    assert sorted(state for state, _ in deliver()) == ["delivered", "waiting"]
    assert posted(other) == [("44", 100, "Completed")]
    platform.up = True
    assert {state for state, _ in deliver()} == {"delivered"}
    assert posted(platform) == [("4", 100, "Completed")]
