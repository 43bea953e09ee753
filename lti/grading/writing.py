"""What a learner has done becomes a score for the gradebook of every course that they came through.

Assignment and Grade Services 2.0, section 3.4: https://www.imsglobal.org/spec/lti-ags/v2p0#score-publish-service
Written in the transaction of the step or the completion. Timestamps grow in a lane, by whole seconds, since that is how
Moodle tells which is newer.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from flask import current_app
from sqlalchemy import select

from catalogue import outbox
from catalogue.clock import now
from catalogue.enrolments.models import Completion, Enrolment
from catalogue.extensions import db
from catalogue.outbox import Delivery
from lti.claims import Grading
from lti.grading import line_items
from lti.grading.line_items import MAXIMUM
from lti.grading.scores import KIND, SCORE, lane_of
from lti.models import Arrival, Identity, ResourceLink


def record(_sender: object, *, completion: Completion) -> None:
    """Within the completion's transaction, write a delivery for each link that they learn through."""
    what = {"completion_id": completion.id, "completed_at": _iso(completion.at)}
    _write(completion.enrolment, MAXIMUM, what, Grading.COMPLETION, Grading.PROGRESS)


def record_progress(_sender: object, *, enrolment: Enrolment, done: int, total: int) -> None:
    """Within the step's transaction, the same, where a link grades progress.

    The last step is a completion, which writes for itself; and who has completed the offer before keeps that.
    """
    if done >= total or _has_completed(enrolment):
        return
    _write(enrolment, round(MAXIMUM * done / total, 2), {"enrolment_id": enrolment.id}, Grading.PROGRESS)


def _write(enrolment: Enrolment, given: float, what: dict[str, Any], *gradings: Grading) -> None:
    """A second lies between any two: links of a course may share a line item."""
    written = [
        {"link_id": link.id, "identity_id": identity.id, "offer_id": enrolment.offer_id, "given": given} | what
        for identity, link in _graded_through(enrolment, *gradings)
    ]
    if not written:
        return
    moment = _next_timestamp([lane_of(payload) for payload in written])
    for number, payload in enumerate(written):
        timestamp = _iso(moment + timedelta(seconds=number))
        outbox.write(KIND, lane_of(payload), payload | {"timestamp": timestamp})


def _graded_through(enrolment: Enrolment, *gradings: Grading) -> list[tuple[Identity, ResourceLink]]:
    if "lti" not in current_app.extensions:
        return []  # the catalogue on its own, in the same process
    arrivals = db.session.execute(
        select(Identity, ResourceLink)
        .join_from(Arrival, Identity)
        .join(ResourceLink)
        .where(
            Identity.person_id == enrolment.person_id,
            Arrival.is_learner,
            ResourceLink.grading.in_(gradings),
        )
        .order_by(Arrival.id)
    )
    slug = enrolment.offer.slug
    return [(who, link) for who, link in arrivals if SCORE in link.scopes and line_items.grades(link, slug)]


def _has_completed(enrolment: Enrolment) -> bool:
    standing = select(Completion.id).where(
        Completion.person_id == enrolment.person_id,
        Completion.offer_id == enrolment.offer_id,
        Completion.voided_at.is_(None),
    )
    return db.session.scalar(standing.limit(1)) is not None


def _next_timestamp(lanes: list[str]) -> datetime:
    """Now, or a second after the last one in these lanes: two steps at once, or a clock that was set back."""
    written = db.session.scalars(select(Delivery.payload).where(Delivery.lane.in_(lanes)))
    last = max((str(payload["timestamp"]) for payload in written), default=None)
    return max(now(), datetime.fromisoformat(last) + timedelta(seconds=1)) if last else now()


def _iso(moment: datetime) -> str:
    """Always of the same form, so that they sort as text."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")
