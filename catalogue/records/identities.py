"""Whom another system means: by what identifies somebody for sure, and never by what merely looks like them.

A completion recorded for the wrong person is a harm, so what leaves a doubt means nobody. What stands on top of the
catalogue says whom it knows by registering (``register_identities``).
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from flask import Flask, current_app
from sqlalchemy import select

from catalogue.enrolments.models import Enrolment, EnrolmentState
from catalogue.extensions import db
from catalogue.offers.models import Offer
from catalogue.people.models import Account, IdentityProvider, Person, Role, StaffIdentity
from catalogue.people.rules import fold_email
from catalogue.records.reading import Json
from catalogue.systems.models import Membership


@dataclass(frozen=True, slots=True)
class Known:
    """Somebody, as an organisation knows them; none where nobody's word but the identifier's own is needed."""

    person_id: int
    organisation_id: int | None


Knows = Callable[[str, str], Iterable[Known]]
"""From ``homePage`` and ``name`` of an account to who it may be."""


def register_identities(app: Flask, knows: Knows) -> None:
    """Ask this too whom an account means."""
    app.extensions.setdefault("identities", []).append(knows)


def person_meant(actor: Json, offer: Offer, teller: Person) -> Person | None:
    """The one person that an agent means, for a completion of this offer that ``teller`` tells of; else nobody.

    An address counts only where it is what somebody signs in with here. Who administers the whole service may tell of
    anybody; anybody else of whoever is on the offer already, or is known through an organisation that they answer for.
    Our own key of a person is enough for all: it is nowhere public, and cannot be guessed.
    """
    account = actor.get("account")
    own = current_app.extensions["settings"].public_url.rstrip("/")
    if account is not None and account["homePage"].rstrip("/") == own:
        return _standing(db.session.scalar(select(Person.id).where(Person.key == account["name"])))
    if account is not None:
        candidates = list(_by_account(account["homePage"], account["name"]))
    elif "mbox" in actor:
        candidates = list(_by_address(actor["mbox"].removeprefix("mailto:")))
    else:
        return None
    allowed = {one.person_id for one in candidates} if teller.has(Role.ADMINISTRATOR) else set()
    if not allowed:
        answered = teller.organisations_as(Role.PARTNER, Role.EDITOR, Role.ADMINISTRATOR)
        on_it = _on_offer([one.person_id for one in candidates], offer)
        allowed = {one.person_id for one in candidates if one.organisation_id in answered or one.person_id in on_it}
    return _standing(allowed.pop()) if len(allowed) == 1 else None


def _standing(person_id: int | None) -> Person | None:
    person = db.session.get(Person, person_id) if person_id is not None else None
    return person if person is not None and person.suspended_at is None else None


def _by_account(home_page: str, name: str) -> Iterable[Known]:
    staff = (
        select(StaffIdentity.person_id, IdentityProvider.organisation_id)
        .join(StaffIdentity.provider)
        .where(IdentityProvider.issuer == home_page, IdentityProvider.ended_at.is_(None), StaffIdentity.subject == name)
    )
    yield from (Known(*row) for row in db.session.execute(staff).all())
    for knows in current_app.extensions.get("identities", []):
        yield from knows(home_page, name)


def _by_address(address: str) -> Iterable[Known]:
    rows = db.session.execute(
        select(Account.person_id, Membership.organisation_id)
        .outerjoin(Membership, Membership.person_id == Account.person_id)
        .where(Account.email == fold_email(address))
    )
    return (Known(*row) for row in rows.all())


def _on_offer(person_ids: list[int], offer: Offer) -> set[int]:
    off_it = (EnrolmentState.WITHDRAWN, EnrolmentState.DECLINED)
    return set(
        db.session.scalars(
            select(Enrolment.person_id).where(
                Enrolment.person_id.in_(person_ids), Enrolment.offer_id == offer.id, Enrolment.state.not_in(off_it)
            )
        )
    )
