"""Reading enrolments and completions."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, and_, func, literal, or_, select, union_all
from sqlalchemy.orm import selectinload

from catalogue.clock import in_london, today
from catalogue.enrolments.models import ACTIVE, TAKES_A_PLACE, Completion, Enrolment, EnrolmentState
from catalogue.enrolments.rules import overlaps
from catalogue.errors import NotThere
from catalogue.extensions import db
from catalogue.offers.models import Offer, OfferVersion, Run, RunSession, RunState
from catalogue.people.rules import FEWEST_TOLD_OF

GONE = (EnrolmentState.WITHDRAWN, EnrolmentState.DECLINED)
"""No part of a plan, or of a register."""


def booked_counts(run_ids: Sequence[int]) -> dict[int, tuple[int, int]]:
    """How many places are taken on each run, and how many people wait for one."""
    rows = db.session.execute(
        select(Enrolment.run_id, Enrolment.state, func.count())
        .where(Enrolment.run_id.in_(list(run_ids)))
        .group_by(Enrolment.run_id, Enrolment.state)
    ).all()
    counts = {(run_id, EnrolmentState(state)): count for run_id, state, count in rows}
    return {
        run_id: (
            sum(counts.get((run_id, state), 0) for state in TAKES_A_PLACE),
            counts.get((run_id, EnrolmentState.WAITLISTED), 0),
        )
        for run_id in run_ids
    }


def active(person_id: int, offer_id: int) -> Enrolment | None:
    return db.session.scalar(
        select(Enrolment).where(
            Enrolment.person_id == person_id, Enrolment.offer_id == offer_id, Enrolment.state.in_(ACTIVE)
        )
    )


def people_on(run: Run, person_ids: Collection[int]) -> set[int]:
    """Which of these people are on the offer of a run, or wait for it, or have completed this run of it."""
    return set(
        db.session.scalars(
            select(Enrolment.person_id).where(
                Enrolment.person_id.in_(person_ids),
                Enrolment.offer_id == run.offer_id,
                or_(
                    Enrolment.state.in_(ACTIVE),
                    and_(Enrolment.run_id == run.id, Enrolment.state == EnrolmentState.COMPLETED),
                ),
            )
        )
    )


def own(person_id: int, enrolment_id: int) -> Enrolment:
    """An enrolment, if it is this person's; raises ``NotThere``."""
    enrolment = db.session.scalar(
        select(Enrolment)
        .where(Enrolment.id == enrolment_id, Enrolment.person_id == person_id)
        .options(
            selectinload(Enrolment.version).selectinload(OfferVersion.steps),
            selectinload(Enrolment.offer).selectinload(Offer.provider),
            selectinload(Enrolment.run).selectinload(Run.sessions),
            selectinload(Enrolment.steps_done),
        )
    )
    if enrolment is None:
        raise NotThere
    return enrolment


def of_person(person_id: int) -> list[Enrolment]:
    """A person's enrolments with all that their plan shows: those with dates first, by date."""
    found = db.session.scalars(
        select(Enrolment)
        .where(Enrolment.person_id == person_id, Enrolment.state.not_in(GONE))
        .options(
            selectinload(Enrolment.version).selectinload(OfferVersion.steps),
            selectinload(Enrolment.version).selectinload(OfferVersion.step_groups),
            selectinload(Enrolment.offer).selectinload(Offer.provider),
            selectinload(Enrolment.run),
            selectinload(Enrolment.steps_done),
        )
        .order_by(Enrolment.id)
    ).all()
    return sorted(
        found,
        key=lambda enrolment: (enrolment.run is None, enrolment.run.starts_on.isoformat() if enrolment.run else ""),
    )


def waiting_place(enrolment: Enrolment) -> tuple[int, int]:
    """Place on the waiting list, and its length."""
    waiting = db.session.scalars(
        select(Enrolment.id)
        .where(Enrolment.run_id == enrolment.run_id, Enrolment.state == EnrolmentState.WAITLISTED)
        .order_by(Enrolment.id)
    ).all()
    return (waiting.index(enrolment.id) + 1 if enrolment.id in waiting else 0), len(waiting)


def waiting_places(person_id: int) -> dict[int, int]:
    """A person's place on each waiting list that they are on, by enrolment id."""
    ranked = (
        select(
            Enrolment.id,
            Enrolment.person_id,
            func.rank().over(partition_by=Enrolment.run_id, order_by=Enrolment.id).label("place"),
        )
        .where(Enrolment.state == EnrolmentState.WAITLISTED)
        .subquery()
    )
    rows = db.session.execute(select(ranked.c.id, ranked.c.place).where(ranked.c.person_id == person_id))
    return {row[0]: row[1] for row in rows}


def completed_offer_ids(person_id: int) -> set[int]:
    return set(
        db.session.scalars(
            select(Completion.offer_id).where(Completion.person_id == person_id, Completion.voided_at.is_(None))
        )
    )


def without_prerequisites(version: OfferVersion, person_ids: Collection[int]) -> set[int]:
    """Which of these people have not completed all that is to be completed before this version is joined."""
    needed = {offer.id for offer in version.prerequisite_offers}
    if not needed:
        return set()
    done: dict[int, set[int]] = {}
    for person_id, offer_id in db.session.execute(
        select(Completion.person_id, Completion.offer_id).where(
            Completion.person_id.in_(person_ids), Completion.offer_id.in_(needed), Completion.voided_at.is_(None)
        )
    ):
        done.setdefault(person_id, set()).add(offer_id)
    return {person_id for person_id in person_ids if done.get(person_id, set()) != needed}


def done_and_active_offer_ids(person_id: int) -> tuple[set[int], set[int]]:
    """The offers that somebody has completed, and those that they are on or wait for."""
    done = select(Completion.offer_id, literal(1)).where(
        Completion.person_id == person_id, Completion.voided_at.is_(None)
    )
    active = select(Enrolment.offer_id, literal(0)).where(Enrolment.person_id == person_id, Enrolment.state.in_(ACTIVE))
    rows = db.session.execute(union_all(done, active)).all()
    return {offer_id for offer_id, is_done in rows if is_done}, {offer_id for offer_id, is_done in rows if not is_done}


def clashes(person_id: int, runs: Sequence[Run]) -> dict[int, list[Enrolment]]:
    """For each run, by its id, what the person holds already on the same days: of the sessions, where there are any."""
    held = db.session.scalars(
        select(Enrolment)
        .where(Enrolment.person_id == person_id, Enrolment.state.in_(ACTIVE), Enrolment.run_id.is_not(None))
        .options(selectinload(Enrolment.run).selectinload(Run.sessions), selectinload(Enrolment.version))
    ).all()
    sessions: dict[int, list[RunSession]] = {run.id: [] for run in runs}
    for session in db.session.scalars(select(RunSession).where(RunSession.run_id.in_(list(sessions)))):
        sessions[session.run_id].append(session)
    days = {run.id: days_of(run, sessions[run.id]) for run in runs}
    return {
        run.id: [
            enrolment
            for enrolment in held
            if enrolment.run
            and enrolment.run.id != run.id
            and any(
                overlaps(one, other) for one in days[run.id] for other in days_of(enrolment.run, enrolment.run.sessions)
            )
        ]
        for run in runs
    }


def days_of(run: Run, sessions: Sequence[RunSession]) -> list[tuple[date, date]]:
    """The days on which people of a run meet: those of its sessions, else all from its first to its last."""
    if not sessions:
        return [(run.starts_on, run.ends_on)]
    return [(in_london(session.starts_at).date(), in_london(session.ends_at).date()) for session in sessions]


def to_complete_first(version: OfferVersion, person_id: int) -> list[Offer]:
    """What somebody has to complete before they can join this version."""
    needed = [offer.id for offer in version.prerequisite_offers]
    if not needed:
        return []
    missing = set(needed) - completed_offer_ids(person_id)
    return list(
        db.session.scalars(
            select(Offer).where(Offer.id.in_(missing)).options(selectinload(Offer.published)).order_by(Offer.slug)
        )
    )


@dataclass(frozen=True, slots=True)
class Uptake:
    offer: Offer
    booked: int
    took_part: int
    """Were there, and have not completed it yet."""
    waiting: int
    completed: int


def uptake(organisation_ids: Sequence[int] | None = None) -> list[Uptake]:
    """How many people are on each published offer of these providers, or of all."""

    def count(state: EnrolmentState) -> ColumnElement[int]:
        return func.count().filter(Enrolment.state == state)

    wanted = (
        select(
            Offer,
            count(EnrolmentState.BOOKED),
            count(EnrolmentState.ATTENDED),
            count(EnrolmentState.WAITLISTED),
            count(EnrolmentState.COMPLETED),
        )
        .join(Offer.published)
        .outerjoin(Enrolment, Enrolment.offer_id == Offer.id)
        .group_by(Offer.id, OfferVersion.title)
        .order_by(OfferVersion.title)
        .options(selectinload(Offer.published), selectinload(Offer.provider))
    )
    if organisation_ids is not None:
        wanted = wanted.where(Offer.provider_id.in_(list(organisation_ids)))
    return [Uptake(*row) for row in db.session.execute(wanted)]


@dataclass(frozen=True, slots=True)
class Record:
    """What is known of an offer so far."""

    runs: int
    """That are over."""
    completed: int | None
    """How many people have completed it; none where they are fewer than ten, so that nobody can be picked out."""


def record_of(offer: Offer) -> Record:
    over = db.session.scalar(
        select(func.count())
        .select_from(Run)
        .where(Run.offer_id == offer.id, Run.ends_on < today(), Run.state != RunState.CANCELLED)
    )
    people = (
        db.session.scalar(
            select(func.count(func.distinct(Completion.person_id))).where(
                Completion.offer_id == offer.id, Completion.voided_at.is_(None)
            )
        )
        or 0
    )
    return Record(over or 0, people if people >= FEWEST_TOLD_OF else None)
