"""Who may see and keep the register of an offer."""

from catalogue.offers.models import Offer
from catalogue.people.models import Person, Role


def can_register(person: Person, offer: Offer) -> bool:
    """Administrators, and partners of the organisation that provides the offer."""
    if person.has(Role.ADMINISTRATOR):
        return True
    return any(grant.role == Role.PARTNER and grant.organisation_id == offer.provider_id for grant in person.grants)
