"""Who is let in: what vouched for them a moment ago still does, and whoever has an authenticator gave its code."""

from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import select

from catalogue.extensions import db
from catalogue.people import authenticators, queries
from catalogue.people.actions import begin_sign_in
from catalogue.people.models import Account, IdentityProvider, Person, StaffIdentity
from catalogue.people.rules import hash_token

PASSWORD = "password"  # noqa: S105 the name of a way to sign in


@dataclass(frozen=True, slots=True)
class Vouched:
    """What vouched for whom: a password, by the hash that was verified; a provider, by the row of who it said."""

    person_id: int
    via: str
    proof: str

    @classmethod
    def by_password(cls, account: Account) -> "Vouched":
        return cls(account.person_id, PASSWORD, hash_token(account.password_hash))

    @classmethod
    def by_identity(cls, identity: StaffIdentity) -> "Vouched":
        return cls(identity.person_id, identity.provider.via, str(identity.id))


class Next(StrEnum):
    """What has to come before somebody is signed in."""

    CODE = "code"
    SET_UP = "set-up"


def still_there(vouched: Vouched) -> Person | None:
    """The person, held until the commit, unless they have been suspended or what vouched for them ended meanwhile."""
    person = db.session.get(Person, vouched.person_id, with_for_update=True)
    if person is None or person.suspended_at is not None:
        return None
    vouches = _password_is if vouched.via == PASSWORD else _identity_is
    return person if vouches(vouched) else None


def _password_is(vouched: Vouched) -> bool:
    account = db.session.scalar(select(Account).where(Account.person_id == vouched.person_id).with_for_update())
    return account is not None and hash_token(account.password_hash) == vouched.proof


def _identity_is(vouched: Vouched) -> bool:
    """The provider is held too, so that its end either comes first or finds the new sign-in."""
    identity = db.session.get(StaffIdentity, int(vouched.proof))
    if identity is None or identity.person_id != vouched.person_id:
        return False
    provider = db.session.get_one(
        IdentityProvider,
        identity.provider_id,
        with_for_update={"read": True, "key_share": True},
        populate_existing=True,
    )
    return provider.ended_at is None


def enter(vouched: Vouched) -> str | Next:
    """The token of a new sign-in, or what has to come before; an empty one where nothing vouches for them any more."""
    person = still_there(vouched)
    if person is None:
        return ""
    if queries.authenticator_of(person.id) is not None:
        return Next.CODE
    if person.administers:
        return Next.SET_UP
    return begin_sign_in(person, vouched.via)


def enter_with_code(vouched: Vouched, code: str) -> str | None:
    """The token of a new sign-in; an empty one where nothing vouches for them any more, and none for a wrong code."""
    person = still_there(vouched)
    if person is None:
        return ""
    return begin_sign_in(person, vouched.via) if authenticators.accept(person, code) else None


def enter_and_set_up(vouched: Vouched, sealed: str, code: str) -> tuple[str, list[str]] | None:
    """The same, with the recovery codes of the authenticator that the code shows to be set up. Raises ``Refused``."""
    person = still_there(vouched)
    if person is None:
        return "", []
    codes = authenticators.set_up(person, sealed, code)
    return None if codes is None else (begin_sign_in(person, vouched.via), codes)
