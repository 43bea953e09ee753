"""Somebody who came by a link that is graded, and the platform's message for what they have done."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from catalogue.attendance.actions import do_step
from catalogue.enrolments import actions as enrolments
from catalogue.extensions import db
from catalogue.offers.models import Offer
from catalogue.transactions import run
from lti.models import Identity
from tests.enrolments.conftest import SELF_PACED
from tests.lti.platform import AGS, LEFT_OUT, SCOPES, TEACHER, Platform
from tests.visitor import Visitor

REVIEW = "LtiSubmissionReviewRequest"
ITEM = "/items/7/lineitem?type_id=1"
ONE_OFFER = {"target": "offer", "offer": SELF_PACED}
Act = Callable[[Callable[[], Any]], Any]


@pytest.fixture
def act(app: Flask) -> Act:
    def acts(action: Callable[[], Any]) -> Any:
        with app.app_context():
            return run(action)

    return acts


@pytest.fixture
def arrived(visitors: Callable[[], Visitor], platform: Platform) -> Visitor:
    """Sam, who came through a link for one offer whose line item the platform named."""
    visitor = visitors()
    come(visitor, platform, sub="4", name="Sam Student")
    return visitor


def come(visitor: Visitor, platform: Platform, roles: Any = None, item: str = ITEM, **claims: Any) -> None:
    platform.launch(
        visitor, roles, change=lambda made: made[AGS].update(lineitem=platform.url + item), custom=ONE_OFFER, **claims
    )


def open_submission(
    visitor: Visitor, platform: Platform, roles: Any = None, *, of: Any = "4", item: str = ITEM, status: int = 303,
    **claims: Any,
) -> None:  # fmt: skip
    """The platform's message for a learner's submission; ``item`` is the path of the line item."""

    def name_item(made: dict[str, Any]) -> None:
        made[AGS] = {"scope": SCOPES, "lineitem": platform.url + item}

    given: dict[str, Any] = {"sub": "3", "name": "Tina Teacher", "resource_link": LEFT_OUT}
    given |= {"message_type": REVIEW, "for_user": {"user_id": of}} | claims
    platform.launch(visitor, TEACHER if roles is None else roles, status=status, change=name_item, **given)


def do_steps(act: Act, count: int, sub: str = "4") -> int:
    """Sam enrols, and does so many steps; returns the enrolment's id."""

    def do() -> int:
        person = db.session.scalars(select(Identity).where(Identity.sub == sub)).one().person
        offer = db.session.scalars(select(Offer).where(Offer.slug == SELF_PACED)).one()
        enrolment = enrolments.enrol(person, offer, None)
        for step in enrolment.version.steps[:count]:
            do_step(enrolment, step)
        return enrolment.id

    return int(act(do))
