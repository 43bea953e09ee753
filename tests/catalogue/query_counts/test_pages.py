"""How often a page asks the database: a fixed number, however much there is to show."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from catalogue.enrolments.models import (
    Enrolment,
)
from catalogue.extensions import db
from catalogue.people.models import Role
from catalogue.transactions import run
from tests.assessments.closed import closed_assessment
from tests.assessments.test_assessing import choose_seat
from tests.catalogue.query_counts.asking import more_offers, offer_with_runs, people_on
from tests.visitor import Visitor

SELF_PACED, WITH_RUNS = "ten-minute-huddle", "with runs"
PAGES = {
    "/": 15,  # for an administrator: the map
    "/home": 28,
    "/map?view=table": 15,
    "/map/cells.csv": 13,
    "/offers": 30,
    "/offers?view=calendar": 24,
    "/offers/saved": 6,
    "/tokens": 6,
    f"/offers/{SELF_PACED}": 50,
    f"/offers/{WITH_RUNS}": 50,
    "/frameworks": 9,
    "/frameworks/healthcare-leadership-model": 14,
    "/admin/frameworks": 11,
    "/ims/case/v1p1/CFDocuments": 12,
    "/recommendations": 27,
    "/enrolments": 23,
    "result": 15,
    "/assessments": 14,
    "/assessments/answer": 8,
    "/assessments/answer/care": 14,
    "/feeds/xcri.xml": 18,
    "/admin": 7,
    "/track": 25,
    "/track?names=1&by=offer": 31,
    "/track/completions.csv": 17,
    f"/offers/{WITH_RUNS}/register": 21,
    "/admin/audit": 18,
    "/about-you": 7,
    "/privacy": 6,
}
"""By page, how many statements at most, for somebody signed in, with what is loaded in one go counted as one."""


@pytest.mark.parametrize("page", PAGES)
def test_a_page_asks_a_fixed_number_of_times(
    app: Flask, add_person: Callable[..., int], sign_in: Callable[[int], Visitor],
    statements: Callable[[], Any], page: str,
) -> None:  # fmt: skip
    person_id = add_person("Ada", Role.ADMINISTRATOR)
    visitor = sign_in(person_id)
    with app.app_context():
        offer = offer_with_runs()
        offer_id, slug = offer.id, offer.slug
        result = run(lambda: closed_assessment(person_id, level=0))
        run(lambda: people_on(offer_id, person_id, 3))  # one of each state
    choose_seat(visitor)
    path = f"/assessments/{result}" if page == "result" else page.replace(WITH_RUNS, slug)
    visitor.get(path)

    with statements() as few:
        visitor.get(path)
    with app.app_context():
        run(lambda: more_offers(25))
        for _ in range(3):
            run(lambda: closed_assessment(person_id, level=0))

        def many() -> None:
            for enrolment in db.session.scalars(select(Enrolment).where(Enrolment.person_id == person_id)):
                db.session.delete(enrolment)
            db.session.flush()
            people_on(offer_id, person_id, 30)

        run(many)
    visitor.get(path)  # what is counted from memory is read anew, once, after the catalogue has changed
    with statements() as most:
        visitor.get(path)

    sent = "\n".join(most)
    assert len(most) <= len(few), f"{page} asks more often when there is more to show:\n{sent}"
    assert len(few) <= PAGES[page], f"{page} asks {len(few)} times:\n{sent}"
