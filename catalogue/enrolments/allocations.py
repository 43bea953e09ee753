"""Seats of a run that are kept for the people of a system, or of a partner, until a day."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import func, select

from catalogue.clock import now, today
from catalogue.enrolments.actions import keep_state, locked, promote
from catalogue.enrolments.models import Enrolment, SeatAllocation
from catalogue.enrolments.rules import said
from catalogue.enrolments.seating import Allocated, allocated, standing
from catalogue.errors import Refused
from catalogue.extensions import db
from catalogue.offers.models import Run
from catalogue.people import audit
from catalogue.people.models import Person
from catalogue.systems.models import Organisation, System

Row = tuple[int | None, int | None, int, date]
"""For whom (a system's id, or an organisation's), how many seats, and the first day on which they are not kept."""


def set_allocations(run: Run, rows: Sequence[Row], actor: Person) -> list[Enrolment]:
    """Keep these seats of a run, and no others; returns who of those waiting is given a place by it.

    Each row is (system id or none, organisation id or none, seats, the first day on which they are not kept). An
    allocation that is in no row is ended. Whoever calls this writes to those it returns
    (``letters.write_confirmation``). Raises ``Refused`` for a row that names none or two bodies, or one twice, for
    fewer seats than are used, and for more than the run has.
    """
    run = locked(run.id)
    _check_shape(rows)
    there = {(one.allocation.system_id, one.allocation.organisation_id): one for one in allocated([run.id])[run.id]}
    wanted = {(system_id, organisation_id): (seats, day) for system_id, organisation_id, seats, day in rows}
    if sum(seats for seats, _day in wanted.values()) > run.places:
        raise Refused(f"The seats add up to more than the {run.places} places that there are.")
    for body, one in there.items():
        seats, day = wanted.get(body, (0, today()))
        if seats < one.used:
            raise Refused(f"Seats of {one.name} that are used already: {one.used}. Enter {one.used} or more.")
        _change(one, seats, day, listed=body in wanted)
    for (system_id, organisation_id), (seats, day) in wanted.items():
        if (system_id, organisation_id) not in there:
            _body(system_id, organisation_id)
            db.session.add(
                SeatAllocation(
                    run_id=run.id, system_id=system_id, organisation_id=organisation_id, seats=seats, release_on=day,
                    released_at=now() if day <= today() else None,
                )
            )  # fmt: skip
    db.session.flush()
    stands = standing(run)
    if stands.committed > run.places:
        left = max(0, run.places - stands.taken)
        raise Refused(
            f"{stands.taken} of the {run.places} places are taken, so {left} can still be kept. You asked to keep "
            f"{stands.unused} more."
        )
    audit.record(
        "seats allocated", f"run:{run.id}", actor.key,
        seats=[[system_id, organisation_id, seats, day.isoformat()] for system_id, organisation_id, seats, day in rows],
    )  # fmt: skip
    promoted = promote(run)
    keep_state(run)
    return promoted


def _check_shape(rows: Sequence[Row]) -> None:
    bodies = [(system_id, organisation_id) for system_id, organisation_id, _seats, _day in rows]
    if any((system_id is None) == (organisation_id is None) for system_id, organisation_id in bodies):
        raise Refused("Say for whom the seats are: a system, or an organisation.")
    if len(set(bodies)) < len(bodies):
        raise Refused("Each system and organisation can have one row. Add up what you want to keep for it.")
    if any(seats < 0 for _system, _organisation, seats, _day in rows):
        raise Refused("Enter 0 or more seats.")


def _body(system_id: int | None, organisation_id: int | None) -> None:
    found = (
        db.session.get(System, system_id) if system_id is not None else db.session.get(Organisation, organisation_id)
    )
    if found is None:
        raise Refused("There is no such system or organisation. Choose it again.")


def _change(one: Allocated, seats: int, day: date, *, listed: bool) -> None:
    """As asked; one that is not listed goes, unless somebody sat on it once: then it keeps no seat."""
    allocation = one.allocation
    if not listed and not db.session.scalar(
        select(func.count()).select_from(Enrolment).where(Enrolment.allocation_id == allocation.id)
    ):
        db.session.delete(allocation)
        return
    if listed and day != allocation.release_on:
        allocation.released_at = now() if day <= today() else None
    allocation.seats = seats
    if listed:
        allocation.release_on = day


def due() -> list[int]:
    """The runs with allocations whose day has come, and of which those waiting have not been given what is left."""
    return list(
        db.session.scalars(
            select(SeatAllocation.run_id)
            .where(SeatAllocation.release_on <= today(), SeatAllocation.released_at.is_(None))
            .distinct()
            .order_by(SeatAllocation.run_id)
        )
    )


def release(run_id: int) -> list[Enrolment]:
    """Give the unused seats of a run's allocations that are due to those waiting, in order; returns them."""
    run = locked(run_id)
    found = db.session.scalars(
        select(SeatAllocation).where(
            SeatAllocation.run_id == run_id, SeatAllocation.release_on <= today(), SeatAllocation.released_at.is_(None)
        )
    ).all()
    for allocation in found:
        allocation.released_at = now()
        audit.record("seats released", f"run:{run_id}", allocation=allocation.id, on=said(allocation.release_on))
    db.session.flush()
    promoted = promote(run)
    keep_state(run)
    return promoted
