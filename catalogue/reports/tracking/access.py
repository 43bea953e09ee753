"""Who sees what of people on offers."""

from collections.abc import Sequence

from catalogue.people.models import Person, Role
from catalogue.reports.tracking.filters import Eyes, Sight
from catalogue.reports.tracking.queries import areas_of
from catalogue.systems.queries import led_systems

OF_PROVIDERS = (Role.PARTNER, Role.EDITOR, Role.FACILITATOR)


def sights_of(person: Person) -> Sequence[Sight]:
    """As what a person may look; of nothing, nobody.

    Administrators see everybody; those of an organisation or a system, and leads, the people of these, by name, as
    whoever enrols is told; partners, editors and facilitators how many people are on the offers of their providers.
    """
    if person.suspended_at is not None:
        return []
    if person.has(Role.ADMINISTRATOR):
        return [Sight(Eyes.ALL)]
    found = []
    systems = areas_of(person.systems_as(Role.ADMINISTRATOR)) | {system.id for system in led_systems(person)}
    organisations = person.organisations_as(Role.ADMINISTRATOR)
    if systems or organisations:
        found.append(Sight(Eyes.PEOPLE, frozenset(organisations), frozenset(systems)))
    providers = person.organisations_as(*OF_PROVIDERS)
    if providers:
        found.append(Sight(Eyes.OFFERS, frozenset(providers)))
    return found


def sight_of(person: Person, eyes: str) -> Sight | None:
    """What they see, looking as is asked; as what comes first where that is empty; none where they may not so."""
    return next((sight for sight in sights_of(person) if eyes in ("", sight.eyes)), None)
