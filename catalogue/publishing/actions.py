"""Writing drafts, sending them to review, and taking them back."""

from typing import Any

from sqlalchemy import delete, select

from catalogue.clock import now
from catalogue.errors import NotThere, Refused
from catalogue.extensions import db
from catalogue.offers.actions import add_offer
from catalogue.offers.models import Offer, OfferVersion
from catalogue.offers.references import References, content_of
from catalogue.people import audit
from catalogue.people.models import Person, new_key
from catalogue.publishing.document import Document, checked
from catalogue.publishing.models import DraftState, OfferComment, OfferDraft, offer_collaborator
from catalogue.publishing.rules import Act, after, why_not
from catalogue.systems.models import Organisation


class Overtaken(Refused):
    """Somebody else has changed the draft since this person opened it."""


def locked(offer_id: int) -> OfferDraft:
    """The draft of an offer, held until the commit; raises ``NotThere``."""
    draft = db.session.scalar(
        select(OfferDraft)
        .where(OfferDraft.offer_id == offer_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if draft is None:
        raise NotThere
    return draft


def begin_offer(provider: Organisation, title: str, actor: Person) -> OfferDraft:
    """A new offer, with a draft that has its title and nothing else."""
    offer = add_offer(provider, new_key(), title)
    taken = select(Offer.id).where(Offer.provider_id == provider.id, Offer.key == offer.slug)
    if db.session.scalar(taken) is None:
        offer.key = offer.slug
    return _begin(offer, {"title": title}, actor)


def begin_whole(provider: Organisation, key: str, offer: Offer | None, content: Document, actor: Person) -> OfferDraft:
    """A draft that says all of this: of an offer that has none, or of a new one under its provider's own key."""
    return _begin(offer or add_offer(provider, key, str(content["title"])), content, actor)


def begin_draft(offer: Offer, actor: Person) -> OfferDraft:
    """The draft that an offer has, or a new one of what was published last. Raises ``NotThere`` without either."""
    there = db.session.scalar(select(OfferDraft).where(OfferDraft.offer_id == offer.id))
    if there is not None:
        return there
    version = db.session.scalar(
        select(OfferVersion).where(OfferVersion.offer_id == offer.id).order_by(OfferVersion.number.desc()).limit(1)
    )
    if version is None:
        raise NotThere
    return _begin(offer, content_of(version).model_dump(by_alias=True), actor)


def _begin(offer: Offer, content: Document, actor: Person) -> OfferDraft:
    draft = OfferDraft(offer=offer, content=content, changed_by=actor)
    db.session.add(draft)
    db.session.flush()
    audit.record("draft begun", f"offer:{offer.id}", actor.key)
    return draft


def write(draft: OfferDraft, changed: Document, revision: int, actor: Person) -> None:
    """Let a draft, which is held, say this in these fields.

    Raises ``Overtaken`` where it is not at the revision that the person saw, ``Refused`` where it is not to be written.
    """
    _may(draft, Act.WRITE)
    if draft.revision != revision:
        raise Overtaken("Somebody else has changed this part since you opened it.")
    content = {**draft.content, **changed}
    if content == draft.content:
        return
    draft.content = content
    _changed(draft, actor)
    audit.record("draft changed", f"offer:{draft.offer_id}", actor.key, fields=sorted(changed))
    db.session.flush()


def submit(draft: OfferDraft, references: References, actor: Person) -> None:
    """Send a draft, which is held, to review; raises ``Refused`` while something is missing or wrong."""
    _may(draft, Act.SUBMIT)
    content, _faults = checked(draft.content, references, draft.offer)
    if content is None:
        raise Refused("Something is still missing. The list of what it is stands on the page before.")
    draft.content = content.model_dump(by_alias=True)
    draft.submitted_at = now()
    _changed(draft, actor)
    act(draft, Act.SUBMIT, actor.key)


def take_back(draft: OfferDraft, actor: Person) -> None:
    """Take a draft, which is held, back from review or from the day that it waits for."""
    _may(draft, Act.TAKE_BACK)
    draft.submitted_at = draft.publish_on = draft.retire_on = None
    act(draft, Act.TAKE_BACK, actor.key)


def discard(draft: OfferDraft, actor: Person) -> bool:
    """Throw a draft, which is held, away; returns whether its offer goes with it, since nothing else is known of it."""
    _may(draft, Act.DISCARD)
    offer = draft.offer
    audit.record(Act.DISCARD, f"offer:{offer.id}", actor.key)
    db.session.delete(draft)
    db.session.flush()
    versions = select(OfferVersion.id).where(OfferVersion.offer_id == offer.id).limit(1)
    if db.session.scalar(versions) is not None or offer.runs:
        return False
    db.session.execute(delete(OfferComment).where(OfferComment.offer_id == offer.id))
    db.session.execute(delete(offer_collaborator).where(offer_collaborator.c.offer_id == offer.id))
    db.session.delete(offer)
    db.session.flush()
    return True


def comment(offer: Offer, text: str, person: Person) -> None:
    db.session.add(OfferComment(offer_id=offer.id, person_id=person.id, text=text))
    audit.record("commented", f"offer:{offer.id}", person.key)
    db.session.flush()


def act(draft: OfferDraft, what: Act, actor_key: str = "", **detail: Any) -> None:
    """Bring a draft, which is held and for which this can be done, to the state that follows."""
    state = after(draft.state, what)
    audit.record(what, f"offer:{draft.offer_id}", actor_key, **detail)
    if state is None:
        db.session.delete(draft)
    else:
        draft.state = DraftState(state)
    db.session.flush()


def _may(draft: OfferDraft, what: Act) -> None:
    refused = why_not(draft.state, what)
    if refused:
        raise Refused(refused)


def _changed(draft: OfferDraft, actor: Person) -> None:
    draft.revision += 1
    draft.changed_at, draft.changed_by = now(), actor
