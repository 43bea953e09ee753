"""Systems from a table: those that are new, when others ended, and what followed them."""

from collections.abc import Mapping

from sqlalchemy import select

from catalogue.clock import today
from catalogue.extensions import db
from catalogue.systems import actions
from catalogue.systems.files import Line
from catalogue.systems.importing import Done, Kind, Wrong, day_in, differences, safely
from catalogue.systems.models import System, SystemKind
from catalogue.systems.rules import LONGEST_NAME

SYSTEM_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "name": ("system", "system name", "key"),
    "kind": ("type",),
    "started on": ("open date", "start date", "started"),
    "ended on": ("close date", "end date", "ended"),
    "successor": ("followed by",),
}


def import_systems(lines: list[Line], actor_key: str) -> list[Done]:
    """Add and change systems by their names or keys, in the present transaction; rows that are wrong are left out.

    An empty cell leaves what is known as it is. What followed a system may stand in the same file, wherever.
    """
    walk = _Walk(lines, actor_key)
    return [walk.take(line) for line in lines]


class _Walk:
    """Through the rows: one that names what followed its system comes after the row of that."""

    def __init__(self, lines: list[Line], actor_key: str) -> None:
        self._actor_key = actor_key
        self._rows: dict[str, list[Line]] = {}
        for line in lines:
            self._rows.setdefault(line.get("name").lower(), []).append(line)
        self._by: dict[str, list[System]] = {}
        for system in db.session.scalars(select(System)):
            self._know(system)
        self._begun: set[int] = set()
        self._done: dict[int, Done] = {}
        self._seen: dict[int, int] = {}  # numbers of rows by the id of their system

    def _know(self, system: System) -> None:
        for called in {system.key.lower(), system.name.lower()}:
            self._by.setdefault(called, []).append(system)

    def take(self, line: Line) -> Done:
        if line.number not in self._done:
            self._begun.add(line.number)
            self._done[line.number] = safely(line, line.get("name"), "name", self._one)
        return self._done[line.number]

    def _one(self, line: Line) -> Done:
        name, kind = line.get("name"), _kind(line)
        if not name:
            raise Wrong("name", "is missing", "Enter the name of the system, or its key")
        if len(name) > LONGEST_NAME:
            raise Wrong("name", "is too long", f"Use {LONGEST_NAME} characters or fewer")
        started_on, ended_on = day_in(line, "started on"), day_in(line, "ended on")
        there = self._there(name, kind)
        begins = started_on or (there.started_on if there else None)
        if begins and ended_on and begins > ended_on:
            raise Wrong("ended on", "is before it started", "Set one of the two dates right")
        successor = self._successor(line.get("successor"), there)
        before = _facts(there) if there else None
        if there is None:
            if kind is None:
                raise Wrong("kind", "is missing, and the system is new here", "Enter STP or ICS")
            there = actions.add_system(name, kind, started_on, [], self._actor_key)
            self._know(there)
        self._once(there, line.number)
        between = begins, ended_on or there.ended_on
        actions.change_system(there, there.name, between, successor or there.followed_by, self._actor_key)
        db.session.refresh(there)
        title = f"{there.name} ({there.kind})"
        if before is None:
            return Done(line.number, title, Kind.NEW)
        changes = differences(before, _facts(there))
        return Done(line.number, title, Kind.CHANGED if changes else Kind.SAME, changes)

    def _once(self, system: System, number: int) -> None:
        if system.id in self._seen:
            raise Wrong("name", f"{system.name} stands in row {self._seen[system.id]} too", "Keep one of the two rows")
        self._seen[system.id] = number

    def _there(self, name: str, kind: SystemKind | None) -> System | None:
        found = [one for one in self._by.get(name.lower(), []) if kind in (None, one.kind)]
        if len(found) > 1:
            raise Wrong("kind", f"is missing, and several systems are called {name}", "Enter STP or ICS")
        return found[0] if found else None

    def _successor(self, said: str, system: System | None) -> System | None:
        if not said:
            return None
        for row in self._rows.get(said.lower(), []):
            if row.number not in self._begun:
                self.take(row)
        stays = system.followed_by if system else None
        found = [
            one
            for one in self._by.get(said.lower(), [])
            if one is not system and (one is stays or not one.ended(today()))
        ]
        if len(found) != 1:
            raise Wrong(
                "successor", f"there is no “{said}” today", "Enter the name or key of a system, or give it a row here"
            )
        return found[0]


def _kind(line: Line) -> SystemKind | None:
    said = line.get("kind")
    if said and said.upper() not in list(SystemKind):
        raise Wrong("kind", f"“{said}” is none that we know", "Enter STP or ICS")
    return SystemKind(said.upper()) if said else None


def _facts(system: System) -> dict[str, str]:
    return {
        "started on": str(system.started_on or ""), "ended on": str(system.ended_on or ""),
        "successor": system.successor,
    }  # fmt: skip
