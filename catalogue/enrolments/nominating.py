"""A system's lead puts people of their system forward, one by one or as a team; they say for themselves."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select

from catalogue.clock import now, today
from catalogue.enrolments import approving, places, queries, rules, seating
from catalogue.enrolments.actions import Joining, check_answers, check_dates, hold, keep_state, leave, locked
from catalogue.enrolments.approving import Manager
from catalogue.enrolments.models import Enrolment, EnrolmentState, Team
from catalogue.enrolments.places import Unit
from catalogue.errors import NotThere, Refused
from catalogue.extensions import db
from catalogue.offers.models import Run
from catalogue.people import audit
from catalogue.people.models import Person
from catalogue.systems.models import Membership, Organisation
from catalogue.systems.queries import led_systems

MOST_AT_ONCE = 100
OPEN = (EnrolmentState.NOMINATED, EnrolmentState.WAITLISTED)
"""Of a nomination that can be answered or taken back."""


def of_system(system_id: int, person_ids: Sequence[int]) -> dict[int, Person]:
    """Which of these people belong to an organisation of the system, by id; whom we suspended is left out."""
    found = db.session.scalars(
        select(Person).where(
            Person.id.in_(person_ids), Person.suspended_at.is_(None),
            Person.id.in_(
                select(Membership.person_id).join(Membership.organisation).where(Organisation.system_id == system_id)
            ),
        )
    )  # fmt: skip
    return {person.id: person for person in found}


@dataclass(frozen=True, slots=True)
class How:
    """How people are nominated together."""

    team: str = ""
    """Those with a team's name stay together, on the waiting list too."""
    answer_by: date | None = None
    """The last day to answer; none for the usual one."""
    wait: bool = False
    """Whether those wait for whom there are too few places: a team as a whole, others each as they can."""


USUAL = How()


def nominate(run_id: int, person_ids: Sequence[int], system_id: int, lead: Person, how: How = USUAL) -> list[Enrolment]:
    """Hold a place for each of these people until they answer; all of them or none. Returns the new enrolments.

    Raises ``NotThere`` for a system that is not theirs to lead or a person who is not of it, and ``Refused`` where
    they do not fit, or somebody is on the offer already.
    """
    run = locked(run_id)
    version = run.offer.published
    if system_id not in {system.id for system in led_systems(lead)}:
        raise NotThere
    people = of_system(system_id, person_ids)
    chosen = [people[person_id] for person_id in dict.fromkeys(person_ids) if person_id in people]
    if len(chosen) < len(set(person_ids)):
        raise NotThere
    _check(run, chosen)
    last = how.answer_by or rules.answer_by(today(), run.starts_on)
    if refused := rules.why_not_until(last, today(), run.starts_on):
        raise Refused(refused)
    seated = _seats(run, chosen, team=bool(how.team), wait=how.wait)
    group = Team(run_id=run.id, name=how.team, by_person_id=lead.id) if how.team else None
    if group is not None:
        db.session.add(group)
        db.session.flush()
    enrolments = [
        Enrolment(
            person=person, offer=run.offer, version=version, run=run, team_id=group.id if group else None,
            nominated_by_id=lead.id, allocation_id=seat,
            state=EnrolmentState.NOMINATED if placed else EnrolmentState.WAITLISTED,
            answer_by=last if placed else None,
        )
        for person, (placed, seat) in zip(chosen, seated, strict=True)
    ]  # fmt: skip
    db.session.add_all(enrolments)
    db.session.flush()
    keep_state(run)
    for enrolment in enrolments:
        audit.record("nominated", f"enrolment:{enrolment.id}", lead.key, state=enrolment.state, team=enrolment.team_id)
    return enrolments


def _check(run: Run, people: Sequence[Person]) -> None:
    version = run.offer.published
    if version.self_paced:
        raise NotThere
    check_dates(version, run)
    if not people:
        raise Refused("Choose at least one person.")
    if len(people) > MOST_AT_ONCE:
        raise Refused(f"Nominate at most {MOST_AT_ONCE} people at once.")
    there = queries.people_on(run, [person.id for person in people])
    if there:
        raise Refused(f"On this offer already, or waiting for it: {_names(people, there)}. Leave them out.")
    late = queries.without_prerequisites(version, [person.id for person in people])
    if late:
        first = "; ".join(offer.published.title for offer in version.prerequisite_offers)
        raise Refused(f"Before this, people complete: {first}. Not done yet by: {_names(people, late)}.")


def _names(people: Sequence[Person], ids: set[int]) -> str:
    return ", ".join(person.name or "somebody without a name" for person in people if person.id in ids)


def _seats(run: Run, people: Sequence[Person], *, team: bool, wait: bool) -> list[tuple[bool, int | None]]:
    """For each of them, whether there is a place now, and by whose allocation."""
    owns = seating.own_allocations([run.id], [person.id for person in people])
    own = [owns.get(person.id, set()) for person in people]
    standing, waiting = seating.standing(run), seating.waiting_units(run)
    seats = places.at_once(standing, waiting, Unit(tuple(range(len(own))), tuple(own)))
    if seats is not None:
        return [(True, seat) for seat in seats]
    alone = [Unit((-number,), (mine,)) for number, mine in enumerate(own, 1)]
    got = {unit.ids[0]: seats[0] for unit, seats in places.given(standing, [*waiting, *alone]) if unit.ids[0] < 0}
    if not wait:
        raise Refused(f"{rules.too_few_places(len(got), len(people))} Nobody has been nominated.")
    if team:
        return [(False, None)] * len(people)
    return [(unit.ids[0] in got, got.get(unit.ids[0])) for unit in alone]


def accept(enrolment: Enrolment, joining: Joining, manager: Manager | None) -> str:
    """The nominee says yes, with what the offer asks; returns the token for their manager, if one is asked.

    Without a manager to ask they are booked; else the place is held until the manager has answered.
    """
    run = _held(enrolment)
    version = enrolment.version
    if enrolment.state != EnrolmentState.NOMINATED:
        raise Refused("There is no place to accept yet. We write to you when there is.")
    if enrolment.accepted_at is not None:
        raise Refused("You have accepted already.")
    if enrolment.answer_by is not None and enrolment.answer_by < today():
        raise Refused(f"The last day to answer was {rules.said(enrolment.answer_by)}.")
    check_answers(version, joining, queries.completed_offer_ids(enrolment.person_id))
    if version.approval_needed and manager is None:
        raise Refused("Your line manager has to agree first. Say who that is.")
    enrolment.seat_id, enrolment.plan_part = joining.seat_id, joining.plan_part.strip()
    enrolment.name_shown, enrolment.via = joining.name_shown, joining.via
    enrolment.accepted_at = enrolment.changed_at = now()
    audit.record("accepted", f"enrolment:{enrolment.id}", enrolment.person.key)
    if version.approval_needed and manager is not None:
        return approving.ask(enrolment, manager, enrolment.person)
    enrolment.state, enrolment.answer_by = EnrolmentState.BOOKED, None
    db.session.flush()
    if run is not None:
        keep_state(run)
    return ""


def decline(enrolment: Enrolment, reason: str) -> list[Enrolment]:
    """The nominee says no; whoever is next gets the place. Returns those who were promoted."""
    _held(enrolment)
    if enrolment.state not in OPEN:
        raise Refused("There is no nomination to answer any more.")
    return leave(enrolment, EnrolmentState.DECLINED, "declined", enrolment.person.key, reason)


def take_back(enrolment: Enrolment, lead: Person) -> list[Enrolment]:
    """A lead takes back a nomination that has not led to a place; returns those who were promoted."""
    _held(enrolment)
    if enrolment.state not in OPEN or enrolment.nominated_by_id is None:
        raise Refused("They have accepted. Now they alone, or the provider, can give the place back.")
    return leave(enrolment, EnrolmentState.WITHDRAWN, "nomination taken back", lead.key)


def _held(enrolment: Enrolment) -> Run | None:
    run = locked(enrolment.run_id) if enrolment.run_id is not None else None
    hold(enrolment)
    if enrolment.nominated_by_id is None:
        raise NotThere
    return run


def due() -> list[int]:
    """Nominations that were not answered by their last day."""
    return list(
        db.session.scalars(
            select(Enrolment.id)
            .where(
                Enrolment.state == EnrolmentState.NOMINATED, Enrolment.accepted_at.is_(None),
                Enrolment.answer_by < today(),
            )
            .order_by(Enrolment.id)
        )
    )  # fmt: skip


def lapse(enrolment_id: int) -> tuple[Enrolment, list[Enrolment]] | None:
    """The place is free again; returns whose it was and those who were promoted, or nothing where they answered."""
    enrolment = db.session.get_one(Enrolment, enrolment_id)
    _held(enrolment)
    if enrolment.state != EnrolmentState.NOMINATED or enrolment.accepted_at is not None:
        return None
    if enrolment.answer_by is None or enrolment.answer_by >= today():
        return None
    reason = f"No answer by {rules.said(enrolment.answer_by)}"
    return enrolment, leave(enrolment, EnrolmentState.DECLINED, "nomination lapsed", reason=reason)
