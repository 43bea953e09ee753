"""Reading imports, and feeds that are pulled."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import joinedload, undefer

from catalogue.errors import NotThere
from catalogue.extensions import db
from catalogue.interchange.access import rights_of
from catalogue.interchange.models import OfferFeed, OfferImport
from catalogue.people.models import Person, Role
from catalogue.systems.models import Organisation

LATEST = 10


def providers_for(person: Person) -> list[Organisation]:
    """Those for whom somebody may import: what they work for, and everybody for administrators; by name."""
    wanted = select(Organisation).where(Organisation.publishes).order_by(Organisation.name)
    if not person.has(Role.ADMINISTRATOR):
        wanted = wanted.where(Organisation.id.in_(person.organisations_as(Role.PARTNER, Role.EDITOR)))
    return list(db.session.scalars(wanted))


def import_for(person: Person, import_id: int) -> OfferImport:
    """With its report; raises ``NotThere`` where it is none of theirs."""
    found = db.session.scalar(
        select(OfferImport)
        .where(OfferImport.id == import_id)
        .options(undefer(OfferImport.report), joinedload(OfferImport.provider))
    )
    if found is None or rights_of(person, found.provider_id) is None:
        raise NotThere
    return found


def latest_imports(provider_ids: Sequence[int]) -> list[OfferImport]:
    return list(
        db.session.scalars(
            select(OfferImport)
            .where(OfferImport.provider_id.in_(provider_ids), OfferImport.feed_id.is_(None))
            .order_by(OfferImport.id.desc())
            .limit(LATEST)
            .options(joinedload(OfferImport.provider))
        )
    )


def feeds_of(provider_ids: Sequence[int]) -> list[OfferFeed]:
    return list(
        db.session.scalars(
            select(OfferFeed)
            .where(OfferFeed.provider_id.in_(provider_ids))
            .order_by(OfferFeed.id)
            .options(joinedload(OfferFeed.provider), joinedload(OfferFeed.person))
        )
    )


def reports_of(feeds: Sequence[OfferFeed]) -> dict[int, int]:
    """By feed, the import that tells what its last file brought."""
    wanted = select(OfferImport.feed_id, OfferImport.id).where(OfferImport.feed_id.in_([feed.id for feed in feeds]))
    return {feed_id: import_id for feed_id, import_id in db.session.execute(wanted) if feed_id is not None}


def feed_for(person: Person, feed_id: int) -> OfferFeed:
    """Raises ``NotThere`` where it is none of theirs."""
    found = db.session.get(OfferFeed, feed_id)
    if found is None or rights_of(person, found.provider_id) is None:
        raise NotThere
    return found
