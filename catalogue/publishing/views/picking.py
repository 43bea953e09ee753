"""Finding an offer of any provider, to name it in a draft: a search, and a button beside each that is found."""

from collections.abc import Collection
from dataclasses import dataclass

from flask import request

from catalogue.errors import Refused
from catalogue.offers.filters import Filters
from catalogue.offers.forms import filters_of
from catalogue.offers.models import Offer
from catalogue.offers.queries import search
from catalogue.offers.references import References, name_of


@dataclass(frozen=True, slots=True)
class Found:
    words: str
    offers: list[tuple[str, Offer]]
    """Each with the name by which a document names it."""
    more: bool
    """Whether there are others that are not shown."""


def found_for(own: Offer, references: References, taken: Collection[str]) -> Found:
    """What the words in the address find in the catalogue for everybody, without what cannot be named here."""
    words = filters_of(request.args).q.strip()
    if not words:
        return Found("", [], more=False)
    page = search(Filters(q=words), None)
    named = [(name_of(offer), offer) for offer in page.offers]
    fit = [(name, offer) for name, offer in named if name not in taken and references.can_be_named(name, own)]
    return Found(words, fit, more=bool(page.next_after))


def picked(own: Offer, references: References, taken: Collection[str]) -> Offer:
    """The offer whose button was pressed; raises ``Refused`` where it cannot be named here, or is named already."""
    name = request.form.get("offer", "")
    offer = references.offer(name)
    if offer is None or name in taken or not references.can_be_named(name, own):
        raise Refused("This offer cannot be added: it is not in the catalogue for everybody, or is here already.")
    return offer
