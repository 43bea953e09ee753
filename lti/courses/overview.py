"""A teacher's view of their course: who has come, and how far they are. No answers, no levels.

Only what came of this course counts: since a learner first opened one of its links, on what those opened then.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime

import structlog
from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from catalogue.assessments.models import Assessment, AssessmentState
from catalogue.enrolments.models import ACTIVE, Completion, Enrolment
from catalogue.extensions import db
from catalogue.outbox import TryAgain
from catalogue.people.models import SignIn
from lti.courses.roster import members
from lti.models import Arrival, Identity, ResourceLink
from lti.services import ServiceRefused

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Row:
    """One learner of the course. Counts are of offers."""

    name: str
    opened: bool
    assessed: bool = False
    enrolled: int = 0
    completed: int = 0


@dataclass(frozen=True, slots=True)
class Overview:
    """``whole``: the platform's own list is in it; else it has only who opened a link of the course."""

    title: str
    rows: list[Row]
    whole: bool


@dataclass
class _Came:
    """A learner who came through links of the course: since when, and for which offers (None: any)."""

    person_id: int
    name: str
    since: datetime
    slugs: set[str] | None = field(default_factory=set)

    def counts(self, at: datetime | None, slug: str | None = None) -> bool:
        covered = self.slugs is None or (slug is not None and slug in self.slugs)
        return covered and at is not None and at >= self.since


def taught(link_id: int, sign_in: SignIn) -> ResourceLink | None:
    """The link, if this very sign-in came through it, from its platform, as an instructor."""
    if sign_in.arrived_at != f"link:{link_id}":
        return None  # what somebody was once, they need not be any more
    arrival = db.session.scalar(
        select(Arrival)
        .join(Identity)
        .where(
            Arrival.resource_link_id == link_id,
            Arrival.is_instructor,
            Identity.person_id == sign_in.person_id,
        )
    )
    if arrival is None or arrival.identity.platform.via != sign_in.via:
        return None
    return arrival.resource_link


def overview(link: ResourceLink) -> Overview:
    came = _came(link)
    reached = _reached({one.person_id: one for one in came.values()})
    title = link.context.title or link.context.label if link.context else link.title
    listed = _listed(link)
    if listed is None:
        rows = [_row(one.name, one, reached) for one in came.values()]
    else:
        rows = [_row(name or (came[sub].name if sub in came else ""), came.get(sub), reached) for sub, name in listed]
    return Overview(title, sorted(rows, key=lambda row: (row.name == "", row.name.casefold())), listed is not None)


def _listed(link: ResourceLink) -> list[tuple[str, str]] | None:
    """The learners of the course as the platform lists them; nothing where it can't or won't."""
    if not link.roster_url:
        return None
    try:
        return [(member.sub, member.name) for member in members(link) if member.is_learner]
    except (TryAgain, ServiceRefused) as fault:
        log.warning("no list of members", link=link.id, reason=str(fault))
        return None


def _came(link: ResourceLink) -> dict[str, _Came]:
    """Who came through the links of the course as a learner, by ``sub``."""
    chosen = (
        select(Arrival)
        .join(ResourceLink)
        .where(Arrival.is_learner)
        .options(joinedload(Arrival.identity).joinedload(Identity.person))
    )
    if link.context_id is None:
        chosen = chosen.where(ResourceLink.id == link.id)
    else:
        chosen = chosen.where(ResourceLink.context_id == link.context_id)
    found: dict[str, _Came] = {}
    for arrival in db.session.scalars(chosen.order_by(Arrival.first_at)):
        identity = arrival.identity
        one = found.setdefault(identity.sub, _Came(identity.person_id, identity.person.name, arrival.first_at))
        if arrival.target != "offer":
            one.slugs = None
        elif one.slugs is not None:
            one.slugs.add(arrival.target_value)
    return found


@dataclass(frozen=True, slots=True)
class _Reached:
    assessed: set[int]
    enrolled: set[tuple[int, int]]  # (person, offer)
    completed: set[tuple[int, int]]


def _reached(came: dict[int, _Came]) -> _Reached:
    people: Collection[int] = came.keys()
    closed = db.session.scalars(
        select(Assessment).where(Assessment.person_id.in_(people), Assessment.state == AssessmentState.CLOSED)
    )
    enrolments = db.session.scalars(
        select(Enrolment)
        .where(Enrolment.person_id.in_(people), Enrolment.state.in_(ACTIVE))
        .options(selectinload(Enrolment.offer))
    )
    completions = db.session.scalars(
        select(Completion)
        .where(Completion.person_id.in_(people), Completion.voided_at.is_(None))
        .options(selectinload(Completion.offer))
    )
    return _Reached(
        {a.person_id for a in closed if came[a.person_id].counts(a.closed_at)},
        {(e.person_id, e.offer_id) for e in enrolments if came[e.person_id].counts(e.created_at, e.offer.slug)},
        {(c.person_id, c.offer_id) for c in completions if came[c.person_id].counts(c.at, c.offer.slug)},
    )


def _row(name: str, one: _Came | None, reached: _Reached) -> Row:
    if one is None:
        return Row(name, opened=False)
    return Row(
        name,
        opened=True,
        assessed=one.person_id in reached.assessed,
        enrolled=sum(person_id == one.person_id for person_id, _ in reached.enrolled),
        completed=sum(person_id == one.person_id for person_id, _ in reached.completed),
    )
