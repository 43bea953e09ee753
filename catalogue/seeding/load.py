"""Load ``seed/``: by natural keys and in one transaction, so that it can be done again at any time."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import select

from catalogue.errors import Refused
from catalogue.extensions import Base, db
from catalogue.frameworks.actions import add_framework
from catalogue.frameworks.content import FrameworkContent
from catalogue.frameworks.models import (
    Condition,
    Crosswalk,
    CrosswalkKind,
    Dimension,
    Framework,
    RoleTarget,
    Seat,
)
from catalogue.frameworks.queries import newest_version
from catalogue.seeding import files
from catalogue.seeding.files import FaultyFile, read
from catalogue.seeding.load_offers import load_offers
from catalogue.systems.models import LocalPartner, Organisation, System, SystemKind

M = TypeVar("M", bound=Base)


def load(folder: Path, *, demo: bool) -> dict[str, int]:
    """Load all files in ``folder`` in the present transaction; returns how many of each kind stand now.

    Raises ``FaultyFile``. Runs of example offers, with dates from today on, are loaded with ``demo`` alone.
    """
    frameworks = sorted((folder / "frameworks").glob("*.toml"))
    conditions = read(folder / "conditions.toml", files.ConditionsFile)
    seats = read(folder / "seats.toml", files.SeatsFile)
    systems = read(folder / "systems.toml", files.SystemsFile)
    organisations = read(folder / "organisations.toml", files.OrganisationsFile)
    crosswalks = read(folder / "crosswalks.toml", files.CrosswalksFile)
    offers = [(folder / name, read(folder / name, files.OffersFile)) for name in OFFER_FILES]
    _nothing_in_two_files(offers)

    for row, condition in _each(Condition, conditions.condition):
        _set(condition, row.model_dump(), position=conditions.condition.index(row))
    for file in frameworks:
        load_framework(file)
    load_crosswalks(folder / "crosswalks.toml", crosswalks)
    load_seats(folder / "seats.toml", seats)
    load_systems(systems)
    load_organisations(folder / "organisations.toml", organisations, demo=demo)
    for file, shape in offers:
        load_offers(file, shape, demo=demo)
    return {
        "conditions": len(conditions.condition),
        "frameworks": len(frameworks),
        "seats": len(seats.seat),
        "systems": sum(row.kind == SystemKind.STP for row in systems.system),
        "integrated care systems": sum(row.kind == SystemKind.ICS for row in systems.system),
        "organisations": len(organisations.organisation),
        "offers": sum(len(shape.offer) for _file, shape in offers),
    }


def load_systems(shape: files.SystemsFile) -> None:
    """Systems, then what followed them. Those that an administrator has changed stay as they are."""
    rows = [(row, system) for row, system in _each(System, shape.system) if system.edited_at is None]
    for row, system in rows:
        _set(system, row.model_dump(exclude={"successor"}))
    db.session.flush()
    there = {system.key: system for system in db.session.scalars(select(System))}
    for row, system in rows:
        system.followed_by = there.get(row.successor)
    db.session.flush()


def load_organisations(file: Path, shape: files.OrganisationsFile, *, demo: bool) -> None:
    """Organisations; with ``demo``, the examples as local partners of systems. Changed ones stay as they are."""
    systems = {system.key: system for system in db.session.scalars(select(System))}
    coded = {one.ods_code: one.key for one in db.session.scalars(select(Organisation)) if one.ods_code}
    # One that came here under its code before, with a key of its own, is not made a second time.
    rows = [row for row in shape.organisation if coded.get(row.ods_code or "", row.key) == row.key]
    for row, organisation in _each(Organisation, rows):
        if row.system and row.system not in systems:
            raise FaultyFile(file, f"organisation ({row.key}), system", f"there is no {row.system}")
        if organisation.edited_at is None:  # else an administrator knows better
            _set(organisation, row.model_dump(exclude={"system", "supports"}), system=systems.get(row.system))
    db.session.flush()
    if demo:
        _assign(file, shape, systems)


def _assign(file: Path, shape: files.OrganisationsFile, systems: dict[str, System]) -> None:
    """Make the examples local partners of systems, once."""
    organisations = {one.key: one for one in db.session.scalars(select(Organisation).where(Organisation.example))}
    there = {(one.system_id, one.organisation_id) for one in db.session.scalars(select(LocalPartner))}
    for row in shape.organisation:
        for key in row.supports:
            if key not in systems:
                raise FaultyFile(file, f"organisation ({row.key}), supports", f"there is no {key}")
            if (systems[key].id, organisations[row.key].id) not in there:
                db.session.add(LocalPartner(system=systems[key], organisation=organisations[row.key]))
    db.session.flush()


OFFER_FILES = ("offers.toml", "example_offers.toml")


def _nothing_in_two_files(offers: Iterable[tuple[Path, files.OffersFile]]) -> None:
    first: dict[str, Path] = {}
    for file, shape in offers:
        for row in shape.offer:
            if first.setdefault(row.key, file) != file:
                raise FaultyFile(file, f"offer ({row.key})", f"stands in {first[row.key].name} too")


def _each(model: type[M], rows: Iterable[Any]) -> Iterable[tuple[Any, M]]:
    """Each row with the record that has its key, made where there is none."""
    there = {record.key: record for record in db.session.scalars(select(model))}  # type: ignore[attr-defined]
    for row in rows:
        record = there.get(row.key)
        if record is None:
            record = there[row.key] = model(key=row.key)
            db.session.add(record)
        yield row, record


def _set(record: Base, values: dict[str, Any], **more: Any) -> None:
    for name, value in (values | more).items():
        setattr(record, name, value)


def load_framework(file: Path) -> Framework:
    """One version of a framework. A version that is there already never changes: a different file is refused."""
    try:
        return add_framework(read(file, FrameworkContent))
    except Refused as refusal:
        raise FaultyFile(file, "version", str(refusal)) from refusal


def load_crosswalks(file: Path, shape: files.CrosswalksFile) -> None:
    """Between the newest versions of the frameworks that the file names; those of older versions stay."""
    rows = db.session.execute(
        select(Framework.key, Dimension.key, Dimension.id)
        .join(Dimension, Dimension.framework_id == Framework.id)
        .order_by(Framework.id)
    )
    dimensions = {f"{framework}/{key}": dimension_id for framework, key, dimension_id in rows}
    there = {(row.origin_id, row.destination_id): row for row in db.session.scalars(select(Crosswalk))}
    for row in shape.crosswalk:
        for named in (row.origin, row.destination):
            if named not in dimensions:
                raise FaultyFile(file, f"crosswalk from {row.origin} to {row.destination}", f"there is no {named}")
        ends = (dimensions[row.origin], dimensions[row.destination])
        crosswalk = there.get(ends)
        if crosswalk is None:
            crosswalk = Crosswalk(origin_id=ends[0], destination_id=ends[1])
            db.session.add(crosswalk)
        crosswalk.kind = CrosswalkKind(row.kind)
    db.session.flush()


def load_seats(file: Path, shape: files.SeatsFile) -> None:
    """Seats and their targets in the newest version of the framework that the file names."""
    framework = newest_version(shape.framework)
    if framework is None:
        raise FaultyFile(file, "framework", f"{shape.framework} has not been loaded")
    dimensions = {dimension.key: dimension for dimension in framework.dimensions}
    values = {level.key: level.value for level in framework.levels}
    there = {(target.seat_id, target.dimension_id): target for target in db.session.scalars(select(RoleTarget))}
    for row, seat in _each(Seat, shape.seat):
        _set(seat, row.model_dump(exclude={"targets"}), position=shape.seat.index(row))
        if set(row.targets) != set(dimensions):
            wrong = sorted(set(row.targets) ^ set(dimensions))
            raise FaultyFile(file, f"seat ({row.key}), targets", f"missing or unknown: {', '.join(wrong)}")
        db.session.flush()
        for key, target in row.targets.items():
            if target.level not in values:
                raise FaultyFile(file, f"seat ({row.key}), targets, {key}", f"no level {target.level}")
            record = there.get((seat.id, dimensions[key].id))
            if record is None:
                record = RoleTarget(seat_id=seat.id, dimension_id=dimensions[key].id)
                db.session.add(record)
            record.level, record.importance = values[target.level], target.importance
