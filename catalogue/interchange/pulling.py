"""Feeds that are pulled once a day: fetched, and what is good in them imported with the rights of who asked for it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import structlog
from sqlalchemy import delete, select

from catalogue.clock import now
from catalogue.extensions import db
from catalogue.interchange.access import Rights, rights_of
from catalogue.interchange.claiming import claim, free
from catalogue.interchange.fetching import Fetched, fetch
from catalogue.interchange.importing import OUR_FAULT, rows_of
from catalogue.interchange.limits import Unreadable
from catalogue.interchange.models import ImportState, OfferFeed, OfferImport
from catalogue.interchange.plan import Kind
from catalogue.interchange.report import Report
from catalogue.interchange.rows import OfferRow
from catalogue.interchange.write import By, write_all
from catalogue.mail import link_to, write_mail
from catalogue.transactions import run

log = structlog.get_logger()
EVERY = timedelta(hours=24)
PATIENCE = timedelta(days=7)
"""How long a feed fails before we write to who asked for it."""
UNCHANGED = "Nothing had changed since the last pull."


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is asked for, and with what rights; without any, nothing is."""

    url: str
    provider_id: int
    etag: str
    last_modified: str
    rights: Rights | None


def due() -> Sequence[int]:
    """The feeds that are to be pulled, and that no worker is at."""
    waiting = select(OfferFeed.id).where(OfferFeed.due_at <= now(), free(OfferFeed))
    found = db.session.scalars(waiting.order_by(OfferFeed.due_at)).all()
    db.session.rollback()
    return found


def pull(feed_id: int) -> None:
    """Pull a feed, if it is due and no other worker is at it. Whatever happens is kept as its outcome."""
    if not claim(OfferFeed, feed_id, OfferFeed.due_at <= now()):
        return
    asked = _asked(feed_id)
    if asked is None:
        return
    if asked.rights is None:
        run(lambda: _stop(feed_id))
        return
    try:
        fetched = fetch(asked.url, asked.etag, asked.last_modified)
        if fetched is None:
            run(lambda: _unchanged(feed_id))
        else:
            rows, notes = rows_of(fetched.content, asked.url, asked.provider_id)
            run(lambda: _import(feed_id, fetched, rows, notes))
    except Unreadable as fault:
        outcome = f"{fault} {fault.remedy}"
        run(lambda: _fail(feed_id, outcome))
    except Exception:
        log.error("a pull failed", feed=feed_id, exc_info=True)
        run(lambda: _fail(feed_id, f"{OUR_FAULT} We try again tomorrow."))


def _asked(feed_id: int) -> _Asked | None:
    feed = db.session.get(OfferFeed, feed_id)
    asked = None
    if feed is not None:
        asked = _Asked(
            feed.url, feed.provider_id, feed.etag, feed.last_modified, rights_of(feed.person, feed.provider_id)
        )
    db.session.rollback()  # nothing is held while we wait for others
    return asked


def _held(feed_id: int) -> OfferFeed | None:
    """None where it has been removed meanwhile."""
    return db.session.scalar(select(OfferFeed).where(OfferFeed.id == feed_id).with_for_update())


def _import(feed_id: int, fetched: Fetched, rows: Sequence[OfferRow], notes: Sequence[str]) -> None:
    feed = _held(feed_id)
    if feed is None:
        return
    rights = rights_of(feed.person, feed.provider_id)
    if rights is None:
        _stop(feed_id)
        return
    report = Report()
    for chunk in write_all(feed.provider, rows, By(rights, feed.person)):
        report.add(chunk)
    db.session.execute(delete(OfferImport).where(OfferImport.feed_id == feed_id))
    db.session.add(
        OfferImport(
            provider_id=feed.provider_id, feed_id=feed_id, name=feed.url[:300], state=ImportState.DONE,
            done=report.total, total=report.total, report=report.document(notes),
        )
    )  # fmt: skip
    _done(feed, report.words)
    # What was wrong may be good tomorrow, without a change of the file: then we want it again.
    again = bool(report.counts[Kind.WRONG])
    feed.etag, feed.last_modified = ("", "") if again else (fetched.etag, fetched.last_modified)


def _unchanged(feed_id: int) -> None:
    feed = _held(feed_id)
    if feed is not None:
        _done(feed, UNCHANGED)


def _done(feed: OfferFeed, outcome: str) -> None:
    _ended(feed, outcome)
    feed.failing_since = feed.warned_at = None


def _ended(feed: OfferFeed, outcome: str) -> None:
    feed.outcome, feed.pulled_at = outcome, now()
    feed.due_at, feed.claimed_until = now() + EVERY, None


def _stop(feed_id: int) -> None:
    feed = _held(feed_id)
    if feed is not None:
        _ended(
            feed,
            "We did not pull it: who asked for it does not work on these offers any more. "
            "Remove it and add it again, then it is pulled for you.",
        )


def _fail(feed_id: int, outcome: str) -> None:
    feed = _held(feed_id)
    if feed is None:
        return
    _ended(feed, outcome)
    feed.failing_since = feed.failing_since or now()
    if feed.warned_at is None and now() - feed.failing_since >= PATIENCE:
        feed.warned_at = now()
        _warn(feed)


def _warn(feed: OfferFeed) -> None:
    if feed.person.email:
        write_mail(
            feed.person.email,
            f"We cannot pull the offers of {feed.provider.name}",
            f"For a week we could not pull this address:\n{feed.url}\n\n{feed.outcome}\n\n"
            f"We go on trying once a day, and do not write again. The offers that it brought stay as they are.\n"
            f"{link_to('imports.feeds')}\n",
        )
