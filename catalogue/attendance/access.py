"""Who keeps the register of an offer, and who puts right what stands in it."""

from catalogue.offers.access import can_answer_for
from catalogue.offers.models import Offer
from catalogue.people.models import Person, Role


def can_register(person: Person, offer: Offer) -> bool:
    """Administrators, and partners and facilitators of the organisation that provides the offer.

    A step of a programme that is an offer of its own has its own register: it is kept by whoever provides that step,
    and by nobody else of the programme.
    """
    return can_keep_registers(person, offer.provider_id)


def can_keep_registers(person: Person, organisation_id: int) -> bool:
    """Whether they keep the registers of all that an organisation provides."""
    return person.has(Role.ADMINISTRATOR) or organisation_id in person.organisations_as(Role.PARTNER, Role.FACILITATOR)


def can_put_right(person: Person, offer: Offer) -> bool:
    """Whether they void completions and withdraw people: administrators, and partners of the provider."""
    return can_answer_for(person, offer.provider_id)
