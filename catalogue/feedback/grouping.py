"""What feedback says of the people of a system and its organisations: from ten reports on, each counted once for good.

An organisation's table is made of the reports of those who belong to it alone, and that count in none yet. What is left
of a system, of its smaller organisations and of people of several, makes the system's. Nobody of two systems counts
at all. So no two tables have anybody's report in common, and there is none to take from another: neither from an
earlier one, nor an organisation's from its system's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import case, func, select

from catalogue.clock import today
from catalogue.extensions import db
from catalogue.feedback.models import FeedbackGroupReport, FeedbackRound, RoundState
from catalogue.feedback.rules import to_the_half
from catalogue.frameworks import queries as frameworks
from catalogue.frameworks.models import Framework
from catalogue.people import audit
from catalogue.people.rules import FEWEST_TOLD_OF
from catalogue.systems.models import Membership, Organisation


@dataclass(frozen=True, slots=True)
class Waiting:
    """A report that counts nowhere yet, and where it may: in the organisation's, where its person belongs to one alone,
    or in the system's."""

    round: FeedbackRound
    system_id: int
    organisation_id: int | None


def make_group_reports() -> None:
    """Of every organisation in which enough reports have been released since its last one, and of every system."""
    key = frameworks.current_framework().key
    waiting = _waiting(key)
    for organisation_id in dict.fromkeys(one.organisation_id for one in waiting if one.organisation_id is not None):
        _make(key, [one for one in waiting if one.organisation_id == organisation_id], organisation_id)
    waiting = [one for one in waiting if not one.round.in_group_report]
    for system_id in dict.fromkeys(one.system_id for one in waiting):
        _make(key, [one for one in waiting if one.system_id == system_id])


def _make(framework: str, waiting: Sequence[Waiting], organisation_id: int | None = None) -> None:
    """The report of these, oldest first, who are of one system; nothing where they are too few."""
    newest = {one.round.person_id: one.round for one in waiting}
    if len(newest) < FEWEST_TOLD_OF:
        return
    system_id = waiting[0].system_id
    number = db.session.scalar(
        select(func.max(FeedbackGroupReport.number)).where(FeedbackGroupReport.system_id == system_id)
    )
    reports = [one.report for one in newest.values() if one.report is not None]
    made = FeedbackGroupReport(
        system_id=system_id, organisation_id=organisation_id, number=(number or 0) + 1, people=len(newest),
        made_on=today(), content=together(framework, reports),
    )  # fmt: skip
    db.session.add(made)
    for one in waiting:
        one.round.in_group_report = True
    db.session.flush()
    if organisation_id is None:
        audit.record("feedback of a system told", f"system:{system_id}", people=made.people)
    else:
        organisation = db.session.get_one(Organisation, organisation_id)
        audit.record("feedback of an organisation told", f"organisation:{organisation.key}", people=made.people)


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


def _waiting(framework: str) -> list[Waiting]:
    """Released reports that tell something and count nowhere yet, of people of one system, oldest first; held."""
    place = (
        select(
            Membership.person_id,
            func.min(Organisation.system_id).label("system_id"),
            case((func.count() == 1, func.min(Organisation.id))).label("organisation_id"),
        )
        .join(Organisation, Organisation.id == Membership.organisation_id)
        .where(Organisation.system_id.is_not(None))
        .group_by(Membership.person_id)
        .having(func.count(Organisation.system_id.distinct()) == 1)
        .subquery()
    )
    rows = db.session.execute(
        select(FeedbackRound, place.c.system_id, place.c.organisation_id)
        .join(place, place.c.person_id == FeedbackRound.person_id)
        .join(Framework, Framework.id == FeedbackRound.framework_id)
        .where(
            FeedbackRound.state == RoundState.RELEASED, FeedbackRound.report.is_not(None),
            FeedbackRound.in_group_report.is_(False), Framework.key == framework,
        )
        .order_by(FeedbackRound.id)
        .with_for_update(of=FeedbackRound)
    )  # fmt: skip
    return [Waiting(*row) for row in rows if row[0].report["parts"]]
