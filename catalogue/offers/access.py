"""Who works on the offers of a provider."""

from catalogue.offers.models import Offer
from catalogue.people.models import Person, Role


def can_answer_for(person: Person, organisation_id: int) -> bool:
    """Whether they send a provider's offers to review, keep their dates and registers, and say who works on them."""
    return person.has(Role.ADMINISTRATOR) or organisation_id in person.organisations_as(Role.PARTNER)


def can_write_for(person: Person, organisation_id: int) -> bool:
    """Whether they write the offers of a provider."""
    return can_answer_for(person, organisation_id) or organisation_id in person.organisations_as(Role.EDITOR)


def can_review(person: Person, offer: Offer) -> bool:
    """Whether they decide on what is to be published: reviewers and administrators, but for what is their own."""
    reviews = person.has(Role.REVIEWER) or person.has(Role.ADMINISTRATOR)
    return reviews and offer.provider_id not in person.organisations_as(Role.PARTNER, Role.EDITOR)
