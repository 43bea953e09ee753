"""Somebody with a password, and browsers to sign in with."""

from collections.abc import Callable

import pytest
from flask import Flask

from catalogue.people import actions
from catalogue.transactions import run
from tests.conftest import PASSWORD
from tests.people.door import EMAIL
from tests.visitor import Visitor


@pytest.fixture
def ada(app: Flask) -> int:
    """Somebody with a password; returns their id."""
    with app.app_context():
        return run(lambda: actions.add_account(EMAIL, "Ada Brown", PASSWORD).person_id)


@pytest.fixture
def another(app: Flask) -> Callable[[], Visitor]:
    """Another browser."""
    return lambda: Visitor(app)
