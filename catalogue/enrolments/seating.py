"""Reading how runs stand: places, seats that are kept, who may use them, and who waits."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import joinedload

from catalogue.clock import today
from catalogue.enrolments.models import TAKES_A_PLACE, Enrolment, EnrolmentState, SeatAllocation
from catalogue.enrolments.places import Kept, Standing, Unit, units
from catalogue.extensions import db
from catalogue.offers.models import Run
from catalogue.systems.models import Membership, Organisation


def standings(runs: Sequence[Run]) -> dict[int, Standing]:
    """How each of these runs stands, by its id: two queries, however many there are."""
    run_ids = [run.id for run in runs]
    taken = dict(
        db.session.execute(
            select(Enrolment.run_id, func.count())
            .where(Enrolment.run_id.in_(run_ids), Enrolment.state.in_(TAKES_A_PLACE))
            .group_by(Enrolment.run_id)
        ).all()
    )
    kept: dict[int, list[Kept]] = {}
    for run_id, allocation_id, seats, used in db.session.execute(
        select(SeatAllocation.run_id, SeatAllocation.id, SeatAllocation.seats, func.count(Enrolment.id))
        .outerjoin(Enrolment, and_(Enrolment.allocation_id == SeatAllocation.id, Enrolment.state.in_(TAKES_A_PLACE)))
        .where(SeatAllocation.run_id.in_(run_ids), still_kept())
        .group_by(SeatAllocation.run_id, SeatAllocation.id, SeatAllocation.seats, SeatAllocation.release_on)
        .order_by(SeatAllocation.release_on, SeatAllocation.id)
    ):
        kept.setdefault(run_id, []).append(Kept(allocation_id, seats, used))
    return {run.id: Standing(run.places, taken.get(run.id, 0), tuple(kept.get(run.id, ()))) for run in runs}


def standing(run: Run) -> Standing:
    return standings([run])[run.id]


def still_kept() -> ColumnElement[bool]:
    """Allocations whose unused seats are nobody else's, today."""
    return SeatAllocation.release_on > today()


@dataclass(frozen=True, slots=True)
class Allocated:
    """An allocation, how many of its seats are used (nominations that hold one too), and whether it is still kept."""

    allocation: SeatAllocation
    used: int
    kept: bool

    @property
    def name(self) -> str:
        body = self.allocation.system or self.allocation.organisation
        return body.name if body is not None else ""

    @property
    def unused(self) -> int:
        return max(0, self.allocation.seats - self.used) if self.kept else 0


def allocated(run_ids: Sequence[int], *such: ColumnElement[bool]) -> dict[int, list[Allocated]]:
    """The allocations of each of these runs, or such of them, by the run's id, with what is used of them."""
    used = (
        select(func.count())
        .where(Enrolment.allocation_id == SeatAllocation.id, Enrolment.state.in_(TAKES_A_PLACE))
        .correlate(SeatAllocation)
        .scalar_subquery()
    )
    found: dict[int, list[Allocated]] = {run_id: [] for run_id in run_ids}
    day = today()
    for allocation, count in db.session.execute(
        select(SeatAllocation, used)
        .where(SeatAllocation.run_id.in_(list(run_ids)), *such)
        .options(joinedload(SeatAllocation.system), joinedload(SeatAllocation.organisation))
        .order_by(SeatAllocation.id)
    ):
        found[allocation.run_id].append(Allocated(allocation, count or 0, allocation.release_on > day))
    return found


def _used_by_people_of() -> ColumnElement[bool]:
    """That people of the organisation may use the allocation: it is for their system, or for themselves."""
    return or_(SeatAllocation.system_id == Organisation.system_id, SeatAllocation.organisation_id == Organisation.id)


def own_allocations(run_ids: Collection[int], person_ids: Collection[int]) -> dict[int, set[int]]:
    """Which allocations of these runs each of these people may use, by person."""
    found: dict[int, set[int]] = {}
    for person_id, allocation_id in db.session.execute(
        select(Membership.person_id, SeatAllocation.id)
        .join(Membership.organisation)
        .join(SeatAllocation, _used_by_people_of())
        .where(SeatAllocation.run_id.in_(run_ids), Membership.person_id.in_(person_ids), still_kept())
    ):
        found.setdefault(person_id, set()).add(allocation_id)
    return found


def organisations_allocations(run_ids: Collection[int], organisation_id: int) -> set[int]:
    """Which allocations of these runs people of an organisation may use."""
    return set(
        db.session.scalars(
            select(SeatAllocation.id)
            .join(Organisation, _used_by_people_of())
            .where(SeatAllocation.run_id.in_(run_ids), Organisation.id == organisation_id, still_kept())
        )
    )


def waiting_units(run: Run) -> list[Unit]:
    """Who waits for a place on a run, in order, by enrolment: each person alone, teams as a whole."""
    waiting = db.session.execute(
        select(Enrolment.id, Enrolment.team_id)
        .where(Enrolment.run_id == run.id, Enrolment.state == EnrolmentState.WAITLISTED)
        .order_by(Enrolment.id)
    ).all()
    own: dict[int, set[int]] = {}
    if waiting:
        for enrolment_id, allocation_id in db.session.execute(
            select(Enrolment.id, SeatAllocation.id)
            .join(Membership, Membership.person_id == Enrolment.person_id)
            .join(Membership.organisation)
            .join(SeatAllocation, and_(SeatAllocation.run_id == Enrolment.run_id, _used_by_people_of()))
            .where(Enrolment.run_id == run.id, Enrolment.state == EnrolmentState.WAITLISTED, still_kept())
        ):
            own.setdefault(enrolment_id, set()).add(allocation_id)
    return list(units(list(waiting), own))


def waiting_counts(runs: Sequence[Run]) -> dict[int, int]:
    """How many people wait for a place on each run."""
    counts = dict(
        db.session.execute(
            select(Enrolment.run_id, func.count())
            .where(Enrolment.run_id.in_([run.id for run in runs]), Enrolment.state == EnrolmentState.WAITLISTED)
            .group_by(Enrolment.run_id)
        ).all()
    )
    return {run.id: counts.get(run.id, 0) for run in runs}


def free_by_run(runs: Sequence[Run], person_id: int | None = None) -> dict[int, int]:
    """How many places of each run are free for whoever looks: seats kept for them, else what is open to all."""
    found = standings(runs)
    own: set[int] = set()
    if person_id is not None and any(one.kept for one in found.values()):
        own = own_allocations(list(found), [person_id]).get(person_id, set())
    return {run_id: one.free_for(own) for run_id, one in found.items()}


def free_together(runs: Sequence[Run], organisation_id: int | None = None) -> dict[int, int]:
    """How many people, of an organisation where one is named, could be given a place on each run at once.

    Whoever waits for one comes first.
    """
    found, waiting = standings(runs), waiting_counts(runs)
    own: set[int] = set()
    if organisation_id is not None and any(one.kept for one in found.values()):
        own = organisations_allocations(list(found), organisation_id)
    return {run_id: max(0, one.free_for(own) - waiting[run_id]) for run_id, one in found.items()}
