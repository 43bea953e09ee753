"""Reading people."""

from sqlalchemy import select

from catalogue.clock import now
from catalogue.extensions import db
from catalogue.people.models import Account, PasswordReset, Person, SignIn
from catalogue.people.rules import fold_email, hash_token


def account_by_email(email: str) -> Account | None:
    return db.session.scalar(select(Account).where(Account.email == fold_email(email)))


def open_sign_in(token: str) -> SignIn | None:
    """The sign-in behind a token, unless it has ended or its person is suspended."""
    return db.session.scalar(
        select(SignIn)
        .join(Person)
        .where(
            SignIn.token_hash == hash_token(token),
            SignIn.ended_at.is_(None),
            SignIn.expires_at > now(),
            Person.suspended_at.is_(None),
        )
    )


def open_reset(token: str) -> PasswordReset | None:
    return db.session.scalar(
        select(PasswordReset).where(
            PasswordReset.token_hash == hash_token(token),
            PasswordReset.used_at.is_(None),
            PasswordReset.expires_at > now(),
        )
    )
