"""Who works on the offers of a provider, and on one offer from outside."""

from sqlalchemy import delete, insert, select

from catalogue.clock import today
from catalogue.errors import Refused
from catalogue.extensions import db
from catalogue.offers.models import Offer
from catalogue.people import actions as people
from catalogue.people import audit
from catalogue.people.models import Account, Grant, Person, Role
from catalogue.publishing.models import offer_collaborator
from catalogue.publishing.queries import collaborators
from catalogue.systems.models import Organisation


def _invite(email: str, link_to: str) -> Account:
    """The account at an address, made where there is none; who has no password gets a link to set one."""
    account = people.add_account(email)
    if not account.password_hash:
        people.send_reset_link(account.email, link_to)
    return account


def add_colleague(provider: Organisation, email: str, role: Role, link_to: str, actor: Person) -> Account:
    """Let somebody work for a provider as its partner or editor."""
    account = _invite(email, link_to)
    people.grant(account.person, role, provider.id, actor_key=actor.key)
    audit.record("colleague added", account.person.key, actor.key, organisation=provider.id, role=role)
    db.session.flush()
    return account


def remove_colleague(provider: Organisation, person: Person, role: Role, actor: Person) -> None:
    """End somebody's role at a provider; raises ``Refused`` for oneself, so that somebody always answers for it."""
    if person.id == actor.id:
        raise Refused("You cannot remove yourself. Ask a colleague to do it.")
    held = select(Grant).where(
        Grant.person_id == person.id, Grant.role == role, Grant.organisation_id == provider.id, Grant.lasts(today())
    )
    for one in db.session.scalars(held).all():
        people.end_grant(one, actor_key=actor.key)
    audit.record("colleague removed", person.key, actor.key, organisation=provider.id, role=role)


def add_collaborator(offer: Offer, email: str, link_to: str, actor: Person) -> Account:
    """Let somebody from anywhere write this offer, and nothing else."""
    account = _invite(email, link_to)
    if all(there.person.id != account.person_id for there in collaborators(offer.id)):
        db.session.execute(insert(offer_collaborator).values(offer_id=offer.id, person_id=account.person_id))
        audit.record("collaborator added", f"offer:{offer.id}", actor.key, person=account.person.key)
    return account


def remove_collaborator(offer: Offer, person_id: int, actor: Person) -> None:
    gone = db.session.get(Person, person_id)
    db.session.execute(
        delete(offer_collaborator).where(
            offer_collaborator.c.offer_id == offer.id, offer_collaborator.c.person_id == person_id
        )
    )
    audit.record("collaborator removed", f"offer:{offer.id}", actor.key, person=gone.key if gone else "")
