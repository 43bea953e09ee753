"""A teacher's view of their course: who has come, and how far they are. No answers, no levels.

Only what came of this course counts: since a learner first opened one of its links, on what those opened then, and
the places that a teacher gave them from here.
"""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime

import structlog
from flask import current_app
from sqlalchemy import or_, select
from sqlalchemy.orm import joinedload, selectinload

from catalogue.assessments.models import Assessment, AssessmentState
from catalogue.enrolments.models import ACTIVE, Completion, Enrolment
from catalogue.extensions import db
from catalogue.outbox import TryAgain
from catalogue.people.models import SignIn
from lti.courses.roster import Roster, Rosters
from lti.models import Arrival, Context, CourseEnrolment, Identity, ResourceLink
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
    """``whole``: the platform's own list is in it; else it has only who opened a link of the course.

    ``read_at`` is given where that list could not be had just now, and an earlier one is shown.
    """

    title: str
    copied_from: str
    rows: list[Row]
    whole: bool
    read_at: datetime | None = None

    @property
    def opened(self) -> int:
        return sum(row.opened for row in self.rows)

    @property
    def assessed(self) -> int:
        return sum(row.assessed for row in self.rows)

    @property
    def enrolled(self) -> int:
        return sum(row.enrolled > 0 for row in self.rows)

    @property
    def completed(self) -> int:
        return sum(row.completed > 0 for row in self.rows)


@dataclass
class Came:
    """A learner who came through links of the course: since when, and for which offers (None: any)."""

    person_id: int
    name: str
    since: datetime
    slugs: set[str] | None = field(default_factory=set)

    def counts(self, at: datetime | None, slug: str | None = None) -> bool:
        """Whether something of that moment, and of that offer, came of the course."""
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


def overview(link: ResourceLink, teacher_id: int) -> Overview:
    """``teacher_id``: the person who looks."""
    roster, is_current = _roster(link)
    people = came(link)
    reached = _reached(link, {one.person_id: one for one in people.values()})
    if roster is None:
        listed = {sub: one.name for sub, one in people.items()}
    else:
        known = {sub: one.name for sub, one in people.items()}
        listed = {member.sub: member.name or known.get(member.sub, "") for member in roster.learners}
    rows = [_row(name, sub, people.get(sub), reached) for sub, name in listed.items()]
    return Overview(
        title_of(link),
        _copied_from(link, teacher_id),
        sorted(rows, key=lambda row: (row.name == "", row.name.casefold())),
        whole=roster is not None,
        read_at=None if roster is None or is_current else roster.read_at,
    )


def title_of(link: ResourceLink) -> str:
    """What the course is called; a link that is in none gives its own title."""
    return (link.context.title or link.context.label) if link.context else link.title


def _copied_from(link: ResourceLink, teacher_id: int) -> str:
    """The course that this one is a copy of, or an empty string; its title is for those who have taught there.

    What a course was copied from is in a custom parameter, which whoever adds a link can write.
    """
    if link.context is None or link.context.copied_from_id is None:
        return ""
    original = db.session.scalar(
        select(Context)
        .join(ResourceLink, ResourceLink.context_id == Context.id)
        .join(Arrival, Arrival.resource_link_id == ResourceLink.id)
        .join(Arrival.identity)
        .where(
            Context.id == link.context.copied_from_id,
            Arrival.is_instructor,
            Identity.person_id == teacher_id,
        )
        .limit(1)
    )
    return ((original.title or original.label) if original else "") or "another course"


def _roster(link: ResourceLink) -> tuple[Roster | None, bool]:
    """The platform's list, and whether it is the present one; nothing where it can't be had or won't be given."""
    if not link.roster_url:
        return None, False
    rosters: Rosters = current_app.extensions["lti"].rosters
    try:
        return rosters.read(link), True
    except (TryAgain, ServiceRefused) as fault:
        log.warning("no list of members", link=link.id, reason=str(fault))
        return rosters.last(link), False


def came(link: ResourceLink) -> dict[str, Came]:
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
    found: dict[str, Came] = {}
    for arrival in db.session.scalars(chosen.order_by(Arrival.first_at)):
        identity = arrival.identity
        one = found.setdefault(identity.sub, Came(identity.person_id, identity.person.name, arrival.first_at))
        if arrival.target != "offer":
            one.slugs = None
        elif one.slugs is not None:
            one.slugs.add(arrival.target_value)
    return found


def placed(link: ResourceLink) -> set[int]:
    """The enrolments that teachers made from the course."""
    links = select(ResourceLink.id).where(
        ResourceLink.id == link.id if link.context_id is None else ResourceLink.context_id == link.context_id
    )
    made = select(CourseEnrolment.enrolment_id).where(CourseEnrolment.resource_link_id.in_(links))
    return set(db.session.scalars(made))


@dataclass(frozen=True, slots=True)
class _Reached:
    assessed: set[int]
    enrolled: Counter[int]  # by person
    completed: Counter[int]
    person_of: dict[str, int]  # by sub, also of those who never came


def _reached(link: ResourceLink, people: dict[int, Came]) -> _Reached:
    came_here: Collection[int] = people.keys()
    given = placed(link)
    closed = db.session.scalars(
        select(Assessment).where(Assessment.person_id.in_(came_here), Assessment.state == AssessmentState.CLOSED)
    )
    enrolments = db.session.scalars(
        select(Enrolment)
        .where(or_(Enrolment.person_id.in_(came_here), Enrolment.id.in_(given)), Enrolment.state.in_(ACTIVE))
        .options(selectinload(Enrolment.offer))
    )
    completions = db.session.scalars(
        select(Completion)
        .where(
            or_(Completion.person_id.in_(came_here), Completion.enrolment_id.in_(given)), Completion.voided_at.is_(None)
        )
        .options(selectinload(Completion.offer))
    )

    def counts(row: Enrolment | Completion, enrolment_id: int, at: datetime) -> bool:
        return enrolment_id in given or people[row.person_id].counts(at, row.offer.slug)

    enrolled = {(e.person_id, e.offer_id) for e in enrolments if counts(e, e.id, e.created_at)}
    completed = {(c.person_id, c.offer_id) for c in completions if counts(c, c.enrolment_id, c.at)}
    identities = db.session.execute(
        select(Identity.sub, Identity.person_id).where(
            Identity.platform_id == link.platform.id,
            Identity.person_id.in_({person_id for person_id, _ in enrolled | completed}),
        )
    )
    return _Reached(
        {a.person_id for a in closed if people[a.person_id].counts(a.closed_at)},
        Counter(person_id for person_id, _ in enrolled),
        Counter(person_id for person_id, _ in completed),
        {sub: person_id for sub, person_id in identities},  # noqa: C416 rows are not pairs to dict()
    )


def _row(name: str, sub: str, one: Came | None, reached: _Reached) -> Row:
    person_id = one.person_id if one else reached.person_of.get(sub, 0)
    return Row(
        name,
        opened=one is not None,
        assessed=person_id in reached.assessed,
        enrolled=reached.enrolled[person_id],
        completed=reached.completed[person_id],
    )
