"""What a file of another system would record, found out before anything is."""

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import contains_eager, joinedload

from catalogue.enrolments.models import Completion
from catalogue.extensions import db
from catalogue.offers.models import Offer, OfferVersion
from catalogue.people.models import Account, Person
from catalogue.people.rules import fold_email
from catalogue.records.exports import Line, NotDone, Told
from catalogue.records.models import CourseCode, OutsideCompletion, Source
from catalogue.spreadsheets import RowFault
from catalogue.systems.models import Membership, Organisation

IN_A_QUERY = 500


class Kind(StrEnum):
    NEW = "new"
    KNOWN = "already known"
    NOT_DONE = "not completed there"
    NOT_MATCHED = "not matched"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Planned:
    """What a row comes to."""

    row: int
    kind: Kind
    person: Person | None = None
    offer: Offer | None = None
    told: Told | None = None
    key: str = ""
    fault: RowFault | None = None


@dataclass
class Plan:
    rows: list[Planned]
    unknown_codes: Counter[str] = field(default_factory=Counter)
    """Codes that no offer goes by, with how many rows have them."""

    @property
    def counts(self) -> dict[str, int]:
        counted = Counter(row.kind for row in self.rows)
        return {kind.value: counted[kind] for kind in Kind}

    def of(self, *kinds: Kind) -> list[Planned]:
        return [row for row in self.rows if row.kind in kinds]


def plan(lines: Iterable[Line], source: Source, organisation: Organisation) -> Plan:
    """What recording the rows of a file would do for the people of an organisation. Reads, and changes nothing."""
    read = list(lines)
    told = [line for line in read if isinstance(line, Told)]
    people = _People(organisation)
    codes = _offers_by_code(source, organisation, {line.code.casefold() for line in told})
    keys = {line.row: _key(organisation, line) for line in told}
    known = _known(source, list(keys.values()))
    done = _completed({offer.id for offer in codes.values()})
    made = Plan([])
    for line in read:
        if isinstance(line, RowFault):
            made.rows.append(Planned(line.row, Kind.WRONG, fault=line))
            continue
        if isinstance(line, NotDone):
            made.rows.append(Planned(line.row, Kind.NOT_DONE))
            continue
        key = keys[line.row]
        if key in known:
            made.rows.append(Planned(line.row, Kind.KNOWN, told=line))
            continue
        person, offer = people.of(line), codes.get(line.code.casefold())
        if offer is None:
            made.unknown_codes[line.code] += 1
        if person is None or offer is None:
            fault = people.fault(line) if person is None else _no_offer(line)
            made.rows.append(Planned(line.row, Kind.NOT_MATCHED, told=line, fault=fault))
            continue
        kind = Kind.KNOWN if (person.id, offer.id) in done else Kind.NEW
        made.rows.append(Planned(line.row, kind, person, offer, line, key))
        done.add((person.id, offer.id))
        known.add(key)
    return made


def _key(organisation: Organisation, line: Told) -> str:
    """What makes a record of that system the same one again; it tells nobody of whom it is."""
    who = line.staff_number or fold_email(line.email)
    said = "\n".join((organisation.key, who, line.code.casefold(), line.day.isoformat()))
    return hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()


def _known(source: Source, keys: list[str]) -> set[str]:
    found: set[str] = set()
    for start in range(0, len(keys), IN_A_QUERY):
        found.update(
            db.session.scalars(
                select(OutsideCompletion.key).where(
                    OutsideCompletion.source == source, OutsideCompletion.key.in_(keys[start : start + IN_A_QUERY])
                )
            )
        )
    return found


def _completed(offer_ids: set[int]) -> set[tuple[int, int]]:
    rows = db.session.execute(
        select(Completion.person_id, Completion.offer_id).where(
            Completion.offer_id.in_(offer_ids), Completion.voided_at.is_(None)
        )
    )
    return {(person_id, offer_id) for person_id, offer_id in rows}


def _offers_by_code(source: Source, organisation: Organisation, codes: set[str]) -> dict[str, Offer]:
    """By what the organisation says that a code means; else one that is the last part of a public offer's address."""
    found: dict[str, Offer] = {}
    wanted = sorted(codes)
    public = select(Offer).join(Offer.published).where(OfferVersion.members_only.is_(False))
    public = public.options(contains_eager(Offer.published))
    for start in range(0, len(wanted), IN_A_QUERY):
        some = public.where(Offer.slug.in_(wanted[start : start + IN_A_QUERY]))
        found.update({offer.slug: offer for offer in db.session.scalars(some)})
    said = select(CourseCode.code, Offer).join(CourseCode.offer).options(joinedload(Offer.published))
    for code, offer in db.session.execute(
        said.where(CourseCode.source == source, CourseCode.organisation_id == organisation.id)
    ):
        found[code.casefold()] = offer
    return found


def _no_offer(line: Told) -> RowFault:
    return RowFault(line.row, "course", f"no offer goes by the code {line.code[:60]}", "Say which offer it is")


class _People:
    """The people of an organisation, by its staff numbers and by the addresses that they sign in with."""

    def __init__(self, organisation: Organisation) -> None:
        self._by_number: dict[str, list[Person]] = {}
        self._by_address: dict[str, list[Person]] = {}
        rows = db.session.execute(
            select(Membership.staff_number, Account.email, Person)
            .join(Membership.person)
            .outerjoin(Account, Account.person_id == Person.id)
            .where(Membership.organisation_id == organisation.id, Person.suspended_at.is_(None))
        )
        for number, address, person in rows:
            if number:
                self._by_number.setdefault(number.strip().casefold(), []).append(person)
            if address:
                self._by_address.setdefault(address, []).append(person)

    def _found(self, line: Told) -> list[Person]:
        if line.staff_number:
            return self._by_number.get(line.staff_number, [])
        return self._by_address.get(fold_email(line.email), [])

    def of(self, line: Told) -> Person | None:
        found = self._found(line)
        return found[0] if len(found) == 1 else None

    def fault(self, line: Told) -> RowFault:
        column = "staff number" if line.staff_number else "email"
        if self._found(line):
            return RowFault(line.row, column, "is that of several people", "Give each of them a number of their own")
        remedy = "Check it, or give the number to the person on the page of the organisation's people"
        return RowFault(line.row, column, "is nobody's in this organisation", remedy)
