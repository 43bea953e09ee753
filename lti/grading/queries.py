"""How far the grades of each platform are."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from catalogue.clock import now
from catalogue.extensions import db
from catalogue.outbox import Delivery, DeliveryState
from lti.grading.scores import KIND
from lti.models import Deployment, Platform, ResourceLink


@dataclass
class Grades:
    """How many scores are where; the oldest that waits."""

    waiting: int = 0
    delivered: int = 0
    parked: int = 0
    oldest_waiting: datetime | None = None

    @property
    def oldest_waiting_seconds(self) -> int:
        return max(0, int((now() - self.oldest_waiting).total_seconds())) if self.oldest_waiting else 0

    def add(self, state: str, count: int, oldest: datetime) -> None:
        setattr(self, state, getattr(self, state) + count)
        if state == DeliveryState.WAITING:
            self.oldest_waiting = min(self.oldest_waiting or oldest, oldest)


def grades_by_platform() -> dict[int, Grades]:
    """By platform; the link that a score goes through says whose it is."""
    link_id = Delivery.payload["link_id"].as_integer()
    rows = db.session.execute(
        select(Deployment.platform_id, Delivery.state, func.count(), func.min(Delivery.created_at))
        .join(ResourceLink, ResourceLink.id == link_id)
        .join(Deployment, Deployment.id == ResourceLink.deployment_id)
        .where(Delivery.kind == KIND)
        .group_by(Deployment.platform_id, Delivery.state)
    )
    found: dict[int, Grades] = defaultdict(Grades)
    for platform_id, state, count, oldest in rows:
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


def parked(limit: int = 50) -> list[tuple[Delivery, Platform]]:
    """Scores that need a person, newest first."""
    link_id = Delivery.payload["link_id"].as_integer()
    return list(
        db.session.execute(
            select(Delivery, Platform)
            .join(ResourceLink, ResourceLink.id == link_id)
            .join(Deployment, Deployment.id == ResourceLink.deployment_id)
            .join(Platform, Platform.id == Deployment.platform_id)
            .where(Delivery.kind == KIND, Delivery.state == DeliveryState.PARKED)
            .order_by(Delivery.id.desc())
            .limit(limit)
        )
    )
