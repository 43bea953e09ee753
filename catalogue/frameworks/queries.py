"""Reading frameworks, conditions and seats."""

from sqlalchemy import func, select
from sqlalchemy.orm import selectinload

from catalogue.errors import NotThere
from catalogue.extensions import db
from catalogue.frameworks.models import Condition, Dimension, Framework, Level, RoleTarget, Seat


def current_framework() -> Framework:
    """The framework that new assessments use: the newest one in which seats have targets.

    Raises ``NotThere`` where there is none.
    """
    targeted = select(Dimension.framework_id).join(RoleTarget, RoleTarget.dimension_id == Dimension.id)
    framework = db.session.scalar(
        select(Framework)
        .where(Framework.id.in_(targeted))
        .order_by(Framework.id.desc())
        .options(selectinload(Framework.dimensions), selectinload(Framework.levels))
        .limit(1)
    )
    if framework is None:
        raise NotThere("No framework has been loaded yet. Ask the administrator to load the seed data.")
    return framework


def newest_version(key: str) -> Framework | None:
    """The version of a framework that was loaded last."""
    return db.session.scalar(
        select(Framework)
        .where(Framework.key == key)
        .order_by(Framework.id.desc())
        .options(selectinload(Framework.dimensions), selectinload(Framework.levels))
        .limit(1)
    )


def conditions() -> list[Condition]:
    return list(db.session.scalars(select(Condition).order_by(Condition.position)))


def seats() -> list[Seat]:
    return list(db.session.scalars(select(Seat).order_by(Seat.position)))


def level_names(framework_id: int) -> dict[int, str]:
    """The name of each level of a framework, by its value."""
    framework = db.session.get_one(Framework, framework_id, options=[selectinload(Framework.levels)])
    return {level.value: level.name for level in framework.levels}


def targets(seat_id: int, framework_id: int) -> dict[int, RoleTarget]:
    """What a seat asks for, by the dimension's id."""
    return {
        target.dimension_id: target
        for target in db.session.scalars(
            select(RoleTarget)
            .join(Dimension, Dimension.id == RoleTarget.dimension_id)
            .where(RoleTarget.seat_id == seat_id, Dimension.framework_id == framework_id)
        )
    }


def dimension_with_statements(framework_id: int, key: str) -> Dimension:
    """A dimension with its headings and statements; raises ``NotThere``."""
    dimension = db.session.scalar(
        select(Dimension)
        .where(Dimension.framework_id == framework_id, Dimension.key == key)
        .options(selectinload(Dimension.statements), selectinload(Dimension.headings))
    )
    if dimension is None:
        raise NotThere
    return dimension


def highest_level(framework_id: int) -> int:
    return db.session.scalar(select(func.max(Level.value)).where(Level.framework_id == framework_id)) or 0
