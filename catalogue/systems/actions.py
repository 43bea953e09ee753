"""Changing systems and organisations, and who belongs to them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import delete, func, select, union_all

from catalogue.clock import now, today
from catalogue.errors import Refused
from catalogue.extensions import db
from catalogue.people import audit
from catalogue.people.models import Person
from catalogue.systems import queries
from catalogue.systems.models import LocalPartner, Membership, MembershipRequest, Organisation, System, SystemKind
from catalogue.systems.rules import fault_of_dates, folded_code, key_of, leads_back


@dataclass(frozen=True, slots=True)
class About:
    """What is said of an organisation."""

    name: str
    kind: str
    ods_code: str = ""
    started_on: date | None = None
    ended_on: date | None = None
    successor: str = ""


NO_KEYS = ("add", "import")
"""What would be the address of another page than a system's own."""
SAME_NAME = "Another system of this kind has this name already."


def add_system(
    name: str, kind: SystemKind, started_on: date | None, followed: Sequence[System], actor_key: str
) -> System:
    """A new one; each of those that it ``followed`` ends on the day on which it started. Raises ``Refused``."""
    if db.session.scalar(select(System.id).where(System.kind == kind, func.lower(System.name) == name.lower())):
        raise Refused(SAME_NAME)
    if followed and started_on is None:
        raise Refused("Enter the first day: what it follows ends on it.")
    wanted = f"ics {name}" if kind == SystemKind.ICS else name
    alike = select(System.key).where(System.key.startswith(key_of(wanted, ()), autoescape=True))
    key = key_of(wanted, {*db.session.scalars(alike), *NO_KEYS})
    system = System(key=key, name=name, kind=kind, started_on=started_on, edited_at=now())
    db.session.add(system)
    db.session.flush()
    audit.record("system added", f"system:{system.id}", actor_key)
    for one in followed:
        if one.ended_on is not None or one.followed_by is not None:
            raise Refused(f"{one.name} has an end already.")
        if one.started_on and started_on and one.started_on > started_on:
            raise Refused(f"{one.name} starts later than that.")
        change_system(one, one.name, (one.started_on, started_on), system, actor_key)
    return system


def change_system(
    system: System,
    name: str,
    between: tuple[date | None, date | None],
    successor: System | None,
    actor_key: str,
) -> None:
    """Say anew what a system is called, from when to when it was, and what followed it; raises ``Refused``."""
    started_on, ended_on = between
    if fault := fault_of_dates(started_on, ended_on):
        raise Refused(f"{fault}.")
    if successor is not None:
        if successor.ended(today()) and successor.id != system.successor_id:
            raise Refused(f"{successor.name} has ended itself.")
        if leads_back(queries.successors(), system.id, successor.id):
            raise Refused(f"{system.name} would follow itself.")
    changed = _set(
        system, name=name, started_on=started_on, ended_on=ended_on, successor_id=successor.id if successor else None
    )
    if changed:
        system.edited_at = now()
        audit.record("system changed", f"system:{system.id}", actor_key, fields=changed)
        db.session.flush()


def add_organisation(about: About, system: System | None, actor_key: str) -> Organisation:
    """A new one; raises ``Refused`` where another has its code."""
    alike = select(Organisation.key).where(Organisation.key.startswith(key_of(about.name, ()), autoescape=True))
    organisation = Organisation(
        key=key_of(about.name, set(db.session.scalars(alike))), source="Entered by an administrator"
    )
    _say(organisation, about, system)
    db.session.add(organisation)
    db.session.flush()
    audit.record("organisation added", f"organisation:{organisation.id}", actor_key)
    return organisation


def change_organisation(organisation: Organisation, about: About, system: System | None, actor_key: str) -> bool:
    """Say anew what it is, where it belongs, and what followed it; returns whether anything changed."""
    changed = _say(organisation, about, system)
    if changed:
        audit.record("organisation changed", f"organisation:{organisation.id}", actor_key, fields=changed)
        db.session.flush()
    return bool(changed)


def _say(organisation: Organisation, about: About, system: System | None) -> list[str]:
    code = folded_code(about.ods_code) or None
    if fault := fault_of_dates(about.started_on, about.ended_on):
        raise Refused(f"{fault}.")
    if about.ended_on and not about.successor:
        raise Refused("Say what followed it, so that people know where to turn.")
    with db.session.no_autoflush:
        other = db.session.scalar(select(Organisation).where(Organisation.ods_code == code)) if code else None
    if other is not None and other is not organisation:
        raise Refused(f"{other.name} has the code {code} already.")
    changed = _set(
        organisation, name=about.name, kind=about.kind, ods_code=code, started_on=about.started_on,
        ended_on=about.ended_on, successor=about.successor, system_id=system.id if system else None,
    )  # fmt: skip
    if changed:
        organisation.edited_at = now()
    return changed


def _set(record: System | Organisation, **values: object) -> list[str]:
    """Set what is different; returns the names of it."""
    changed = [name for name, value in values.items() if getattr(record, name) != value]
    for name in changed:
        setattr(record, name, values[name])
    return sorted(changed)


def set_partner(
    system: System, organisation: Organisation, starts_on: date | None, ends_on: date | None, actor_key: str
) -> LocalPartner:
    """Assign an organisation to support a system from a day to a day, or change the days; raises ``Refused``."""
    if starts_on and ends_on and starts_on > ends_on:
        raise Refused("It cannot end before it starts.")
    partner = db.session.scalar(
        select(LocalPartner).where(LocalPartner.system_id == system.id, LocalPartner.organisation_id == organisation.id)
    )
    if partner is None:
        if organisation.ended(today()):
            raise Refused(f"{organisation.name} has ended. Choose one that is there.")
        partner = LocalPartner(system_id=system.id, organisation_id=organisation.id)
        db.session.add(partner)
    partner.starts_on, partner.ends_on = starts_on, ends_on
    db.session.flush()
    audit.record("local partner set", f"system:{system.id}", actor_key, organisation=organisation.id)
    return partner


def remove_partner(partner: LocalPartner, actor_key: str) -> None:
    """Take back an assignment that never was: one that is over keeps its days."""
    audit.record(
        "local partner removed", f"system:{partner.system_id}", actor_key, organisation=partner.organisation_id
    )
    db.session.delete(partner)
    db.session.flush()


def add_member(
    organisation: Organisation, person: Person, staff_number: str, actor_key: str
) -> tuple[Membership, bool]:
    """Let somebody belong to an organisation, or change their staff number there; returns whether they are new to it.

    An empty staff number leaves one that is known. Whether they belong to it is not asked any more. Raises ``Refused``
    where the organisation has ended, or somebody else has the number there.
    """
    membership = queries.membership(organisation.id, person.id)
    if membership is None:
        still_there(organisation)
    if staff_number:
        free_number(organisation, person, staff_number)
    is_new = membership is None
    if membership is None:
        membership = Membership(person_id=person.id, organisation_id=organisation.id, staff_number=staff_number)
        db.session.add(membership)
        _settle(organisation.id, [person.id])
        audit.record("member added", person.key, actor_key, organisation=organisation.id)
    elif staff_number and membership.staff_number != staff_number:
        membership.staff_number = staff_number
        audit.record("staff number changed", person.key, actor_key, organisation=organisation.id)
    db.session.flush()
    return membership, is_new


def vouched_for(people: Collection[Person], organisation_id: int | None) -> None:
    """Let people belong to an organisation whose own system says that they do. They are not asked any more."""
    assert organisation_id is not None, "a system that lets people in is somebody's"  # noqa: S101
    ids = [person.id for person in people]
    held = set(
        db.session.scalars(
            select(Membership.person_id).where(
                Membership.person_id.in_(ids), Membership.organisation_id == organisation_id
            )
        )
    )
    new = [person_id for person_id in ids if person_id not in held]
    if new:
        db.session.add_all(Membership(person_id=person_id, organisation_id=organisation_id) for person_id in new)
        _settle(organisation_id, new)


def _settle(organisation_id: int, person_ids: Collection[int]) -> None:
    """Nobody asks them any more whether they belong to it."""
    db.session.execute(
        delete(MembershipRequest).where(
            MembershipRequest.organisation_id == organisation_id, MembershipRequest.person_id.in_(person_ids)
        )
    )


def set_staff_number(membership: Membership, staff_number: str, actor_key: str) -> None:
    """Change or take away a staff number; raises ``Refused`` where somebody else has it there."""
    if staff_number == membership.staff_number:
        return
    if staff_number:
        free_number(membership.organisation, membership.person, staff_number)
    membership.staff_number = staff_number
    audit.record("staff number changed", membership.person.key, actor_key, organisation=membership.organisation_id)
    db.session.flush()


def still_there(organisation: Organisation) -> None:
    """Raises ``Refused`` where it has ended."""
    if organisation.ended(today()):
        raise Refused(f"{organisation.name} has ended: nobody can be added to it.")


def free_number(organisation: Organisation, person: Person, staff_number: str) -> None:
    """Raises ``Refused`` where somebody else has this number there, or would have it by saying yes."""
    held = union_all(
        *(
            select(kind.person_id).where(
                kind.organisation_id == organisation.id,
                kind.staff_number == staff_number,
                kind.person_id != person.id,
            )
            for kind in (Membership, MembershipRequest)
        )
    )
    if db.session.scalar(held.limit(1)) is not None:
        raise Refused(
            f"Somebody else at {organisation.name} has the staff number {staff_number}, or was asked with it."
        )


def remove_member(membership: Membership, actor_key: str) -> None:
    """Somebody does not belong to the organisation any more. What they did while they did stays theirs."""
    audit.record("member removed", membership.person.key, actor_key, organisation=membership.organisation_id)
    db.session.delete(membership)
    db.session.flush()
