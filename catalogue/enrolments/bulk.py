"""Many people from a list at once: first what would come of it, line by line, then all of it in one transaction."""

import csv
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from sqlalchemy import select

from catalogue.clock import today
from catalogue.enrolments import places, queries, rules, seating
from catalogue.enrolments.actions import check_dates, keep_state, locked
from catalogue.enrolments.models import Enrolment, EnrolmentState
from catalogue.enrolments.places import Unit
from catalogue.errors import Refused
from catalogue.extensions import db
from catalogue.offers.models import OfferVersion, Run
from catalogue.people import audit
from catalogue.people.models import Account, Person
from catalogue.people.rules import fold_email
from catalogue.systems.models import Membership, Organisation

MOST_LINES = 1000
COLUMNS = ("person", "email", "staff_number", "organisation")
"""Headings of a list: our key of a person, the e-mail address of an account, or a number of the staff of an
organisation, which is named by its ODS code or our key where several could be meant."""


class Outcome(StrEnum):
    PLACE = "place"
    WAITS = "waits"
    THERE = "there"  # on the offer already, or waits for it
    CANNOT = "cannot"


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a list, by its number in it."""

    number: int
    person: str = ""
    email: str = ""
    staff_number: str = ""
    organisation: str = ""

    @property
    def said(self) -> str:
        return self.email or self.staff_number or self.person


@dataclass(frozen=True, slots=True)
class Planned:
    """What comes of a line: for whom, and why not where it cannot be."""

    line: Line
    outcome: Outcome
    why: str = ""
    who: Person | None = None
    allocation_id: int | None = None


def read(text: str) -> list[Line]:
    """The lines of a CSV list with headings, or of a plain list with one address, number or key in each line.

    Raises ``Refused`` for a list that is empty, too long, or has headings without one that names a person.
    """
    try:
        rows = [row for row in csv.reader(text.splitlines()) if any(cell.strip() for cell in row)]
    except csv.Error as fault:
        raise Refused("A line of the list is far too long. Put one person in each line.") from fault
    if not rows:
        raise Refused("Paste or choose a list with at least one person.")
    headings = [cell.strip().lstrip("\ufeff").lower().replace(" ", "_").replace("-", "_") for cell in rows[0]]
    if not set(headings) & set(COLUMNS):
        lines = [_plain(number, row[0].strip()) for number, row in enumerate(rows, 1)]
    elif set(headings) & set(COLUMNS[:3]):
        lines = [
            Line(number, **{name: cell.strip() for name, cell in zip(headings, row, strict=False) if name in COLUMNS})
            for number, row in enumerate(rows[1:], 2)
        ]
    else:
        raise Refused("The list needs a column email, staff_number or person.")
    if not lines:
        raise Refused("Paste or choose a list with at least one person.")
    if len(lines) > MOST_LINES:
        raise Refused(f"Take at most {MOST_LINES:,} people at once.")
    return lines


def _plain(number: int, word: str) -> Line:
    if "@" in word:
        return Line(number, email=word)
    return Line(number, person=word) if len(word) == 32 and word.isalnum() else Line(number, staff_number=word)


def plan(run: Run, lines: Sequence[Line], system_id: int | None) -> list[Planned]:
    """What would come of each line now; of people of one system alone where it is a lead's list."""
    found = _found(lines, system_id)
    people = {one.who.id: one.who for one in found if one.who is not None}
    there = queries.people_on(run, list(people))
    late = queries.without_prerequisites(run.offer.published, list(people))
    seen: set[int] = set()
    checked = [_checked(one, there, late, seen) for one in found]
    open_ones = [one.who.id for one in checked if one.outcome == Outcome.PLACE and one.who is not None]
    owns = seating.own_allocations([run.id], open_ones)
    alone = [Unit((-person_id,), (owns.get(person_id, set()),)) for person_id in open_ones]
    got = {
        -unit.ids[0]: seats[0]
        for unit, seats in places.given(seating.standing(run), [*seating.waiting_units(run), *alone])
        if unit.ids[0] < 0
    }
    return [
        one
        if one.outcome != Outcome.PLACE or one.who is None
        else replace(one, allocation_id=got[one.who.id])
        if one.who.id in got
        else replace(one, outcome=Outcome.WAITS)
        for one in checked
    ]


def _checked(one: Planned, there: Collection[int], late: Collection[int], seen: set[int]) -> Planned:
    person = one.who
    if person is None:
        return one
    if person.id in seen:
        return replace(one, outcome=Outcome.CANNOT, why="This person stands in the list twice.")
    seen.add(person.id)
    if person.id in there:
        return replace(one, outcome=Outcome.THERE)
    if person.suspended_at is not None:
        return replace(one, outcome=Outcome.CANNOT, why="This account is suspended.")
    if person.id in late:
        return replace(one, outcome=Outcome.CANNOT, why="They have not completed what comes before this.")
    return one


def _found(lines: Sequence[Line], system_id: int | None) -> list[Planned]:
    """Whom each line names: three queries, however many there are."""
    everyone = select(Person.id, Person)
    within = select(Membership.person_id).join(Membership.organisation).where(Organisation.system_id == system_id)
    if system_id is not None:
        everyone = everyone.where(Person.id.in_(within))
    by_key = {
        person.key: person
        for _id, person in db.session.execute(everyone.where(Person.key.in_(_all(line.person for line in lines))))
    }
    emails = _all(fold_email(line.email) for line in lines)
    by_email = {
        email: person
        for email, _id, person in db.session.execute(
            everyone.join(Account, Account.person_id == Person.id)
            .where(Account.email.in_(emails))
            .with_only_columns(Account.email, Person.id, Person)
        )
    }
    by_number: dict[str, list[tuple[set[str], Person]]] = {}
    numbers = (
        select(Membership.staff_number, Organisation.key, Organisation.ods_code, Person)
        .join(Membership.organisation)
        .join(Membership.person)
        .where(Membership.staff_number.in_(_all(line.staff_number for line in lines)))
    )
    if system_id is not None:
        numbers = numbers.where(Organisation.system_id == system_id)
    for number, key, ods_code, person in db.session.execute(numbers):
        by_number.setdefault(number, []).append(({key.lower(), (ods_code or key).lower()}, person))
    return [_one(line, by_key, by_email, by_number) for line in lines]


def _all(words: Iterable[str]) -> set[str]:
    return {word for word in words if word}


def _one(
    line: Line,
    by_key: dict[str, Person],
    by_email: dict[str, Person],
    by_number: dict[str, list[tuple[set[str], Person]]],
) -> Planned:
    if line.person or line.email:
        person = by_key.get(line.person) if line.person else by_email.get(fold_email(line.email))
        if person is None:
            return Planned(line, Outcome.CANNOT, "We know nobody by this whom you can enrol.")
        return Planned(line, Outcome.PLACE, who=person)
    named = line.organisation.lower()
    meant = {person.id: person for keys, person in by_number.get(line.staff_number, ()) if not named or named in keys}
    if len(meant) > 1:
        return Planned(line, Outcome.CANNOT, "Several people have this staff number. Name the organisation too.")
    if not meant:
        return Planned(line, Outcome.CANNOT, "We know nobody by this whom you can enrol.")
    return Planned(line, Outcome.PLACE, who=next(iter(meant.values())))


def asks(version: OfferVersion, system_id: int | None) -> bool:
    """Whether people of a list answer for themselves: of a lead's list, or where the offer asks something of them."""
    return system_id is not None or rules.asks_them(version)


def enrol_all(
    run_id: int, lines: Sequence[Line], actor: Person, system_id: int | None,
    *, all_or_none: bool, answer_by: date | None = None,
) -> list[Enrolment]:  # fmt: skip
    """Enrol, or put on the waiting list, everybody of a list who can be; returns the new enrolments.

    Where they are asked, they are nominated, and can answer until ``answer_by``. Raises ``Refused`` where nobody can
    join, for a day that cannot be the last to answer, and with ``all_or_none`` where somebody would get no place.
    """
    run = locked(run_id)
    version = run.offer.published
    check_dates(version, run)
    planned = plan(run, lines, system_id)
    short = [one for one in planned if one.outcome in (Outcome.WAITS, Outcome.CANNOT)]
    if all_or_none and short:
        raise Refused(f"Without a place would be {len(short)} of {len(planned)}, so nobody has been enrolled.")
    answers = asks(version, system_id)
    last = answer_by or rules.answer_by(today(), run.starts_on)
    if answers and (refused := rules.why_not_until(last, today(), run.starts_on)):
        raise Refused(refused)
    new = [
        _enrolment(run, one, actor if answers else None, last)
        for one in planned
        if one.outcome in (Outcome.PLACE, Outcome.WAITS)
    ]
    db.session.add_all(new)
    db.session.flush()
    keep_state(run)
    for enrolment in new:
        audit.record("enrolled from a list", f"enrolment:{enrolment.id}", actor.key, state=enrolment.state)
    return new


def _enrolment(run: Run, one: Planned, asked_by: Person | None, last: date) -> Enrolment:
    if one.outcome == Outcome.WAITS:
        state = EnrolmentState.WAITLISTED
    else:
        state = EnrolmentState.NOMINATED if asked_by else EnrolmentState.BOOKED
    return Enrolment(
        person=one.who, offer=run.offer, version=run.offer.published, run=run, state=state,
        allocation_id=one.allocation_id, nominated_by_id=asked_by.id if asked_by else None,
        answer_by=last if state == EnrolmentState.NOMINATED else None,
    )  # fmt: skip
