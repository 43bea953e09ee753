"""Whose map somebody sees."""

from collections.abc import Sequence

from catalogue.people.models import Person, Role
from catalogue.systems import queries
from catalogue.systems.models import System


def sees_all(person: Person) -> bool:
    return person.has(Role.ADMINISTRATOR)


def may_see_map(person: Person) -> bool:
    return sees_all(person) or any(grant.role == Role.LEAD for grant in person.grants)


def systems_seen(person: Person) -> Sequence[System]:
    """Every system for an administrator, those that they lead for a lead, none for anybody else; by name."""
    return queries.areas() if sees_all(person) else queries.led_systems(person)
