"""What the feedback of a system's people comes to together: from ten reports on, each of which counts once for good.

A system's report is made of those that count in none yet, and of nobody who belongs to two systems. So no two reports
have anybody's report in common, and there is none to take from another: neither from an earlier one of the same system,
nor from a neighbour's.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import func, select

from catalogue.clock import today
from catalogue.extensions import db
from catalogue.feedback.models import FeedbackGroupReport, FeedbackRound, RoundState
from catalogue.feedback.rules import to_the_half
from catalogue.frameworks import queries as frameworks
from catalogue.frameworks.models import Framework
from catalogue.people import audit
from catalogue.people.rules import FEWEST_TOLD_OF
from catalogue.systems.models import Membership, Organisation


def make_group_reports() -> None:
    """Of every system in which enough reports have been released since its last one."""
    key = frameworks.current_framework().key
    for system_id, rounds in _rounds_by_system(key).items():
        newest = {one.person_id: one for one in rounds}  # they come oldest first
        if len(newest) < FEWEST_TOLD_OF:
            continue
        number = db.session.scalar(
            select(func.max(FeedbackGroupReport.number)).where(FeedbackGroupReport.system_id == system_id)
        )
        reports = [one.report for one in newest.values() if one.report is not None]
        made = FeedbackGroupReport(
            system_id=system_id, number=(number or 0) + 1, people=len(newest), made_on=today(),
            content=together(key, reports),
        )  # fmt: skip
        db.session.add(made)
        for one in rounds:
            one.in_group_report = True
        db.session.flush()
        audit.record("feedback of a system told", f"system:{system_id}", people=made.people)


def together(framework: str, reports: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """``{"framework": …, "dimensions": [{"key", "name", "self", "others"}, …]}``, each a mean to the half or None."""
    found: dict[str, dict[str, Any]] = {}
    for dimension in (one for report in reports for one in report["dimensions"]):
        row = found.setdefault(dimension["key"], {"name": dimension["name"], "self": [], "others": []})
        for what in ("self", "others"):
            if dimension[what] is not None:
                row[what].append(dimension[what])
    dimensions = [
        {"key": key, "name": row["name"], "self": to_the_half(row["self"]), "others": to_the_half(row["others"])}
        for key, row in found.items()
    ]
    return {"framework": framework, "dimensions": dimensions}


def _rounds_by_system(framework: str) -> dict[int, list[FeedbackRound]]:
    """Released reports that tell something and count nowhere yet, by the one system of their person; held."""
    one_system = (
        select(Membership.person_id, func.min(Organisation.system_id).label("system_id"))
        .join(Organisation, Organisation.id == Membership.organisation_id)
        .where(Organisation.system_id.is_not(None))
        .group_by(Membership.person_id)
        .having(func.count(Organisation.system_id.distinct()) == 1)
        .subquery()
    )
    rows = db.session.execute(
        select(FeedbackRound, one_system.c.system_id)
        .join(one_system, one_system.c.person_id == FeedbackRound.person_id)
        .join(Framework, Framework.id == FeedbackRound.framework_id)
        .where(
            FeedbackRound.state == RoundState.RELEASED, FeedbackRound.report.is_not(None),
            FeedbackRound.in_group_report.is_(False), Framework.key == framework,
        )
        .order_by(FeedbackRound.id)
        .with_for_update(of=FeedbackRound)
    ).all()  # fmt: skip
    found: dict[int, list[FeedbackRound]] = {}
    for one, system_id in rows:
        if one.report["parts"]:
            found.setdefault(system_id, []).append(one)
    return found
