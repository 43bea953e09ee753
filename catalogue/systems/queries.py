"""Reading systems and organisations."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, false, func, or_, select, tuple_
from sqlalchemy.orm import InstrumentedAttribute, joinedload

from catalogue.clock import today
from catalogue.errors import NotThere
from catalogue.extensions import db
from catalogue.people.models import Account, Grant, Person, Role
from catalogue.people.rules import fold_email
from catalogue.systems.models import LocalPartner, Membership, Organisation, System, SystemKind
from catalogue.systems.rules import Told, folded_code, onward, told

IS_AREA = System.kind == SystemKind.STP
"""The areas that the catalogue goes by; what followed them is shown beside them."""
ON_A_PAGE = 50


def within(system_ids: Collection[int]) -> Select[int]:
    """The ids of these systems and of all that they followed, however many steps back."""
    found = select(System.id).where(System.id.in_(system_ids)).cte("within", recursive=True)
    return select(found.union(select(System.id).join(found, System.successor_id == found.c.id)).c.id)


def successors() -> dict[int, int | None]:
    """The id of what followed each system, by the id of that."""
    return {one_id: follower for one_id, follower in db.session.execute(select(System.id, System.successor_id))}  # noqa: C416


def standing() -> ColumnElement[bool]:
    """Of organisations, those that have not ended: what a choice offers."""
    return or_(Organisation.ended_on.is_(None), Organisation.ended_on > today())


def areas() -> Sequence[System]:
    """All of them, by name."""
    return db.session.scalars(select(System).where(IS_AREA).order_by(System.name)).all()


def led_systems(person: Person) -> Sequence[System]:
    """The areas that a lead's grants name, or those of the organisations that they name; by name.

    A grant that names an integrated care system is for the areas that it followed, through another one too. One that
    names neither is for the areas of the organisations to which the lead belongs.
    """
    grants = [grant for grant in person.grants if grant.role == Role.LEAD]
    if not grants:
        return []
    named = [grant.system_id for grant in grants if grant.system_id is not None]
    employers = [grant.organisation_id for grant in grants if grant.organisation_id is not None]
    theirs = select(Membership.organisation_id).where(Membership.person_id == person.id)
    anywhere = any(grant.organisation_id is None and grant.system_id is None for grant in grants)
    belongs = Organisation.id.in_(employers) | (Organisation.id.in_(theirs) if anywhere else false())
    return db.session.scalars(
        select(System)
        .where(
            IS_AREA,
            or_(
                System.id.in_(within(named)),
                System.id.in_(select(Organisation.system_id).where(belongs)),
            ),
        )
        .order_by(System.name)
    ).all()


def led_system(person: Person, key: str) -> System:
    """The one of this key that somebody leads, the first where none is named; raises ``NotThere``."""
    found = next((system for system in led_systems(person) if key in ("", system.key)), None)
    if found is None:
        raise NotThere
    return found


def system_by_key(key: str) -> System:
    """One of them; raises ``NotThere``."""
    found = db.session.scalar(select(System).where(System.key == key))
    if found is None:
        raise NotThere
    return found


def organisation_by_key(key: str) -> Organisation:
    """One of them with its system; raises ``NotThere``."""
    wanted = select(Organisation).options(joinedload(Organisation.system)).where(Organisation.key == key)
    found = db.session.scalar(wanted)
    if found is None:
        raise NotThere
    return found


def organisation_called(said: str) -> Organisation | None:
    """The one with this code of the register, or with this name where only one has it."""
    coded = select(Organisation).where(Organisation.ods_code == folded_code(said))
    named = select(Organisation).where(func.lower(Organisation.name) == said.strip().lower()).limit(2)
    found = db.session.scalars(coded).all() or db.session.scalars(named).all()
    return found[0] if len(found) == 1 else None


def open_systems() -> Sequence[System]:
    """Those that have no end and that nothing is to follow yet. By name."""
    return [one for one in current_systems() if one.ended_on is None and one.successor_id is None]


def current_systems() -> Sequence[System]:
    """Those that have not ended: what may follow another. By name."""
    there = or_(System.ended_on.is_(None), System.ended_on > today())
    return db.session.scalars(select(System).where(there).order_by(System.name)).all()


@dataclass(frozen=True, slots=True)
class Page:
    """Rows in order, and the key after which the next page begins; empty on the last."""

    rows: Sequence[Any]
    next: str = ""


def _page(wanted: Select[Any], key: InstrumentedAttribute[str], after: str) -> Page:
    rows = db.session.scalars(wanted.where(key > after).order_by(key).limit(ON_A_PAGE + 1)).all()
    return Page(rows[:ON_A_PAGE], getattr(rows[ON_A_PAGE - 1], key.key) if len(rows) > ON_A_PAGE else "")


def systems_page(q: str, kind: str, after: str) -> Page:
    """Systems by key: of a kind, and with these words in their name."""
    wanted = select(System)
    if kind in {one.value for one in SystemKind}:
        wanted = wanted.where(System.kind == kind)
    if q:
        wanted = wanted.where(func.lower(System.name).contains(q.lower(), autoescape=True))
    return _page(wanted, System.key, after)


def organisations_page(q: str, after: str) -> Page:
    """Organisations by key, with their systems: with these words in their name, or with this code."""
    wanted = select(Organisation).options(joinedload(Organisation.system))
    if q:
        named = func.lower(Organisation.name).contains(q.lower(), autoescape=True)
        wanted = wanted.where(named | (Organisation.ods_code == folded_code(q)))
    return _page(wanted, Organisation.key, after)


def organisations_of(system: System) -> Sequence[Organisation]:
    """Its member organisations, by name; of an integrated care system those of the areas that it followed."""
    return db.session.scalars(
        select(Organisation)
        .options(joinedload(Organisation.system))
        .where(Organisation.system_id.in_(within([system.id])))
        .order_by(Organisation.name)
    ).all()


def partners_of(system: System) -> Sequence[LocalPartner]:
    """Its local partners, those of the past too, by name."""
    return db.session.scalars(
        select(LocalPartner)
        .join(LocalPartner.organisation)
        .options(joinedload(LocalPartner.organisation))
        .where(LocalPartner.system_id == system.id)
        .order_by(Organisation.name)
    ).all()


def partner_of(system: System, partner_id: int) -> LocalPartner:
    """One of them; raises ``NotThere``."""
    found = db.session.get(LocalPartner, partner_id, options=[joinedload(LocalPartner.organisation)])
    if found is None or found.system_id != system.id:
        raise NotThere
    return found


def followed_by(system: System) -> Sequence[System]:
    """The systems that this one followed, by name."""
    return db.session.scalars(select(System).where(System.successor_id == system.id).order_by(System.name)).all()


def people_in(organisations: Collection[Organisation]) -> dict[int, int]:
    """How many people belong to each, by its id."""
    ids = [organisation.id for organisation in organisations]
    counted = (
        select(Membership.organisation_id, func.count())
        .where(Membership.organisation_id.in_(ids))
        .group_by(Membership.organisation_id)
    )
    found = {organisation_id: count for organisation_id, count in db.session.execute(counted)}  # noqa: C416
    return dict.fromkeys(ids, 0) | found


def people_told(organisations: Collection[Organisation]) -> Told:
    """Of the people of the organisations of a system, what a lead may be told."""
    ids = [organisation.id for organisation in organisations]
    everyone = select(func.count(Membership.person_id.distinct())).where(Membership.organisation_id.in_(ids))
    return told(people_in(organisations), db.session.scalar(everyone) or 0)


@dataclass(frozen=True, slots=True)
class Lead:
    person: Person
    organisation: Organisation | None
    """Where the grant names an organisation in the system, and not the system."""


def leads_of(systems: Sequence[System]) -> Mapping[int, Sequence[Lead]]:
    """Who leads each of these systems today, by its id: by a grant for it, for what followed it, or for a member."""
    ids = [system.id for system in systems]
    followed = successors()
    own = {system.id: {system.id, *onward(followed, system.id)} for system in systems}
    rows = db.session.execute(
        select(Grant.system_id, Person, Organisation)
        .join(Person, Person.id == Grant.person_id)
        .outerjoin(Organisation, Organisation.id == Grant.organisation_id)
        .where(
            Grant.role == Role.LEAD,
            Grant.holds(today()),
            Person.suspended_at.is_(None),
            or_(Grant.system_id.in_(set().union(*own.values())), Organisation.system_id.in_(ids)),
        )
        .order_by(Person.name, Person.id)
    ).all()
    found: dict[int, list[Lead]] = defaultdict(list)
    for system in systems:
        for named, person, organisation in rows:
            if named in own[system.id] or (organisation and organisation.system_id == system.id):
                found[system.id].append(Lead(person, organisation))
    return found


def counts_of(systems: Sequence[System]) -> tuple[Counter[int], Counter[int]]:
    """How many member organisations and local partners that are there today each of these systems has, by its id."""
    ids = [system.id for system in systems]
    members = (
        select(Organisation.system_id, func.count())
        .where(Organisation.system_id.in_(ids), standing())
        .group_by(Organisation.system_id)
    )
    partners = (
        select(LocalPartner.system_id, func.count())
        .join(LocalPartner.organisation)
        .where(
            LocalPartner.system_id.in_(ids),
            standing(),
            or_(LocalPartner.starts_on.is_(None), LocalPartner.starts_on <= today()),
            or_(LocalPartner.ends_on.is_(None), LocalPartner.ends_on >= today()),
        )
        .group_by(LocalPartner.system_id)
    )
    return (
        Counter({system_id: count for system_id, count in db.session.execute(members) if system_id is not None}),
        Counter({system_id: count for system_id, count in db.session.execute(partners)}),  # noqa: C416
    )


def members_page(organisation: Organisation, q: str, after: int) -> tuple[Sequence[Membership], int]:
    """Who belongs to it, by name, with the id after which the next page begins, or 0."""
    wanted = (
        select(Membership)
        .join(Membership.person)
        .options(joinedload(Membership.person))
        .where(Membership.organisation_id == organisation.id)
    )
    if q:
        named = func.lower(Person.name).contains(q.lower(), autoescape=True)
        wanted = wanted.where(named | (Membership.staff_number == q) | (func.lower(Person.email) == q.lower()))
    last = db.session.get(Membership, after) if after else None
    if last is not None and last.organisation_id == organisation.id:
        wanted = wanted.where(tuple_(Person.name, Membership.id) > (last.person.name, last.id))
    rows = db.session.scalars(wanted.order_by(Person.name, Membership.id).limit(ON_A_PAGE + 1)).all()
    return rows[:ON_A_PAGE], rows[ON_A_PAGE - 1].id if len(rows) > ON_A_PAGE else 0


def member_of(organisation: Organisation, membership_id: int) -> Membership:
    """One of them; raises ``NotThere``."""
    found = db.session.get(Membership, membership_id, options=[joinedload(Membership.person)])
    if found is None or found.organisation_id != organisation.id:
        raise NotThere
    return found


def membership(organisation_id: int, person_id: int) -> Membership | None:
    """That somebody belongs to an organisation; none where they do not."""
    return db.session.scalar(
        select(Membership).where(Membership.organisation_id == organisation_id, Membership.person_id == person_id)
    )


def memberships_of(person: Person) -> Sequence[Membership]:
    """Where somebody belongs, by name."""
    return db.session.scalars(
        select(Membership)
        .join(Membership.organisation)
        .where(Membership.person_id == person.id)
        .order_by(Organisation.name)
        .options(joinedload(Membership.organisation).joinedload(Organisation.system))
    ).all()


def people_called(said: Collection[str]) -> dict[str, Person]:
    """People by what is said of each: the address that they sign in with here, or their key. Others are left out."""
    keys = {one.strip() for one in said}
    emails = {fold_email(one): one for one in said}
    found = {person.key: person for person in db.session.scalars(select(Person).where(Person.key.in_(keys)))}
    accounts = db.session.scalars(
        select(Account).options(joinedload(Account.person)).where(Account.email.in_(emails))
    ).all()
    return found | {account.email: account.person for account in accounts}


def administered_by(person: Person) -> Sequence[Organisation]:
    """The organisations of which somebody is an administrator, by name."""
    ids = person.organisations_as(Role.ADMINISTRATOR)
    return db.session.scalars(select(Organisation).where(Organisation.id.in_(ids)).order_by(Organisation.name)).all()
