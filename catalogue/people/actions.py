"""Changing people: accounts, grants, sign-ins and passwords."""

from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import select, update

from catalogue.clock import now
from catalogue.errors import Refused
from catalogue.extensions import db
from catalogue.mail import write_mail
from catalogue.people import audit, queries
from catalogue.people.models import Account, Grant, PasswordReset, Person, Role, SignIn
from catalogue.people.rules import RESET_LINK_FOR, SIGNED_IN_FOR, fold_email, hash_token, new_token

_hasher = PasswordHasher()


@cache
def _nobodys_hash() -> str:
    return _hasher.hash("nobody has this password")


def add_person(name: str, email: str = "") -> Person:
    person = Person(name=name.strip(), email=email)
    db.session.add(person)
    db.session.flush()
    audit.record("person added", person.key)
    return person


def add_account(email: str, name: str = "", password: str = "") -> Account:
    """A local account, or the one that has this address already; without a password it needs a reset link."""
    account = queries.account_by_email(email)
    if account is None:
        person = add_person(name or email.split("@", maxsplit=1)[0].replace(".", " ").title(), fold_email(email))
        account = Account(person=person, email=fold_email(email))
        db.session.add(account)
        db.session.flush()
    if password:
        account.password_hash = _hasher.hash(password)
    return account


def grant(person: Person, role: Role, organisation_id: int | None = None) -> None:
    """Give a role, once. A learner needs none."""
    if role == Role.LEARNER:
        return
    held = select(Grant).where(
        Grant.person_id == person.id, Grant.role == role, Grant.organisation_id == organisation_id
    )
    if db.session.scalar(held) is None:
        db.session.add(Grant(person_id=person.id, role=role, organisation_id=organisation_id))
        audit.record("role granted", person.key, role=role, organisation=organisation_id)


def check_password(email: str, password: str) -> Account | None:
    """The account, if the password is right; as slow for an address that nobody has as for a wrong password."""
    account = queries.account_by_email(email)
    usable = account is not None and account.password_hash and account.person.suspended_at is None
    known = account.password_hash if account and usable else _nobodys_hash()
    try:
        _hasher.verify(known, password)
    except (VerificationError, InvalidHashError):
        return None
    return account if usable else None


def begin_sign_in(person: Person, via: str, *, frame_origin: str = "", arrived_at: str = "") -> str:
    """A new sign-in; returns the token that the browser is to keep."""
    token = new_token()
    db.session.add(
        SignIn(
            token_hash=hash_token(token), person=person, via=via, frame_origin=frame_origin,
            arrived_at=arrived_at, expires_at=now() + SIGNED_IN_FOR,
        )
    )  # fmt: skip
    audit.record("signed in", person.key, person.key, via=via)
    return token


def end_sign_in(sign_in: SignIn) -> None:
    sign_in.ended_at = now()


def end_all_sign_ins(*, person: Person | None = None, via: str | None = None) -> None:
    """End every open sign-in of a person, or through a platform."""
    ending = update(SignIn).where(SignIn.ended_at.is_(None)).values(ended_at=now())
    if person is not None:
        ending = ending.where(SignIn.person_id == person.id)
    if via is not None:
        ending = ending.where(SignIn.via == via)
    db.session.execute(ending)


def suspend(person: Person) -> None:
    person.suspended_at = now()
    end_all_sign_ins(person=person)
    audit.record("person suspended", person.key)


def send_reset_link(email: str, link_to: str) -> None:
    """Write to whoever has an account there; ``link_to`` is the address that the token is added to."""
    account = queries.account_by_email(email)
    if account is None or account.person.suspended_at is not None:
        return
    token = new_token()
    db.session.add(PasswordReset(token_hash=hash_token(token), account=account, expires_at=now() + RESET_LINK_FOR))
    write_mail(
        account.email,
        "Set your Every Seat password",
        f"Somebody, probably you, asked to set the password for Every Seat.\n\n{link_to}{token}\n\n"
        "The link works once, within the next hour. If it was not you, do nothing: your password stays as it is.\n",
    )


def set_password(token: str, password: str) -> Account:
    """Set a password by a reset link, once; every open sign-in ends. Raises ``Refused`` for a used or old link."""
    taken = db.session.execute(
        update(PasswordReset)
        .where(
            PasswordReset.token_hash == hash_token(token),
            PasswordReset.used_at.is_(None),
            PasswordReset.expires_at > now(),
        )
        .values(used_at=now())
        .returning(PasswordReset.account_id)
    ).scalar()
    if taken is None:
        raise Refused("This link has been used already, or is more than an hour old. Ask for a new one.")
    account = db.session.get_one(Account, taken)
    account.password_hash = _hasher.hash(password)
    db.session.execute(  # earlier links in the same mailbox
        update(PasswordReset)
        .where(PasswordReset.account_id == account.id, PasswordReset.used_at.is_(None))
        .values(used_at=now())
    )
    end_all_sign_ins(person=account.person)
    audit.record("password set", account.person.key, account.person.key)
    return account
