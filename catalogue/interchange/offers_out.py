"""Published offers on their way out: read in portions, so that a million need no more memory than a hundred."""

from collections.abc import Iterator
from dataclasses import asdict
from datetime import date
from itertools import chain, islice
from typing import TypeVar

from sqlalchemy import Select, select, tuple_
from sqlalchemy.orm import Session, contains_eager, selectinload
from sqlalchemy.sql.base import ExecutableOption

from catalogue.clock import today
from catalogue.enrolments.sessions import SessionValues
from catalogue.extensions import db
from catalogue.interchange.rows import RunRow, SessionRow
from catalogue.offers.filters import Filters
from catalogue.offers.models import Offer, OfferVersion, Run, RunState
from catalogue.offers.queries import matching
from catalogue.offers.references import whole_content
from catalogue.systems.models import Organisation

Row = TypeVar("Row")
PORTION = 200


def offers(filters: Filters, provider: str = "", *, everybodys: bool = True) -> Iterator[Offer]:
    """The offers that fit, those of a provider one after another; with all that is written of them.

    ``everybodys``: those that anybody may find; else what is for members only too.
    """
    wanted = (
        select(Offer)
        .join(Offer.published)
        .join(Offer.provider)
        .order_by(Organisation.id, Offer.id)
        .limit(PORTION)
        .options(*_whole())
    )
    if everybodys:
        wanted = wanted.where(OfferVersion.id.in_(matching(filters, None)))
    if provider:
        wanted = wanted.where(Organisation.key == provider)
    return _begun(_by_provider(wanted, Session(db.engine)))


def _by_provider(wanted: Select[Offer], session: Session) -> Iterator[Offer]:
    last = (0, 0)
    with session:
        while portion := session.scalars(wanted.where(tuple_(Organisation.id, Offer.id) > tuple_(*last))).all():
            yield from portion
            last = (portion[-1].provider_id, portion[-1].id)
            session.expunge_all()


def runs(filters: Filters) -> Iterator[Run]:
    """The runs of what anybody may find that are not over, the first to begin first; also those that are cancelled."""
    wanted = (
        select(Run)
        .join(Run.offer)
        .join(Offer.published)
        .where(OfferVersion.id.in_(matching(filters, None)), Run.ends_on >= today())
        .order_by(Run.starts_on, Run.id)
        .limit(PORTION)
        .options(contains_eager(Run.offer).contains_eager(Offer.published))
    )
    return _begun(_by_day(wanted, Session(db.engine)))


def _by_day(wanted: Select[Run], session: Session) -> Iterator[Run]:
    last = (date.min, 0)
    with session:
        while portion := session.scalars(wanted.where(tuple_(Run.starts_on, Run.id) > tuple_(*last))).all():
            yield from portion
            last = (portion[-1].starts_on, portion[-1].id)
            session.expunge_all()


def _begun(rows: Iterator[Row]) -> Iterator[Row]:
    """The same, with the first read at once: a database that does not answer is an error page, and no half a feed.

    The session is one of its own: what is streamed goes on after the request, and knows nothing of it.
    """
    return chain(list(islice(rows, 1)), rows)


def _whole() -> list[ExecutableOption]:
    return [*whole_content(), selectinload(Offer.provider), selectinload(Offer.runs).joinedload(Run.sessions)]


def runs_of(offer: Offer) -> tuple[RunRow, ...]:
    """The runs that others are told of: none that is cancelled or over, and without the link for those on them."""
    day = today()
    return tuple(run_row(run) for run in offer.runs if run.state != RunState.CANCELLED and run.ends_on >= day)


def run_row(run: Run) -> RunRow:
    return RunRow(
        key=run.key, starts_on=run.starts_on, ends_on=run.ends_on, start_time=run.start_time, end_time=run.end_time,
        place=run.place, venue=run.venue, accessibility=run.accessibility, places=run.places,
        price_pounds=None if run.price_pence is None else run.price_pence / 100,
        name=run.name, apply_by=run.apply_by, withdraw_by=run.withdraw_by,
        session=[SessionRow(**asdict(SessionValues.of(session))) for session in run.sessions],
    )  # fmt: skip
