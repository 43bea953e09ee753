"""How a badge says that its offer is completed is how it is completed: by the rules of attendance."""

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from catalogue.credentials.badges import version_mark
from catalogue.extensions import db
from catalogue.offers.models import Offer
from catalogue.transactions import run
from tests.attendance.conftest import PROGRAMME, add_programme, like, offer_of
from tests.enrolments.conftest import SELF_PACED, WITH_RUNS
from tests.visitor import Visitor

ELSEWHERE = "Or completed it in another learning system, as the provider confirmed."
STEPS_ELSEWHERE = "Offers among the steps may have been completed in other learning systems."


def narrative(app: Flask, visitor: Visitor, slug: str, **values: Any) -> str:
    """What the achievement's address says, of an offer like this one but for these values."""

    def made() -> str:
        return version_mark(like(offer_of(slug).published, "like-it", **values).published)

    with app.app_context():
        mark = run(made)
    visitor.get(f"/credentials/achievements/{mark}")
    said: str = visitor.response.get_json()["criteria"]["narrative"]
    return said


@pytest.mark.parametrize(
    ("slug", "values", "said"),
    [
        (WITH_RUNS, {}, "Took part, as the provider confirmed."),
        (WITH_RUNS, {"reassessment_needed": True},
         "Took part, as the provider confirmed. Assessed their own leadership again, after joining."),
        (SELF_PACED, {"reassessment_needed": True}, "Assessed their own leadership again, after joining."),
        (WITH_RUNS, {"sessions_needed": 2},
         "Attended 2 sessions or more, or all of them where there were fewer. "
         "Or took part, as the provider confirmed."),
        (WITH_RUNS, {"sessions_needed": 1, "reassessment_needed": True},
         "Attended 1 session or more, or all of them where there were fewer. "
         "Or took part, as the provider confirmed. Assessed their own leadership again, after joining."),
    ],
)  # fmt: skip
def test_it_says_what_is_asked_and_who_else_may_say_that_it_was_done(
    app: Flask, visitor: Visitor, slug: str, values: dict[str, Any], said: str
) -> None:
    none = {"sessions_needed": None, "reassessment_needed": False}
    assert narrative(app, visitor, slug, **none | values) == f"{said} {ELSEWHERE}"


def test_of_a_programme_it_names_the_steps_and_how_many_of_a_choice(app: Flask, visitor: Visitor) -> None:
    def made() -> str:
        other = db.session.scalars(
            select(Offer.slug)
            .join(Offer.published)
            .where(Offer.slug.not_in([SELF_PACED, WITH_RUNS]))
            .order_by(Offer.id)
            .limit(1)
        ).one()
        add_programme(needed=(SELF_PACED,), electives=(WITH_RUNS, other), choose=1)
        db.session.flush()
        return version_mark(offer_of(PROGRAMME).published)

    with app.app_context():
        mark = run(made)
    visitor.get(f"/credentials/achievements/{mark}")
    assert visitor.response.get_json()["criteria"]["narrative"] == (
        f"Did: {SELF_PACED}. Electives: did 1 of 2. Or took part, as the provider confirmed. {ELSEWHERE} "
        f"{STEPS_ELSEWHERE}"
    )
