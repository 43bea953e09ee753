"""The same buttons pressed many times at the same moment: all of it is there once."""

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import func, select

from catalogue.extensions import db
from catalogue.people.models import AuditEvent
from catalogue.plans.models import Commitment, PlanComment, PlannedOffer, PlanShare, Reassessment
from tests.conftest import Ask
from tests.enrolments.at_once import DRILL, POSTS, Press, post, press_all
from tests.enrolments.conftest import SELF_PACED, audited, mails
from tests.plans.conftest import SOON
from tests.plans.test_sharing import BOSS, link
from tests.visitor import Visitor

pytestmark = pytest.mark.both_databases
TIMES = POSTS if DRILL else 4


def rows(table: type) -> int:
    return db.session.scalar(select(func.count()).select_from(table)) or 0


def test_whatever_is_put_on_a_plan_many_times_at_once_is_on_it_once(
    app: Flask, person_id: int, sign_in: Callable[[int], Visitor], ask: Ask
) -> None:
    presses: list[Press] = []
    for _ in range(TIMES):
        planner = sign_in(person_id)
        presses += [
            post(planner, "/plan/commit", words="I listen", by=SOON, dimension=""),
            post(planner, f"/plan/offers/{SELF_PACED}"),
            post(planner, "/plan/assess-again", when="6"),
            post(planner, "/plan/share", manager_name="Mo", manager_email=BOSS),
        ]
    assert set(press_all(presses)) == {302}
    assert ask(lambda: [rows(one) for one in (Commitment, PlannedOffer, Reassessment, PlanShare)]) == [1, 1, 1, 1]
    assert len(ask(mails)) == 1, "one link, and it is the one that works"
    visitor = Visitor(app)
    visitor.get(link(ask))


def test_what_a_manager_writes_many_times_at_once_stands_once_and_stopping_meanwhile_ends_it(
    app: Flask, person_id: int, sign_in: Callable[[int], Visitor], ask: Ask
) -> None:
    planner = sign_in(person_id)
    planner.post("/plan/share", {"csrf_token": planner.csrf_token(), "manager_name": "Mo", "manager_email": BOSS})
    address = link(ask)
    writing = [post(Visitor(app), address, step="", words="Well begun") for _ in range(TIMES)]
    stopping = [post(sign_in(person_id), "/plan/share/stop") for _ in range(2)]
    statuses = press_all([*writing, *stopping])
    assert set(statuses) <= {302, 404, 409}
    assert ask(lambda: rows(PlanComment)) <= 1
    assert ask(lambda: audited("plan sharing ended")) == 1
    Visitor(app).get(address, status=404)
    assert ask(lambda: db.session.scalars(select(AuditEvent.actor_key).where(AuditEvent.action == "plan shared")).all())
