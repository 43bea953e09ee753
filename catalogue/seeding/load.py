"""Load ``seed/``: by natural keys and in one transaction, so that it can be done again at any time."""

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import select

from catalogue.extensions import Base, db
from catalogue.frameworks.models import (
    Condition,
    Dimension,
    Framework,
    Level,
    LevelHeading,
    RoleTarget,
    Seat,
    Statement,
)
from catalogue.frameworks.queries import newest_version
from catalogue.seeding import files
from catalogue.seeding.files import FaultyFile, read
from catalogue.seeding.load_offers import load_offers
from catalogue.systems.models import Organisation, System

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
    offers = [(folder / name, read(folder / name, files.OffersFile)) for name in OFFER_FILES]
    _nothing_in_two_files(offers)

    for row, condition in _each(Condition, conditions.condition):
        _set(condition, row.model_dump(), position=conditions.condition.index(row))
    for file in frameworks:
        load_framework(file)
    load_seats(folder / "seats.toml", seats)
    for row, system in _each(System, systems.system):
        _set(system, row.model_dump())
    for row, organisation in _each(Organisation, organisations.organisation):
        _set(organisation, row.model_dump(exclude={"started_on"}))
    db.session.flush()
    for file, shape in offers:
        load_offers(file, shape, seats.framework, demo=demo)
    return {
        "conditions": len(conditions.condition),
        "frameworks": len(frameworks),
        "seats": len(seats.seat),
        "systems": len(systems.system),
        "organisations": len(organisations.organisation),
        "offers": sum(len(shape.offer) for _file, shape in offers),
    }


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
    shape = read(file, files.FrameworkFile)
    digest = hashlib.sha256(shape.model_dump_json().encode()).hexdigest()
    there = db.session.scalar(select(Framework).where(Framework.key == shape.key, Framework.version == shape.version))
    if there is not None:
        if there.content_hash != digest:
            raise FaultyFile(file, "version", f"{shape.version} has been loaded with other content: number it anew")
        return there
    framework = Framework(
        **shape.model_dump(include={"key", "version", "name", "label", "notice", "owner", "source"}),
        content_hash=digest,
        levels=[Level(**level.model_dump()) for level in shape.level],
    )
    value_of = {level.key: level.value for level in shape.level}
    for position, row in enumerate(shape.dimension):
        dimension = Dimension(**row.model_dump(exclude={"level"}), position=position)
        for level in row.level:
            value = value_of[level.level]
            dimension.headings.append(LevelHeading(level=value, heading=level.heading))
            for statement in level.statement:
                dimension.statements.append(
                    Statement(
                        key=statement.key, level=value, position=len(dimension.statements),
                        self_form=statement.self, others_form=statement.others,
                    )
                )  # fmt: skip
        framework.dimensions.append(dimension)
    db.session.add(framework)
    db.session.flush()
    return framework


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
