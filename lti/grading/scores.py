"""A completion becomes a score in the gradebook of every course that the learner came through.

Assignment and Grade Services 2.0, section 3.4: https://www.imsglobal.org/spec/lti-ags/v2p0#score-publish-service
Written in the transaction of the completion, sent by the worker. Moodle keeps the newest by whole seconds and
answers 409 to what is not newer: timestamps only ever grow in a lane.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import current_app
from sqlalchemy import select

from catalogue import outbox
from catalogue.clock import now
from catalogue.enrolments.models import Completion
from catalogue.extensions import db
from catalogue.outbox import Delivery, TryAgain
from lti.addresses import below, with_query
from lti.grading import line_items
from lti.grading.line_items import LINE_ITEM, LINE_ITEM_READ, Wanted
from lti.models import Arrival, Identity, ResourceLink
from lti.services import Service, ServiceRefused, json_of

KIND = "score"
SCORE = "https://purl.imsglobal.org/spec/lti-ags/scope/score"
RESULT_READ = "https://purl.imsglobal.org/spec/lti-ags/scope/result.readonly"
ASKED_SCOPES = (LINE_ITEM, LINE_ITEM_READ, SCORE, RESULT_READ)
SCORE_TYPE = "application/vnd.ims.lis.v1.score+json"
RESULTS_TYPE = "application/vnd.ims.lis.v2.resultcontainer+json"


class ScoreConflict(Exception):
    """The platform holds another grade, given later: somebody changed it there, and it is left as it is."""


@dataclass(frozen=True, slots=True)
class _Job:
    service: Service
    wanted: Wanted
    line_item_url: str
    sub: str
    timestamp: str


def record(_sender: object, *, completion: Completion) -> None:
    """Within the completion's transaction, write a delivery for each link that they learn through."""
    if "lti" not in current_app.extensions:
        return  # the catalogue on its own, in the same process
    arrivals = db.session.execute(
        select(Identity, ResourceLink)
        .join_from(Arrival, Identity)
        .join(ResourceLink)
        .where(Identity.person_id == completion.person_id, Arrival.is_learner)
        .order_by(Arrival.id)
    )
    for identity, link in arrivals:
        if SCORE in link.scopes and line_items.grades(link, completion.offer.slug):
            _write(completion, identity, link)


def _write(completion: Completion, identity: Identity, link: ResourceLink) -> None:
    lane = f"score:{link.id}:{completion.offer_id}:{identity.id}"
    outbox.write(
        KIND,
        lane,
        {
            "completion_id": completion.id,
            "link_id": link.id,
            "identity_id": identity.id,
            "offer_id": completion.offer_id,
            "timestamp": _iso(_next_timestamp(lane)),
            "completed_at": _iso(completion.at),
        },
    )


def _next_timestamp(lane: str) -> datetime:
    """Now, or a second after the last one in the lane, should the clock have been set back."""
    last = db.session.scalar(
        select(Delivery.payload).where(Delivery.lane == lane).order_by(Delivery.id.desc()).limit(1)
    )
    if last is None:
        return now()
    return max(now(), datetime.fromisoformat(last["timestamp"]) + timedelta(seconds=1))


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")


def send(payload: dict[str, Any]) -> None:
    """The delivery of kind "score". A completion that was voided meanwhile is not sent."""
    job = _job(payload)
    db.session.rollback()  # no transaction stays open while the platform is asked
    if job is None:
        return
    url = job.line_item_url or line_items.find_or_make(job.service, job.wanted)
    try:
        _post(job, url)
    except ServiceRefused as refusal:
        if refusal.status != 404 or not job.line_item_url:
            raise
        line_items.forget(job.wanted.link_id, job.wanted.offer_id)
        _post(job, line_items.find_or_make(job.service, job.wanted))


def _job(payload: dict[str, Any]) -> _Job | None:
    completion = db.session.get(Completion, payload["completion_id"])
    link = db.session.get(ResourceLink, payload["link_id"])
    identity = db.session.get(Identity, payload["identity_id"])
    if completion is None or completion.voided_at is not None or link is None or identity is None:
        return None
    if not link.platform.active:
        raise TryAgain(f"the platform is {link.platform.state}", timedelta(hours=1))
    wanted = Wanted(
        link.id, link.resource_link_id, link.lineitems_url, tuple(link.scopes),
        completion.offer_id, completion.offer.slug, completion.enrolment.version.title,
    )  # fmt: skip
    scopes = [scope for scope in ASKED_SCOPES if scope in link.scopes]
    return _Job(
        Service(link.platform, scopes), wanted, line_items.known(link, completion.offer_id),
        identity.sub, payload["timestamp"],
    )  # fmt: skip


def _post(job: _Job, url: str) -> None:
    score = {
        "userId": job.sub,
        "scoreGiven": line_items.MAXIMUM,
        "scoreMaximum": line_items.MAXIMUM,
        "activityProgress": "Completed",
        "gradingProgress": "FullyGraded",
        "timestamp": job.timestamp,
    }
    try:
        job.service.call("POST", below(url, "scores"), media=SCORE_TYPE, body=score)
    except ServiceRefused as refusal:
        if refusal.status != 409:
            raise
        _settle(job, url)


def _settle(job: _Job, url: str) -> None:
    """A 409: the platform holds something as new. The same is what we want; else a person has to look."""
    if RESULT_READ not in job.wanted.scopes:
        raise ScoreConflict("the platform holds a newer grade, and does not let us read it")
    address = with_query(below(url, "results"), user_id=job.sub)
    response = job.service.call("GET", address, media=RESULTS_TYPE)
    listed = json_of(response)
    mine = [r for r in listed if isinstance(r, dict) and r.get("userId") == job.sub] if isinstance(listed, list) else []
    if any(_is_full(result) for result in mine):
        return
    held = f"{mine[0].get('resultScore')} of {mine[0].get('resultMaximum')}" if mine else "none, or 0"
    raise ScoreConflict(f"the platform holds another grade, given later ({held}); it was left as it is")


def _is_full(result: dict[str, Any]) -> bool:
    score, maximum = result.get("resultScore"), result.get("resultMaximum")
    numbers = all(isinstance(number, int | float) and not isinstance(number, bool) for number in (score, maximum))
    return numbers and score is not None and score == maximum
