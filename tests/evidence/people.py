"""People who have been measured twice, some of whom completed an offer in between."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from catalogue.assessments.models import Assessment, AssessmentState, Result
from catalogue.clock import now, today
from catalogue.enrolments.models import CompletedBy, Completion, Enrolment, EnrolmentState
from catalogue.evidence.models import EvidenceBatch, EvidenceEffect, Measure
from catalogue.extensions import db
from catalogue.feedback.models import FeedbackRound, RoundState
from catalogue.frameworks import queries as frameworks
from catalogue.offers.models import Offer, OfferVersion
from catalogue.people.models import Person

OFFER = "thank-people-well"
"""It takes people in leading with care from level 0 to 1."""
SECOND = "feedback-you-can-use"
"""Another one on it."""
DIMENSION = "care"
FIRST, LAST, BETWEEN = 200, 100, 150
"""Days ago."""


def ago(days: float) -> datetime:
    return now() - timedelta(days=days)


@dataclass(frozen=True, slots=True)
class World:
    """What everybody is measured by: looked up once for all who are made together."""

    framework_id: int
    seat_id: int
    dimension_id: int
    offers: dict[str, tuple[int, int]]
    """By slug, the offer and its published version."""

    @classmethod
    def now(cls) -> "World":
        framework = frameworks.current_framework()
        [dimension] = [one for one in framework.dimensions if one.key == DIMENSION]
        rows = db.session.execute(
            select(Offer.slug, Offer.id, OfferVersion.id).join(Offer.published).where(Offer.slug.in_([OFFER, SECOND]))
        )
        return cls(framework.id, frameworks.seats()[0].id, dimension.id, {slug: (one, two) for slug, one, two in rows})

    def assess(self, person: Person, level: int, days: float) -> None:
        db.session.add(
            Assessment(
                person=person, framework_id=self.framework_id, seat_id=self.seat_id, state=AssessmentState.CLOSED,
                started_at=ago(days), closed_at=ago(days),
                results=[Result(dimension_id=self.dimension_id, level=level)],
            )
        )  # fmt: skip

    def complete(self, person: Person, slug: str = OFFER, days: float = BETWEEN) -> Completion:
        offer_id, version_id = self.offers[slug]
        enrolment = Enrolment(person=person, offer_id=offer_id, version_id=version_id, state=EnrolmentState.COMPLETED)
        completion = Completion(
            enrolment=enrolment, person=person, offer_id=offer_id, by=CompletedBy.PROVIDER, at=ago(days),
            by_person_id=db.session.scalars(select(Person.id).limit(1)).one(),
        )  # fmt: skip
        db.session.add_all([enrolment, completion])
        return completion


def somebody() -> Person:
    made = Person(name="Somebody")
    db.session.add(made)
    return made


def moved(
    levels: tuple[int, int], *slugs: str, days: tuple[float, float] = (FIRST, LAST), world: World | None = None
) -> Person:
    """Somebody who moved from a level to a level, and completed these offers in between."""
    person, world = somebody(), world or World.now()
    world.assess(person, levels[0], days[0])
    for slug in slugs:
        world.complete(person, slug)
    world.assess(person, levels[1], days[1])
    return person


def takers(count: int, ends: Sequence[int] = (1, 1, 0)) -> list[int]:
    """So many people who took the offer, and ended in turn at these levels; returns their ids."""
    return _many(count, ends, OFFER)


def others(count: int, ends: Sequence[int] = (0, 0, 1)) -> list[int]:
    """So many who did not take it."""
    return _many(count, ends)


def _many(count: int, ends: Sequence[int], *slugs: str) -> list[int]:
    world = World.now()
    with db.session.no_autoflush:
        made = [moved((0, ends[number % len(ends)]), *slugs, world=world) for number in range(count)]
    db.session.flush()
    return [one.id for one in made]


def rated(person: Person, means: tuple[float, float], days: tuple[float, float] = (FIRST, LAST)) -> None:
    """What others said of somebody in two rounds of feedback."""
    framework = frameworks.current_framework()
    for mean, since in zip(means, days, strict=True):
        report = {"framework": framework.key, "dimensions": [{"key": DIMENSION, "self": 2.0, "others": mean}]}
        db.session.add(
            FeedbackRound(
                person=person, framework_id=framework.id, state=RoundState.RELEASED, closes_on=today(),
                closed_at=ago(since), released_at=ago(since), report=report,
            )
        )  # fmt: skip
    db.session.flush()


def told(measure: Measure = Measure.SELF) -> list[int]:
    """How many people each batch is of, about the dimension."""
    about = (EvidenceBatch.measure == measure, EvidenceBatch.dimension == DIMENSION)
    return list(db.session.scalars(select(EvidenceBatch.people).where(*about).order_by(EvidenceBatch.number)))


def effect(measure: Measure = Measure.SELF) -> EvidenceEffect | None:
    """What is known of the offer."""
    return db.session.scalar(
        select(EvidenceEffect).where(
            EvidenceEffect.measure == measure, EvidenceEffect.dimension == DIMENSION, EvidenceEffect.people > 0
        )
    )
