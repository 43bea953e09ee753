"""The way in when nothing else works: a link that whoever runs the service makes, once, in everybody's sight."""

from sqlalchemy import select, update

from catalogue.clock import now
from catalogue.errors import Refused
from catalogue.extensions import db
from catalogue.mail import link_to, write_mail
from catalogue.people import audit, queries
from catalogue.people.actions import begin_sign_in
from catalogue.people.models import Account, BreakGlassLink, Person, Role
from catalogue.people.rules import BREAK_GLASS_LINK_FOR, SIGNED_IN_BY_BREAK_GLASS_FOR, hash_token, new_token

VIA = "break-glass"
USED_UP = "This link has been used already, or is more than 15 minutes old."


def make_link(person: Person, reason: str) -> str:
    """The address that signs an administrator in without password and code, once, within 15 minutes.

    Every administrator is told, whom it is for too. Raises ``Refused``.
    """
    if not reason.strip():
        raise Refused("Say why: the reason stands in the audit trail, and is sent to every administrator.")
    if person.suspended_at is not None or not person.has(Role.ADMINISTRATOR):
        raise Refused("This is for administrators of the whole service who are not suspended.")
    token = new_token()
    db.session.add(
        BreakGlassLink(token_hash=hash_token(token), person_id=person.id, expires_at=now() + BREAK_GLASS_LINK_FOR)
    )
    audit.record("break-glass link made", person.key, reason=reason.strip())
    ids = [administrator.id for administrator in queries.administrators()]
    for email in db.session.scalars(select(Account.email).where(Account.person_id.in_(ids)).order_by(Account.email)):
        write_mail(
            email,
            "A break-glass link to Every Seat was made",
            f"Somebody who runs Every Seat has made a link that signs {person.name} in as an administrator, without a "
            f"password and without a code. It works once, within 15 minutes.\n\nThe reason given: {reason.strip()}\n\n"
            "If you know nothing of this, ask them at once. What is done by it stands in the audit trail.\n",
        )
    return link_to("break_glass.enter", token=token)


def is_open(token: str) -> bool:
    found = select(BreakGlassLink.id).where(
        BreakGlassLink.token_hash == hash_token(token),
        BreakGlassLink.used_at.is_(None), BreakGlassLink.expires_at > now(),
    )  # fmt: skip
    return db.session.scalar(found) is not None


def use(token: str) -> str:
    """Use a link up; returns the token of a sign-in that lasts an hour. Raises ``Refused``."""
    taken = db.session.scalar(
        update(BreakGlassLink)
        .where(
            BreakGlassLink.token_hash == hash_token(token),
            BreakGlassLink.used_at.is_(None), BreakGlassLink.expires_at > now(),
        )
        .values(used_at=now())
        .returning(BreakGlassLink.person_id)
    )  # fmt: skip
    person = db.session.get(Person, taken, with_for_update=True) if taken is not None else None
    if person is None or person.suspended_at is not None or not person.has(Role.ADMINISTRATOR):
        raise Refused(USED_UP)
    audit.record("break-glass link used", person.key, person.key)
    return begin_sign_in(person, VIA, lasts=SIGNED_IN_BY_BREAK_GLASS_FOR)
