"""Programs that come with a token of somebody's."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from catalogue.extensions import db
from catalogue.people import actions
from catalogue.people.models import Person, Role, Scope
from catalogue.transactions import run
from tests.publishing.conftest import offer_at

MEDIA_TYPE = "application/problem+json"
BOTH = (Scope.READ_OFFERS, Scope.WRITE_OFFERS)
WITH_RUNS = "running-meetings-people-value"
"""An offer with runs, of a provider other than that of ``SELF_PACED``."""
SELF_PACED = "ten-minute-huddle"


@dataclass
class Program:
    """Sends its token with everything that it asks."""

    app: Flask
    token: str
    person_id: int

    def ask(self, method: str, path: str, status: int = 200, **options: Any) -> TestResponse:
        headers = {"Authorization": f"Bearer {self.token}"} | options.pop("headers", {})
        answer = self.app.test_client().open(f"/api/v1{path}", method=method, headers=headers, **options)
        assert answer.status_code == status, f"{method} {path} gave {answer.status_code}: {answer.text[:600]}"
        if status >= 400:
            assert answer.content_type == MEDIA_TYPE
        return answer


Programs = Callable[..., Program]


@pytest.fixture
def program(app: Flask, add_person: Callable[..., int]) -> Programs:
    """A program with a token of a person who has a role at the provider of an offer, or of this person."""

    def give(
        role: Role = Role.PARTNER, at: str = WITH_RUNS, scopes: tuple[Scope, ...] = BOTH, person_id: int = 0
    ) -> Program:
        with app.app_context():
            provider_id = offer_at(at).provider_id
        somebody = person_id or add_person("", role, organisation_id=provider_id)

        def make() -> str:
            return actions.add_api_token(db.session.get_one(Person, somebody), "Tests", scopes, 30)

        with app.app_context():
            return Program(app, run(make), somebody)

    return give


@pytest.fixture
def provider_key(app: Flask) -> Callable[[str], str]:
    def key(slug: str) -> str:
        with app.app_context():
            return str(offer_at(slug).provider.key)

    return key
