"""Who may see and change what of an organisation."""

from catalogue.errors import NotThere
from catalogue.people.models import Person, Role
from catalogue.systems.models import Organisation
from catalogue.systems.queries import led_systems, organisation_by_key


def can_administer(person: Person, organisation: Organisation) -> bool:
    """Administrators of the whole service, and those of this organisation."""
    return person.has(Role.ADMINISTRATOR) or organisation.id in person.organisations_as(Role.ADMINISTRATOR)


def adds_people(person: Person) -> bool:
    """Whether they add people to an organisation by themselves, and need not ask: they answer for all accounts."""
    return person.has(Role.ADMINISTRATOR)


def administered(person: Person, organisation: Organisation) -> Organisation:
    """The organisation, for those; raises ``NotThere`` for anybody else."""
    if not can_administer(person, organisation):
        raise NotThere
    return organisation


def told_together(person: Person, key: str) -> Organisation:
    """The organisation, for those who are told what its people come to together, and never who: its administrators, and
    who leads its system; raises ``NotThere`` for anybody else."""
    found = organisation_by_key(key)
    if not can_administer(person, found) and found.system_id not in [led.id for led in led_systems(person)]:
        raise NotThere
    return found
