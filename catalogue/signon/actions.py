"""Changing identity providers, and who people are there."""

from contextlib import suppress

from cryptography.fernet import InvalidToken
from sqlalchemy import select, update

from catalogue.clock import now
from catalogue.encryption import cipher
from catalogue.errors import NotThere, Refused
from catalogue.extensions import db
from catalogue.people import actions as people
from catalogue.people import audit
from catalogue.people import queries as people_queries
from catalogue.people.models import IdentityProvider, Person, SignIn, StaffIdentity
from catalogue.signon import queries
from catalogue.signon.protocol import Claims
from catalogue.signon.rules import Settings
from catalogue.systems.models import Membership

PURPOSE = "identity provider"


def add_provider(given: Settings, organisation_id: int | None, actor_key: str) -> IdentityProvider:
    """Raises ``Refused`` where the key is taken."""
    if db.session.scalar(select(IdentityProvider.id).where(IdentityProvider.key == given.key)) is not None:
        raise Refused(f"Another identity provider has the key {given.key} already.")
    added = IdentityProvider(
        key=given.key, name=given.name, issuer=given.issuer, client_id=given.client_id,
        client_secret_encrypted=_sealed(given.client_secret), organisation_id=organisation_id,
    )  # fmt: skip
    db.session.add(added)
    db.session.flush()
    audit.record("identity provider added", added.via, actor_key, issuer=given.issuer, organisation=organisation_id)
    return added


def change_provider(provider: IdentityProvider, name: str, client_id: str, client_secret: str, actor_key: str) -> None:
    """An empty secret leaves the one that there is."""
    provider.name, provider.client_id = name, client_id
    if client_secret:
        provider.client_secret_encrypted = _sealed(client_secret)
    audit.record("identity provider changed", provider.via, actor_key, new_secret=bool(client_secret))


def _sealed(secret: str) -> str:
    return cipher(PURPOSE).encrypt(secret.encode()).decode() if secret else ""


def secret_of(provider: IdentityProvider) -> str:
    """The client secret; empty for a public client. Raises ``Refused``."""
    if not provider.client_secret_encrypted:
        return ""
    try:
        return cipher(PURPOSE).decrypt(provider.client_secret_encrypted.encode()).decode()
    except InvalidToken as fault:
        raise Refused(
            "The client secret of this provider cannot be read any more: an administrator has to enter it anew."
        ) from fault


def end_provider(provider: IdentityProvider, actor_key: str) -> None:
    """Nobody signs in through it any more, and what was opened through it ends; who is just let in is waited for."""
    db.session.refresh(provider, with_for_update=True)
    provider.ended_at = now()
    people.end_all_sign_ins(via=provider.via)
    audit.record("identity provider ended", provider.via, actor_key)


def open_again(provider: IdentityProvider, actor_key: str) -> None:
    provider.ended_at = None
    audit.record("identity provider opened again", provider.via, actor_key)


def arrive(provider_id: int, claims: Claims) -> StaffIdentity:
    """Who this is here: by provider and subject alone; a subject that is new is a new person without any role.

    An address that it brings is for writing to them: it leads to nobody who is here already.
    """
    provider = db.session.get_one(IdentityProvider, provider_id)
    known = queries.identity(provider_id, claims.subject)
    if known is not None:
        return known
    person = people.add_person(claims.name, claims.email)
    if provider.organisation_id is not None:
        db.session.add(Membership(person=person, organisation_id=provider.organisation_id))
    return _add(person, provider, claims.subject)


def add_identity(person: Person, provider_id: int, claims: Claims) -> None:
    """Let somebody who is signed in come through a provider too. Raises ``Refused``, where another person does so."""
    known = queries.identity(provider_id, claims.subject)
    if known is None:
        _add(person, db.session.get_one(IdentityProvider, provider_id), claims.subject)
    elif known.person_id != person.id:
        raise Refused(
            "Somebody has come through this sign-in already, and is another person here: sign in with it to see who. "
            "Nothing was changed."
        )


def _add(person: Person, provider: IdentityProvider, subject: str) -> StaffIdentity:
    added = StaffIdentity(provider=provider, subject=subject, person=person)
    db.session.add(added)
    db.session.flush()
    audit.record("sign-in added", person.key, person.key, via=provider.via)
    return added


def remove_identity(person: Person, identity_id: int) -> None:
    """What was opened through it ends. Raises ``NotThere``; ``Refused``, where it is their only way in."""
    own = queries.identities_of(person.id)
    gone = next((identity for identity in own if identity.id == identity_id), None)
    if gone is None:
        raise NotThere
    account = people_queries.account_of(person.id)
    if len(own) == 1 and not (account and account.password_hash):
        raise Refused("This is your only way to sign in. Add another one first.")
    db.session.execute(
        update(SignIn)
        .where(SignIn.person_id == person.id, SignIn.via == gone.provider.via, SignIn.ended_at.is_(None))
        .values(ended_at=now())
    )
    audit.record("sign-in removed", person.key, person.key, via=gone.provider.via)
    db.session.delete(gone)


def encrypt_anew() -> None:
    """Encrypt the stored secrets with the newest of ours."""
    for provider in db.session.scalars(select(IdentityProvider).where(IdentityProvider.client_secret_encrypted != "")):
        with suppress(InvalidToken):  # what cannot be read stays as it is
            provider.client_secret_encrypted = (
                cipher(PURPOSE).rotate(provider.client_secret_encrypted.encode()).decode()
            )
