"""Enrolments of people of two systems, on offers of two providers; and who looks at them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from catalogue.clock import now
from catalogue.enrolments.models import CompletedBy, Completion, Enrolment, EnrolmentState
from catalogue.extensions import db
from catalogue.offers.models import Offer, Run
from catalogue.people import actions
from catalogue.people.models import Person, Role
from catalogue.systems.models import Membership, Organisation, System
from catalogue.transactions import run
from tests.conftest import Ask
from tests.reports.standing import CUMBRIA, NOTTINGHAMSHIRE, a_trust
from tests.visitor import Visitor


def provided(offers: int = 2) -> list[Offer]:
    """Offers at one's own pace, each of another provider."""
    found = db.session.scalars(select(Offer).where(~Offer.runs.any()).order_by(Offer.slug))
    return list({offer.provider_id: offer for offer in found}.values())[:offers]


def put(
    person: Person, offer: Offer, state: EnrolmentState = EnrolmentState.BOOKED, joined: datetime | None = None,
    took: float | None = None, a_run: Run | None = None, **more: Any,
) -> Enrolment:  # fmt: skip
    """Somebody on an offer, as time has left them; completed after so many days where that is said."""
    joined = joined or now() - timedelta(days=5)
    enrolment = Enrolment(
        person=person, offer_id=offer.id, version_id=offer.published.id, run=a_run, created_at=joined,
        state=EnrolmentState.COMPLETED if took is not None else state, **more,
    )  # fmt: skip
    db.session.add(enrolment)
    db.session.flush()
    if took is not None:
        db.session.add(
            Completion(
                enrolment=enrolment, person_id=person.id, offer_id=offer.id, by=CompletedBy.PROVIDER,
                by_person_id=person.id, at=joined + timedelta(days=took),
            )
        )  # fmt: skip
    return enrolment


def people_in(system: str, count: int) -> list[Person]:
    found = [Person(name=f"Person {number} of {system}") for number in range(count)]
    db.session.add_all(Membership(person=person, organisation=a_trust(system)) for person in found)
    db.session.flush()
    return found


@dataclass
class World:
    offers: list[str]
    providers: list[int]
    people: dict[str, list[str]]
    """Keys of people, by system."""


@pytest.fixture
def world(change: Ask) -> World:
    """In each of two systems three people: on the first offer, one has completed it, one is overdue, one is on it; the
    first is on the second offer too."""

    def make() -> World:
        first, second = provided()
        people = {}
        for system in (NOTTINGHAMSHIRE, CUMBRIA):
            done, late, on_it = found = people_in(system, 3)
            put(done, first, joined=now() - timedelta(days=40), took=12)
            put(late, first, joined=now() - timedelta(days=120), via="platform:1")
            put(on_it, first)
            put(done, second, EnrolmentState.WITHDRAWN)
            people[system] = [person.key for person in found]
        return World([first.slug, second.slug], [first.provider_id, second.provider_id], people)

    made: World = change(make)
    return made


@pytest.fixture
def who(app: Flask, add_person: Callable[..., int], sign_in: Callable[[int], Visitor]) -> Callable[..., Visitor]:
    """Somebody with a role in a system, or within an organisation."""

    def make(role: Role, system: str = "", organisation_id: int | None = None) -> Visitor:
        person_id = add_person(f"{role} {system}{organisation_id or ''}")

        def give() -> None:
            home = db.session.scalar(select(System.id).where(System.key == system))
            actions.grant(db.session.get_one(Person, person_id), role, organisation_id, home)

        with app.app_context():
            run(give)
        return sign_in(person_id)

    return make


def trust_of(system: str) -> int:
    return db.session.scalars(select(Organisation.id).where(Organisation.key == f"trust-{system}")).one()
