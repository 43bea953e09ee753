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
from catalogue.attendance import queries as attendance
from catalogue.clock import now
from catalogue.enrolments.models import Completion, Enrolment
from catalogue.extensions import db
from catalogue.outbox import Delivery
from lti.claims import Grading
from lti.grading import line_items
from lti.grading.line_items import MAXIMUM
from lti.grading.scores import KIND, SCORE, given_in, lane_of
from lti.models import Arrival, Identity, ResourceLink


def record(_sender: object, *, completion: Completion) -> None:
    """Within the completion's transaction, write a delivery for each link that they learn through."""
    what = {"completion_id": completion.id, "completed_at": _iso(completion.at)}
    _write(_payloads(completion.enrolment, MAXIMUM, what, Grading.COMPLETION, Grading.PROGRESS))


def record_progress(_sender: object, *, enrolment: Enrolment, done: int, total: int) -> None:
    """Within the step's transaction, the same, where a link grades progress and has been given another grade so far.

    The last of it is a completion, which writes for itself; and who has completed the offer before keeps that.
    """
    if done >= total or _has_completed(enrolment):
        return
    given, what = _share(done, total), {"enrolment_id": enrolment.id}
    scores = _payloads(enrolment, given, what, Grading.PROGRESS)
    last = _last_in([lane_of(score) for score in scores])
    _write([score for score in scores if not _stands(last.get(lane_of(score)), given)])


def record_voided(_sender: object, *, completion: Completion) -> None:
    """Within its transaction, take back the score of a completion from each link that it was written for.

    A link that grades progress goes back to the progress made; one that grades completions had no grade before, and
    has none again: a score without ``scoreGiven`` clears what there was (section 3.4). Whoever has completed the
    offer another time keeps the grade.
    """
    enrolment = completion.enrolment
    if _has_completed(enrolment):
        return
    done, total = attendance.standing(enrolment).progress
    what = {"enrolment_id": enrolment.id, "voids": completion.id}
    shares = _payloads(enrolment, _share(min(done, total - 1), total), what, Grading.PROGRESS)
    cleared = _payloads(enrolment, None, what, Grading.COMPLETION)
    written_for = _lanes_of(completion, [lane_of(score) for score in shares + cleared])
    _write([score for score in shares + cleared if lane_of(score) in written_for])


def _share(done: int, total: int) -> float | None:
    """Of 100; none for nothing."""
    return round(MAXIMUM * done / total, 2) if done > 0 else None


def _payloads(
    enrolment: Enrolment, given: float | None, what: dict[str, Any], *gradings: Grading
) -> list[dict[str, Any]]:
    return [
        {"link_id": link.id, "identity_id": identity.id, "offer_id": enrolment.offer_id, "given": given} | what
        for identity, link in _graded_through(enrolment, *gradings)
    ]


def _last_in(lanes: list[str]) -> dict[str, dict[str, Any]]:
    """By lane, what was written last."""
    written = db.session.execute(
        select(Delivery.lane, Delivery.payload).where(Delivery.lane.in_(lanes)).order_by(Delivery.id)
    )
    return {row.lane: row.payload for row in written}


def _stands(last: dict[str, Any] | None, given: float | None) -> bool:
    """Whether a lane's last score says so much already; where there is none yet, it says that there is no grade."""
    return given == (None if last is None else given_in(last))


def _lanes_of(completion: Completion, lanes: list[str]) -> set[str]:
    """The lanes, of these, in which the completion was written."""
    written = db.session.execute(select(Delivery.lane, Delivery.payload).where(Delivery.lane.in_(lanes)))
    return {row.lane for row in written if row.payload.get("completion_id") == completion.id}


def _write(written: list[dict[str, Any]]) -> None:
    """A second lies between any two: links of a course may share a line item."""
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
