"""A teacher gives people of their course a place on a run, also those who have never come."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from catalogue.clock import today
from catalogue.enrolments import actions as enrolments
from catalogue.enrolments import queries
from catalogue.enrolments.letters import harmless, write_confirmation
from catalogue.enrolments.models import Enrolment, EnrolmentState
from catalogue.errors import NotThere, Refused
from catalogue.extensions import db
from catalogue.offers.filters import Filters
from catalogue.offers.matching import visible_to
from catalogue.offers.models import Offer, OfferVersion, Run
from catalogue.offers.queries import matching
from catalogue.offers.rules import JOINABLE
from catalogue.people import audit
from catalogue.people.models import Person
from catalogue.systems.actions import vouched_for
from catalogue.transactions import run as in_transaction
from lti.courses.overview import title_of
from lti.courses.roster import Member
from lti.launch import known_elsewhere
from lti.models import CourseEnrolment, Identity, Platform, ResourceLink

MOST_RUNS = 200
"""On the page to choose one from: those that begin next."""
MOST_PEOPLE = 200
"""Enrolled at once."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Somebody whom the teacher can choose, or who is on the offer already."""

    sub: str
    name: str
    enrolled: bool


def runs_for(link: ResourceLink, words: str = "") -> list[tuple[Offer, list[Run]]]:
    """What people of the course can be enrolled on: the offer that the link opens, if it opens one, else all.

    By title; ``words`` are looked for as in the search for offers.
    """
    wanted = (
        select(Run)
        .join(Run.offer)
        .join(Offer.published)
        .where(Run.starts_on >= today(), Run.state.in_(JOINABLE), visible_to(None))
        .options(selectinload(Run.offer).selectinload(Offer.published))
        .order_by(Run.starts_on, Run.id)
        .limit(MOST_RUNS)
    )
    if link.target == "offer":
        wanted = wanted.where(Offer.slug == link.target_value)
    else:
        wanted = wanted.where(OfferVersion.id.in_(matching(Filters(q=words), None)))
    by_offer: dict[Offer, list[Run]] = {}
    for run in db.session.scalars(wanted):
        by_offer.setdefault(run.offer, []).append(run)
    return sorted(by_offer.items(), key=lambda pair: pair[0].published.title)


def run_for(link: ResourceLink, run_id: int) -> Run:
    """A run of what the link opens, if anybody may find it. Raises ``NotThere``."""
    run = db.session.scalar(
        select(Run)
        .join(Run.offer)
        .join(Offer.published)
        .where(Run.id == run_id, OfferVersion.mode != "self-paced", visible_to(None))
        .options(joinedload(Run.offer).joinedload(Offer.published))
    )
    if run is None or (link.target == "offer" and run.offer.slug != link.target_value):
        raise NotThere("There is no such date to enrol people on.")
    return run


def choices(link: ResourceLink, run: Run, learners: Sequence[Member]) -> list[Choice]:
    """The learners by name; those without one are numbered. Whom an administrator suspended is left out."""
    known = _known(link.platform, [member.sub for member in learners])
    on_it = queries.people_on(run, [person.id for person in known.values()])
    unnamed, found = 0, []
    for member in sorted(learners, key=lambda one: (one.name == "", one.name.casefold(), one.sub)):
        person = known.get(member.sub)
        if person is not None and person.suspended_at is not None:
            continue
        name = member.name or (person.name if person else "")
        if not name:
            unnamed += 1
            name = f"Name not shared ({unnamed})"
        found.append(Choice(member.sub, name, person is not None and person.id in on_it))
    return found


@dataclass(frozen=True, slots=True)
class Planned:
    """What would come of somebody whom the teacher chose."""

    name: str
    new: bool
    """Else they are on the offer already, by another way."""
    written_to: bool


class _OnlyTried(Exception):
    def __init__(self, planned: list[Planned]) -> None:
        self.planned = planned


def plan(link_id: int, run_id: int, members: Sequence[Member], teacher_id: int) -> list[Planned]:
    """What enrolling them would do, one by one: the same, in a transaction that is rolled back. Raises ``Refused``."""

    def act() -> None:
        new = {enrolment.person_id for enrolment in enrol(link_id, run_id, members, teacher_id)}
        people = _known(db.session.get_one(ResourceLink, link_id).platform, [member.sub for member in members])
        raise _OnlyTried(
            [
                Planned(
                    member.name or people[member.sub].name or "Name not shared", people[member.sub].id in new,
                    bool(people[member.sub].email),
                )
                for member in members
            ]
        )  # fmt: skip

    try:
        in_transaction(act)
    except _OnlyTried as tried:
        return tried.planned
    raise AssertionError("unreachable")


def enrol(link_id: int, run_id: int, members: Sequence[Member], teacher_id: int) -> list[Enrolment]:
    """Give all of them a place, in the present transaction; returns the new enrolments.

    Raises ``Refused`` where there are not enough places. The platform is held meanwhile, as at a launch.
    """
    link = db.session.get_one(ResourceLink, link_id)
    platform = db.session.get_one(Platform, link.platform.id, with_for_update={"read": True, "key_share": True})
    if not platform.active:
        raise NotThere
    run = enrolments.locked(run_for(link, run_id).id)  # before people are made: two teachers of a course take turns
    teacher = db.session.get_one(Person, teacher_id)
    people = _people(platform, {member.sub: member for member in members}, teacher)
    if any(person.suspended_at is not None for person in people):
        raise Refused("Somebody whom you chose cannot be enrolled any more. Choose again.")
    new = enrolments.enrol_together(people, run.id, teacher)
    db.session.add_all(CourseEnrolment(enrolment_id=one.id, resource_link_id=link.id) for one in new)
    for enrolment in new:
        write_confirmation(enrolment, by=_by(teacher, link, asked=enrolment.state == EnrolmentState.NOMINATED))
    return new


def _by(teacher: Person, link: ResourceLink, *, asked: bool) -> str:
    """Names and titles are the platform's words: in our mail they must not become a message of its own."""
    who, course = harmless(teacher.name) or "A teacher", harmless(title_of(link))
    return (
        f"{who}{f' of {course}' if course else ''} has {'put you forward' if asked else 'enrolled you'}. "
        "Open Every Seat from your course, and it is on your plan."
    )


def _known(platform: Platform, subs: Collection[str]) -> dict[str, Person]:
    """Who these are here, as a launch would find them; those who are new are left out."""
    here = db.session.scalars(
        select(Identity)
        .where(Identity.platform_id == platform.id, Identity.sub.in_(subs))
        .options(joinedload(Identity.person))
    )
    found = {identity.sub: identity.person for identity in here}
    return known_elsewhere(platform, [sub for sub in subs if sub not in found]) | found


def _people(platform: Platform, members: dict[str, Member], teacher: Person) -> list[Person]:
    """The people behind these members: those who never came are made, and a later launch finds them."""
    known = _known(platform, members)
    made = {sub: Person(name=one.name, email=one.email) for sub, one in members.items() if sub not in known}
    db.session.add_all(made.values())
    db.session.flush()
    for person in made.values():
        audit.record("person added", person.key, teacher.key)
    by_sub = known | made
    people = list({person.id: person for person in by_sub.values()}.values())
    held = set(
        db.session.scalars(select(Identity.sub).where(Identity.platform_id == platform.id, Identity.sub.in_(members)))
    )
    db.session.add_all(Identity(platform=platform, sub=sub, person=by_sub[sub]) for sub in members if sub not in held)
    vouched_for(people, platform.organisation_id)
    db.session.flush()
    return people
