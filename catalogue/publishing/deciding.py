"""What a reviewer decides, and what follows when its day has come."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import select

from catalogue.clock import today
from catalogue.errors import NotThere, Refused
from catalogue.extensions import db
from catalogue.offers.actions import publish_many, retire
from catalogue.offers.content import OfferContent
from catalogue.offers.models import Offer
from catalogue.offers.references import References
from catalogue.people import audit
from catalogue.people.models import Person
from catalogue.publishing.actions import act, comment
from catalogue.publishing.document import checked, mapped
from catalogue.publishing.models import OfferDraft
from catalogue.publishing.rules import Act, is_due, why_not, why_not_dates


def mapping_unchanged(draft: OfferDraft, references: References) -> bool:
    """Whether a draft says of what it changes just what is published."""
    published = draft.offer.published
    if published is None:
        return False
    before = set()
    for mapping in published.mappings:
        framework = mapping.dimension.framework
        keys = {level.value: level.key for level in framework.levels}
        start, to = keys[mapping.from_level], keys[mapping.to_level]
        before.add((framework.key, mapping.dimension.key, start, to, mapping.strength))
    return mapped(draft.content, references) == before


def approve(
    draft: OfferDraft, revision: int, references: References, reviewer: Person, *,
    publish_on: date | None = None, retire_on: date | None = None,
) -> bool:  # fmt: skip
    """Let a draft, which is held, be published: now, or on its day. Returns whether it is published.

    Raises ``Refused`` where it is not the one that the reviewer saw, or the days cannot be.
    """
    _may(draft, Act.APPROVE, revision)
    refused = why_not_dates(publish_on, retire_on, today())
    if refused:
        raise Refused(refused)
    draft.publish_on, draft.retire_on = publish_on, retire_on
    act(draft, Act.APPROVE, reviewer.key)
    if not is_due(publish_on, today()):
        return False
    publish_drafts([draft], references)
    return True


def approve_many(seen: Sequence[tuple[OfferDraft, int]], references: References, reviewer: Person) -> None:
    """Approve and publish all of these, which are held and each at the revision that was seen, or none.

    Raises ``Refused`` where one of them changes what an offer is mapped to: those are looked at one by one.
    """
    for draft, revision in seen:
        _may(draft, Act.APPROVE, revision)
        if not mapping_unchanged(draft, references):
            raise Refused(f"“{draft.content['title']}” changes what it is mapped to. Open it and decide on it alone.")
        act(draft, Act.APPROVE, reviewer.key)
    publish_drafts([draft for draft, _revision in seen], references)


def ask_for_changes(draft: OfferDraft, revision: int, text: str, reviewer: Person) -> None:
    """Give a draft, which is held, back to those who write it, with a comment that says what to change."""
    _may(draft, Act.ASK, revision)
    comment(draft.offer, text, reviewer)
    draft.publish_on = draft.retire_on = None
    act(draft, Act.ASK, reviewer.key)


def publish_drafts(drafts: Sequence[OfferDraft], references: References) -> None:
    """Publish drafts that are approved, due and held. Raises ``Refused`` where one names what is not there any more."""
    documents: list[tuple[Offer, OfferContent]] = []
    for draft in drafts:
        content, faults = checked(draft.content, references, draft.offer)
        if content is None:
            raise Refused(f"“{draft.content.get('title', '')}”: {faults[0].reason}")
        documents.append((draft.offer, content))
    versions = publish_many(documents, references)
    for draft, version in zip(drafts, versions, strict=True):
        version.retire_on = draft.retire_on
        act(draft, Act.PUBLISH, version=version.number)


def retire_offer(offer: Offer, actor_key: str = "") -> None:
    """Take an offer out of the catalogue; who is enrolled stays so."""
    retire(offer)
    audit.record("retired", f"offer:{offer.id}", actor_key)


def give_back(draft: OfferDraft) -> None:
    """A draft, which is held, could not be published on its day: those who write it have to look at it."""
    draft.publish_on = draft.retire_on = None
    act(draft, Act.FAIL)


def held(offer_ids: Sequence[int]) -> list[OfferDraft]:
    """The drafts of these offers, until the commit; raises ``NotThere`` unless each has one."""
    found = db.session.scalars(
        select(OfferDraft)
        .where(OfferDraft.offer_id.in_(list(offer_ids)))
        .order_by(OfferDraft.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    if len(found) != len(set(offer_ids)):
        raise NotThere
    return list(found)


def _may(draft: OfferDraft, what: Act, revision: int) -> None:
    refused = why_not(draft.state, what)
    if refused:
        raise Refused(refused)
    if draft.revision != revision:
        raise Refused("This offer has been changed since you opened it. Look at it again.")
