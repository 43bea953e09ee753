"""How far the grades of each platform are, and which of them need a person."""

import re
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Select, func, select

from catalogue.clock import now
from catalogue.extensions import db
from catalogue.offers.models import Offer, OfferVersion
from catalogue.outbox import Delivery, DeliveryState
from lti.grading.scores import KIND, given_in
from lti.models import Context, Deployment, Identity, Platform, ResourceLink

S = TypeVar("S", bound=Select[*tuple[Any, ...]])
PAGE = 25
REFUSED = {
    "400": "The platform could not take it. Perhaps this person is in the course no longer, or is not graded there.",
    "401": "The platform does not let Every Seat write grades there. Look at what the tool may do.",
    "403": "The platform does not let Every Seat write grades there. Look at what the tool may do.",
    "404": "The platform has no place for this grade any more. Perhaps the activity or the course was deleted.",
    "": "The platform refused it.",
}
"""By the platform's answer."""


@dataclass
class Grades:
    """How many scores are where; the oldest that waits."""

    waiting: int = 0
    delivered: int = 0
    parked: int = 0
    dropped: int = 0
    oldest_waiting: datetime | None = None

    @property
    def oldest_waiting_seconds(self) -> int:
        return max(0, int((now() - self.oldest_waiting).total_seconds())) if self.oldest_waiting else 0

    def add(self, state: str, count: int, oldest: datetime) -> None:
        setattr(self, state, getattr(self, state) + count)
        if state == DeliveryState.WAITING:
            self.oldest_waiting = min(self.oldest_waiting or oldest, oldest)


def with_deployment(found: S) -> S:
    """Of deliveries the scores, each joined to its ``ResourceLink`` and the ``Deployment`` that says whose it is."""
    return (
        found.select_from(Delivery)
        .join(ResourceLink, ResourceLink.id == Delivery.payload["link_id"].as_integer())
        .join(Deployment, Deployment.id == ResourceLink.deployment_id)
        .where(Delivery.kind == KIND)
    )


def grades_by_platform() -> dict[int, Grades]:
    """By the platform's id; only platforms that have scores."""
    counted = select(Deployment.platform_id, Delivery.state, func.count(), func.min(Delivery.created_at))
    by_state = with_deployment(counted).group_by(Deployment.platform_id, Delivery.state)
    found: dict[int, Grades] = defaultdict(Grades)
    for platform_id, state, count, oldest in db.session.execute(by_state):
        found[platform_id].add(state, count, oldest)
    return found


def all_grades(by_platform: dict[int, Grades]) -> Grades:
    counted = by_platform.values()
    return Grades(
        waiting=sum(grades.waiting for grades in counted),
        delivered=sum(grades.delivered for grades in counted),
        parked=sum(grades.parked for grades in counted),
        oldest_waiting=min((g.oldest_waiting for g in counted if g.oldest_waiting), default=None),
    )


@dataclass(frozen=True, slots=True)
class Parked:
    """A score that needs a person. Of the learner it has what the platform calls them, and no name."""

    delivery: Delivery
    platform: Platform
    course: str
    offer: str
    sub: str

    @property
    def given(self) -> float | None:
        """Of 100; none where the grade is to be cleared."""
        return given_in(self.delivery.payload)

    @property
    def reason(self) -> str:
        return in_words(self.delivery.last_error)

    @property
    def answer(self) -> str:
        """What was said by the platform, or by us, where the reason does not say it already."""
        said = self.delivery.last_error.removeprefix("ServiceRefused: ").removeprefix("ScoreConflict: ")
        return "" if said[1:] in self.reason else said


@dataclass(frozen=True, slots=True)
class ParkedPage:
    scores: list[Parked]
    next_before: int | None


def parked(before: int | None = None) -> ParkedPage:
    """A page of scores that need a person, newest first; ``before`` is the id of the last one of the page before."""
    shown = select(Delivery, Platform, Context.title, Context.label, Offer.slug, OfferVersion.title, Identity.sub)
    found = (
        with_deployment(shown)
        .join(Platform, Platform.id == Deployment.platform_id)
        .join(Identity, Identity.id == Delivery.payload["identity_id"].as_integer())
        .join(Offer, Offer.id == Delivery.payload["offer_id"].as_integer())
        .outerjoin(Offer.published)
        .outerjoin(Context, Context.id == ResourceLink.context_id)
        .where(Delivery.state == DeliveryState.PARKED)
        .order_by(Delivery.id.desc())
        .limit(PAGE + 1)
    )
    if before is not None:
        found = found.where(Delivery.id < before)
    rows = [
        Parked(delivery, platform, course or label or "", title or slug, sub)
        for delivery, platform, course, label, slug, title, sub in db.session.execute(found)
    ]
    return ParkedPage(rows[:PAGE], rows[PAGE - 1].delivery.id if len(rows) > PAGE else None)


def parked_by_platform() -> list[tuple[Platform, int]]:
    """Platforms with scores that need a person, and how many."""
    counts = {platform_id: grades.parked for platform_id, grades in grades_by_platform().items() if grades.parked}
    found = select(Platform).where(Platform.id.in_(counts)).order_by(Platform.name, Platform.id)
    return [(platform, counts[platform.id]) for platform in db.session.scalars(found)]


def in_words(last_error: str) -> str:
    """Why a score is parked, for an administrator; what the platform answered stands beside it."""
    kind, _, said = last_error.partition(": ")
    if kind == "ScoreConflict":
        return f"{said[:1].upper()}{said[1:]}."
    if kind == "ServiceRefused":
        answer = re.search(r"answer (\d{3})", said)
        return REFUSED.get(answer[1], REFUSED[""]) if answer else f"{said[:1].upper()}{said[1:]}."
    if kind.isidentifier():  # the name of a fault of our own
        return "Something went wrong in Every Seat. It stands in the log."
    return "It could not be sent for three days, and is not tried any more."
