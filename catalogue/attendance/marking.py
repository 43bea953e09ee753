"""Saying who was at a session."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import selectinload

from catalogue.attendance import rules
from catalogue.attendance.actions import settle, took_part
from catalogue.attendance.models import Attendance
from catalogue.attendance.queries import MARKED
from catalogue.attendance.rules import Outcome
from catalogue.clock import in_london, now, today
from catalogue.enrolments.actions import locked
from catalogue.enrolments.models import ACTIVE, CompletedBy, Enrolment, EnrolmentState
from catalogue.errors import NotThere, Refused
from catalogue.extensions import db
from catalogue.people import audit
from catalogue.people.models import Person


@dataclass(frozen=True, slots=True)
class Entry:
    """One person's answer for one session: what the form showed, and what was chosen in it (none: nobody has said).

    Where a run has no sessions, that they completed it.
    """

    enrolment_id: int
    session_id: int | None
    shown: bool | None
    chosen: bool | None


@dataclass(frozen=True, slots=True)
class Left:
    """An answer that was not written, since somebody else's stands there or it can be changed no more."""

    entry: Entry
    name: str
    held: bool | None
    why: str


@dataclass(frozen=True, slots=True)
class Marked:
    written: int
    left: list[Left]


def mark(run_id: int, entries: Sequence[Entry], actor: Person) -> Marked:
    """Write what these forms changed, for any sessions of one run: all else stays as others have left it meanwhile.

    Whoever was at a session took part; the offer is completed where that was the last that was missing. The same
    entries again write nothing. Raises ``NotThere`` for a session of another run, ``Refused`` before its day.
    """
    run = locked(run_id)
    sessions = {one.id: one for one in run.sessions}
    for entry in entries:
        session = sessions.get(entry.session_id or 0)
        if session is None:
            raise NotThere
        if entry.chosen != entry.shown and in_london(session.starts_at).date() > today():
            raise Refused(f"{session.title} has not begun. Its register can be kept from that day on.")
    people = _held({entry.enrolment_id for entry in entries}, run_id)
    marks = {
        (row.enrolment_id, row.session_id): row
        for row in db.session.scalars(
            select(Attendance)
            .where(Attendance.session_id.in_(sessions), Attendance.enrolment_id.in_(people))
            .options(selectinload(Attendance.by_person))
        )
    }
    away = _on_it_elsewhere(list(people.values()))
    left: list[Left] = []
    changed: set[int] = set()
    written = 0
    for entry in entries:
        person, there = people.get(entry.enrolment_id), marks.get((entry.enrolment_id, entry.session_id or 0))
        held = there.attended if there else None
        what = rules.outcome(entry.shown, entry.chosen, held)
        if what == Outcome.NOTHING:
            continue
        why = _why_not(entry, person, there, what, away)
        if why or person is None:
            left.append(Left(entry, (person.person.name if person else "") or "Somebody", held, why))
            continue
        _write(entry, there, actor)
        written += 1
        if person.state != EnrolmentState.COMPLETED and True in (entry.chosen, held):
            changed.add(person.id)
    db.session.flush()
    _take_part({number: people[number] for number in sorted(changed)}, actor)
    return Marked(written, left)


def complete_all(run_id: int, entries: Sequence[Entry], by: CompletedBy, actor: Person) -> Marked:
    """Say of these people that they took part in all of a run without sessions. Said again, it changes nothing.

    Raises ``Refused`` before it has begun.
    """
    run = locked(run_id)
    if run.starts_on > today():
        raise Refused("These dates have not begun.")
    people = _held({entry.enrolment_id for entry in entries}, run_id)
    left: list[Left] = []
    written = 0
    for entry in entries:
        person = people.get(entry.enrolment_id)
        if person is None:
            left.append(Left(entry, "Somebody", None, "is not on this run any more"))
        elif person.state == EnrolmentState.NO_SHOW:
            left.append(Left(entry, person.person.name or "Somebody", None, "was noted as not having come meanwhile"))
        elif person.state != EnrolmentState.COMPLETED:
            took_part(person, by, actor)
            written += 1
    return Marked(written, left)


def _held(enrolment_ids: set[int], run_id: int) -> dict[int, Enrolment]:
    found = db.session.scalars(
        select(Enrolment)
        .where(Enrolment.id.in_(enrolment_ids), Enrolment.run_id == run_id, Enrolment.state.in_(MARKED))
        .options(selectinload(Enrolment.person))
        .order_by(Enrolment.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return {enrolment.id: enrolment for enrolment in found}


def _on_it_elsewhere(enrolments: Sequence[Enrolment]) -> set[int]:
    """Those who did not come, and are on the same offer by another enrolment since."""
    absent = {one.person_id: one for one in enrolments if one.state == EnrolmentState.NO_SHOW}
    if not absent:
        return set()
    offer_id = next(iter(absent.values())).offer_id
    others = db.session.scalars(
        select(Enrolment.person_id).where(
            Enrolment.person_id.in_(absent), Enrolment.offer_id == offer_id, Enrolment.state.in_(ACTIVE)
        )
    )
    return {absent[person_id].id for person_id in others}


def _why_not(
    entry: Entry, person: Enrolment | None, there: Attendance | None, what: Outcome, away: set[int]
) -> str:  # fmt: skip
    if person is None:
        return "is not on this run any more"
    if what == Outcome.CONFLICT:
        who = (there.by_person.name or "Somebody else") if there else ""
        return f"was marked by {who} meanwhile" if who else "had their mark removed meanwhile"
    if person.state == EnrolmentState.COMPLETED and there is not None:
        return "has completed the offer, so this mark stays: take back the completion first"
    if entry.chosen and person.id in away:
        return "has joined another run of this offer since: withdraw them from that first"
    return ""


def _write(entry: Entry, there: Attendance | None, actor: Person) -> None:
    if there is not None and entry.chosen is None:
        db.session.delete(there)
    elif there is not None:
        there.attended, there.at, there.by_person_id = bool(entry.chosen), now(), actor.id
    else:
        db.session.add(
            Attendance(
                enrolment_id=entry.enrolment_id, session_id=entry.session_id, attended=bool(entry.chosen),
                by_person_id=actor.id,
            )
        )  # fmt: skip
    audit.record(
        "attendance marked", f"enrolment:{entry.enrolment_id}", actor.key, session=entry.session_id,
        attended=entry.chosen, before=entry.shown,
    )  # fmt: skip


def _take_part(changed: dict[int, Enrolment], actor: Person) -> None:
    """Say of these whether they have taken part, and see who has completed the offer by it."""
    attended = set(
        db.session.scalars(
            select(Attendance.enrolment_id)
            .where(Attendance.enrolment_id.in_(changed), Attendance.attended)
            .group_by(Attendance.enrolment_id)
            .having(func.count() > 0)
        )
    )
    for enrolment in changed.values():
        state = EnrolmentState.ATTENDED if enrolment.id in attended else EnrolmentState.BOOKED
        if enrolment.state != state:
            enrolment.state, enrolment.changed_at, enrolment.reason = state, now(), ""
    db.session.flush()
    for enrolment in changed.values():
        settle(enrolment, actor)
