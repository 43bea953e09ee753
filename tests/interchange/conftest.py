"""Somebody who works for a provider, and the catalogue of the tests on offers, for feeds and imports too."""

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select

from catalogue.extensions import db
from catalogue.people.models import Role
from catalogue.systems.models import Organisation
from tests.interchange.importing import PROVIDER
from tests.offers.conftest import nothing_else
from tests.visitor import Visitor

__all__ = ["nothing_else"]


@pytest.fixture
def add_worker(add_person: Callable[..., int], app: Flask) -> Callable[..., int]:
    """Somebody who works for a provider."""

    def add(name: str, role: Role = Role.PARTNER, key: str = PROVIDER) -> int:
        with app.app_context():
            where = db.session.scalars(select(Organisation.id).where(Organisation.key == key)).one()
        return add_person(name, role, organisation_id=where)

    return add


@pytest.fixture
def partner(add_worker: Callable[..., int], sign_in: Callable[[int], Visitor]) -> Visitor:
    return sign_in(add_worker("Petra Partner"))
