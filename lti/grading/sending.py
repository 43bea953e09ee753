"""A score goes to the platform, by the worker, in the order of its lane.

Assignment and Grade Services 2.0, section 3.4: https://www.imsglobal.org/spec/lti-ags/v2p0#score-publish-service
Moodle clears a grade that is not FullyGraded: progress is sent as InProgress, and FullyGraded. A score without
``scoreGiven`` says that there is none, and clears what there was.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from catalogue.enrolments.models import Completion, Enrolment
from catalogue.extensions import db
from catalogue.outbox import Delivery, DeliveryState, TryAgain
from catalogue.transactions import run
from lti.addresses import below
from lti.claims import Grading
from lti.grading import line_items, results
from lti.grading.line_items import MAXIMUM, Wanted
from lti.grading.results import RESULT_READ, Held
from lti.grading.scores import ASKED_SCOPES, given_in, lane, lane_of
from lti.keys import KeysLocked
from lti.models import Arrival, Identity, ResourceLink
from lti.services import Service, ServiceRefused

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
    given: float | None  # of 100; none where the grade is to be cleared
    is_complete: bool
    lane: str
    sent: list[_Sent]

    def is_wanted(self, grade: Held | None) -> bool:
        if self.given is None:
            return grade is None
        return grade is not None and grade.is_share(self.given / MAXIMUM)

    def sent_before(self, grade: Held, url: str) -> list[dict[str, Any]]:
        """Which of ours, in this line item, the platform holds."""
        return [
            one.payload
            for one in self.sent
            if self.lane == lane_of(one.payload) or one.url == url
            if (given := given_in(one.payload)) is not None and grade.is_share(given / MAXIMUM)
        ]


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
    its_lane = lane_of(payload)
    if any(its_lane == lane_of(one.payload) and _is_newer(one.payload, payload) for one in sent):
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
        identity.sub, payload["timestamp"], given_in(payload), completion is not None, its_lane, sent,
    )  # fmt: skip


def _sent_last(identity_id: int, offer_id: int) -> list[_Sent]:
    """What the platform was given last of a learner and an offer, in each lane: links can share a line item."""
    came_by = (
        select(ResourceLink)
        .join(Arrival, Arrival.resource_link_id == ResourceLink.id)
        .where(Arrival.identity_id == identity_id)
    )
    urls = line_items.all_known(db.session.scalars(came_by).all(), offer_id)
    lanes = {lane(link_id, offer_id, identity_id): url for link_id, url in urls.items()}
    delivered = select(Delivery.payload).where(Delivery.lane.in_(lanes), Delivery.state == DeliveryState.DELIVERED)
    last: dict[str, dict[str, Any]] = {}
    for payload in db.session.scalars(delivered):
        its_lane = lane_of(payload)
        if UNSENT not in payload and (its_lane not in last or _is_newer(payload, last[its_lane])):
            last[its_lane] = payload
    return [_Sent(payload, lanes[its_lane]) for its_lane, payload in last.items()]


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
        if job.is_wanted(grade):
            return ""
        if grade is not None:
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
    score: dict[str, Any] = {
        "userId": job.sub,
        "activityProgress": "Completed" if job.is_complete else "InProgress",
        "gradingProgress": "FullyGraded" if job.given is not None else "NotReady",
        "timestamp": job.timestamp,
    }
    if job.given is not None:
        score |= {"scoreGiven": job.given, "scoreMaximum": MAXIMUM}
    job.service.call("POST", below(url, "scores"), media=SCORE_TYPE, body=score)


def _settle(job: _Job, url: str) -> None:
    """A 409: the platform holds something as new. The same is what we want; else a person has to look."""
    if RESULT_READ not in job.wanted.scopes:
        raise ScoreConflict("the platform holds a newer grade, and does not let us read it")
    grade = results.held(job.service, url, job.sub)
    if not job.is_wanted(grade):
        raise ScoreConflict(f"the platform holds another grade, given later ({grade or 'none, or 0'}); it was left")
