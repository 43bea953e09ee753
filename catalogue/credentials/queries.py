"""Reading badges: anybody's by its key, and what a person has completed with theirs."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from catalogue.credentials.badges import LIST_LENGTH, version_mark
from catalogue.credentials.models import Credential, CredentialKey, WithdrawnBadge
from catalogue.enrolments.models import CompletedBy, Completion, Enrolment
from catalogue.errors import DomainError, NotThere
from catalogue.extensions import db
from catalogue.frameworks.models import Dimension, Framework, LevelHeading
from catalogue.offers.models import Mapping, Offer, OfferVersion
from catalogue.people.rules import hash_token
from catalogue.systems.models import Organisation

BATCH = 200


class Withdrawn(DomainError):
    """There was a badge at this address; whose it was is erased, and it with them."""

    status = 410
    title = "This badge was withdrawn"


def by_key(key: str) -> Credential:
    """Anybody's badge, for whoever was given its address; raises ``Withdrawn`` and ``NotThere``."""
    found = db.session.scalar(
        select(Credential)
        .where(Credential.key == key)
        .options(
            joinedload(Credential.completion).joinedload(Completion.person),
            joinedload(Credential.completion).joinedload(Completion.offer).joinedload(Offer.provider),
            joinedload(Credential.completion).joinedload(Completion.enrolment).joinedload(Enrolment.version),
        )
    )
    if found is None and db.session.scalar(
        select(WithdrawnBadge.number).where(WithdrawnBadge.key_hash == hash_token(key))
    ):
        raise Withdrawn("It no longer stands: do not rely on it. We keep nothing of what it said, or of whose it was.")
    if found is None:
        raise NotThere("There is no badge at this address. Check that all of the address was copied.")
    return found


def own(person_id: int, key: str) -> Credential:
    """A badge, if it is this person's and stands; raises ``NotThere``."""
    found = by_key(key)
    if found.completion.person_id != person_id or found.revoked_at is not None:
        raise NotThere
    return found


@dataclass(frozen=True, slots=True)
class Line:
    """A completion on somebody's transcript."""

    completion: Completion
    credential: Credential | None
    """None where an organisation brought it from another system; for a moment, where it is older than badges are."""

    @property
    def brought(self) -> bool:
        return self.credential is None and self.completion.by == CompletedBy.ELSEWHERE


def transcript(person_id: int) -> list[Line]:
    """What a person has completed, newest first; what was voided is not on it."""
    version = joinedload(Completion.enrolment).joinedload(Enrolment.version)
    found = db.session.execute(
        select(Completion, Credential)
        .outerjoin(Credential, Credential.completion_id == Completion.id)
        .where(Completion.person_id == person_id, Completion.voided_at.is_(None))
        .order_by(Completion.at.desc(), Completion.id.desc())
        .options(
            joinedload(Completion.offer).joinedload(Offer.provider),
            version.selectinload(OfferVersion.mappings).joinedload(Mapping.dimension).joinedload(Dimension.framework)
            .selectinload(Framework.levels),
        )
    )  # fmt: skip
    return [Line(completion, credential) for completion, credential in found]


def achieved(mark: str) -> OfferVersion:
    """The version of an offer that an achievement's address names; raises ``NotThere``."""
    number, _, _hash = mark.partition("-")
    if not number.isascii() or not number.isdigit() or len(number) > 9:
        raise NotThere
    version = db.session.get(OfferVersion, int(number))
    if version is None or version_mark(version) != mark:
        raise NotThere
    return version


def headings_of(version: OfferVersion) -> Sequence[LevelHeading]:
    """What the levels of its dimensions are called."""
    ids = {mapping.dimension_id for mapping in version.mappings}
    return db.session.scalars(select(LevelHeading).where(LevelHeading.dimension_id.in_(ids))).all() if ids else []


def issuing(key: str) -> Organisation:
    """A provider; raises ``NotThere``."""
    found = db.session.scalar(
        select(Organisation).where(
            Organisation.key == key, select(Offer.id).where(Offer.provider_id == Organisation.id).exists()
        )
    )
    if found is None:
        raise NotThere
    return found


def revoked_numbers(provider: Organisation, page: int) -> Sequence[int]:
    """The badges of a provider that are revoked or were withdrawn, of those on one list."""
    first = page * LIST_LENGTH
    revoked = (
        select(Credential.id)
        .join(Credential.completion)
        .join(Completion.offer)
        .where(
            Offer.provider_id == provider.id,
            Credential.revoked_at.is_not(None),
            Credential.id.between(first, first + LIST_LENGTH - 1),
        )
    )
    withdrawn = select(WithdrawnBadge.number).where(
        WithdrawnBadge.provider_id == provider.id, WithdrawnBadge.number.between(first, first + LIST_LENGTH - 1)
    )
    return db.session.scalars(revoked.union_all(withdrawn)).all()


def all_of(person_id: int) -> Sequence[Credential]:
    """Somebody's badges, those that are revoked too."""
    return db.session.scalars(
        select(Credential)
        .join(Credential.completion)
        .where(Completion.person_id == person_id)
        .order_by(Credential.id)
        .options(joinedload(Credential.completion).joinedload(Completion.offer))
    ).all()


def key_by_kid(kid: str) -> CredentialKey:
    found = db.session.scalar(select(CredentialKey).where(CredentialKey.kid == kid))
    if found is None:
        raise NotThere
    return found


def of_completion(completion_id: int) -> Credential | None:
    return db.session.scalar(select(Credential).where(Credential.completion_id == completion_id))


def waiting() -> Sequence[Credential]:
    """Some of the badges that no key could be opened to sign."""
    return db.session.scalars(
        select(Credential)
        .where(Credential.signed == "", Credential.revoked_at.is_(None))
        .order_by(Credential.id)
        .limit(BATCH)
    ).all()


def without_badge() -> Sequence[Completion]:
    """Some of the completions made here that stand and have none: they are older than badges are."""
    return db.session.scalars(
        select(Completion)
        .outerjoin(Credential, Credential.completion_id == Completion.id)
        .where(Completion.voided_at.is_(None), Completion.by != CompletedBy.ELSEWHERE, Credential.id.is_(None))
        .order_by(Completion.id)
        .limit(BATCH)
    ).all()
