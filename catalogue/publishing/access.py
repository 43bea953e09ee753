"""What somebody is to an offer, and so what they may do with its draft."""

from catalogue.extensions import db
from catalogue.offers.access import can_answer_for, can_review, can_write_for
from catalogue.offers.models import Offer
from catalogue.people.models import Person
from catalogue.publishing.models import offer_collaborator
from catalogue.publishing.rules import Part


def collaborates(person: Person, offer: Offer) -> bool:
    row = offer_collaborator.select().where(
        offer_collaborator.c.offer_id == offer.id, offer_collaborator.c.person_id == person.id
    )
    return db.session.execute(row).first() is not None


def parts_in(person: Person, offer: Offer) -> set[Part]:
    """Everything that somebody is to an offer. Who writes it does not decide on it, but for administrators."""
    parts = set()
    if can_answer_for(person, offer.provider_id):
        parts.add(Part.ANSWERS)
    collaborator = collaborates(person, offer)
    if collaborator or can_write_for(person, offer.provider_id):
        parts.add(Part.WRITES)
    if can_review(person, offer) and not collaborator:
        parts.add(Part.DECIDES)
    return parts


def can_keep_runs(person: Person, offer: Offer) -> bool:
    """Whether they keep the dates of an offer: its provider's people, and nobody from outside."""
    return can_write_for(person, offer.provider_id)
