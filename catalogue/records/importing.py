"""Files with completions: kept while they are looked at, and recorded in one transaction."""

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import joinedload, undefer

from catalogue.clock import LONDON, now, today
from catalogue.enrolments import completing
from catalogue.enrolments.letters import write_from_elsewhere
from catalogue.errors import NotThere, Refused
from catalogue.extensions import db
from catalogue.offers.queries import published_offer
from catalogue.people import audit
from catalogue.people.models import Person, Role
from catalogue.records.exports import MAX_CODE, lines
from catalogue.records.models import CompletionImport, CourseCode, OutsideCompletion, Source
from catalogue.records.planning import Kind, Plan, plan
from catalogue.systems.models import Membership, Organisation

KEPT_FOR = timedelta(days=1)


def organisations_of(person: Person) -> Sequence[Organisation]:
    """Whose completions somebody may bring: an administrator's of the whole service, or of an organisation."""
    found = select(Organisation).order_by(Organisation.name)
    if person.has(Role.ADMINISTRATOR):
        members = select(Membership.id).where(Membership.organisation_id == Organisation.id).exists()
        return db.session.scalars(found.where(members)).all()
    return db.session.scalars(found.where(Organisation.id.in_(person.organisations_as(Role.ADMINISTRATOR)))).all()


def may_import_for(person: Person, organisation_id: int) -> bool:
    return person.has(Role.ADMINISTRATOR) or organisation_id in person.organisations_as(Role.ADMINISTRATOR)


def organisation_for(person: Person, key: str) -> Organisation:
    """One whose completions they may bring; raises ``NotThere``."""
    found = db.session.scalar(select(Organisation).where(Organisation.key == key))
    if found is None or not may_import_for(person, found.id):
        raise NotThere
    return found


def import_for(person: Person, import_id: int) -> CompletionImport:
    """A file, for somebody who may bring its organisation's; raises ``NotThere``."""
    found = db.session.scalar(
        select(CompletionImport).where(CompletionImport.id == import_id).options(undefer(CompletionImport.content))
    )
    if found is None or not may_import_for(person, found.organisation_id):
        raise NotThere
    return found


def begin(person: Person, organisation: Organisation, source: Source, name: str, content: bytes) -> CompletionImport:
    """Keep a file to be looked at. Raises ``Unreadable`` for one that cannot be read to its end."""
    for _line in lines(content, source, today()):
        pass
    kept = CompletionImport(
        source=source, organisation=organisation, person_id=person.id, name=name, content=content, counts={}
    )
    db.session.add(kept)
    db.session.flush()
    return kept


def plan_of(content: bytes, source: Source, organisation: Organisation) -> Plan:
    return plan(lines(content, source, today()), source, organisation)


def write(kept: CompletionImport, actor: Person) -> dict[str, int]:
    """Record what the file says; returns how many rows of each kind there were. It is kept no longer.

    Raises ``Refused`` where that was done before.
    """
    db.session.refresh(kept, with_for_update=True)
    if kept.content is None:
        raise Refused("This file has been recorded already, or its day is over.")
    kept.counts = record(plan_of(kept.content, kept.source, kept.organisation), kept.source, actor)
    kept.content, kept.written_at = None, now()
    where = f"organisation:{kept.organisation_id}"
    audit.record("completions imported", where, actor.key, source=kept.source, new=kept.counts[Kind.NEW])
    return kept.counts


def record(planned: Plan, source: Source, actor: Person) -> dict[str, int]:
    """Within a transaction, record the new completions, and note of known ones that this system tells of them too."""
    for row in planned.rows:
        if row.person is None or row.offer is None or row.told is None:
            continue
        noon = datetime.combine(row.told.day, time(12), LONDON).astimezone(UTC)
        told = completing.complete_from_elsewhere(row.person, row.offer, noon, actor)
        write_from_elsewhere(told)
        db.session.add(OutsideCompletion(source=source, key=row.key, completion=told.completion))
    db.session.flush()
    return planned.counts


def throw_away(kept: CompletionImport) -> None:
    if kept.content is None:
        raise Refused("This file has been recorded already, or its day is over.")
    db.session.delete(kept)


def forget_files() -> None:
    """Once an hour: of a file that nobody recorded within a day, nothing is kept but that there was one."""
    old = CompletionImport.created_at < now() - KEPT_FOR
    db.session.execute(update(CompletionImport).where(old).values(content=None))


def codes(organisation: Organisation) -> Sequence[CourseCode]:
    return db.session.scalars(
        select(CourseCode)
        .where(CourseCode.organisation_id == organisation.id)
        .order_by(CourseCode.source, CourseCode.code)
        .options(joinedload(CourseCode.offer))
    ).all()


def set_code(organisation: Organisation, source: Source, code: str, slug: str, actor: Person) -> CourseCode:
    """Say which offer a code means, of those that ``actor`` finds; raises ``NotThere`` where there is none."""
    code = code.strip()
    if not code or len(code) > MAX_CODE:
        raise Refused(f"Enter a code of 1 to {MAX_CODE} characters.")
    offer = published_offer(slug, actor)
    same = (
        CourseCode.source == source, CourseCode.organisation_id == organisation.id, CourseCode.code == code,
    )  # fmt: skip
    found = db.session.scalar(select(CourseCode).where(*same))
    if found is None:
        found = CourseCode(source=source, organisation_id=organisation.id, code=code, offer_id=offer.id)
        db.session.add(found)
    found.offer_id = offer.id
    db.session.flush()
    where = f"organisation:{organisation.id}"
    audit.record("course code set", where, actor.key, source=source, code=code, offer=offer.id)
    return found


def remove_code(organisation: Organisation, code_id: int, actor: Person) -> None:
    mine = (CourseCode.id == code_id, CourseCode.organisation_id == organisation.id)
    if db.session.scalar(select(CourseCode.id).where(*mine)) is None:
        raise NotThere
    db.session.execute(delete(CourseCode).where(*mine))
    audit.record("course code removed", f"organisation:{organisation.id}", actor.key, code=code_id)
