"""A platform that is registered, and what a database holds."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from catalogue import outbox
from catalogue.clock import now
from catalogue.enrolments import actions as enrolments
from catalogue.enrolments import completing as completing_actions
from catalogue.enrolments.models import CompletedBy
from catalogue.extensions import db
from catalogue.offers.models import Offer, OfferVersion
from catalogue.outbox import Delivery, DeliveryState
from catalogue.people.models import Person, SignIn
from catalogue.systems.models import Membership
from catalogue.transactions import run
from lti.models import Arrival, Context, Deployment, Identity, LineItem, ResourceLink
from lti.models import Platform as Registered
from lti.platforms.actions import add_platform
from lti.platforms.rules import Registration
from tests.lti.platform import Platform, serving
from tests.visitor import Visitor

WRITTEN = (Person, SignIn, Membership, Identity, Arrival, ResourceLink, Context, Deployment, LineItem)


@pytest.fixture
def register(app: Flask) -> Callable[[Platform], int]:
    """Register a platform; returns its id."""

    def add(platform: Platform) -> int:
        with app.app_context():
            return run(lambda: add_platform(Registration(**platform.registration), development=True).platform.id)

    return add


@pytest.fixture
def platform(register: Callable[[Platform], int]) -> Iterator[Platform]:
    with serving(Platform()) as made:
        register(made)
        yield made


@pytest.fixture
def counts(app: Flask) -> Callable[[], dict[str, int]]:
    """How many rows there are of all that a launch could write."""

    def count() -> dict[str, int]:
        with app.app_context():
            return {
                model.__name__: db.session.scalar(select(func.count()).select_from(model)) or 0 for model in WRITTEN
            }

    return count


@pytest.fixture
def visitors(app: Flask) -> Callable[[], Visitor]:
    return lambda: Visitor(app)


@pytest.fixture
def allow_anonymous(app: Flask, platform: Platform) -> Callable[[], None]:
    """Mark the platform as one that may leave ``sub`` out."""

    def mark() -> None:
        for registered in db.session.scalars(select(Registered)):
            registered.allows_anonymous = True

    def allow() -> None:
        with app.app_context():
            run(mark)

    return allow


@pytest.fixture
def slugs(app: Flask) -> list[str]:
    """Offers that can be taken at one's own pace."""
    chosen = select(Offer.slug).join(Offer.published)
    with app.app_context():
        return list(db.session.scalars(chosen.where(OfferVersion.mode == "self-paced").order_by(Offer.id).limit(2)))


@pytest.fixture
def complete(app: Flask) -> Callable[[str], int]:
    """Whoever came last completes an offer; returns the completion's id."""

    def completing(slug: str) -> int:
        identity = db.session.scalars(select(Identity).order_by(Identity.id.desc()).limit(1)).one()
        offer = db.session.scalars(select(Offer).where(Offer.slug == slug)).one()
        person = db.session.get_one(Person, identity.person_id)
        enrolment = enrolments.enrol(person, offer, None)
        return completing_actions.complete(enrolment, CompletedBy.LAST_STEP, person).id

    def completes(slug: str) -> int:
        with app.app_context():
            return run(lambda: completing(slug))

    return completes


@pytest.fixture
def deliver(app: Flask) -> Callable[[], list[tuple[str, str]]]:
    """What the worker does with all scores, due or not; their states and last errors."""

    def due() -> None:
        for delivery in db.session.scalars(select(Delivery).where(Delivery.state == DeliveryState.WAITING)):
            delivery.due_at = now() - timedelta(seconds=1)

    def sends() -> list[tuple[str, str]]:
        with app.app_context():
            run(due)
            outbox.deliver_due()
            found = db.session.scalars(select(Delivery).where(Delivery.kind == "score").order_by(Delivery.id))
            return [(str(delivery.state), delivery.last_error) for delivery in found]

    return sends
