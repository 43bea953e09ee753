"""What a tool may send about line items and scores, read strictly. Pure; raises Refused.

https://www.imsglobal.org/spec/lti-ags/v2p0
"""

from collections.abc import Collection
from datetime import datetime
from math import isfinite
from typing import Any

from lti1p3platform.score import ActivityProgress, GradeProgress

from lti.practice.errors import Refused
from lti.practice.records import Grade, LineItem

ACTIVITY = {one.value for one in ActivityProgress}
GRADING = {one.value for one in GradeProgress}


def read_score(sent: Any, item: LineItem, learner_ids: Collection[str]) -> Grade:
    """The grade that a score makes. Only FullyGraded with a scoreGiven has points: anything else clears them,
    which is what Moodle does."""
    body = _object(sent)
    for name in ("userId", "timestamp", "activityProgress", "gradingProgress"):
        if not isinstance(body.get(name), str) or not body[name]:
            raise Refused(400, f"a score needs {name}, as a string")
    if body["activityProgress"] not in ACTIVITY:
        raise Refused(400, f"activityProgress must be one of {', '.join(sorted(ACTIVITY))}")
    if body["gradingProgress"] not in GRADING:
        raise Refused(400, f"gradingProgress must be one of {', '.join(sorted(GRADING))}")
    if body["userId"] not in learner_ids:
        raise Refused(400, "this person can't be graded in this course")
    points = None
    if body.get("scoreGiven") is not None:
        given = _number(body, "scoreGiven")
        maximum = _number(body, "scoreMaximum")
        if given < 0 or maximum <= 0:
            raise Refused(400, "scoreGiven must not be negative, and scoreMaximum must be positive")
        if body["gradingProgress"] == GradeProgress.FULLYGRADED.value:
            points = given * item.score_maximum / maximum
    return Grade(
        item.id,
        body["userId"],
        points,
        _text(body, "comment"),
        body["activityProgress"],
        body["gradingProgress"],
        _seconds(body["timestamp"]),
    )


def read_line_item(sent: Any, link_ids: Collection[str]) -> dict[str, Any]:
    """The values of a line item, named as the store names them."""
    body = _object(sent)
    link_id = body.get("resourceLinkId", body.get("ltiLinkId"))
    if link_id is not None and link_id not in link_ids:
        raise Refused(403, "resourceLinkId is not a link of this tool in this course")
    return read_column(body) | {"link_id": link_id}


def read_column(sent: Any, label: str = "") -> dict[str, Any]:
    """What a line item says apart from its link; `label` is for one that has none of its own."""
    body = _object(sent)
    label = _text(body, "label") or label
    maximum = _number(body, "scoreMaximum")
    if not label.strip() or maximum <= 0:
        raise Refused(400, "a line item needs a label, and a scoreMaximum above 0")
    return {
        "label": label,
        "score_maximum": maximum,
        "resource_id": _text(body, "resourceId"),
        "tag": _text(body, "tag"),
        "submission_review": _submission_review(body.get("submissionReview")),
    }


def _submission_review(sent: Any) -> dict[str, Any] | None:
    """https://www.imsglobal.org/spec/lti-sr/v1p0"""
    if sent is None:
        return None
    review = _object(sent)
    if "custom" in review:
        read_custom(review["custom"])
    return review


def read_custom(sent: Any) -> dict[str, str]:
    """Custom parameters. Moodle keeps them as lines of key=value, so neither may break a line."""
    custom = _object(sent)
    for key, value in custom.items():
        if not isinstance(value, str):
            raise Refused(400, f"the custom parameter {key} must be a string")
        if not key or "=" in key or any(mark in key + value for mark in "\r\n"):
            raise Refused(400, f"the custom parameter {key} must fit on one line, as key=value")
    return custom


def _object(sent: Any) -> dict[str, Any]:
    if not isinstance(sent, dict):
        raise Refused(400, "the body must be a JSON object")
    return sent


def _number(body: dict[str, Any], name: str) -> float:
    value = body.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        raise Refused(400, f"{name} must be a number")
    return float(value)


def _text(body: dict[str, Any], name: str) -> str:
    value = body.get(name)
    if value is not None and not isinstance(value, str):
        raise Refused(400, f"{name} must be a string")
    return value or ""


def _seconds(timestamp: str) -> int:
    """Whole seconds: Moodle compares no finer than that."""
    try:
        moment = datetime.fromisoformat(timestamp)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise Refused(400, "timestamp must be ISO 8601, with its offset from UTC")
    return int(moment.timestamp())
