"""What every page on an offer under way begins with: the offer, and what this person is to it."""

from dataclasses import dataclass

from flask import Blueprint, current_app, render_template, url_for
from flask_login import current_user

from catalogue.errors import NotThere
from catalogue.extensions import db
from catalogue.frameworks import queries as frameworks
from catalogue.offers.models import Offer
from catalogue.offers.references import References
from catalogue.offers.timeline import picture, sections_of
from catalogue.people.models import Person
from catalogue.publishing import queries
from catalogue.publishing.access import parts_in
from catalogue.publishing.deciding import retire_offer
from catalogue.publishing.document import Document
from catalogue.publishing.letters import write_retired
from catalogue.publishing.models import OfferDraft
from catalogue.publishing.preview import Shown, transient
from catalogue.publishing.rules import WRITERS, Act, Part, can

publishing = Blueprint("publishing", __name__)
OFFER = "/publish/offers/<int(max=2147483647):offer_id>"
REVIEW = "/review/<int(max=2147483647):offer_id>"


@dataclass(frozen=True)
class Work:
    """An offer with its draft, for somebody who works on it."""

    offer: Offer
    draft: OfferDraft | None
    parts: set[Part]

    @property
    def title(self) -> str:
        published = self.offer.published
        return queries.title_of(self.draft, published.title if published else None)

    @property
    def answers(self) -> bool:
        return Part.ANSWERS in self.parts

    def can(self, act: str) -> bool:
        return self.draft is not None and can(Act(act), self.draft.state, self.parts)

    @property
    def written(self) -> OfferDraft:
        """The draft; raises ``NotThere`` where there is none."""
        if self.draft is None:
            raise NotThere
        return self.draft


def work_on(offer_id: int) -> Work:
    """For those who write the offer or answer for it; to anybody else it is not there."""
    offer = queries.offer_by_id(offer_id)
    parts = parts_in(current_user.person, offer)
    if not parts & WRITERS:
        raise NotThere
    return Work(offer, queries.draft_of(offer_id), parts)


def answered_for(offer_id: int) -> Work:
    """For those who answer for the offer."""
    work = work_on(offer_id)
    if not work.answers:
        raise NotThere
    return work


def decided_on(offer_id: int) -> Work:
    """For those who decide on it, while it is under review."""
    offer = queries.offer_by_id(offer_id)
    parts = parts_in(current_user.person, offer)
    if Part.DECIDES not in parts:
        raise NotThere
    return Work(offer, queries.under_review(queries.draft_of(offer_id)), parts)


def retire_and_tell(offer: Offer, actor_key: str = "") -> None:
    """Take an offer out of the catalogue, and write to those whose offers need it; again, it changes nothing."""
    if offer.published is None:
        return
    title = offer.published.title
    retire_offer(offer, actor_key)
    write_retired(offer, title)


def actor(person_id: int) -> Person:
    """Who acts, read anew within the transaction."""
    return db.session.get_one(Person, person_id)


def reset_link() -> str:
    """The address that a token to set a password is added to."""
    settings = current_app.extensions["settings"]
    return str(settings.public_url).rstrip("/") + url_for("people.reset", token="")


def preview_page(work: Work, document: Document, references: References) -> str:
    """The offer's own page, as it would be with this document."""
    version = transient(document, references)
    return render_template(
        "publishing/preview.html",
        offer=Shown.of(work.offer, version, references, document), version=version, work=work, runs=[], free={},
        names=frameworks.level_names(references.current.id), standings={},
        beside=frameworks.crosswalk_of({(m.dimension.framework.key, m.dimension.key) for m in version.mappings}),
        preview=True, sections=sections_of(version), picture=picture(sections_of(version), None), cohort=None,
    )  # fmt: skip
