"""Reading identity providers, and who people are there."""

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from catalogue.errors import NotThere
from catalogue.extensions import db
from catalogue.people.models import IdentityProvider, StaffIdentity


def providers() -> Sequence[tuple[IdentityProvider, int]]:
    """All of them, by name, with how many people each vouches for."""
    people = (
        select(func.count())
        .where(StaffIdentity.provider_id == IdentityProvider.id)
        .correlate(IdentityProvider)
        .scalar_subquery()
    )
    found = select(IdentityProvider, people).order_by(IdentityProvider.name, IdentityProvider.id)
    return [(provider, count) for provider, count in db.session.execute(found)]


def open_providers() -> Sequence[IdentityProvider]:
    return db.session.scalars(
        select(IdentityProvider)
        .where(IdentityProvider.ended_at.is_(None))
        .order_by(IdentityProvider.name, IdentityProvider.id)
    ).all()


def provider(key: str) -> IdentityProvider:
    """By its key; raises ``NotThere``."""
    found = db.session.scalar(select(IdentityProvider).where(IdentityProvider.key == key))
    if found is None:
        raise NotThere("There is no identity provider at this address.")
    return found


def open_provider(key: str) -> IdentityProvider:
    """One through which people can sign in; raises ``NotThere``."""
    found = provider(key)
    if found.ended_at is not None:
        raise NotThere("Nobody signs in through this any more. Ask the people who run your single sign-on.")
    return found


def identities_of(person_id: int) -> Sequence[StaffIdentity]:
    """Who somebody is at the providers, oldest first."""
    return db.session.scalars(
        select(StaffIdentity)
        .where(StaffIdentity.person_id == person_id)
        .options(joinedload(StaffIdentity.provider))
        .order_by(StaffIdentity.id)
    ).all()


def identity(provider_id: int, subject: str) -> StaffIdentity | None:
    return db.session.scalar(
        select(StaffIdentity).where(StaffIdentity.provider_id == provider_id, StaffIdentity.subject == subject)
    )
