"""A score on its way: a delivery to a line item, for one learner.

Assignment and Grade Services 2.0, section 3.4: https://www.imsglobal.org/spec/lti-ags/v2p0#score-publish-service
"""

from typing import Any

from lti.grading.line_items import LINE_ITEM, LINE_ITEM_READ, MAXIMUM
from lti.grading.results import RESULT_READ

KIND = "score"
SCORE = "https://purl.imsglobal.org/spec/lti-ags/scope/score"
ASKED_SCOPES = (LINE_ITEM, LINE_ITEM_READ, SCORE, RESULT_READ)


def lane(link_id: int, offer_id: int, identity_id: int) -> str:
    """In it scores go out in order: those of one link, one offer, one learner."""
    return f"{KIND}:{link_id}:{offer_id}:{identity_id}"


def lane_of(payload: dict[str, Any]) -> str:
    return lane(payload["link_id"], payload["offer_id"], payload["identity_id"])


def given_in(payload: dict[str, Any]) -> float | None:
    """Of 100; none where the grade is to be cleared.

    What was written before progress was graded said nothing, and was a completion.
    """
    given: float | None = payload.get("given", MAXIMUM)
    return given
