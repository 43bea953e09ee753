"""People of a course, as its platform lists them and as its teacher's page does."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from catalogue.enrolments import actions as enrolments
from catalogue.enrolments import completing as completing_actions
from catalogue.enrolments.models import CompletedBy
from catalogue.extensions import db
from catalogue.offers.models import Offer, OfferVersion
from catalogue.people.models import Person
from catalogue.transactions import run
from lti.models import Identity
from tests.visitor import Visitor


def member(sub: str, name: str, role: str = "Learner", **more: Any) -> dict[str, Any]:
    return {"user_id": sub, "name": name, "roles": [role], "status": "Active"} | more


@pytest.fixture
def complete(app: Flask) -> Callable[[str], str]:
    """A person of a platform completes an offer at their own pace; returns its slug."""

    def completing(sub: str) -> str:
        offer = db.session.scalars(
            select(Offer).join(Offer.published).where(OfferVersion.mode == "self-paced").order_by(Offer.id).limit(1)
        ).one()
        identity = db.session.scalars(select(Identity).where(Identity.sub == sub)).one()
        person = db.session.get_one(Person, identity.person_id)
        completing_actions.complete(enrolments.enrol(person, offer, None), CompletedBy.LAST_STEP, person)
        return offer.slug

    def completes(sub: str) -> str:
        with app.app_context():
            return run(lambda: completing(sub))

    return completes


def rows(visitor: Visitor) -> list[list[str]]:
    for heading in visitor.page.select(".nhsuk-table-responsive__heading"):
        heading.extract()
    return [[" ".join(c.get_text().split()) for c in row.select("td")] for row in visitor.page.select("tbody tr")]
