"""What a learner has done becomes a score in the gradebook of every course that they came through.

Assignment and Grade Services 2.0, section 3.4: https://www.imsglobal.org/spec/lti-ags/v2p0#score-publish-service
Written in the transaction of the step or the completion, sent by the worker, in the order of its lane: one learner,
one offer, one link. Timestamps grow in a lane, by whole seconds, since that is how Moodle tells which is newer. It
also clears a grade that is not FullyGraded: progress is sent as InProgress, and FullyGraded.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import current_app
from sqlalchemy import select

from catalogue import outbox
from catalogue.clock import now
from catalogue.enrolments.models import Completion, Enrolment
from catalogue.extensions import db
from catalogue.outbox import Delivery, DeliveryState, TryAgain
from catalogue.transactions import run
from lti.addresses import below
from lti.claims import Grading
from lti.grading import line_items, results
from lti.grading.line_items import LINE_ITEM, LINE_ITEM_READ, MAXIMUM, Wanted
from lti.grading.results import RESULT_READ, Held
from lti.keys import KeysLocked
from lti.models import Arrival, Identity, ResourceLink
from lti.services import Service, ServiceRefused

KIND = "score"
SCORE = "https://purl.imsglobal.org/spec/lti-ags/scope/score"
ASKED_SCOPES = (LINE_ITEM, LINE_ITEM_READ, SCORE, RESULT_READ)
SCORE_TYPE = "application/vnd.ims.lis.v1.score+json"
UNSENT = "unsent"
"""Why a delivery that is done was never sent, in its payload."""
OVERTAKEN = "overtaken"


class ScoreConflict(Exception):
    """The platform holds a grade that is not ours: somebody gave it there, and it is left as it is."""


@dataclass(frozen=True, slots=True)
class _Sent:
    """What was sent last in a lane of this learner and offer, and to which line item."""

    payload: dict[str, Any]
    url: str


@dataclass(frozen=True, slots=True)
class _Job:
    service: Service
    wanted: Wanted
    line_item_url: str
    sub: str
    timestamp: str
    given: float  # of 100
    is_complete: bool
    lane: str
    sent: list["_Sent"]

    def is_wanted(self, grade: Held | None) -> bool:
        return grade is not None and grade.is_share(self.given / MAXIMUM)

    def sent_before(self, grade: Held, url: str) -> list[dict[str, Any]]:
        """Which of ours, in this line item, the platform holds."""
        return [
            one.payload
            for one in self.sent
            if self.lane == lane_of(one.payload) or one.url == url
            if grade.is_share(given_in(one.payload) / MAXIMUM)
        ]


# Writing


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


def lane_of(payload: dict[str, Any]) -> str:
    return f"score:{payload['link_id']}:{payload['offer_id']}:{payload['identity_id']}"


def _next_timestamp(lanes: list[str]) -> datetime:
    """Now, or a second after the last one in these lanes: two steps at once, or a clock that was set back."""
    written = db.session.scalars(select(Delivery.payload).where(Delivery.lane.in_(lanes)))
    last = max((str(payload["timestamp"]) for payload in written), default=None)
    return max(now(), datetime.fromisoformat(last) + timedelta(seconds=1)) if last else now()


def _iso(moment: datetime) -> str:
    """Always of the same form, so that they sort as text."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")


# Sending


def send(payload: dict[str, Any]) -> None:
    """The delivery of kind "score". Raises ``ScoreConflict``, and what services raise.

    Not sent, and done with: a completion that was voided meanwhile, what a link no longer grades, and what a later
    score of the lane has overtaken, since a platform might take the older for the newer.
    """
    job = _job(payload)
    db.session.rollback()  # no transaction stays open while the platform is asked
    left = job if isinstance(job, str) else _try(job)
    if left:
        _leave(payload, left)


def _try(job: _Job) -> str:
    """Deliver in the line item, once more in another where that is gone; returns why it is left, if it is."""
    try:
        url = job.line_item_url or line_items.find_or_make(job.service, job.wanted)
        try:
            return _deliver(job, url)
        except ServiceRefused as refusal:
            if refusal.status != 404 or not job.line_item_url:
                raise
            line_items.forget(job.wanted.link_id, job.wanted.offer_id)
            return _deliver(job, line_items.find_or_make(job.service, job.wanted))
    except KeysLocked as fault:
        raise TryAgain(str(fault)) from fault


def _job(payload: dict[str, Any]) -> _Job | str:
    """What is to be sent; in words, why nothing is."""
    completion_id = payload.get("completion_id")
    completion = db.session.get(Completion, completion_id) if completion_id else None
    enrolment = completion.enrolment if completion else db.session.get(Enrolment, payload.get("enrolment_id", 0))
    link = db.session.get(ResourceLink, payload["link_id"])
    identity = db.session.get(Identity, payload["identity_id"])
    if enrolment is None or link is None or identity is None:
        return "gone"
    if completion is not None and completion.voided_at is not None:
        return "voided"
    if link.grading == Grading.NONE:
        return "not graded"
    sent = _sent_last(identity.id, enrolment.offer_id)
    lane = lane_of(payload)
    if any(lane == lane_of(one.payload) and _is_newer(one.payload, payload) for one in sent):
        return OVERTAKEN
    if not link.platform.active:
        raise TryAgain(f"the platform is {link.platform.state}", timedelta(hours=1))
    wanted = Wanted(
        link.id, link.resource_link_id, link.lineitems_url, tuple(link.scopes),
        enrolment.offer_id, enrolment.offer.slug, enrolment.version.title,
    )  # fmt: skip
    scopes = [scope for scope in ASKED_SCOPES if scope in link.scopes]
    return _Job(
        Service(link.platform, scopes), wanted, line_items.all_known([link], enrolment.offer_id)[link.id],
        identity.sub, payload["timestamp"], given_in(payload), completion is not None, lane, sent,
    )  # fmt: skip


def given_in(payload: dict[str, Any]) -> float:
    """Of 100; what was written before progress was graded said nothing, and was a completion."""
    given: float = payload.get("given", MAXIMUM)
    return given


def _sent_last(identity_id: int, offer_id: int) -> list[_Sent]:
    """What the platform was given last of a learner and an offer, in each lane: links can share a line item."""
    came_by = (
        select(ResourceLink)
        .join(Arrival, Arrival.resource_link_id == ResourceLink.id)
        .where(Arrival.identity_id == identity_id)
    )
    urls = line_items.all_known(db.session.scalars(came_by).all(), offer_id)
    lanes = {
        lane_of({"link_id": link_id, "offer_id": offer_id, "identity_id": identity_id}): url
        for link_id, url in urls.items()
    }
    delivered = select(Delivery.payload).where(Delivery.lane.in_(lanes), Delivery.state == DeliveryState.DELIVERED)
    last: dict[str, dict[str, Any]] = {}
    for payload in db.session.scalars(delivered):
        lane = lane_of(payload)
        if UNSENT not in payload and (lane not in last or _is_newer(payload, last[lane])):
            last[lane] = payload
    return [_Sent(payload, lanes[lane]) for lane, payload in last.items()]


def _is_newer(payload: dict[str, Any], other: dict[str, Any]) -> bool:
    return str(payload["timestamp"]) > str(other["timestamp"])


def _leave(payload: dict[str, Any], why: str) -> None:
    """Note that this one is not sent, so that it never counts as what the platform was given last."""

    def note() -> None:
        waiting = Delivery.state == DeliveryState.WAITING
        for delivery in db.session.scalars(select(Delivery).where(Delivery.lane == lane_of(payload), waiting)):
            if delivery.payload["timestamp"] == payload["timestamp"]:
                delivery.payload = delivery.payload | {UNSENT: why}

    run(note)


def _deliver(job: _Job, url: str) -> str:
    """Look before posting, where the platform lets us: a grade that a teacher gave is never overwritten.

    What is there already needs no posting: such is a score whose answer was lost. Returns why it is left, if it is:
    the platform holds what another link of the course, in the same line item, has sent it since.
    """
    if RESULT_READ in job.wanted.scopes:
        grade = results.held(job.service, url, job.sub)
        if grade is not None:
            if job.is_wanted(grade):
                return ""
            ours = job.sent_before(grade, url)
            if not ours:
                raise ScoreConflict(f"the platform holds another grade ({grade}); it was left as it is")
            if any(payload["timestamp"] > job.timestamp for payload in ours):
                return OVERTAKEN
    try:
        _post(job, url)
    except ServiceRefused as refusal:
        if refusal.status != 409:
            raise
        _settle(job, url)
    return ""


def _post(job: _Job, url: str) -> None:
    score = {
        "userId": job.sub,
        "scoreGiven": job.given,
        "scoreMaximum": MAXIMUM,
        "activityProgress": "Completed" if job.is_complete else "InProgress",
        "gradingProgress": "FullyGraded",
        "timestamp": job.timestamp,
    }
    job.service.call("POST", below(url, "scores"), media=SCORE_TYPE, body=score)


def _settle(job: _Job, url: str) -> None:
    """A 409: the platform holds something as new. The same is what we want; else a person has to look."""
    if RESULT_READ not in job.wanted.scopes:
        raise ScoreConflict("the platform holds a newer grade, and does not let us read it")
    grade = results.held(job.service, url, job.sub)
    if not job.is_wanted(grade):
        raise ScoreConflict(f"the platform holds another grade, given later ({grade or 'none, or 0'}); it was left")
