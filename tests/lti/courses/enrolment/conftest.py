"""A course of six learners with its teacher, a run with four places, and who has one."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import func, select

from catalogue.enrolments.models import Enrolment
from catalogue.extensions import db
from catalogue.offers.models import Offer, Run
from catalogue.outbox import Delivery
from catalogue.people.models import Person
from catalogue.systems.models import Membership
from lti.models import Identity
from tests.conftest import events_but_readings
from tests.enrolments.conftest import WITH_RUNS, Ask
from tests.lti.courses.conftest import member
from tests.lti.platform import TEACHER, Platform
from tests.visitor import Visitor


@pytest.fixture
def run_id(change: Ask) -> int:
    """A run with four places."""
    return int(change(lambda: set_run(places=4)))


def set_run(**values: Any) -> int:
    found = db.session.scalars(
        select(Run).join(Run.offer).where(Offer.slug == WITH_RUNS).order_by(Run.starts_on).limit(1)
    ).one()
    for name, value in values.items():
        setattr(found, name, value)
    return found.id


@pytest.fixture
def teacher(visitors: Callable[[], Visitor], platform: Platform) -> Visitor:
    """Of a course of six learners, of whom nobody has come."""
    platform.members = [member("3", "Tina Teacher", "Instructor")] + [
        member(str(number), f"Learner {number}", email=f"{number}@example.com") for number in range(11, 17)
    ]
    visitor = visitors()
    platform.launch(visitor, TEACHER, sub="3", name="Tina Teacher")
    return visitor


def tick(visitor: Visitor, run_id: int, *subs: str, status: int = 302) -> None:
    """Choose the run on its page, tick these people, and confirm."""
    path = f"/lti/course/1/enrol?run={run_id}"
    token = str(visitor.get(path).select_one("main input[name=csrf_token]")["value"])  # type: ignore[index]
    visitor.post(path, {"csrf_token": token, "people": list(subs)}, status)


def booked() -> list[tuple[str, str]]:
    """Who has a place, by ``sub``, and how it stands."""
    rows = db.session.execute(
        select(Identity.sub, Enrolment.state)
        .join(Enrolment, Enrolment.person_id == Identity.person_id)
        .order_by(Identity.sub)
    )
    return [(sub, str(state)) for sub, state in rows]


def count_all() -> dict[str, int]:
    models = (Person, Identity, Membership, Enrolment, Delivery)
    found = {one.__name__: db.session.scalar(select(func.count()).select_from(one)) or 0 for one in models}
    return found | {"AuditEvent": events_but_readings()}


def mails() -> list[dict[str, str]]:
    return list(db.session.scalars(select(Delivery.payload).where(Delivery.kind == "mail").order_by(Delivery.id)))


def checkbox(visitor: Visitor, sub: str) -> Any:
    found = visitor.page.select_one(f"input[type=checkbox][value='{sub}']")
    assert found is not None
    return found
