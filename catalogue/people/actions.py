"""Changing people: accounts, grants, sign-ins and passwords."""

from collections.abc import Sequence
from datetime import date, timedelta
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import or_, select, update

from catalogue.clock import in_london, now, today
from catalogue.errors import Refused
from catalogue.extensions import db
from catalogue.mail import write_mail
from catalogue.people import audit, queries
from catalogue.people.models import Account, ApiToken, Grant, PasswordReset, Person, Role, SignIn
from catalogue.people.rules import (
    API_MARK,
    RESET_LINK_FOR,
    SIGNED_IN_FOR,
    TOKEN_USE_NOTED_EVERY,
    Span,
    fold_email,
    hash_token,
    new_token,
    overlap,
    together,
)

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


def grant(
    person: Person,
    role: Role,
    organisation_id: int | None = None,
    system_id: int | None = None,
    *,
    starts_on: date | None = None,
    ends_on: date | None = None,
    actor_key: str = "",
) -> None:
    """Give a role, everywhere or within an organisation or a system, from a day to a day, both included.

    Where it is held there on one of these days already, or was, that grant then holds on all of these days too: to give
    takes nothing away, and given again changes nothing. A learner needs none. Raises ``Refused``.
    """
    if role == Role.LEARNER:
        return
    if organisation_id is not None and system_id is not None:
        raise Refused("A role holds within an organisation or within a system, not both.")
    if starts_on and ends_on and ends_on < starts_on:
        raise Refused("The last day is before the first one.")
    if ends_on and ends_on < today():
        raise Refused("The last day has passed already.")
    db.session.get_one(Person, person.id, with_for_update=True)  # whoever gives them the same waits
    held = db.session.scalars(
        select(Grant).where(
            Grant.person_id == person.id, Grant.role == role,
            Grant.organisation_id == organisation_id, Grant.system_id == system_id,
            Grant.lasts(starts_on or today()),
        )
    ).all()  # fmt: skip
    span: Span = (starts_on, ends_on)
    met = [one for one in held if overlap((one.starts_on, one.ends_on), span)]
    for one in met:
        span = together((one.starts_on, one.ends_on), span)
    if met and (met[0].starts_on, met[0].ends_on) == span and len(met) == 1:
        return
    for one in met[1:]:
        db.session.delete(one)
    db.session.flush()  # no two of them may end on one day, not even for a moment
    kept = (
        met[0] if met else Grant(person_id=person.id, role=role, organisation_id=organisation_id, system_id=system_id)
    )
    kept.starts_on, kept.ends_on = span
    db.session.add(kept)
    if role == Role.ADMINISTRATOR and queries.authenticator_of(person.id) is None:
        _end_what_needs_a_code(person)
    db.session.flush()
    db.session.expire(person, ["all_grants"])
    audit.record(
        "role granted", person.key, actor_key, role=role, organisation=organisation_id, system=system_id,
        starts_on=str(span[0] or ""), ends_on=str(span[1] or ""),
    )  # fmt: skip


def _end_what_needs_a_code(person: Person) -> None:
    """What they opened without a code, by password or single sign-on, ends; a platform answers for its own."""
    db.session.execute(
        update(SignIn)
        .where(SignIn.person_id == person.id, SignIn.ended_at.is_(None), SignIn.via.not_like("platform:%"))
        .values(ended_at=now())
    )


def end_grant(given: Grant, *, actor_key: str = "") -> None:
    """Take a role away at once; one that has not held before today leaves no row. Raises ``Refused``.

    The last administrator of the whole service stays one.
    """
    db.session.get_one(Person, given.person_id, with_for_update=True)
    still = db.session.get(Grant, given.id, populate_existing=True)
    if still is None or (still.ends_on is not None and still.ends_on < today()):
        raise Refused("This role has ended already.")
    if given.everywhere and given.role == Role.ADMINISTRATOR and given.in_force(today()):
        another_administrator_than(given.person_id)
    person, yesterday = given.person, today() - timedelta(days=1)
    audit.record(
        "role ended", person.key, actor_key,
        role=given.role, organisation=given.organisation_id, system=given.system_id,
    )  # fmt: skip
    if (given.starts_on or in_london(given.created_at).date()) > yesterday:
        db.session.delete(given)
    else:
        given.ends_on = yesterday
    db.session.flush()
    db.session.expire(person, ["all_grants"])


def another_administrator_than(person_id: int) -> None:
    """Raise ``Refused`` where nobody else is an administrator of the whole service.

    Their grants are held meanwhile, and who is one is read once they are: of two who take it from each other, suspend
    or erase each other at the same moment, the second one is told.
    """
    queries.administrators(held=True)
    if all(other.id == person_id for other in queries.administrators()):
        raise Refused("This is the last administrator of the whole service. Make somebody else one first.")


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


def begin_sign_in(
    person: Person, via: str, *, frame_origin: str = "", arrived_at: str = "", lasts: timedelta = SIGNED_IN_FOR
) -> str:
    """A new sign-in; returns the token that the browser is to keep."""
    token = new_token()
    db.session.add(
        SignIn(
            token_hash=hash_token(token), person=person, via=via, frame_origin=frame_origin,
            arrived_at=arrived_at, expires_at=now() + lasts,
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


def suspend(person: Person, actor_key: str = "") -> None:
    """End all that somebody has open, and let them in no more. Raises ``Refused`` for the last administrator."""
    if person.has(Role.ADMINISTRATOR):
        another_administrator_than(person.id)
    person.suspended_at = now()
    end_all_sign_ins(person=person)
    audit.record("person suspended", person.key, actor_key)


def activate(person: Person, actor_key: str = "") -> None:
    """After a suspension. What they had open stays ended."""
    person.suspended_at = None
    audit.record("person activated", person.key, actor_key)


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
    """Set a password by a reset link, once; every open sign-in and every token of a program ends.

    Raises ``Refused`` for a used or old link.
    """
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
    db.session.execute(
        update(ApiToken)
        .where(ApiToken.person_id == account.person_id, ApiToken.ended_at.is_(None))
        .values(ended_at=now())
    )
    audit.record("password set", account.person.key, account.person.key)
    return account


def add_api_token(person: Person, name: str, scopes: Sequence[str], days: int) -> str:
    """Let a program do a part of what a person may, for some days; returns what it is to send, which nobody keeps."""
    token = f"{API_MARK}{new_token()}"
    row = ApiToken(
        person=person, name=name, token_hash=hash_token(token), scopes=sorted(scopes),
        expires_at=now() + timedelta(days=days),
    )  # fmt: skip
    db.session.add(row)
    db.session.flush()
    audit.record("token made", person.key, person.key, token=row.id, scopes=row.scopes)
    return token


def end_api_token(token: ApiToken) -> None:
    token.ended_at = now()
    audit.record("token ended", token.person.key, token.person.key, token=token.id)


def note_use(token_id: int) -> None:
    """Note that a token is used now, unless that has been noted a moment ago."""
    db.session.execute(
        update(ApiToken)
        .where(
            ApiToken.id == token_id,
            or_(ApiToken.last_used_at.is_(None), ApiToken.last_used_at <= now() - TOKEN_USE_NOTED_EVERY),
        )
        .values(last_used_at=now())
    )
