"""A platform that is registered, and what a database holds."""

from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from sqlalchemy import func, select

from catalogue.extensions import db
from catalogue.people.models import Person, SignIn
from catalogue.systems.models import Membership
from catalogue.transactions import run
from lti.actions import Registration, add_platform
from lti.models import Arrival, Context, Deployment, Identity, LineItem, ResourceLink
from lti.models import Platform as Registered
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
