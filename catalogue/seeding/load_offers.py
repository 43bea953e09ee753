"""Load offers: what has changed becomes a new version, what has not stays as it is."""

import hashlib
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from catalogue.clock import today
from catalogue.extensions import Base, db
from catalogue.frameworks.models import Condition, Seat
from catalogue.frameworks.queries import newest_version
from catalogue.offers.models import Mapping, Mode, Offer, OfferVersion, Run, Step, VersionState
from catalogue.offers.rules import stems_of
from catalogue.seeding.files import FaultyFile, OfferRow, OffersFile
from catalogue.systems.models import Organisation

T = TypeVar("T", bound=Base | int)


class _Lookups:
    """Everything that an offer can name, read once, by key."""

    def __init__(self, file: Path, framework_key: str) -> None:
        self.file = file
        framework = newest_version(framework_key)
        if framework is None:
            raise FaultyFile(file, "", f"the framework {framework_key} has not been loaded")
        self.framework = framework
        self.dimensions = {dimension.key: dimension for dimension in framework.dimensions}
        self.levels = {level.key: level.value for level in framework.levels}
        self.conditions = {row.key: row for row in db.session.scalars(select(Condition))}
        self.seats = {row.key: row for row in db.session.scalars(select(Seat))}
        self.organisations = {row.key: row for row in db.session.scalars(select(Organisation))}

    def find(self, table: dict[str, T], key: str, offer: OfferRow, field: str) -> T:
        if key not in table:
            raise FaultyFile(self.file, f"offer ({offer.key}), {field}", f"there is no {key}")
        return table[key]


def load_offers(file: Path, shape: OffersFile, framework_key: str, *, demo: bool) -> None:
    """Raises ``FaultyFile`` where an offer names what is not there."""
    lookups = _Lookups(file, framework_key)
    there = {
        offer.slug: offer
        for offer in db.session.scalars(select(Offer).options(selectinload(Offer.runs), selectinload(Offer.partners)))
    }
    published = {
        version.offer_id: version
        for version in db.session.scalars(select(OfferVersion).where(OfferVersion.state == VersionState.PUBLISHED))
    }
    for row in shape.offer:
        offer = there.get(row.key)
        if offer is None:
            offer = Offer(slug=row.key)
            db.session.add(offer)
        provider = lookups.find(lookups.organisations, row.provider, row, "provider")
        if not provider.publishes:
            raise FaultyFile(file, f"offer ({row.key}), provider", f"{row.provider} does not publish offers")
        offer.provider = provider
        offer.example, offer.source = row.example, row.source
        offer.partners = [lookups.find(lookups.organisations, key, row, "partners") for key in row.partners]
        db.session.flush()
        _publish(offer, published.get(offer.id), row, lookups)
        if demo:
            _add_runs(offer, row)
    db.session.flush()


def _publish(offer: Offer, before: OfferVersion | None, row: OfferRow, lookups: _Lookups) -> None:
    # With a new version of the framework an offer is mapped anew: to that version's dimensions.
    said = row.model_dump_json(exclude={"run"}) + lookups.framework.content_hash
    digest = hashlib.sha256(said.encode()).hexdigest()
    if before is not None:
        if before.content_hash == digest:
            return
        before.state = VersionState.RETIRED
        db.session.flush()
    version = OfferVersion(
        offer_id=offer.id,
        number=before.number + 1 if before is not None else 1,
        **row.model_dump(include={"title", "summary", "outcomes", "description", "hours_estimated", "place"}),
        mode=Mode(row.mode),
        hours=Decimal(str(row.hours)),
        price_pence=None if row.price_pounds is None else round(row.price_pounds * 100),
        stems=stems_of(row.title, row.summary, *row.outcomes, row.description, row.place, offer.provider.name),
        content_hash=digest,
        conditions=[lookups.find(lookups.conditions, key, row, "conditions") for key in row.conditions],
        seats=[lookups.find(lookups.seats, key, row, "seats") for key in row.seats],
        steps=[Step(**step.model_dump(), position=index) for index, step in enumerate(row.step)],
    )
    for mapping in row.mapping:
        start = lookups.find(lookups.levels, mapping.start, row, "mapping, from")
        end = lookups.find(lookups.levels, mapping.to, row, "mapping, to")
        if start >= end:
            raise FaultyFile(lookups.file, f"offer ({row.key}), mapping", f"{mapping.start} is not below {mapping.to}")
        version.mappings.append(
            Mapping(
                dimension=lookups.find(lookups.dimensions, mapping.dimension, row, "mapping, dimension"),
                from_level=start, to_level=end, strength=mapping.strength,
            )
        )  # fmt: skip
    db.session.add(version)
    db.session.flush()


def _add_runs(offer: Offer, row: OfferRow) -> None:
    """Runs keep the dates that they got when they were first loaded."""
    there = {run.key for run in offer.runs}
    day = today()
    for run in row.run:
        if run.key not in there:
            starts_on = day + timedelta(days=run.starts_in_days)
            offer.runs.append(
                Run(
                    key=run.key, starts_on=starts_on, ends_on=starts_on + timedelta(days=run.days - 1),
                    place=run.place, places=run.places,
                )
            )  # fmt: skip
