"""Who comes to belong to an organisation: the service's administrators add people, its own ask them first.

Whoever belongs to it shows those who answer for it what they enrol on and complete. So nobody is made to belong by
somebody who answers for that organisation alone: they are asked, and belong to it when they say yes.
"""

from collections.abc import Sequence
from enum import StrEnum

from sqlalchemy import Select, func, select
from sqlalchemy.orm import contains_eager, joinedload

from catalogue.errors import NotThere, Refused
from catalogue.extensions import db
from catalogue.people import audit
from catalogue.people.models import Person
from catalogue.systems import actions, queries
from catalogue.systems.access import adds_people
from catalogue.systems.letters import write_added, write_asked
from catalogue.systems.models import MembershipRequest, Organisation


class NotAsked(NotThere):
    """The same for who is not asked any more and for who never was."""

    title = "You are not asked this"

    def __init__(self) -> None:
        super().__init__(
            "No organisation asks you here whether you belong to it, or not any more: you have answered, or it was "
            "taken back. Nothing was changed."
        )


class Came(StrEnum):
    """What came of naming somebody."""

    ADDED = "added"
    ASKED = "asked"
    WAITS = "asked before"
    THERE = "there already"


def add_or_ask(organisation: Organisation, person: Person, asked_as: str, staff_number: str, actor: Person) -> Came:
    """Add somebody, or ask them, as the one who does it may; whoever belongs to it gets the staff number.

    They are written to. Who was asked and has not answered is neither asked nor written to again. ``asked_as`` is how
    they were named. Raises ``Refused`` where the organisation has ended, or somebody else has the number there.
    """
    if adds_people(actor) or queries.membership(organisation.id, person.id) is not None:
        if not actions.add_member(organisation, person, staff_number, actor.key)[1]:
            return Came.THERE
        write_added(person, organisation)
        return Came.ADDED
    if request_to(person, organisation.key) is not None:
        return Came.WAITS
    actions.still_there(organisation)
    if staff_number:
        actions.free_number(organisation, person, staff_number)
    db.session.add(
        MembershipRequest(
            person=person, organisation=organisation, staff_number=staff_number, asked_as=asked_as, asked_by=actor
        )
    )
    audit.record("membership asked for", person.key, actor.key, organisation=organisation.id)
    write_asked(person, organisation)
    db.session.flush()
    return Came.ASKED


def answer(person: Person, organisation_key: str, *, yes: bool) -> None:
    """Take somebody's word on whether they belong to an organisation.

    Raises ``NotAsked``, and ``Refused`` where the organisation has ended.
    """
    request = _held(_to(person).where(Organisation.key == organisation_key))
    if request is None:
        raise NotAsked
    if yes:
        actions.add_member(request.organisation, person, request.staff_number, person.key)
    else:
        _drop(request, "membership declined", person.key)


def take_back(organisation: Organisation, request_id: int, actor_key: str) -> None:
    """Do not ask somebody any more. Raises ``Refused`` where nobody there is asked under this number."""
    request = _held(
        select(MembershipRequest).where(
            MembershipRequest.id == request_id, MembershipRequest.organisation_id == organisation.id
        )
    )
    if request is None:
        raise Refused("They are not asked any more: they have answered, or it was taken back. Nothing was changed.")
    _drop(request, "membership request taken back", actor_key)


def _drop(request: MembershipRequest, action: str, actor_key: str) -> None:
    audit.record(action, request.person.key, actor_key, organisation=request.organisation_id)
    db.session.delete(request)
    db.session.flush()


def _held(request: Select[MembershipRequest]) -> MembershipRequest | None:
    """Kept from others in this transaction, so that it is answered or taken back once."""
    return db.session.scalar(request.with_for_update(of=MembershipRequest))


def _to(person: Person) -> Select[MembershipRequest]:
    return (
        select(MembershipRequest)
        .join(MembershipRequest.organisation)
        .options(
            contains_eager(MembershipRequest.organisation).joinedload(Organisation.system),
            joinedload(MembershipRequest.asked_by),
        )
        .where(MembershipRequest.person_id == person.id)
        .order_by(MembershipRequest.id)
    )


def requests_to(person: Person) -> Sequence[MembershipRequest]:
    """What organisations ask somebody; what was asked first comes first."""
    return db.session.scalars(_to(person)).all()


def request_to(person: Person, organisation_key: str) -> MembershipRequest | None:
    """What this one asks them; none where it does not."""
    return db.session.scalar(_to(person).where(Organisation.key == organisation_key))


def requests_of(organisation: Organisation, q: str, after: int) -> tuple[Sequence[MembershipRequest], int]:
    """Whom it asked and who has not answered, in the order of asking; with the id after which the next page begins."""
    asked = MembershipRequest
    wanted = (
        select(asked)
        .options(joinedload(asked.asked_by))
        .where(asked.organisation_id == organisation.id, asked.id > after)
    )
    if q:
        named = func.lower(asked.asked_as).contains(q.lower(), autoescape=True)
        wanted = wanted.where(named | (asked.staff_number == q))
    rows = db.session.scalars(wanted.order_by(asked.id).limit(queries.ON_A_PAGE + 1)).all()
    return rows[: queries.ON_A_PAGE], rows[queries.ON_A_PAGE - 1].id if len(rows) > queries.ON_A_PAGE else 0
