"""A platform that registers itself, and what is known of platforms."""

import re
from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from sqlalchemy import select

from catalogue.extensions import db
from lti.models import Platform
from tests.lti.platform import serving
from tests.lti.registering import Registering
from tests.visitor import Visitor

Waiting = Callable[[], list[Platform]]


@pytest.fixture
def moodle() -> Iterator[Registering]:
    with serving(Registering()) as platform:
        assert isinstance(platform, Registering)
        yield platform


@pytest.fixture
def kept(app: Flask) -> Waiting:
    """Every platform that is known."""

    def all_of_them() -> list[Platform]:
        with app.app_context():
            return list(db.session.scalars(select(Platform).order_by(Platform.id)))

    return all_of_them


def frame_ancestors(visitor: Visitor) -> str:
    found = re.search("frame-ancestors ([^;]*)", visitor.response.headers["Content-Security-Policy"])
    assert found
    return found[1]
