"""What the lead of a system reads: cohorts, their system's seats on them, and people of their system alone."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import contains_eager, joinedload, lazyload, selectinload
from sqlalchemy.sql.base import ExecutableOption

from catalogue.clock import today
from catalogue.enrolments import seating
from catalogue.enrolments.models import (
    ACTIVE,
    ON_IT,
    Enrolment,
    EnrolmentState,
    SeatAllocation,
)
from catalogue.enrolments.seating import Allocated, allocated
from catalogue.errors import NotThere, Refused
from catalogue.extensions import db
from catalogue.frameworks.models import Dimension
from catalogue.offers.matching import visible_to
from catalogue.offers.models import Mapping, Mode, Offer, OfferVersion, Run, Step
from catalogue.offers.rules import JOINABLE
from catalogue.people.models import Account, Person
from catalogue.people.rules import fold_email
from catalogue.systems.models import Membership, Organisation, System

MOST_PEOPLE = 100
"""On the page to choose from; a search finds the others."""
MOST_COHORTS = 100


def _of_system(system: System) -> ColumnElement[bool]:
    """People who belong to an organisation of the system."""
    return Person.id.in_(
        select(Membership.person_id).join(Membership.organisation).where(Organisation.system_id == system.id)
    )


def _for_systems(system_ids: Collection[int]) -> ColumnElement[bool]:
    """Allocations that people of one of the systems, or of one of its organisations, may use."""
    bodies = select(Organisation.id).where(Organisation.system_id.in_(system_ids))
    return or_(SeatAllocation.system_id.in_(system_ids), SeatAllocation.organisation_id.in_(bodies))


@dataclass(frozen=True, slots=True)
class SystemSeats:
    """What a system has of a run."""

    system: System
    allocated: tuple[Allocated, ...]
    """For the system, or for one of its organisations; the first to be released comes first."""
    free: int
    """For somebody of the system who has no place yet."""


def seats_of_systems(run: Run, systems: Sequence[System]) -> list[SystemSeats]:
    """For each of the systems, as its lead sees it: three queries, however many there are."""
    there = allocated([run.id], _for_systems([system.id for system in systems]))[run.id]
    standing = seating.standing(run)
    found = []
    for system in systems:
        theirs = [one for one in there if one.allocation.seats and system.id == _system_of(one)]
        own = {one.allocation.id for one in theirs if one.kept and one.allocation.system_id == system.id}
        theirs.sort(key=lambda one: (one.allocation.release_on, one.allocation.id))
        found.append(SystemSeats(system, tuple(theirs), standing.free_for(own)))
    return found


def _system_of(one: Allocated) -> int | None:
    body = one.allocation.organisation
    return body.system_id if body is not None else one.allocation.system_id


@dataclass(frozen=True, slots=True)
class Cohort:
    run: Run
    kept: int
    """Seats that are kept for the system still."""
    used: int
    going: int
    """People of the system who take part, were offered a place, or wait."""


def cohorts(system: System, lead: Person) -> list[Cohort]:
    """Runs to come of programmes, and those on which the system has seats or people; next first."""
    day = today()
    people = select(Membership.person_id).join(Membership.organisation).where(Organisation.system_id == system.id)
    programme = select(Step.id).where(Step.version_id == OfferVersion.id, Step.offer_id.is_not(None)).exists()
    seats = select(SeatAllocation.id).where(SeatAllocation.run_id == Run.id, _for_systems([system.id])).exists()
    taken = (
        select(Enrolment.id)
        .where(Enrolment.run_id == Run.id, Enrolment.state.in_(ACTIVE), Enrolment.person_id.in_(people))
        .exists()
    )
    runs = db.session.scalars(
        select(Run)
        .join(Run.offer)
        .join(Offer.published)
        .where(
            Run.starts_on >= day, Run.state.in_(JOINABLE), OfferVersion.mode != Mode.SELF_PACED, visible_to(lead),
            or_(programme, seats, taken),
        )
        .options(selectinload(Run.offer).selectinload(Offer.published))
        .order_by(Run.starts_on, Run.id)
        .limit(MOST_COHORTS)
    ).all()  # fmt: skip
    ids = [run.id for run in runs]
    kept = allocated(ids, _for_systems([system.id]), seating.still_kept())
    going = dict(
        db.session.execute(
            select(Enrolment.run_id, func.count())
            .where(Enrolment.run_id.in_(ids), Enrolment.state.in_(ACTIVE), Enrolment.person_id.in_(people))
            .group_by(Enrolment.run_id)
        ).all()
    )
    return [
        Cohort(
            run, sum(one.allocation.seats for one in kept[run.id]), sum(one.used for one in kept[run.id]),
            going.get(run.id, 0),
        )
        for run in runs
    ]  # fmt: skip


def run(run_id: int, lead: Person) -> Run:
    """A run with its offer, if the lead may find it; raises ``NotThere``."""
    return _run(run_id, lead)


def whole_run(run_id: int, lead: Person) -> Run:
    """The same, with all that the page of a cohort says about its offer."""
    step = _VERSION.selectinload(OfferVersion.steps)
    return _run(
        run_id,
        lead,
        _OFFER.selectinload(Offer.partners),
        _VERSION.selectinload(OfferVersion.mappings).joinedload(Mapping.dimension).joinedload(Dimension.framework),
        _VERSION.selectinload(OfferVersion.seats),
        step.joinedload(Step.group),
        step.joinedload(Step.offer).joinedload(Offer.provider),
        _FIRST.joinedload(Offer.published),
    )


_OFFER = contains_eager(Run.offer)
_VERSION = _OFFER.contains_eager(Offer.published)
_FIRST = _VERSION.selectinload(OfferVersion.prerequisite_offers)


def _run(run_id: int, lead: Person, *shown: ExecutableOption) -> Run:
    found = db.session.scalar(
        select(Run)
        .join(Run.offer)
        .join(Offer.published)
        .where(Run.id == run_id, OfferVersion.mode != Mode.SELF_PACED, visible_to(lead))
        .options(
            _OFFER.joinedload(Offer.provider), _FIRST.joinedload(Offer.provider), selectinload(Run.sessions), *shown
        )
    )  # fmt: skip
    if found is None:
        raise NotThere
    return found


def people(system: System, run: Run, words: str) -> list[Person]:
    """People of the system who are not on the offer, by name, as far as the page goes."""
    on_it = select(Enrolment.person_id).where(Enrolment.offer_id == run.offer_id, Enrolment.state.in_(ACTIVE))
    asked = select(Person).where(_of_system(system), Person.suspended_at.is_(None), Person.id.not_in(on_it))
    for word in words.split()[:5]:
        asked = asked.where(Person.name.icontains(word, autoescape=True))
    names = asked.order_by(func.lower(Person.name), Person.id).limit(MOST_PEOPLE)
    return list(db.session.scalars(names.options(lazyload(Person.all_grants))))


def going(system: System, run: Run) -> list[Enrolment]:
    """People of the system on a run: who takes part, who was asked, who waits, who said no; by name."""
    found = db.session.scalars(
        select(Enrolment)
        .join(Enrolment.person)
        .where(
            Enrolment.run_id == run.id, _of_system(system),
            or_(Enrolment.state != EnrolmentState.WITHDRAWN, Enrolment.nominated_by_id.is_not(None)),
        )
        .options(joinedload(Enrolment.person).lazyload(Person.all_grants), joinedload(Enrolment.team))
        .order_by(func.lower(Person.name), Enrolment.id)
    )  # fmt: skip
    order = {state: place for place, state in enumerate((*ON_IT, *ACTIVE))}
    return sorted(found, key=lambda one: order.get(one.state, 99))


def nomination(run_id: int, enrolment_id: int, system_id: int) -> Enrolment:
    """A nomination of somebody of the system on this run; raises ``NotThere``."""
    system = db.session.get_one(System, system_id)
    found = db.session.scalar(
        select(Enrolment)
        .join(Enrolment.person)
        .where(
            Enrolment.id == enrolment_id, Enrolment.run_id == run_id, Enrolment.nominated_by_id.is_not(None),
            _of_system(system),
        )
    )  # fmt: skip
    if found is None:
        raise NotThere
    return found


def find_pasted(system_id: int, pasted: str) -> list[int]:
    """The people of a system behind email addresses of accounts, and staff numbers; in the order in which they stand.

    Raises ``Refused`` with those that nobody of the system has, and staff numbers that several have. Of somebody of
    another system it says the same as of nobody.
    """
    named = list(dict.fromkeys(word for word in re.split(r"[\s,;]+", pasted) if word))
    found: dict[str, set[int]] = {word: set() for word in named}
    here = select(Membership.person_id).join(Membership.organisation).where(Organisation.system_id == system_id)
    folded = {fold_email(word): word for word in named}
    for email, person_id in db.session.execute(
        select(Account.email, Account.person_id).where(Account.email.in_(folded), Account.person_id.in_(here))
    ):
        found[folded[email]].add(person_id)
    for number, person_id in db.session.execute(
        select(Membership.staff_number, Membership.person_id)
        .join(Membership.organisation)
        .where(Membership.staff_number.in_(named), Membership.staff_number != "", Organisation.system_id == system_id)
    ):
        found[number].add(person_id)
    unknown = [word for word, ids in found.items() if not ids]
    if unknown:
        raise Refused(f"Nobody of your system has: {', '.join(unknown)}. Check them, or ask these people to sign up.")
    several = [word for word, ids in found.items() if len(ids) > 1]
    if several:
        raise Refused(f"Several people have: {', '.join(several)}. Use their email addresses.")
    return list(dict.fromkeys(next(iter(ids)) for ids in found.values()))
