"""Joining and leaving an offer."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from catalogue.clock import now, today
from catalogue.enrolments import places, queries, rules, seating
from catalogue.enrolments.models import ACTIVE, ON_IT, Enrolment, EnrolmentState
from catalogue.enrolments.places import Unit
from catalogue.errors import NotThere, Refused
from catalogue.extensions import db
from catalogue.offers.models import Offer, OfferVersion, Run
from catalogue.offers.rules import can_be_joined
from catalogue.people import audit
from catalogue.people.models import Person


@dataclass(frozen=True, slots=True)
class Joining:
    """What somebody says as they join: in which seat, what they answer for, and whether colleagues see their name."""

    seat_id: int | None = None
    plan_part: str = ""
    name_shown: bool = False
    via: str = ""


NOTHING_SAID = Joining()


def locked(run_id: int) -> Run:
    """The run, held until the commit: whoever changes who is on it waits here for their turn."""
    run = db.session.scalar(
        select(Run).where(Run.id == run_id).with_for_update().execution_options(populate_existing=True)
    )
    if run is None:
        raise NotThere
    return run


def hold(enrolment: Enrolment) -> None:
    """Read it anew and hold it until the commit, so that nobody completes and withdraws it at the same moment.

    Whoever needs the run as well takes the run first.
    """
    db.session.refresh(enrolment, with_for_update={"of": Enrolment})  # and not what was loaded beside it


def enrol(
    person: Person, offer: Offer, run_id: int | None, joining: Joining = NOTHING_SAID, *, manager_asked: bool = False
) -> Enrolment:
    """Put a person on an offer: booked where there is a place for them, else on the waiting list.

    Where the offer asks for a line manager's word, ``manager_asked`` says that they are asked in this transaction,
    and no place is held until they have answered. Asking again gives the enrolment that there is; where the same
    person asks twice at the same moment, the unique index lets one through, and the other's transaction runs again
    and finds it. Raises ``Refused`` where it cannot be joined so.
    """
    there = queries.active(person.id, offer.id)
    if there is not None:
        return there
    version = offer.published
    run = None
    if run_id is not None and not version.self_paced:
        run = locked(run_id)
        if run.offer_id != offer.id:
            raise NotThere
    check_dates(version, run)
    done = queries.completed_offer_ids(person.id)
    if offer.id in done and version.self_paced:
        raise Refused("You have completed this already. It is on your plan, under what you have done.")
    check_answers(version, joining, done)
    if version.approval_needed and not manager_asked:
        raise Refused("Your line manager has to agree first. Say who that is.")
    enrolment = Enrolment(
        person_id=person.id, offer_id=offer.id, version_id=version.id, run_id=run.id if run else None,
        state=EnrolmentState.REQUESTED, seat_id=joining.seat_id, plan_part=joining.plan_part.strip(),
        name_shown=joining.name_shown, via=joining.via,
    )  # fmt: skip
    if not version.approval_needed:
        enrolment.state, enrolment.allocation_id = place_for(run, person.id)
    db.session.add(enrolment)
    db.session.flush()
    if run is not None:
        keep_state(run)
    audit.record("enrolled", f"enrolment:{enrolment.id}", person.key, state=enrolment.state)
    return enrolment


def check_dates(version: OfferVersion, run: Run | None) -> None:
    """Raises ``Refused`` where nobody can join in this way today."""
    refused = rules.why_not(
        version.mode, run.state if run else None, run.starts_on if run else None, today(),
        run.apply_by if run else None,
    )  # fmt: skip
    if refused:
        raise Refused(refused)


def check_answers(version: OfferVersion, joining: Joining, done: set[int]) -> None:
    """Raises ``Refused`` where the offer is not for somebody who says this, or has completed only these offers."""
    seats = {seat.id: seat.name for seat in version.seats}
    missing = [offer.published.title for offer in version.prerequisite_offers if offer.id not in done]
    refused = rules.not_for(
        missing,
        plan_part=joining.plan_part if version.for_plan_leads else None,
        seat=(joining.seat_id, seats) if version.for_seats_only and seats else None,
    )
    if refused:
        raise Refused(refused)


def place_for(run: Run | None, person_id: int) -> tuple[EnrolmentState, int | None]:
    """What somebody who comes now gets on a run, which is held: a place, by whose allocation, or the waiting list."""
    if run is None:
        return EnrolmentState.BOOKED, None
    own = seating.own_allocations([run.id], [person_id]).get(person_id, set())
    seats = places_for(run, [own])
    return (EnrolmentState.WAITLISTED, None) if seats is None else (EnrolmentState.BOOKED, seats[0])


def places_for(run: Run, own: Sequence[set[int]]) -> list[int | None] | None:
    """The seats of so many who come together, by the allocations that each may use; nothing where they do not fit.

    Whoever waits for a place and could have it comes first. The run is held.
    """
    standing, newcomers = seating.standing(run), Unit(tuple(range(len(own))), tuple(own))
    if places.seats_for(standing, newcomers) is None:
        return None  # most often so where many wait: then who they are need not be read
    return places.at_once(standing, seating.waiting_units(run), newcomers)


def enrol_together(people: Sequence[Person], run_id: int, actor: Person) -> list[Enrolment]:
    """Give all of these people a place on a run, or none of them; returns the new enrolments.

    Who is on the offer already, or waits for it, is passed over. Where an offer asks something that only they can
    answer, a place is held for them until they have. Raises ``Refused`` where the run takes nobody, or has fewer
    places than are needed, or somebody has not completed what comes before.
    """
    run = locked(run_id)
    check_dates(run.offer.published, run)
    there = queries.people_on(run, [person.id for person in people])
    new = [person for person in people if person.id not in there]
    owns = seating.own_allocations([run.id], [person.id for person in new])
    own = [owns.get(person.id, set()) for person in new]
    seats = places_for(run, own)
    if seats is None:
        raise Refused(rules.too_few_places(_how_many_fit(run, own), len(new)))
    return add_together(run, list(zip(new, seats, strict=True)), actor)


def add_together(
    run: Run, seated: Sequence[tuple[Person, int | None]], actor: Person, *, team_id: int | None = None
) -> list[Enrolment]:
    """Enrol these people on a run, which is held, on seats that are known to be free for them."""
    version = run.offer.published
    late = queries.without_prerequisites(version, [person.id for person, _seat in seated])
    if late:
        who = ", ".join(person.name or "Somebody without a name" for person, _seat in seated if person.id in late)
        raise Refused(f"This comes after other offers that have not been completed by: {who}.")
    answers = rules.asks_them(version)
    enrolments = [
        Enrolment(
            person=person, offer=run.offer, version=version, run=run, allocation_id=seat, team_id=team_id,
            state=EnrolmentState.NOMINATED if answers else EnrolmentState.BOOKED,
            nominated_by_id=actor.id if answers else None,
            answer_by=rules.answer_by(today(), run.starts_on) if answers else None,
        )
        for person, seat in seated
    ]  # fmt: skip
    db.session.add_all(enrolments)
    db.session.flush()
    keep_state(run)
    for enrolment in enrolments:
        audit.record("enrolled by another", f"enrolment:{enrolment.id}", actor.key, state=enrolment.state)
    return enrolments


def _how_many_fit(run: Run, own: Sequence[set[int]]) -> int:
    """How many of them, from the first, would have a place together; found by halving."""
    fits, too_many = 0, len(own)
    while too_many - fits > 1:
        middle = (fits + too_many) // 2
        fits, too_many = (middle, too_many) if places_for(run, own[:middle]) is not None else (fits, middle)
    return fits


def withdraw(enrolment: Enrolment, actor: Person, reason: str = "") -> list[Enrolment]:
    """Leave an offer; in the same transaction whoever is next on the waiting list gets the place.

    Returns those who were promoted. Raises ``Refused`` where it is completed, and for a place after the last day on
    which people can leave without the provider.
    """
    run = locked(enrolment.run_id) if enrolment.run_id is not None else None
    hold(enrolment)
    last = run.withdraw_by if run is not None else None
    if last is not None and enrolment.state in ON_IT and not rules.can_withdraw(enrolment.state, last, today()):
        raise Refused(rules.too_late_to_withdraw(last))
    return leave(enrolment, EnrolmentState.WITHDRAWN, "withdrew", actor.key, reason)


def withdraw_for(enrolment: Enrolment, actor: Person, reason: str) -> list[Enrolment]:
    """The provider takes somebody off a run, at any time before it is completed; returns those who were promoted."""
    if not reason.strip():
        raise Refused("Say why, so that they know.")
    if enrolment.run_id is not None:
        locked(enrolment.run_id)
    hold(enrolment)
    return leave(enrolment, EnrolmentState.WITHDRAWN, "withdrawn by the provider", actor.key, reason)


def leave(
    enrolment: Enrolment, state: EnrolmentState, action: str, actor_key: str = "", reason: str = ""
) -> list[Enrolment]:
    """End an enrolment that is held, with its run; returns those who were promoted. It stays ended."""
    if enrolment.state == EnrolmentState.COMPLETED:
        raise Refused("You have completed this, so you cannot withdraw from it.")
    if enrolment.state not in ACTIVE:
        return []
    enrolment.state, enrolment.changed_at, enrolment.reason = state, now(), reason.strip()
    audit.record(action, f"enrolment:{enrolment.id}", actor_key)
    db.session.flush()
    return promote(db.session.get_one(Run, enrolment.run_id)) if enrolment.run_id is not None else []


def promote(run: Run) -> list[Enrolment]:
    """Give the free places of a run, which is held, to those who wait and may have them, in their order.

    Returns them: booked, or nominated where they have not said themselves yet that they come.
    """
    if not can_be_joined(run.starts_on, run.state, today()):
        return []
    promoted: list[Enrolment] = []
    standing = seating.standing(run)
    if standing.free:
        for unit, seats in places.given(standing, seating.waiting_units(run)):
            seat_of = dict(zip(unit.ids, seats, strict=True))
            found = db.session.scalars(select(Enrolment).where(Enrolment.id.in_(unit.ids)).order_by(Enrolment.id))
            for enrolment in found:
                _give(enrolment, seat_of[enrolment.id], run)
                promoted.append(enrolment)
    db.session.flush()
    keep_state(run)
    return promoted


def _give(enrolment: Enrolment, allocation_id: int | None, run: Run) -> None:
    """A place for somebody who waited; who was nominated and has not answered yet is asked now."""
    asked = enrolment.nominated_by_id is not None and enrolment.accepted_at is None
    enrolment.state = EnrolmentState.NOMINATED if asked else EnrolmentState.BOOKED
    enrolment.answer_by = rules.answer_by(today(), run.starts_on) if asked else None
    enrolment.allocation_id, enrolment.changed_at = allocation_id, now()
    audit.record("given a place", f"enrolment:{enrolment.id}", state=enrolment.state)


def keep_state(run: Run) -> None:
    """Say of a run, which is held, whether it is full for everyone, so that a search finds the free places."""
    db.session.flush()
    run.state = rules.run_state(run.state, free=places_for(run, [set()]) is not None)
    db.session.flush()
