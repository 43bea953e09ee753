"""What somebody's import may do."""

from enum import StrEnum

from catalogue.offers.access import can_answer_for, can_write_for
from catalogue.people.models import Person, Role


class Rights(StrEnum):
    PUBLISH = "publish"
    """What is complete is published at once."""
    SUBMIT = "submit"
    """Offers become drafts that are sent to review; dates are kept."""
    WRITE = "write"
    """Offers become drafts; dates are left as they are."""


def rights_of(person: Person, organisation_id: int) -> Rights | None:
    """What an import of theirs may do for a provider; none where nothing of it is theirs."""
    if person.suspended_at is not None:
        return None
    if person.has(Role.ADMINISTRATOR):
        return Rights.PUBLISH
    if can_answer_for(person, organisation_id):
        return Rights.SUBMIT
    return Rights.WRITE if can_write_for(person, organisation_id) else None
