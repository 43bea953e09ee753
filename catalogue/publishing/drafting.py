"""Drafts that come in numbers, from files and feeds."""

from collections.abc import Iterable
from dataclasses import dataclass

from catalogue.clock import now
from catalogue.extensions import db
from catalogue.offers.models import Offer
from catalogue.people.models import Person
from catalogue.publishing.models import DraftState, OfferDraft


@dataclass(frozen=True, slots=True)
class Drafted:
    """What an offer is to say next, and the draft that it has, which is held."""

    offer: Offer
    content: dict[str, object]
    draft: OfferDraft | None
    submit: bool
    """Whether it goes to review as it is."""


def write_drafts(drafted: Iterable[Drafted], person: Person | None) -> None:
    """Write them over what the drafts said; ``person`` is who brought them."""
    for one in drafted:
        draft = one.draft
        if draft is None:
            draft = OfferDraft(offer=one.offer, revision=0)
            db.session.add(draft)
        draft.content = one.content
        draft.revision += 1
        draft.state = DraftState.SUBMITTED if one.submit else DraftState.DRAFT
        draft.changed_at = now()
        draft.changed_by = person
        draft.submitted_at = now() if one.submit else None
    db.session.flush()
