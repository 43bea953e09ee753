"""How rows about a person are placed: which they are, what a person is shown of them, and what their erasure does.

Every table has its place: rows about a person in ``placed.py``, or in a like list of whoever stands on top of the
catalogue, and tables about nobody by name. A test walks all tables and columns and names those that are not placed.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import Flask, current_app
from sqlalchemy import ColumnElement, Table, select

from catalogue.extensions import db

NAME_OF_NOBODY = "Erased person"


@dataclass(frozen=True, slots=True)
class Subject:
    """The person that something is about, as far as it takes to find it."""

    id: int
    key: str
    name: str
    emails: tuple[str, ...]
    """Folded; all that we have written to."""
    proven: tuple[str, ...]
    """Folded; those of them that somebody signs in with. A platform may say any address of whoever it sends."""


Whose = str | Callable[[Subject], ColumnElement[bool]]
Erased = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """Rows of a table that are about a person.

    ``whose`` is the way to the person, by foreign keys ("enrolment_id.person_id"), or a condition. Names of columns
    stand in one string. Without ``erased`` the rows are deleted when the person is erased. With it they stay, for the
    reason in ``why``: its columns are set to these values (or to what a function of the table says), and ``stays``
    names all others, which so must hold nothing that is personal without the rest.
    """

    table: str
    heading: str
    whose: Whose
    shown: str
    hidden: str = ""
    """What is not in an export: secrets, what they are verified by, and our own numbers."""
    told: Mapping[str, Callable[[Any, Subject], Any]] = field(default_factory=dict)
    """How columns are told to the person that hold more than what is theirs to know."""
    erased: Erased | None = None
    stays: str = ""
    why: str = ""
    names: bool = False
    """The row is somebody else's, or an organisation's, and only names the person: its other columns are theirs."""

    def of(self, subject: Subject) -> ColumnElement[bool]:
        if callable(self.whose):
            return self.whose(subject)
        return _follow(self.place, self.whose.split("."), subject.id)

    @property
    def place(self) -> Table:
        return db.metadata.tables[self.table]


def _follow(table: Table, way: list[str], person_id: int) -> ColumnElement[bool]:
    column = table.c[way[0]]
    if len(way) == 1:
        return column == person_id
    (key,) = column.foreign_keys
    there = key.column.table
    return column.in_(select(key.column).where(_follow(there, way[1:], person_id)))


@dataclass(slots=True)
class Places:
    rows: list[Rows]
    nobodys: dict[str, str]
    """Tables that hold nothing about a person, each with what it holds."""


def register_places(app: Flask, rows: Iterable[Rows], nobodys: Mapping[str, str]) -> None:
    """Begin with the catalogue's own."""
    app.extensions["places_of_data"] = Places(list(rows), dict(nobodys))


def add_places(app: Flask, rows: Iterable[Rows], nobodys: Mapping[str, str]) -> None:
    """What whoever stands on top of the catalogue holds."""
    places: Places = app.extensions["places_of_data"]
    places.rows.extend(rows)
    places.nobodys.update(nobodys)


def places() -> Places:
    found: Places = current_app.extensions["places_of_data"]
    return found
