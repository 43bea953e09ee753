"""What two offers of the demonstration did: invented people who assessed themselves before and after one of them.

Each of them took one offer, and so is somebody who did not take the other. Most moved with the first; with the second
about as many as without it. What is told of that is worked out as it is every night.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select

from catalogue.assessments.models import Assessment, AssessmentState, Result
from catalogue.clock import now
from catalogue.enrolments.models import CompletedBy, EnrolmentState
from catalogue.extensions import db
from catalogue.frameworks import queries as frameworks
from catalogue.frameworks.models import Dimension, Framework
from catalogue.offers.models import Offer
from catalogue.people.models import Person
from catalogue.seeding.happenings import completed, enrolled

HELPS, HARDLY_HELPS = "thank-people-well", "ten-minute-huddle"
TAKERS = 14
"""Of each."""
MEASURED = 2 * TAKERS
BEFORE, TAKEN, AFTER = 150, 110, 60
"""Days ago."""


def add_measured(names: Sequence[str]) -> None:
    """Add so many people with these names, who cannot sign in, once."""
    if db.session.scalar(select(Person.id).where(Person.key == _key(0))) is not None:
        return
    framework = frameworks.current_framework()
    wanted = select(Offer).where(Offer.key.in_((HELPS, HARDLY_HELPS)), Offer.example)
    offers = {offer.key: offer for offer in db.session.scalars(wanted)}
    for number, name in enumerate(names[:MEASURED]):
        person, took = Person(key=_key(number), name=name), HELPS if number < TAKERS else HARDLY_HELPS
        db.session.add(person)
        moves = {
            HELPS: number % 5 > 0 if took == HELPS else number % 5 == 0,
            HARDLY_HELPS: number % 3 == 0,
        }
        gained = {offers[key].published.mappings[0].dimension for key, moved in moves.items() if moved}
        _assessed(person, framework, set(), BEFORE)
        enrolment = enrolled(person, offers[took], None, EnrolmentState.BOOKED, TAKEN + 2)
        completed(enrolment, CompletedBy.LAST_STEP, person, _days_ago(TAKEN))
        _assessed(person, framework, gained, AFTER)


def _key(number: int) -> str:
    return f"example-measured-{number:02}"


def _days_ago(days: int) -> datetime:
    return now() - timedelta(days=days)


def _assessed(person: Person, framework: Framework, gained: set[Dimension], days: int) -> None:
    results = [Result(dimension=dimension, level=int(dimension in gained)) for dimension in framework.dimensions]
    db.session.add(
        Assessment(
            person=person, framework=framework, seat=frameworks.seats()[0], state=AssessmentState.CLOSED,
            started_at=_days_ago(days), closed_at=_days_ago(days), results=results,
        )
    )  # fmt: skip
