"""Load offers: what has changed becomes a new version, what has not stays as it is."""

from datetime import date, datetime, time, timedelta
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from catalogue.clock import LONDON, today
from catalogue.extensions import db
from catalogue.offers.actions import publish
from catalogue.offers.models import Offer, Run, RunSession
from catalogue.offers.references import References
from catalogue.seeding.files import FaultyFile, OfferRow, OffersFile, SessionRow
from catalogue.systems.models import Organisation

SATURDAY = 5


def load_offers(file: Path, shape: OffersFile, *, demo: bool) -> None:
    """Raises ``FaultyFile`` where an offer names what is not there."""
    references = References()
    there = {
        offer.slug: offer
        for offer in db.session.scalars(select(Offer).options(selectinload(Offer.runs), selectinload(Offer.partners)))
    }
    for row in shape.offer:
        for fault in references.faults(row.content, f"{row.provider}/{row.key}"):
            raise FaultyFile(file, f"offer ({row.key}), {fault.field}", fault.reason)
        offer = there.get(row.key)
        if offer is None:
            offer = Offer(slug=row.key, key=row.key)
            db.session.add(offer)
        offer.provider = _provider(file, row, references)
        offer.example, offer.source = row.example, row.source
        db.session.flush()
        publish(offer, row.content, references)
        if demo:
            _add_runs(offer, row)
    db.session.flush()


def _provider(file: Path, row: OfferRow, references: References) -> Organisation:
    provider = references.organisations.get(row.provider)
    if provider is None:
        raise FaultyFile(file, f"offer ({row.key}), provider", f"there is no {row.provider}")
    if not provider.publishes:
        raise FaultyFile(file, f"offer ({row.key}), provider", f"{row.provider} does not publish offers")
    return provider


def _add_runs(offer: Offer, row: OfferRow) -> None:
    """Runs keep the dates that they got when they were first loaded."""
    there = {run.key for run in offer.runs}
    day = today()
    for run in row.run:
        if run.key not in there:
            starts_on = working_day(day + timedelta(days=run.starts_in_days))
            offer.runs.append(
                Run(
                    key=run.key, name=run.name, starts_on=starts_on,
                    ends_on=working_day(starts_on + timedelta(days=run.days - 1)),
                    place=run.place, places=run.places,
                    apply_by=_days_before(starts_on, run.apply_days_before),
                    withdraw_by=_days_before(starts_on, run.withdraw_days_before),
                    sessions=[_session(session, starts_on) for session in run.session],
                )
            )  # fmt: skip


def _days_before(day: date, days: int | None) -> date | None:
    return None if days is None else day - timedelta(days=days)


def working_day(day: date) -> date:
    """The day itself, or the Monday after it where it is at a weekend: nobody meets then."""
    return day + timedelta(days=7 - day.weekday() if day.weekday() >= SATURDAY else 0)


def _session(row: SessionRow, first_day: date) -> RunSession:
    day = working_day(first_day + timedelta(days=row.day - 1))
    return RunSession(
        key=row.key, title=row.title, place=row.place,
        starts_at=datetime.combine(day, time.fromisoformat(row.starts), LONDON),
        ends_at=datetime.combine(day, time.fromisoformat(row.ends), LONDON),
    )  # fmt: skip
