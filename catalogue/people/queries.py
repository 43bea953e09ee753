"""Reading people."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import and_, func, or_, select, tuple_
from sqlalchemy.orm import aliased

from catalogue.clock import now, today
from catalogue.errors import NotThere
from catalogue.extensions import db
from catalogue.people.models import Account, ApiToken, Authenticator, Grant, PasswordReset, Person, Role, SignIn
from catalogue.people.rules import fold_email, hash_token


def account_of(person_id: int) -> Account | None:
    return db.session.scalar(select(Account).where(Account.person_id == person_id))


def addresses_of(person: Person) -> set[str]:
    """Every address under which we know somebody, folded; a learning platform may have said one that is not theirs."""
    return sign_in_addresses(person) | ({fold_email(person.email)} if person.email else set())


def sign_in_addresses(person: Person) -> set[str]:
    """The addresses that somebody signs in with here, folded."""
    return set(db.session.scalars(select(Account.email).where(Account.person_id == person.id)))


def authenticator_of(person_id: int) -> Authenticator | None:
    return db.session.scalar(select(Authenticator).where(Authenticator.person_id == person_id))


def account_by_email(email: str) -> Account | None:
    return db.session.scalar(select(Account).where(Account.email == fold_email(email)))


PAGE = 50


@dataclass(frozen=True, slots=True)
class Found:
    """A page of people, by name, with the address of the account of each who has one."""

    people: Sequence[tuple[Person, str]]
    total: int
    next_after: int | None
    """What to ask for the next page with; none on the last one."""


def find_people(words: str, after: int | None = None, size: int = PAGE) -> Found:
    """Whose name or address holds each of the words; ``after`` is the last person of the page before."""
    address = func.coalesce(Account.email, Person.email)
    wanted = select(Person, address).outerjoin(Account, Account.person_id == Person.id)
    for word in words.split()[:10]:
        wanted = wanted.where(
            or_(
                Person.name.icontains(word, autoescape=True), Person.email.icontains(word, autoescape=True),
                Account.email.icontains(fold_email(word), autoescape=True),
            )
        )  # fmt: skip
    total = db.session.scalar(select(func.count()).select_from(wanted.subquery())) or 0
    onward = wanted.order_by(Person.name, Person.id).limit(size + 1)
    if after is not None:
        last = aliased(Person)
        onward = onward.join(last, and_(last.id == after, tuple_(Person.name, Person.id) > tuple_(last.name, last.id)))
    rows = db.session.execute(onward).all()
    more = rows[size - 1][0].id if len(rows) > size else None
    return Found([(person, email) for person, email in rows[:size]], total, more)


def person_by_key(key: str) -> Person:
    """Raises ``NotThere``."""
    person = db.session.scalar(select(Person).where(Person.key == key))
    if person is None:
        raise NotThere("There is nobody at this address.")
    return person


def grant_of(person: Person, grant_id: int) -> Grant:
    """One of somebody's grants, whether or not it is in force; raises ``NotThere``."""
    found = next((one for one in person.all_grants if one.id == grant_id), None)
    if found is None:
        raise NotThere
    return found


def administrators(*, held: bool = False) -> Sequence[Person]:
    """Who is an administrator of the whole service today, and not suspended; ``held``: until the commit."""
    wanted = (
        select(Person)
        .join(Grant, Grant.person_id == Person.id)
        .where(
            Grant.role == Role.ADMINISTRATOR, Grant.organisation_id.is_(None), Grant.system_id.is_(None),
            Grant.holds(today()), Person.suspended_at.is_(None),
        )
        .order_by(Person.id)
    )  # fmt: skip
    return db.session.scalars(wanted.with_for_update(of=Grant) if held else wanted).all()


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


def tokens_of(person_id: int) -> Sequence[ApiToken]:
    """The tokens that somebody has given out and not ended, newest first; those that have expired too."""
    return db.session.scalars(
        select(ApiToken)
        .where(ApiToken.person_id == person_id, ApiToken.ended_at.is_(None))
        .order_by(ApiToken.id.desc())
    ).all()


def own_api_token(person_id: int, token_id: int) -> ApiToken:
    """One of them; raises ``NotThere``."""
    found = next((token for token in tokens_of(person_id) if token.id == token_id), None)
    if found is None:
        raise NotThere
    return found


def open_api_token(token: str) -> ApiToken | None:
    """What a program came with, unless it has ended or expired or its person is suspended."""
    return db.session.scalar(
        select(ApiToken)
        .join(Person)
        .where(
            ApiToken.token_hash == hash_token(token),
            ApiToken.ended_at.is_(None),
            ApiToken.expires_at > now(),
            Person.suspended_at.is_(None),
        )
    )
