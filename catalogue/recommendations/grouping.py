"""Advice for a system and for its organisations together: once a quarter, from ten people on, and never who.

It is made at night of all groups of a system at once, and kept as it is until the next quarter. Whoever belongs to two
systems counts in none; whoever belongs to two organisations of a system counts in the system alone. So organisations
that are told share nobody, and what is left of the system without them is nobody, or ten people and more.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from math import ceil
from typing import Any

import numpy as np
from sqlalchemy import Subquery, func, select

from catalogue.assessments.models import Assessment, AssessmentState, Importance, Result
from catalogue.clock import today
from catalogue.enrolments import seating
from catalogue.enrolments.models import ACTIVE, Completion, Enrolment, SeatAllocation
from catalogue.evidence.queries import factors
from catalogue.extensions import db
from catalogue.frameworks import queries as frameworks
from catalogue.frameworks.models import Dimension, Framework, RoleTarget
from catalogue.offers import queries as offers
from catalogue.offers.models import Offer
from catalogue.offers.queries import joinable_runs
from catalogue.people import audit
from catalogue.people.rules import FEWEST_TOLD_OF
from catalogue.recommendations.certificate import Floats
from catalogue.recommendations.limits import Flags
from catalogue.recommendations.models import GroupAdvice
from catalogue.recommendations.queries import candidate
from catalogue.recommendations.rules import USUAL_HOURS
from catalogue.recommendations.shelf import Shelf
from catalogue.recommendations.together import plan_for
from catalogue.recommendations.together_certificate import Offers, People
from catalogue.systems.models import Membership, Organisation
from catalogue.systems.queries import areas

MOST_OFFERS = 10
"""That a lead can run, or send people to, in a quarter."""


def quarter_of(day: date) -> date:
    """The first day of its quarter."""
    return date(day.year, 3 * ((day.month - 1) // 3) + 1, 1)


def due() -> list[int]:
    """The ids of systems for which there is no advice this quarter yet."""
    made = set(db.session.scalars(select(GroupAdvice.system_id).where(GroupAdvice.quarter == quarter_of(today()))))
    return [system.id for system in areas() if system.id not in made]


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody with a finished self-assessment; of several organisations of the system there is none."""

    person_id: int
    assessment_id: int
    seat_id: int
    organisation_id: int | None


def make_advice(system_id: int) -> None:
    """For a system and those of its organisations that may be told, where enough people have assessed themselves."""
    framework = frameworks.current_framework()
    latest = _latest(framework.key, system_id)
    rows = db.session.execute(select(latest)).all()
    members = [Member(row.person_id, row.id, row.seat_id, None if row.several > 1 else row.body) for row in rows]
    groups = groups_told(members)
    if not groups:
        return
    gathered = _Gathered(framework, system_id, latest)
    for organisation_id, people in groups.items():
        advice = GroupAdvice(
            system_id=system_id, organisation_id=organisation_id, quarter=quarter_of(today()), made_on=today(),
            people=about(len(people)), content=gathered.advice(people, organisation_id),
        )  # fmt: skip
        db.session.add(advice)
        of = f"organisation:{organisation_id}" if organisation_id is not None else f"system:{system_id}"
        audit.record("advice for a group made", of, people=advice.people)
    db.session.flush()


def groups_told(members: Sequence[Member]) -> dict[int | None, list[Member]]:
    """The system's people, under None, and those of the organisations that may be told too, by its id."""
    if len(members) < FEWEST_TOLD_OF:
        return {}
    bodies: dict[int, list[Member]] = defaultdict(list)
    for member in members:
        if member.organisation_id is not None:
            bodies[member.organisation_id].append(member)
    told = sorted((len(people), body) for body, people in bodies.items() if len(people) >= FEWEST_TOLD_OF)
    while told and 0 < len(members) - sum(count for count, _body in told) < FEWEST_TOLD_OF:
        del told[0]  # so that those who are left come to ten
    return {None: list(members), **{body: bodies[body] for _count, body in told}}


def about(people: int) -> int | None:
    """A number of people as it is told: to the nearest five, and none where they are fewer than ten."""
    return 5 * round(people / 5) if people >= FEWEST_TOLD_OF else None


def _latest(framework_key: str, system_id: int) -> Subquery:
    """The last finished assessment of everybody who belongs to this system, and to no other."""
    of_one = (
        select(
            Membership.person_id, func.min(Organisation.id).label("body"),
            func.count(Organisation.id.distinct()).label("several"),
        )
        .join(Membership.organisation)
        .where(Organisation.system_id.is_not(None))
        .group_by(Membership.person_id)
        .having(func.count(Organisation.system_id.distinct()) == 1, func.min(Organisation.system_id) == system_id)
        .subquery()
    )  # fmt: skip
    order = func.row_number().over(
        partition_by=Assessment.person_id, order_by=(Assessment.closed_at.desc(), Assessment.id.desc())
    )
    numbered = (
        select(
            Assessment.id, Assessment.person_id, Assessment.seat_id, of_one.c.body, of_one.c.several,
            order.label("place"),
        )
        .join(of_one, of_one.c.person_id == Assessment.person_id)
        .join(Framework, Framework.id == Assessment.framework_id)
        .where(Assessment.state == AssessmentState.CLOSED, Framework.key == framework_key)
        .subquery()
    )  # fmt: skip
    return select(numbered).where(numbered.c.place == 1).order_by(numbered.c.person_id).subquery()


class _Gathered:
    """All that advice for groups of a system is made of, read once."""

    def __init__(self, framework: Framework, system_id: int, latest: Subquery) -> None:
        self.framework, self.system_id = framework, system_id
        self.dimensions = list(framework.dimensions)
        self.levels = max(level.value for level in framework.levels)
        self.gaps = _gaps(latest)
        people = select(latest.c.person_id)
        self.completed = _by_person(Completion.person_id.in_(people), Completion.voided_at.is_(None), of=Completion)
        self.active = _by_person(Enrolment.person_id.in_(people), Enrolment.state.in_(ACTIVE), of=Enrolment)
        there = offers.offers_of_system([dimension.id for dimension in self.dimensions], system_id)
        keys = [dimension.key for dimension in self.dimensions]
        known_effects = factors(framework.id, keys)
        self.shelf = Shelf.of([candidate(offer, known_effects) for offer in there], keys, 0, self.levels)
        by_slug = {offer.slug: offer for offer in there}
        self.offers = [by_slug[key] for key in self.shelf.keys]
        self.needs = offers.to_complete_first()

    def advice(self, members: Sequence[Member], organisation_id: int | None) -> dict[str, Any]:
        """What is kept of the advice for some people: see ``templates/recommendations/advice.html``."""
        people = self._people(members)
        seats = self._seats(organisation_id)
        plan = plan_for(people, Offers(self.shelf.missed, self.shelf.hours, seats), USUAL_HOURS, MOST_OFFERS)
        on = plan.people_on
        total = plan.total or 1.0
        chosen = sorted(np.flatnonzero(on).tolist(), key=lambda number: (-on[number], self.shelf.keys[number]))
        return {
            "hours": USUAL_HOURS,
            "levels": [level.name for level in self.framework.levels],
            "closes": round(100 * plan.value / total),
            "at_most": ceil(100 * plan.bound / total - 1e-9),
            "offers": [self._said(self.offers[number], seats[number], int(on[number])) for number in chosen],
            "missing": self._missing(people, seats),
        }

    def _said(self, offer: Offer, seats: float, people: int) -> dict[str, Any]:
        return {
            "id": offer.id, "title": offer.published.title, "hours": float(offer.published.hours),
            "seats": None if np.isinf(seats) else int(seats), "people": about(people),
            "takes": [
                {"dimension": mapping.dimension.name, "from": mapping.from_level, "to": mapping.to_level}
                for mapping in offer.published.mappings
            ],
        }  # fmt: skip

    def _missing(self, people: People, seats: Floats) -> list[dict[str, Any]]:
        """Steps that ten people and more have before them, and for which there is no seat on any offer."""
        need = np.tensordot(people.count, people.weights > 0.0, axes=1)
        served: Flags = np.any(self.shelf.missed[:, :, seats >= 1] < 1.0, axis=2)
        return [
            {"dimension": dimension.name, "from": level, "to": level + 1, "people": about(int(need[level, number]))}
            for number, dimension in enumerate(self.dimensions)
            for level in range(self.levels)
            if need[level, number] >= FEWEST_TOLD_OF and not served[level, number]
        ]

    def _people(self, members: Sequence[Member]) -> People:
        weights = np.zeros((len(members), self.levels, len(self.dimensions)))
        left = np.ones_like(weights)
        allowed = np.zeros((len(members), len(self.offers)), dtype=bool)
        place = {dimension.key: number for number, dimension in enumerate(self.dimensions)}
        number_of = {offer.id: number for number, offer in enumerate(self.offers)}
        for row, member in enumerate(members):
            for key, present, target, importance in self.gaps.get(member.assessment_id, ()):
                if key in place:
                    weights[row, present:target, place[key]] = (target - present) * importance
            done, on = self.completed.get(member.person_id, set()), self.active.get(member.person_id, set())
            already = [number_of[offer_id] for offer_id in sorted(on) if offer_id in number_of]
            left[row] = self.shelf.missed[:, :, already].prod(axis=2)
            allowed[row] = [
                offer.id not in done and offer.id not in on and self.needs.get(offer.id, set()) <= done
                for offer in self.offers
            ]
        return People.alike(weights, left, allowed & self._for_seats([member.seat_id for member in members]))

    def _for_seats(self, seat_ids: Sequence[int]) -> Flags:
        """Which offers are written for each of these seats, (p, n)."""
        of_seat = {
            seat_id: [
                not offer.published.seats or any(seat.id == seat_id for seat in offer.published.seats)
                for offer in self.offers
            ]
            for seat_id in set(seat_ids)
        }
        return np.array([of_seat[seat_id] for seat_id in seat_ids], dtype=bool).reshape(len(seat_ids), -1)

    def _seats(self, organisation_id: int | None) -> Floats:
        """How many of the group could have a place on each offer; no limit at one's own pace."""
        runs = [run for offer in self.offers if not offer.published.self_paced for run in joinable_runs(offer)]
        ids = [run.id for run in runs]
        if organisation_id is None:
            kept = seating.allocated(ids, SeatAllocation.system_id == self.system_id, seating.still_kept())
            own = {one.allocation.id for found in kept.values() for one in found}
        else:
            own = seating.organisations_allocations(ids, organisation_id)
        free = {run_id: standing.free_for(own) for run_id, standing in seating.standings(runs).items()}
        return np.array(
            [
                np.inf if offer.published.self_paced else float(sum(free[run.id] for run in joinable_runs(offer)))
                for offer in self.offers
            ]
        )


def _gaps(latest: Subquery) -> Mapping[int, list[tuple[str, int, int, float]]]:
    """By assessment, each dimension with a gap: its key, the present level, the target, and the importance."""
    found: dict[int, list[tuple[str, int, int, float]]] = defaultdict(list)
    for assessment_id, key, present, target, importance, said in db.session.execute(
        select(latest.c.id, Dimension.key, Result.level, RoleTarget.level, RoleTarget.importance, Importance.importance)
        .select_from(latest)
        .join(Result, Result.assessment_id == latest.c.id)
        .join(Dimension, Dimension.id == Result.dimension_id)
        .join(
            RoleTarget,
            (RoleTarget.seat_id == latest.c.seat_id)
            & (RoleTarget.dimension_id == Result.dimension_id)
            & (RoleTarget.level > Result.level),
        )
        .outerjoin(
            Importance,
            (Importance.assessment_id == latest.c.id) & (Importance.dimension_id == Result.dimension_id),
        )
        .order_by(latest.c.id, Dimension.position)
    ):
        found[assessment_id].append((key, present, target, float(said or importance)))
    return found


def _by_person(*such: Any, of: type[Completion] | type[Enrolment]) -> Mapping[int, set[int]]:
    found: dict[int, set[int]] = defaultdict(set)
    for person_id, offer_id in db.session.execute(select(of.person_id, of.offer_id).where(*such)):
        found[person_id].add(offer_id)
    return found
