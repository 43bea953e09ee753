"""Who goes on a programme with somebody, and how far they are themselves."""

from dataclasses import dataclass

from sqlalchemy import and_, func, select
from sqlalchemy.orm import aliased

from catalogue.enrolments.models import ON_IT, Enrolment, StepDone
from catalogue.extensions import db
from catalogue.offers.models import Step
from catalogue.people.models import Person
from catalogue.systems.models import Membership, Organisation, System

MOST_NAMES = 50


@dataclass(frozen=True, slots=True)
class Together:
    """Other people of somebody's system on a run."""

    system: str
    count: int
    names: tuple[str, ...]
    """Of those who let themselves be named to others of their system; none for whoever holds no place themselves."""


def others_of_systems(person_id: int, run_id: int) -> list[Together]:
    """By system, for each that the person belongs to: how many others of it take part in a run, and who they are.

    Names are those of people who allow it, and only for whoever takes part too: so it was promised to them.
    """
    theirs = (
        select(Organisation.system_id)
        .join(Membership, Membership.organisation_id == Organisation.id)
        .where(Membership.person_id == person_id, Organisation.system_id.is_not(None))
    )
    own = aliased(Enrolment)
    takes_part = select(own.id).where(own.run_id == run_id, own.person_id == person_id, own.state.in_(ON_IT)).exists()
    rows = db.session.execute(
        select(System.name, Person.id, Person.name, and_(Enrolment.name_shown, takes_part))
        .select_from(Enrolment)
        .join(Person, Person.id == Enrolment.person_id)
        .join(Membership, Membership.person_id == Person.id)
        .join(Organisation, Organisation.id == Membership.organisation_id)
        .join(System, System.id == Organisation.system_id)
        .where(
            Enrolment.run_id == run_id,
            Enrolment.state.in_(ON_IT),
            Enrolment.person_id != person_id,
            System.id.in_(theirs),
        )
        .order_by(System.name, func.lower(Person.name), Person.id)
    )
    found: dict[str, dict[int, str]] = {}
    for system, other_id, name, shown in rows:
        found.setdefault(system, {})[other_id] = name if shown else ""
    return [
        Together(system, len(people), tuple(name for name in people.values() if name)[:MOST_NAMES])
        for system, people in found.items()
    ]


def steps_done(enrolment: Enrolment) -> set[str]:
    """The keys of the steps that somebody has done: another version of the programme may have more of them."""
    done = select(Step.key).join(StepDone, StepDone.step_id == Step.id).where(StepDone.enrolment_id == enrolment.id)
    return set(db.session.scalars(done))
