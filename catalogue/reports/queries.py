"""Reading the map: what people need, and what stands to meet it, in as many queries for 44 systems as for one.

A dimension is the same one in every version of its framework: both sides are read by its key.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np
from sqlalchemy import (
    CTE,
    ColumnElement,
    Float,
    Select,
    Subquery,
    case,
    cast,
    func,
    literal,
    null,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import InstrumentedAttribute

from catalogue.assessments.models import Assessment, AssessmentState, Result
from catalogue.clock import today
from catalogue.enrolments.models import TAKES_A_PLACE, Enrolment
from catalogue.extensions import db
from catalogue.frameworks import queries as frameworks
from catalogue.frameworks.models import Condition, Dimension, Framework, RoleTarget
from catalogue.offers.models import (
    Mapping,
    Mode,
    OfferVersion,
    Run,
    VersionState,
    version_condition,
    version_system,
)
from catalogue.offers.rules import JOINABLE
from catalogue.reports.coverage import Coverage, Place, Supplies, coverage_of
from catalogue.reports.rules import Assessed, Need, Supply, may_be_shown, together
from catalogue.systems.models import Membership, Organisation, System

Marked = ColumnElement[int] | InstrumentedAttribute[int]


def coverage(systems: Sequence[System], *, whole: bool) -> Coverage:
    """The map of these systems; ``whole`` where they are all there are. Raises ``NotThere`` without a framework."""
    framework = frameworks.current_framework()
    ids = [system.id for system in systems]
    assessed = _assessed(framework.key, ids)
    rest = [system_id for system_id, found in assessed.items() if not may_be_shown(found)]
    all_of_them = together(
        assessed.values(),
        [dimension.key for dimension in framework.dimensions],
        different_people=_different_people(framework.key, rest),
        whole=whole,
    )
    conditions = frameworks.conditions()
    return coverage_of(
        framework,
        conditions,
        {system: found if may_be_shown(found := assessed[system.id]) else None for system in systems},
        all_of_them,
        _supplies(framework, conditions, ids),
    )


def _latest(framework_key: str) -> CTE:
    """The last assessment that each person of a system has finished, once for each system that they belong to."""
    order = func.row_number().over(
        partition_by=Assessment.person_id, order_by=(Assessment.closed_at.desc(), Assessment.id.desc())
    )
    numbered = (
        select(Assessment.id, Assessment.person_id, Assessment.seat_id, order.label("place"))
        .join(Framework, Framework.id == Assessment.framework_id)
        .where(Assessment.state == AssessmentState.CLOSED, Framework.key == framework_key)
        .subquery()
    )
    return (
        select(Organisation.system_id, numbered.c.person_id, numbered.c.id, numbered.c.seat_id)
        .select_from(numbered)
        .join(Membership, Membership.person_id == numbered.c.person_id)
        .join(Organisation, Organisation.id == Membership.organisation_id)
        .where(numbered.c.place == 1)
        .distinct()
        .cte("latest")
        .prefix_with("MATERIALIZED")  # worked out once: what is joined to it would else be gone through again and again
    )


def _assessed(framework_key: str, system_ids: Sequence[int]) -> dict[int, Assessed]:
    """How many people of each system have finished an assessment, and how many of them have a gap in each dimension."""
    latest = _latest(framework_key)
    of_these = latest.c.system_id.in_(system_ids)
    people = select(latest.c.system_id, null(), func.count(), literal(0)).where(of_these).group_by(latest.c.system_id)
    gaps = (
        select(latest.c.system_id, Dimension.key, func.count(), func.sum(RoleTarget.level - Result.level))
        .select_from(latest)
        .join(Result, Result.assessment_id == latest.c.id)
        .join(Dimension, Dimension.id == Result.dimension_id)
        .join(
            RoleTarget,
            (RoleTarget.seat_id == latest.c.seat_id)
            & (RoleTarget.dimension_id == Result.dimension_id)
            & (RoleTarget.level > Result.level),
        )
        .where(of_these)
        .group_by(latest.c.system_id, Dimension.key)
    )
    counted: dict[int, int] = {}
    needs: dict[int, dict[str, Need]] = defaultdict(dict)
    for system_id, dimension, count, levels in db.session.execute(union_all(people, gaps)):
        if dimension is None:
            counted[system_id] = count
        else:
            needs[system_id][dimension] = Need(count, levels)
    return {system_id: Assessed(counted.get(system_id, 0), needs[system_id]) for system_id in system_ids}


def _different_people(framework_key: str, system_ids: Sequence[int]) -> int:
    """How many people of these systems have finished an assessment, whoever belongs to several of them counted once."""
    latest = _latest(framework_key)
    counting = select(func.count(latest.c.person_id.distinct())).where(latest.c.system_id.in_(system_ids))
    return db.session.scalar(counting) or 0


def _supplies(framework: Framework, conditions: Sequence[Condition], system_ids: Sequence[int]) -> Supplies:
    """What stands in each place, for the systems that offers are open to."""
    same = db.session.execute(
        select(Dimension.key, Dimension.id)
        .join(Framework, Framework.id == Dimension.framework_id)
        .where(Framework.key == framework.key)
    ).all()
    dimensions = [[row_id for key, row_id in same if key == dimension.key] for dimension in framework.dimensions]
    rows: dict[int | None, list[Any]] = defaultdict(list)
    named: list[Any] = []
    for system_id, first, *marks in db.session.execute(
        _standing([[condition.id] for condition in conditions], dimensions, system_ids)
    ):
        rows[system_id].append(marks)
        if first:
            named.append(marks)
    return Supplies(
        {system_id: _by_place(found, framework, conditions) for system_id, found in rows.items()},
        _by_place(named, framework, conditions),
    )


def _by_place(rows: list[Any], framework: Framework, conditions: Sequence[Condition]) -> dict[Place, Supply]:
    """Sums over rows of ``_standing``: each counts in all places that its marks cross in."""
    if not rows:
        return {}
    ends = [len(conditions), len(conditions) + len(framework.dimensions)]
    serves, touches, figures = np.split(np.array(rows, dtype=float), ends, axis=1)
    sums = np.einsum("rc,rd,rf->cdf", serves, touches, figures, optimize=True).tolist()
    return {
        (condition.id, dimension.key): Supply(round(offers), round(self_paced), round(places), round(hours, 2))
        for condition, of_condition in zip(conditions, sums, strict=True)
        for dimension, (offers, self_paced, places, hours) in zip(framework.dimensions, of_condition, strict=True)
    }


def _standing(
    conditions: list[list[int]], dimensions: list[list[int]], system_ids: Sequence[int]
) -> Select[tuple[Any, ...]]:
    """Published offers that are alike, counted: a row for each system that they name, or one if they name none.

    A row has the system; whether it is the first that its offers name, so that each offer counts once in all systems;
    a mark for each condition that they serve and each dimension that they touch; then how many they are, how many of
    them at one's own pace, free places and hours. Offers for the people of their providers alone are open to no system.
    """
    serves = _marks(version_condition.c.version_id, version_condition.c.condition_id, conditions)
    touches = _marks(Mapping.version_id, Mapping.dimension_id, dimensions)
    system = version_system.c.system_id
    named = (
        select(version_system.c.version_id, func.min(system).label("first"))
        .where(system.in_(system_ids))
        .group_by(version_system.c.version_id)
        .subquery()
    )
    free = _free_places()
    alike = [system, system == named.c.first, *list(serves.c)[1:], *list(touches.c)[1:]]
    return (
        select(
            *alike,
            func.count(),
            func.sum(case((OfferVersion.mode == Mode.SELF_PACED, 1), else_=0)),
            func.coalesce(func.sum(free.c.places), 0),
            cast(func.sum(OfferVersion.hours), Float),
        )
        .select_from(OfferVersion)
        .join(serves, serves.c.version_id == OfferVersion.id)
        .join(touches, touches.c.version_id == OfferVersion.id)
        .outerjoin(free, free.c.offer_id == OfferVersion.offer_id)
        .outerjoin(version_system, version_system.c.version_id == OfferVersion.id)
        .outerjoin(named, named.c.version_id == OfferVersion.id)
        .where(
            OfferVersion.state == VersionState.PUBLISHED,
            OfferVersion.members_only.is_(False),
            or_(system.is_(None), system.in_(system_ids)),
        )
        .group_by(*alike)
    )


def _marks(version: Marked, column: Marked, groups: list[list[int]]) -> Subquery:
    """For each version a column for each group of values: 1 where it has one of them, else 0."""
    marks = [
        func.max(case((column.in_(values), 1), else_=0)).label(f"mark_{number}") for number, values in enumerate(groups)
    ]
    return select(version.label("version_id"), *marks).group_by(version).subquery()


def _free_places() -> Subquery:
    """Places that nobody has taken, on the runs to come of each offer."""
    taken = (
        select(Enrolment.run_id, func.count().label("places"))
        .where(Enrolment.run_id.is_not(None), Enrolment.state.in_(TAKES_A_PLACE))
        .group_by(Enrolment.run_id)
        .subquery()
    )
    free = Run.places - func.coalesce(taken.c.places, 0)
    return (
        select(Run.offer_id, func.sum(case((free > 0, free), else_=0)).label("places"))
        .outerjoin(taken, taken.c.run_id == Run.id)
        .where(Run.starts_on >= today(), Run.state.in_(JOINABLE))
        .group_by(Run.offer_id)
        .subquery()
    )
