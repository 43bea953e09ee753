"""Changing what somebody is advised."""

from sqlalchemy import delete, select

from catalogue.clock import now
from catalogue.extensions import db
from catalogue.offers.models import Offer
from catalogue.people.models import Person
from catalogue.recommendations.models import Because, SetAside


def set_aside(person: Person, offer: Offer, because: Because) -> None:
    """Advise them of an offer no more; said again, the newer reason stands."""
    db.session.get_one(Person, person.id, with_for_update=True)  # twice at the same moment is once
    row = db.session.scalar(
        select(SetAside).where(SetAside.person_id == person.id, SetAside.offer_id == offer.id)
    )  # fmt: skip
    if row is None:
        row = SetAside(person_id=person.id, offer_id=offer.id)
        db.session.add(row)
    row.because, row.at = because, now()
    db.session.flush()


def bring_back(person: Person, offer_id: int) -> None:
    db.session.execute(delete(SetAside).where(SetAside.person_id == person.id, SetAside.offer_id == offer_id))
