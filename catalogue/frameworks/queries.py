"""Reading frameworks, conditions and seats."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import aliased, joinedload, selectinload
from sqlalchemy.orm.interfaces import ORMOption

from catalogue.errors import NotThere
from catalogue.extensions import db
from catalogue.frameworks.content import (
    DimensionLevelRow,
    DimensionRow,
    FrameworkContent,
    LevelRow,
    StatementRow,
)
from catalogue.frameworks.models import (
    Condition,
    Crosswalk,
    CrosswalkKind,
    Dimension,
    Framework,
    FrameworkDraft,
    FrameworkState,
    Level,
    LevelHeading,
    RoleTarget,
    Seat,
)


def current_framework() -> Framework:
    """The framework that new assessments use: the newest published one in which seats have targets.

    Raises ``NotThere`` where there is none.
    """
    targeted = select(Dimension.framework_id).join(RoleTarget, RoleTarget.dimension_id == Dimension.id)
    framework = db.session.scalar(
        select(Framework)
        .where(Framework.id.in_(targeted), Framework.state == FrameworkState.PUBLISHED)
        .order_by(Framework.id.desc())
        .options(selectinload(Framework.dimensions), selectinload(Framework.levels))
        .limit(1)
    )
    if framework is None:
        raise NotThere("No framework has been loaded yet. Ask the administrator to load the seed data.")
    return framework


def newest_version(key: str) -> Framework | None:
    """The version of a framework that was published last."""
    return db.session.scalar(
        select(Framework)
        .where(Framework.key == key, Framework.state == FrameworkState.PUBLISHED)
        .order_by(Framework.id.desc())
        .options(selectinload(Framework.dimensions), selectinload(Framework.levels))
        .limit(1)
    )


def whole() -> list[ORMOption]:
    """All the words of a framework, in a fixed number of queries."""
    dimensions = selectinload(Framework.dimensions)
    return [
        selectinload(Framework.levels),
        dimensions.selectinload(Dimension.headings),
        dimensions.selectinload(Dimension.statements),
    ]


def frameworks_with_words(*, open_only: bool) -> Sequence[Framework]:
    """Every version, published or retired, by name and then the newest first, with all its words."""
    wanted = select(Framework).order_by(Framework.name, Framework.id.desc()).options(*whole())
    return db.session.scalars(wanted.where(Framework.open) if open_only else wanted).all()


def versions_of(key: str) -> Sequence[Framework]:
    """The versions of a framework, the newest first."""
    wanted = select(Framework).where(Framework.key == key).order_by(Framework.id.desc())
    return db.session.scalars(wanted.options(*whole())).all()


def framework_by_id(framework_id: int) -> Framework:
    """Raises ``NotThere``."""
    found = db.session.get(Framework, framework_id, options=whole())
    if found is None:
        raise NotThere
    return found


def draft_by_id(draft_id: int) -> FrameworkDraft:
    """Raises ``NotThere``."""
    found = db.session.get(FrameworkDraft, draft_id)
    if found is None:
        raise NotThere
    return found


def drafts() -> Sequence[FrameworkDraft]:
    return db.session.scalars(
        select(FrameworkDraft).order_by(FrameworkDraft.id).options(selectinload(FrameworkDraft.changed_by))
    ).all()


def crosswalks(dimension_ids: Sequence[int]) -> Sequence[Crosswalk]:
    """What stands beside these dimensions in other frameworks, whichever side they are on."""
    return db.session.scalars(
        select(Crosswalk)
        .where(Crosswalk.origin_id.in_(dimension_ids) | Crosswalk.destination_id.in_(dimension_ids))
        .order_by(Crosswalk.id)
        .options(
            selectinload(Crosswalk.origin).selectinload(Dimension.framework),
            selectinload(Crosswalk.destination).selectinload(Dimension.framework),
        )
    ).all()


@dataclass(frozen=True, slots=True)
class Beside:
    """A dimension of another framework, and how the one asked about stands to it."""

    dimension: Dimension
    kind: CrosswalkKind
    forwards: bool

    @property
    def words(self) -> str:
        if self.kind == CrosswalkKind.PART:
            return "a part of" if self.forwards else "wider than"
        return "the same as" if self.kind == CrosswalkKind.SAME else "related to"


def crosswalk_of(dimensions: Collection[tuple[str, str]]) -> dict[tuple[str, str], list[Beside]]:
    """What stands beside these dimensions in other frameworks: by the keys of framework and dimension.

    What was laid between two versions holds for every version with these keys.
    """
    rows = db.session.scalars(
        select(Crosswalk)
        .order_by(Crosswalk.id)
        .options(
            joinedload(Crosswalk.origin).joinedload(Dimension.framework),
            joinedload(Crosswalk.destination).joinedload(Dimension.framework),
        )
    ).all()
    found: dict[tuple[str, str], dict[tuple[str, str], Beside]] = {}
    for row in rows:
        for here, there, forwards in ((row.origin, row.destination, True), (row.destination, row.origin, False)):
            key = (here.framework.key, here.key)
            if key in dimensions:
                beside = Beside(there, CrosswalkKind(row.kind), forwards)
                found.setdefault(key, {})[there.framework.key, there.key] = beside
    return {key: list(beside.values()) for key, beside in found.items()}


def without_targets(content: dict[str, Any], before: Framework | None) -> list[str]:
    """The names of the dimensions of a draft in which seats would have no target once it is published.

    A target goes with the keys of its dimension and its level. None where seats have no targets in ``before`` either.
    """
    if before is None:
        return []
    rows = db.session.execute(
        select(Dimension.key, Level.key)
        .join(RoleTarget, RoleTarget.dimension_id == Dimension.id)
        .join(Level, (Level.framework_id == Dimension.framework_id) & (Level.value == RoleTarget.level))
        .where(Dimension.framework_id == before.id)
    ).all()
    levels = {level["key"] for level in content["level"]}
    carried = {dimension for dimension, level in rows if level in levels}
    return [row["name"] for row in content["dimension"] if rows and row["key"] not in carried]


def content_of(framework: Framework) -> FrameworkContent:
    """A version as a document, identifiers and all."""
    keys = {level.value: level.key for level in framework.levels}
    return FrameworkContent(
        **{name: getattr(framework, name) for name in (
            "identifier", "key", "version", "name", "label", "notice", "owner", "source", "licence", "open",
        )},
        level=[
            LevelRow(identifier=level.identifier, value=level.value, key=level.key, name=level.name,
                     meaning=level.meaning)
            for level in framework.levels
        ],
        dimension=[_dimension(dimension, keys) for dimension in framework.dimensions],
    )  # fmt: skip


def _dimension(dimension: Dimension, keys: dict[int, str]) -> DimensionRow:
    statements: dict[int, list[StatementRow]] = {}
    for row in dimension.statements:
        said = StatementRow(identifier=row.identifier, key=row.key, self=row.self_form, others=row.others_form)
        statements.setdefault(row.level, []).append(said)
    return DimensionRow(
        **{name: getattr(dimension, name) for name in ("identifier", "key", "name", "what", "why", "what_it_is_not")},
        level=[
            DimensionLevelRow(
                identifier=heading.identifier, level=keys[heading.level], heading=heading.heading,
                statement=statements[heading.level],
            )
            for heading in dimension.headings
        ],
    )  # fmt: skip


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


def headings(framework_id: int) -> dict[tuple[int, int], str]:
    """What the levels of dimensions are called, by dimension id and level."""
    rows = db.session.execute(
        select(LevelHeading.dimension_id, LevelHeading.level, LevelHeading.heading)
        .join(Dimension, Dimension.id == LevelHeading.dimension_id)
        .where(Dimension.framework_id == framework_id)
    )
    return {(row[0], row[1]): row[2] for row in rows}


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


def same_dimensions(dimension_ids: Sequence[int]) -> Select[int]:
    """The ids of these dimensions in every version of their frameworks: one that has the same key is the same."""
    named, named_framework = aliased(Dimension), aliased(Framework)
    return (
        select(Dimension.id)
        .join(Framework, Framework.id == Dimension.framework_id)
        .join(named, named.key == Dimension.key)
        .join(named_framework, named_framework.id == named.framework_id)
        .where(named.id.in_(list(dimension_ids)), named_framework.key == Framework.key)
    )
