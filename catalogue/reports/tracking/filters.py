"""What is looked at: whose eyes look, and what they look for."""

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from datetime import date
from enum import StrEnum
from typing import Any


class Eyes(StrEnum):
    """As what somebody looks."""

    ALL = "all"  # administrators everywhere: everybody
    PEOPLE = "people"  # who answers for people: those of their organisations and systems, by name
    OFFERS = "offers"  # who answers for offers: how many people are on them, and never who


@dataclass(frozen=True, slots=True)
class Sight:
    """What somebody sees, by ids; of organisations for ``OFFERS``, the offers that these provide."""

    eyes: Eyes
    organisations: frozenset[int] = frozenset()
    systems: frozenset[int] = frozenset()

    @property
    def by_name(self) -> bool:
        """Whether they may see who the people are."""
        return self.eyes != Eyes.OFFERS


class By(StrEnum):
    """What a table of counts has its rows by."""

    SYSTEM = "system"
    ORGANISATION = "organisation"
    PROVIDER = "provider"
    OFFER = "offer"


OVERDUE = "overdue"
"""Beside the states of an enrolment, what ``Filters.state`` can be."""


@dataclass(frozen=True, slots=True)
class Filters:
    """Each is empty, or leaves out what it does not name: all of them together. Values are keys and slugs."""

    system: str = ""
    organisation: str = ""
    provider: str = ""
    programme: str = ""
    offer: str = ""
    condition: str = ""
    dimension: str = ""
    seat: str = ""
    platform: str = ""  # what vouched for people as they joined: "platform:7"
    state: str = ""
    since: date | None = None  # the first day of joining
    until: date | None = None  # the last

    @property
    def as_query(self) -> dict[str, str]:
        """For the query of an address, without what is empty."""
        return dict(self._set())

    def _set(self) -> Iterator[tuple[str, str]]:
        for each in fields(self):
            value = getattr(self, each.name)
            if value:
                yield each.name, value.isoformat() if isinstance(value, date) else value

    def with_(self, name: str, value: str) -> "Filters":
        changed: dict[str, Any] = {name: value}
        return replace(self, **changed)

    def without(self, name: str) -> "Filters":
        changed: dict[str, Any] = {name: None if name in ("since", "until") else ""}
        return replace(self, **changed)


OF_OFFERS = ("offer", "condition", "dimension")
"""What those who see no people can ask for: whole offers, and never a part of the people on one."""


def next_by(filters: Filters, sight: Sight) -> By:
    """What a table of counts is by where nobody says: the widest that is not settled yet."""
    if not filters.system and not filters.organisation and (sight.eyes == Eyes.ALL or len(sight.systems) > 1):
        return By.SYSTEM
    if not filters.organisation and sight.eyes == Eyes.PEOPLE and len(sight.organisations) != 1:
        return By.ORGANISATION
    return By.OFFER if filters.provider else By.PROVIDER
