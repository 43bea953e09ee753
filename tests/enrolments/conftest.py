"""Looking into the service's database, the two offers that these tests are about, and the people on them."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from sqlalchemy import func, select

from catalogue.clock import in_london, now
from catalogue.enrolments.models import Completion, Enrolment, StepDone
from catalogue.extensions import db
from catalogue.offers.models import Offer, Run
from catalogue.outbox import Delivery
from catalogue.people.actions import grant
from catalogue.people.models import AuditEvent, Person, Role
from catalogue.systems.models import Membership, Organisation, System
from tests.conftest import Ask, events_but_readings
from tests.visitor import Visitor

SELF_PACED = "ten-minute-huddle"
WITH_RUNS = "running-meetings-people-value"

SignIn = Callable[[int], Visitor]
AddPerson = Callable[..., int]


@pytest.fixture
def set_run(change: Ask) -> Callable[..., int]:
    """Give the first run of the offer with runs this state, start or number of places; returns its id."""

    def set_values(**values: object) -> int:
        def act() -> int:
            found = first_run()
            for name, value in values.items():
                setattr(found, name, value)
            return found.id

        return int(change(act))

    return set_values


def first_run() -> Run:
    return db.session.scalars(
        select(Run).join(Run.offer).where(Offer.slug == WITH_RUNS).order_by(Run.starts_on).limit(1)
    ).one()


def today() -> date:
    return in_london(now()).date()


def on_day(number: int) -> dict[str, date]:
    """A run of the one day that is so many days from now."""
    return dict.fromkeys(("starts_on", "ends_on"), today() + timedelta(days=number))


def yesterday() -> date:
    return today() - timedelta(days=1)


def states() -> list[tuple[int, str]]:
    """Every enrolment: whose it is and how it stands, in the order in which they were asked for."""
    rows = db.session.execute(select(Enrolment.person_id, Enrolment.state).order_by(Enrolment.id))
    return [(person_id, str(state)) for person_id, state in rows]


def mails() -> list[tuple[str, str]]:
    """Every message that has been written: to whom, and its subject."""
    payloads = db.session.scalars(select(Delivery.payload).where(Delivery.kind == "mail").order_by(Delivery.id))
    return [(payload["to"], payload["subject"]) for payload in payloads]


def audited(action: str) -> int:
    return len(db.session.scalars(select(AuditEvent).where(AuditEvent.action == action)).all())


def written() -> dict[str, int]:
    """How many rows there are of all that enrolling can write; that somebody read a page is none of it."""
    tables = (Enrolment, StepDone, Completion)
    found = {table.__tablename__: db.session.scalar(select(func.count()).select_from(table)) or 0 for table in tables}
    return found | {"audit_event": events_but_readings()}


@pytest.fixture
def new_learner(add_person: AddPerson, sign_in: SignIn) -> Callable[[str], Visitor]:
    return lambda name: sign_in(add_person(name))


@pytest.fixture
def organisation_of(ask: Ask) -> Callable[[str], int]:
    """The provider of an offer, by the offer's address."""

    def find(slug: str) -> int:
        return int(ask(lambda: db.session.scalar(select(Offer.provider_id).where(Offer.slug == slug))))

    return find


@pytest.fixture
def partner(add_person: AddPerson, sign_in: SignIn, organisation_of: Callable[[str], int]) -> Visitor:
    """A partner of the provider of the offer with runs."""
    return sign_in(add_person("Pia Partner", Role.PARTNER, organisation_id=organisation_of(WITH_RUNS)))


@pytest.fixture
def systems(change: Ask) -> list[int]:
    """Two systems, each with an organisation of the same number."""

    def make() -> list[int]:
        found = db.session.scalars(select(System).order_by(System.id).limit(2)).all()
        for number, system in enumerate(found):
            db.session.add(Organisation(key=f"trust-{number}", name=f"Trust {number}", kind="trust", system=system))
        return [system.id for system in found]

    return list(change(make))


@pytest.fixture
def somebody_of(
    add_person: Callable[..., int], sign_in: Callable[[int], Visitor], change: Ask
) -> Callable[[str, int], Visitor]:
    """A visitor who belongs to the organisation of this number."""

    def make(name: str, number: int) -> Visitor:
        person_id = add_person(name)

        def belong() -> None:
            there = db.session.scalars(select(Organisation).where(Organisation.key == f"trust-{number}")).one()
            db.session.add(Membership(person_id=person_id, organisation=there))

        change(belong)
        return sign_in(person_id)

    return make


@pytest.fixture
def lead(add_person: AddPerson, sign_in: SignIn, change: Ask, systems: list[int]) -> Visitor:
    """The lead of the first of the two systems."""
    person_id = add_person("Lee Lead")
    change(lambda: grant(db.session.get_one(Person, person_id), Role.LEAD, system_id=systems[0]))
    return sign_in(person_id)


@pytest.fixture
def asks(change: Ask) -> Callable[..., None]:
    """Have the published version of the offer with runs ask for this of whoever joins."""

    def set_values(**values: object) -> None:
        def act() -> None:
            version = first_run().offer.published
            for name, value in values.items():
                setattr(version, name, value)

        change(act)

    return set_values


def letters(to: str = "") -> list[str]:
    """The words of every message, or of those to somebody, oldest first."""
    payloads = db.session.scalars(select(Delivery.payload).where(Delivery.kind == "mail").order_by(Delivery.id))
    return [f"{payload['subject']}\n{payload['text']}" for payload in payloads if not to or payload["to"] == to]
