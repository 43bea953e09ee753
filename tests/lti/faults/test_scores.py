"""Scores on their way to a platform that fails: none is lost or given twice, and each learner's keep their order."""

import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
import time_machine
from flask import Flask
from sqlalchemy import func, select, update

from catalogue import egress, outbox
from catalogue.attendance.actions import do_step
from catalogue.clock import now
from catalogue.enrolments import actions as enrolments
from catalogue.extensions import db
from catalogue.offers.models import Offer, Step
from catalogue.outbox import Delivery, DeliveryState
from catalogue.people import actions as people
from catalogue.people.models import Person
from catalogue.transactions import run
from lti.models import Arrival, Identity, LineItem, ResourceLink
from tests.drills import at_once, dice, many, say
from tests.lti.faults.platform import RETRY_AFTER, Fault, FaultyPlatform, serving
from tests.lti.platform import Platform
from tests.visitor import Visitor

SCORES = many(15, 1_000)
CHANCE = 0.35
ROUNDS = 60
PATIENCE = 0.15  # seconds, in place of fifteen
WITH_STEPS = "ten-minute-huddle"


@dataclass
class Course:
    """A link in a course of a platform that fails, with learners who do the steps of an offer one after the other."""

    app: Flask
    platform: FaultyPlatform
    learners: int = 0

    def open(self, visitor: Visitor) -> None:
        """One launch makes the link; further learners come by it as the first one did."""
        self.platform.launch(visitor, sub="first", custom={"target": "home", "grade": "progress"})

    def written(self) -> int:
        with self.app.app_context():
            return db.session.scalar(select(func.count()).where(Delivery.kind == "score")) or 0

    def write(self, count: int) -> None:
        """Have learners complete offers until so many scores were written."""
        while self.written() < count:
            self._one_more_learner()

    def _one_more_learner(self) -> None:
        number = self.learners
        self.learners += 1

        def arrive() -> int:
            first = db.session.scalars(select(Identity).where(Identity.sub == "first")).one()
            person = people.add_person(f"Learner {number}")
            identity = Identity(platform_id=first.platform_id, sub=f"learner-{number}", person=person)
            link = db.session.scalars(select(ResourceLink)).one()
            db.session.add(Arrival(identity=identity, resource_link=link, is_learner=True))
            offer = db.session.scalars(select(Offer).where(Offer.slug == WITH_STEPS)).one()
            return enrolments.enrol(person, offer, None).id

        with self.app.app_context():
            enrolment_id = run(arrive)
            for step_id in self._steps():
                run(lambda step_id=step_id: self._do(enrolment_id, step_id))

    @staticmethod
    def _steps() -> list[int]:
        offer = db.session.scalars(select(Offer).where(Offer.slug == WITH_STEPS)).one()
        steps = select(Step.id).where(Step.version_id == offer.published.id).order_by(Step.id)
        return list(db.session.scalars(steps))

    @staticmethod
    def _do(enrolment_id: int, step_id: int) -> None:
        from catalogue.enrolments.models import Enrolment

        do_step(db.session.get_one(Enrolment, enrolment_id), db.session.get_one(Step, step_id))

    def waiting(self) -> int:
        with self.app.app_context():
            waiting = select(func.count()).where(Delivery.kind == "score", Delivery.state == DeliveryState.WAITING)
            return db.session.scalar(waiting) or 0

    def time_passes(self) -> None:
        """All that waits is due, and what a worker claimed is free again."""

        def pass_() -> None:
            past = now() - timedelta(seconds=1)
            db.session.execute(update(Delivery).where(Delivery.state == DeliveryState.WAITING).values(due_at=past))
            db.session.execute(update(LineItem).values(claimed_at=now() - timedelta(minutes=10)))

        with self.app.app_context():
            run(pass_)

    def deliver(self) -> None:
        with self.app.app_context():
            outbox.deliver_due()

    def states(self) -> dict[str, int]:
        with self.app.app_context():
            rows = db.session.execute(
                select(Delivery.state, func.count()).where(Delivery.kind == "score").group_by(Delivery.state)
            )
            return {str(state): count for state, count in rows}


def faults_of(course: Course) -> dict[str, int]:
    """What went wrong, counted; all noughts where nothing did."""
    platform = course.platform
    with course.app.app_context():
        rows = db.session.execute(
            select(Delivery.lane, func.count()).where(Delivery.kind == "score").group_by(Delivery.lane)
        )
        lanes = {str(lane): int(count) for lane, count in rows}
        subs: dict[str, str] = {
            str(number): sub for number, sub in db.session.execute(select(Identity.id, Identity.sub))
        }
    written = {subs[lane.rsplit(":", 1)[1]]: count for lane, count in lanes.items()}
    held = {sub: score for (_, sub), score in platform.scores.items()}
    lost = [
        s for s in written if held.get(s, {}).get("scoreGiven") != 100 or held[s]["activityProgress"] != "Completed"
    ]
    twice = [key for key, taken in platform.graded.items() if len(taken) > written[key[1]]]
    same = [key for key, taken in platform.graded.items() if len({s["timestamp"] for s in taken}) != len(taken)]
    unordered = [key for key, tried in platform.tried.items() if any(_at(a) > _at(b) for a, b in pairwise(tried))]
    falling = [
        key
        for key, taken in platform.graded.items()
        if any(a["scoreGiven"] / a["scoreMaximum"] > b["scoreGiven"] / b["scoreMaximum"] for a, b in pairwise(taken))
    ]
    return {
        "lost": len(lost),
        "duplicated": len(twice) + len(same) + len(platform.items) - 1,
        "out of order": len(unordered) + len(falling),
        "parked": course.states().get("parked", 0),
    }


def _at(timestamp: str) -> datetime:
    return datetime.fromisoformat(timestamp)


NONE = {"lost": 0, "duplicated": 0, "out of order": 0, "parked": 0}


@pytest.mark.parametrize("kind", [*Fault, None], ids=lambda kind: str(kind or "all of them"))
def test_no_fault_loses_a_score_or_gives_one_twice(
    app: Flask, visitor: Visitor, register: Callable[[Platform], int], monkeypatch: pytest.MonkeyPatch,
    kind: Fault | None,
) -> None:  # fmt: skip
    monkeypatch.setattr(egress, "CONNECT", PATIENCE)
    monkeypatch.setattr(egress, "READ", PATIENCE)
    began, chance = time.monotonic(), dice()
    platform = FaultyPlatform(kinds=(kind,) if kind else tuple(Fault), dice=chance, pause=4 * PATIENCE)
    with serving(platform):
        register(platform)
        course = Course(app, platform)
        course.open(visitor)
        course.write(SCORES)
        platform.chance, rounds, paused = CHANCE, 0, 0
        while course.waiting() and rounds < ROUNDS:
            round_began = now()
            course.deliver()
            if kind == Fault.BUSY:
                paused += pauses_kept(course, round_began)
            course.time_passes()
            rounds += 1
        faults = faults_of(course)
    met = sum(platform.met.values())
    say(
        f"outbox, {kind or 'all kinds'}: {course.written()} scores of {course.learners} learners, {met} faults, "
        f"{rounds} rounds: {', '.join(f'{name} {count}' for name, count in faults.items())}; "
        f"{time.monotonic() - began:.0f} s"
    )
    assert met >= SCORES * CHANCE / 3, "the platform did fail"
    assert bool(paused) == (kind == Fault.BUSY)
    assert faults == NONE
    assert course.states() == {"delivered": course.written()}


def pauses_kept(course: Course, since: datetime) -> int:
    """How many were put off in this round; none is due earlier than the platform asked for."""
    with course.app.app_context():
        put_off = db.session.scalars(
            select(Delivery).where(
                Delivery.state == DeliveryState.WAITING,
                Delivery.last_error.contains("answer 429"),
                Delivery.due_at > since,
            )
        ).all()
        assert all(delivery.due_at >= since + timedelta(seconds=RETRY_AFTER) for delivery in put_off)
        return len(put_off)


@pytest.mark.both_databases
def test_several_workers_at_once_lose_and_double_nothing(
    app: Flask, database: str, visitor: Visitor, register: Callable[[Platform], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(egress, "CONNECT", PATIENCE)
    monkeypatch.setattr(egress, "READ", PATIENCE)
    began = time.monotonic()
    kinds = tuple(fault for fault in Fault if fault != Fault.SLOW)  # which this machine is too, with four at once
    platform = FaultyPlatform(kinds=kinds, dice=dice())
    with ExitStack() as stack:
        stack.enter_context(serving(platform))
        register(platform)
        course = Course(app, platform)
        course.open(visitor)
        course.write(SCORES)
        platform.chance, rounds = CHANCE, 0
        while course.waiting() and rounds < ROUNDS:
            at_once([course.deliver] * 4, workers=4)
            course.time_passes()
            rounds += 1
        faults = faults_of(course)
    say(
        f"outbox, four workers, {database}: {course.written()} scores, {sum(platform.met.values())} faults, "
        f"{rounds} rounds: {', '.join(f'{name} {count}' for name, count in faults.items())}; "
        f"{time.monotonic() - began:.0f} s"
    )
    assert faults == NONE


def test_after_three_days_a_score_is_parked_where_an_administrator_sees_it(
    app: Flask, visitor: Visitor, register: Callable[[Platform], int], administrator: Visitor
) -> None:
    platform = FaultyPlatform()
    with serving(platform), time_machine.travel("2027-01-05T10:00:00Z", tick=False) as clock:
        register(platform)
        course = Course(app, platform)
        course.open(visitor)
        course.write(1)
        platform.up = False
        began, tries = now(), 0
        while course.waiting():
            course.deliver()
            tries += 1
            assert tries < 1_000
            with app.app_context():
                due = db.session.scalars(
                    select(Delivery.due_at)
                    .where(Delivery.kind == "score", Delivery.state == DeliveryState.WAITING)
                    .order_by(Delivery.id)
                    .limit(1)
                ).first()  # the others wait behind it
            if due is not None:
                clock.move_to(max(due, now()) + timedelta(milliseconds=1))
        hours = (now() - began) / timedelta(hours=1)
        with app.app_context():
            token = run(lambda: people.begin_sign_in(db.session.scalars(select(Person).where(
                Person.name == "Adam Administrator")).one(), "password"))  # fmt: skip
        seen = Visitor(app, token)
        seen.get("/admin/grades")
        assert seen.text().count("User ID there learner-0") == course.written()
    say(
        f"outbox, a platform that is down: {tries} tries in {hours:.1f} hours, then parked, on the administrators' page"
    )
    assert course.states()["parked"] == course.written()
    assert 71.5 < hours < 73
    assert administrator
