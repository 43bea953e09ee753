"""Reading drafts, comments, activity, and who works on offers."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, or_, select
from sqlalchemy.orm import joinedload, selectinload

from catalogue.clock import today
from catalogue.errors import NotThere
from catalogue.extensions import db
from catalogue.frameworks.models import Dimension, Framework, FrameworkState
from catalogue.offers.models import Mapping, Offer, OfferVersion, Run, Step, VersionState, version_prerequisite
from catalogue.offers.references import whole_content
from catalogue.people.models import Account, AuditEvent, Grant, Person, Role
from catalogue.publishing.models import DraftState, OfferComment, OfferDraft, offer_collaborator
from catalogue.publishing.rules import UNDER_REVIEW
from catalogue.systems.models import Organisation

LONGEST_QUEUE = 500
LONGEST_LOG = 100


def offer_by_id(offer_id: int) -> Offer:
    """An offer, published or not, with the document of what is published; raises ``NotThere``."""
    offer = db.session.scalar(
        select(Offer)
        .where(Offer.id == offer_id)
        .options(
            selectinload(Offer.provider),
            selectinload(Offer.runs).selectinload(Run.sessions),
            selectinload(Offer.published).selectinload(OfferVersion.offer),
            *whole_content(),
        )
    )
    if offer is None:
        raise NotThere
    return offer


def needing(offer_id: int) -> Sequence[OfferVersion]:
    """What is published and has an offer as a step, or asks for it to be completed first; by title."""
    as_step = select(Step.version_id).where(Step.offer_id == offer_id)
    first = select(version_prerequisite.c.version_id).where(version_prerequisite.c.offer_id == offer_id)
    return db.session.scalars(
        select(OfferVersion)
        .where(
            OfferVersion.state == VersionState.PUBLISHED, or_(OfferVersion.id.in_(as_step), OfferVersion.id.in_(first))
        )
        .options(joinedload(OfferVersion.offer).joinedload(Offer.provider))
        .order_by(func.lower(OfferVersion.title), OfferVersion.id)
    ).all()  # fmt: skip


def partners_addresses(provider_ids: Collection[int]) -> dict[int | None, list[str]]:
    """The addresses of those who answer for the offers of each of these providers, by its id."""
    found: dict[int | None, list[str]] = {provider_id: [] for provider_id in provider_ids}
    for provider_id, email in db.session.execute(
        select(Grant.organisation_id, Person.email)
        .join(Person, Person.id == Grant.person_id)
        .where(
            Grant.organisation_id.in_(provider_ids), Grant.role == Role.PARTNER, Grant.holds(today()),
            Person.suspended_at.is_(None), Person.email != "",
        )
        .order_by(Person.email)
    ):  # fmt: skip
        found[provider_id].append(email)
    return found


def offer_by_key(provider_id: int, key: str) -> Offer | None:
    """An offer by the key that its provider has for it, published or not."""
    return db.session.scalar(
        select(Offer).where(Offer.provider_id == provider_id, Offer.key == key).options(selectinload(Offer.provider))
    )


def draft_of(offer_id: int) -> OfferDraft | None:
    return db.session.scalar(
        select(OfferDraft).where(OfferDraft.offer_id == offer_id).options(selectinload(OfferDraft.changed_by))
    )


def providers_of(person: Person, *roles: Role) -> list[Organisation]:
    """The providers for which somebody is one of these, or else writes their offers, by name."""
    ids = person.organisations_as(*(roles or (Role.PARTNER, Role.EDITOR)))
    return list(db.session.scalars(select(Organisation).where(Organisation.id.in_(ids)).order_by(Organisation.name)))


def publishing_organisation(key: str) -> Organisation:
    """A provider by its key; raises ``NotThere``."""
    found = db.session.scalar(select(Organisation).where(Organisation.key == key, Organisation.publishes))
    if found is None:
        raise NotThere
    return found


@dataclass(frozen=True, slots=True)
class Standing:
    """How an offer stands: what is published of it, and the draft of what it is to say next."""

    offer: Offer
    title: str
    draft: OfferDraft | None
    published: bool


def offers_of(provider_id: int) -> list[Standing]:
    """Every offer of a provider, by title."""
    return _standings(Offer.provider_id == provider_id)


def offers_with(person: Person) -> list[Standing]:
    """The offers of others that somebody collaborates on, by title."""
    theirs = select(offer_collaborator.c.offer_id).where(offer_collaborator.c.person_id == person.id)
    return _standings(Offer.id.in_(theirs))


def _standings(wanted: object) -> list[Standing]:
    newest = (
        select(OfferVersion.offer_id, func.max(OfferVersion.number).label("number"))
        .group_by(OfferVersion.offer_id)
        .subquery()
    )
    rows = db.session.execute(
        select(Offer, OfferDraft, OfferVersion.title, OfferVersion.state)
        .outerjoin(OfferDraft, OfferDraft.offer_id == Offer.id)
        .outerjoin(newest, newest.c.offer_id == Offer.id)
        .outerjoin(OfferVersion, (OfferVersion.offer_id == Offer.id) & (OfferVersion.number == newest.c.number))
        .where(wanted)  # type: ignore[arg-type]
        .options(selectinload(Offer.provider))
    )
    found = [
        Standing(offer, title_of(draft, title), draft, state == VersionState.PUBLISHED)
        for offer, draft, title, state in rows
    ]
    return sorted(found, key=lambda standing: (standing.title.casefold(), standing.offer.id))


def title_of(draft: OfferDraft | None, published: str | None) -> str:
    """What an offer is called by those who work on it."""
    return (draft.content.get("title") if draft else None) or published or "An offer without a title"


def comments_on(offer_id: int) -> Sequence[OfferComment]:
    """Oldest first."""
    return db.session.scalars(
        select(OfferComment)
        .where(OfferComment.offer_id == offer_id)
        .options(selectinload(OfferComment.person))
        .order_by(OfferComment.id)
    ).all()


def activity_on(offer_id: int) -> Sequence[tuple[AuditEvent, str]]:
    """The latest of what was done to an offer, newest first, each with the name of who did it."""
    rows = db.session.execute(
        select(AuditEvent, func.coalesce(Person.name, ""))
        .outerjoin(Person, (Person.key == AuditEvent.actor_key) & (AuditEvent.actor_key != ""))
        .where(AuditEvent.subject == f"offer:{offer_id}")
        .order_by(AuditEvent.id.desc())
        .limit(LONGEST_LOG)
    )
    return [(event, name) for event, name in rows]


def queue(person: Person) -> list[OfferDraft]:
    """What waits for a decision that this person may take, oldest first; 500 at most."""
    own = person.organisations_as(Role.PARTNER, Role.EDITOR)
    helped = select(offer_collaborator.c.offer_id).where(offer_collaborator.c.person_id == person.id)
    whole = selectinload(OfferDraft.offer)
    return list(
        db.session.scalars(
            select(OfferDraft)
            .join(Offer, Offer.id == OfferDraft.offer_id)
            .where(
                OfferDraft.state == DraftState.SUBMITTED,
                Offer.provider_id.not_in(own),
                Offer.id.not_in(helped),
            )
            .order_by(OfferDraft.submitted_at, OfferDraft.id)
            .limit(LONGEST_QUEUE)
            .options(
                whole.selectinload(Offer.provider),
                whole.selectinload(Offer.published)
                .selectinload(OfferVersion.mappings)
                .selectinload(Mapping.dimension)
                .selectinload(Dimension.framework)
                .selectinload(Framework.levels),
            )
        )
    )


def due_drafts(today: date) -> list[int]:
    """The offers whose draft is approved and whose day has come."""
    return list(
        db.session.scalars(
            select(OfferDraft.offer_id)
            .where(
                OfferDraft.state == DraftState.APPROVED,
                or_(OfferDraft.publish_on.is_(None), OfferDraft.publish_on <= today),
            )
            .order_by(OfferDraft.id)
        )
    )


def due_to_retire(today: date) -> list[int]:
    """The published offers whose last day has come."""
    return list(
        db.session.scalars(
            select(OfferVersion.offer_id)
            .where(OfferVersion.state == VersionState.PUBLISHED, OfferVersion.retire_on <= today)
            .order_by(OfferVersion.id)
        )
    )


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody who works on offers, known here by the address at which they were added."""

    person: Person
    email: str
    role: str


def colleagues(organisation_id: int) -> list[Colleague]:
    """Partners, then editors of a provider, by address."""
    rows = db.session.execute(
        select(Person, func.coalesce(Account.email, ""), Grant.role)
        .join(Grant, Grant.person_id == Person.id)
        .outerjoin(Account, Account.person_id == Person.id)
        .where(
            Grant.organisation_id == organisation_id, Grant.role.in_([Role.PARTNER, Role.EDITOR]), Grant.holds(today())
        )
        .order_by(Grant.role.desc(), Account.email, Person.id)
    )
    return [Colleague(person, email, role) for person, email, role in rows]


def collaborators(offer_id: int) -> list[Colleague]:
    rows = db.session.execute(
        select(Person, func.coalesce(Account.email, ""))
        .join(offer_collaborator, offer_collaborator.c.person_id == Person.id)
        .outerjoin(Account, Account.person_id == Person.id)
        .where(offer_collaborator.c.offer_id == offer_id)
        .order_by(Account.email, Person.id)
    )
    return [Colleague(person, email, "collaborator") for person, email in rows]


def open_frameworks() -> list[Framework]:
    """The newest published version of every framework, with its dimensions."""
    newest = select(func.max(Framework.id)).where(Framework.state == FrameworkState.PUBLISHED).group_by(Framework.key)
    return list(
        db.session.scalars(
            select(Framework)
            .where(Framework.id.in_(newest))
            .options(selectinload(Framework.dimensions), selectinload(Framework.levels))
            .order_by(Framework.name)
        )
    )


def under_review(draft: OfferDraft | None) -> OfferDraft:
    """The draft, if a reviewer may see it; raises ``NotThere``."""
    if draft is None or draft.state not in UNDER_REVIEW:
        raise NotThere
    return draft
