"""Sending a file in, deciding what comes of it, and the feeds that are pulled."""

from datetime import timedelta

from sqlalchemy import delete, select, update

from catalogue import jobs
from catalogue.clock import now
from catalogue.errors import NotThere, Refused
from catalogue.extensions import db
from catalogue.interchange.models import ImportState, OfferFeed, OfferImport
from catalogue.people.models import Person
from catalogue.systems.models import Organisation

IMPORT, PULL = "import offers", "pull a feed"
"""The works of workers."""
KEPT = timedelta(days=30)


def begin_import(provider: Organisation, person: Person, name: str, content: bytes) -> OfferImport:
    """Keep a file, and have a worker find out what it would change."""
    begun = OfferImport(provider_id=provider.id, person_id=person.id, name=name, content=content)
    db.session.add(begun)
    db.session.flush()
    jobs.wake(IMPORT, begun.id)
    return begun


def write_import(import_id: int, person: Person) -> None:
    """Have a worker do what a dry run has shown, as this person; raises ``Refused`` where it waits for nobody."""
    imported = _held(import_id)
    if imported.state != ImportState.READ:
        raise Refused("This file is being imported already, or has been.")
    imported.state, imported.person_id = ImportState.WRITING, person.id
    imported.claimed_until, imported.done, imported.changed_at = None, 0, now()
    db.session.flush()
    jobs.wake(IMPORT, import_id)


def throw_away(import_id: int) -> None:
    """Raises ``Refused`` where it is, or has been, imported."""
    imported = _held(import_id)
    if imported.state in (ImportState.WRITING, ImportState.DONE):
        raise Refused("This file is being imported already, or has been: what it changed is not taken back.")
    db.session.delete(imported)
    db.session.flush()


def _held(import_id: int) -> OfferImport:
    found = db.session.scalar(select(OfferImport).where(OfferImport.id == import_id).with_for_update())
    if found is None:
        raise NotThere
    return found


def forget_old_imports() -> None:
    """Files that nobody decided on for so long, and reports that old; that of a feed stays until its next."""
    old = OfferImport.feed_id.is_(None) & (OfferImport.changed_at < now() - KEPT)
    db.session.execute(delete(OfferImport).where(old, OfferImport.state != ImportState.WRITING))


def add_feed(provider: Organisation, person: Person, url: str) -> OfferFeed:
    """Raises ``Refused`` where the provider has this feed already."""
    same = select(OfferFeed.id).where(OfferFeed.provider_id == provider.id, OfferFeed.url == url)
    if db.session.scalar(same) is not None:
        raise Refused("We pull this address already.")
    feed = OfferFeed(provider_id=provider.id, person_id=person.id, url=url)
    db.session.add(feed)
    db.session.flush()
    jobs.wake(PULL, feed.id)
    return feed


def pull_now(feed_id: int) -> None:
    db.session.execute(update(OfferFeed).where(OfferFeed.id == feed_id).values(due_at=now()))
    jobs.wake(PULL, feed_id)


def remove_feed(feed_id: int) -> None:
    """The offers that it brought stay."""
    db.session.execute(delete(OfferImport).where(OfferImport.feed_id == feed_id))
    db.session.execute(delete(OfferFeed).where(OfferFeed.id == feed_id))
