"""Searching the audit trail: the newest first, a page at a time, by the number of the row that a page ended with."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, or_, select, text

from catalogue.clock import midnight
from catalogue.extensions import db
from catalogue.people.models import AuditEvent, Person

ON_A_PAGE = 50
AT_A_TIME = 500


@dataclass(frozen=True, slots=True)
class Wanted:
    """Of which events; nothing in a field asks for all. ``person`` is an opaque key, days are whole days in London."""

    action: str = ""
    person: str = ""
    subject: str = ""
    first_day: date | None = None
    last_day: date | None = None
    before: int | None = None
    """The row after which, going back in time, the next page begins."""

    @property
    def as_query(self) -> dict[str, str]:
        """As it stands in an address, without the page."""
        named = {"action": self.action, "person": self.person, "subject": self.subject,
                 "from": self.first_day.isoformat() if self.first_day else "",
                 "to": self.last_day.isoformat() if self.last_day else ""}  # fmt: skip
        return {name: value for name, value in named.items() if value}

    def conditions(self) -> Iterator[ColumnElement[bool]]:
        if self.action:
            yield AuditEvent.action == self.action
        if self.person:
            yield or_(AuditEvent.actor_key == self.person, AuditEvent.subject == self.person)
        if self.subject:
            yield AuditEvent.subject == self.subject
        if self.first_day:
            yield AuditEvent.at >= midnight(self.first_day)
        if self.last_day:
            yield AuditEvent.at < midnight(self.last_day + timedelta(days=1))
        if self.before is not None:
            yield AuditEvent.id < self.before


@dataclass(frozen=True, slots=True)
class Page:
    events: list[AuditEvent]
    names: Mapping[str, str]
    """Of people who are still there, by their keys."""
    older: int | None
    """``Wanted.before`` of the page after this one."""


def page(wanted: Wanted) -> Page:
    query = select(AuditEvent).where(*wanted.conditions()).order_by(AuditEvent.id.desc())
    found = list(db.session.scalars(query.limit(ON_A_PAGE + 1)))
    events = found[:ON_A_PAGE]
    return Page(events, names_in(events), events[-1].id if len(found) > ON_A_PAGE else None)


def all_of(wanted: Wanted) -> Iterator[tuple[AuditEvent, Mapping[str, str]]]:
    """Every event, with the names of those in it; a part at a time, so that memory does not grow with them."""
    while True:
        query = select(AuditEvent).where(*wanted.conditions()).order_by(AuditEvent.id.desc()).limit(AT_A_TIME)
        events = list(db.session.scalars(query))
        names = names_in(events)
        for event in events:
            yield event, names
        if len(events) < AT_A_TIME:
            return
        wanted = replace(wanted, before=events[-1].id)
        db.session.expunge_all()


def names_in(events: Iterable[AuditEvent]) -> dict[str, str]:
    """What those are called now who did something or to whom it was done, by key; who was erased has no name."""
    keys = {key for event in events for key in (event.actor_key, event.subject) if ":" not in key}
    found = db.session.execute(select(Person.key, Person.name).where(Person.key.in_(keys)))
    return {key: name or "Somebody without a name" for key, name in found}


def actions() -> list[str]:
    """All that has ever been done, in words; found in steps along the index, however many events there are."""
    found: Any = db.session.scalars(
        text(
            "WITH RECURSIVE done(action) AS (SELECT min(action) FROM audit_event UNION ALL "
            "SELECT (SELECT min(action) FROM audit_event WHERE action > done.action) FROM done "
            "WHERE done.action IS NOT NULL) SELECT action FROM done WHERE action IS NOT NULL"
        )
    )
    return list(found)
