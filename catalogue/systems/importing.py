"""Organisations and staff from a table: what each row would change, and changing it.

Each is one walk through the rows, in one transaction. Systems come in like manner (``importing_systems``).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum

from sqlalchemy import select

from catalogue.errors import Refused
from catalogue.extensions import db
from catalogue.people.models import Person
from catalogue.systems import actions, joining, queries
from catalogue.systems.actions import About
from catalogue.systems.files import Line
from catalogue.systems.joining import Came
from catalogue.systems.models import Membership, Organisation, System, SystemKind
from catalogue.systems.rules import KINDS, LONGEST_NAME, LONGEST_STAFF_NUMBER, ODS_CODE, folded_code, onward
from catalogue.transactions import run

ORGANISATION_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "ODS code": ("code", "organisation code", "org code"),
    "name": ("organisation name", "organisation"),
    "kind": ("type",),
    "system": ("stp", "area"),
    "started on": ("open date", "start date", "started"),
    "ended on": ("close date", "end date", "ended"),
    "successor": ("followed by",),
}
STAFF_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "person": ("email", "e mail", "email address", "person key", "key"),
    "staff number": ("employee number", "assignment number", "staff no"),
}


class Kind(StrEnum):
    NEW = "new"
    ASKED = "asked"
    CHANGED = "changed"
    SAME = "the same"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a row, and what to do about it."""

    column: str
    reason: str
    remedy: str


class Wrong(Exception):
    """Ends one row."""

    def __init__(self, column: str, reason: str, remedy: str) -> None:
        self.fault = Fault(column, reason, remedy)


@dataclass(frozen=True, slots=True)
class Done:
    """What came of a row, or would."""

    number: int
    title: str
    kind: Kind
    changes: list[str] = field(default_factory=list)
    fault: Fault | None = None


class _OnlyTried(Exception):
    def __init__(self, done: list[Done]) -> None:
        self.done = done


def carry_out(take: Callable[[], list[Done]], *, dry_run: bool) -> list[Done]:
    """Import in a transaction of its own; a dry run is one that is rolled back, so that it tells what would be."""

    def act() -> list[Done]:
        done = take()
        if dry_run:
            raise _OnlyTried(done)
        return done

    try:
        return run(act)
    except _OnlyTried as tried:
        return tried.done


def import_organisations(lines: list[Line], actor_key: str) -> list[Done]:
    """Add and change organisations by their ODS codes, in the present transaction; rows that are wrong are left out.

    An empty cell leaves what is known as it is.
    """
    coded = {one.ods_code: one for one in db.session.scalars(select(Organisation)) if one.ods_code}
    places = _Places(db.session.scalars(select(System)).all())
    seen: dict[str, int] = {}

    def take(line: Line) -> Done:
        code = folded_code(line.get("ODS code"))
        if not code:
            raise Wrong("ODS code", "is missing", "Enter the code that the register has")
        if not ODS_CODE.fullmatch(code):
            raise Wrong(
                "ODS code", f"“{code}” is no code", "Enter the 3 to 10 letters and digits that the register has"
            )
        if code in seen:
            raise Wrong("ODS code", f"{code} stands in row {seen[code]} too", "Keep one of the two rows")
        seen[code] = line.number
        there = coded.get(code)
        about, system = _about(line, there), there.system if there else None
        if line.get("system"):
            system = places.named(line.get("system"))
        if there is None:
            there = coded[code] = actions.add_organisation(replace(about, ods_code=code), system, actor_key)
            return Done(line.number, f"{code} {there.name}", Kind.NEW)
        before = _facts(there)
        changed = actions.change_organisation(there, replace(about, ods_code=code), system, actor_key)
        db.session.refresh(there)
        changes = differences(before, _facts(there))
        return Done(line.number, f"{code} {there.name}", Kind.CHANGED if changed else Kind.SAME, changes)

    return [safely(line, line.get("ODS code"), "ODS code", take) for line in lines]


def import_staff(organisation: Organisation, lines: list[Line], actor: Person) -> list[Done]:
    """Let people belong to an organisation, with their staff numbers, or ask them, in the present transaction.

    Rows that are wrong are left out; nobody is removed.
    """
    there = queries.people_called([line.get("person") for line in lines])
    held = select(Membership.person_id, Membership.staff_number).where(Membership.organisation_id == organisation.id)
    numbers = {person_id: number for person_id, number in db.session.execute(held)}  # noqa: C416 rows are not pairs
    seen: dict[int, int] = {}

    def take(line: Line) -> Done:
        said, number = line.get("person"), line.get("staff number")
        if not said:
            raise Wrong("person", "is missing", "Enter the address that they sign in with, or their key")
        person = there.get(said) or there.get(said.casefold())
        if person is None:
            raise Wrong("person", "nobody signs in with this address or has this key", "Add them to the service first")
        if person.id in seen:
            raise Wrong("person", f"the same person stands in row {seen[person.id]} too", "Keep one of the two rows")
        if len(number) > LONGEST_STAFF_NUMBER:
            raise Wrong("staff number", "is too long", f"Use {LONGEST_STAFF_NUMBER} characters or fewer")
        seen[person.id] = line.number
        came = joining.add_or_ask(organisation, person, said, number, actor)
        if came == Came.ADDED:
            return Done(line.number, said, Kind.NEW)
        if came == Came.ASKED:
            return Done(line.number, said, Kind.ASKED, ["belongs to it once they say yes"])
        if came == Came.WAITS or not number or numbers.get(person.id) == number:
            return Done(line.number, said, Kind.SAME)
        before = numbers.get(person.id) or "nothing"
        return Done(line.number, said, Kind.CHANGED, [f"staff number: {before} becomes {number}"])

    return [safely(line, line.get("person"), "staff number", take) for line in lines]


def differences(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    """What is different now, in words."""
    return [
        f"{name}: {before[name] or 'nothing'} becomes {said or 'nothing'}"
        for name, said in after.items()
        if said != before[name]
    ]


def safely(line: Line, title: str, column: str, take: Callable[[Line], Done]) -> Done:
    """What is wrong with one row leaves the others as they are."""
    try:
        return take(line)
    except Wrong as wrong:
        return Done(line.number, title, Kind.WRONG, fault=wrong.fault)
    except Refused as refusal:
        fault = Fault(column, str(refusal).rstrip("."), "Set the row right, or leave it out")
        return Done(line.number, title, Kind.WRONG, fault=fault)


def _about(line: Line, there: Organisation | None) -> About:
    name = line.get("name") or (there.name if there else "")
    if not name:
        raise Wrong("name", "is missing, and the code is new here", "Enter the name that the register has")
    if len(name) > LONGEST_NAME:
        raise Wrong("name", "is too long", f"Use {LONGEST_NAME} characters or fewer")
    kind = line.get("kind").lower() or (there.kind if there else "trust")
    if kind not in KINDS and not (there and there.kind == kind):
        raise Wrong("kind", f"“{kind}” is none that we know", f"Enter {', '.join(KINDS[:-1])} or {KINDS[-1]}")
    started_on = day_in(line, "started on") or (there.started_on if there else None)
    ended_on = day_in(line, "ended on") or (there.ended_on if there else None)
    successor = line.get("successor") or (there.successor if there else "")
    if len(successor) > LONGEST_NAME:
        raise Wrong("successor", "is too long", f"Use {LONGEST_NAME} characters or fewer")
    if ended_on and not successor:
        raise Wrong("successor", "is missing, and it has ended", "Enter the name of what followed it")
    if started_on and ended_on and started_on > ended_on:
        raise Wrong("ended on", "is before it started", "Set one of the two dates right")
    return About(name=name, kind=kind, started_on=started_on, ended_on=ended_on, successor=successor)


def day_in(line: Line, column: str) -> date | None:
    """2022-07-01, 01/07/2022 or, as the register's own files have it, 20220701."""
    said = line.get(column)
    if not said:
        return None
    try:
        if "/" in said:
            day, month, year = (int(part) for part in said.split("/"))
            return date(year, month, day)
        return date.fromisoformat(said)
    except ValueError:
        raise Wrong(column, f"“{said}” is no date", "Write it like 2022-07-01") from None


def _facts(organisation: Organisation) -> dict[str, str]:
    system = organisation.system
    return {
        "name": organisation.name, "kind": organisation.kind, "system": system.name if system else "",
        "started on": str(organisation.started_on or ""), "ended on": str(organisation.ended_on or ""),
        "successor": organisation.successor,
    }  # fmt: skip


class _Places:
    """The areas by what a table may call them: key, number or name; or what followed one of them alone."""

    def __init__(self, systems: Sequence[System]) -> None:
        self._by: dict[str, list[System]] = {}
        followed: dict[int, list[System]] = {}
        successors = {system.id: system.successor_id for system in systems}
        areas = [system for system in systems if system.kind == SystemKind.STP]
        for area in areas:
            for called in (area.key, area.name, *([str(area.number)] if area.number else [])):
                self._by.setdefault(called.lower(), []).append(area)
            for follower in onward(successors, area.id):
                followed.setdefault(follower, []).append(area)
        for system in systems:
            if system.kind == SystemKind.ICS:
                for called in (system.key, system.name):
                    self._by.setdefault(called.lower(), followed.get(system.id, []))

    def named(self, said: str) -> System:
        found = self._by.get(said.lower(), [])
        if len(found) == 1:
            return found[0]
        if found:
            raise Wrong(
                "system", f"{said} followed several areas", f"Enter one of {', '.join(one.name for one in found)}"
            )
        raise Wrong("system", f"there is no “{said}”", "Enter the name, key or number of one of the areas")
