"""Systems elsewhere that tell of completions, and the statements that they send."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from catalogue.extensions import db
from catalogue.people import actions
from catalogue.people.models import Person, Role, Scope
from catalogue.transactions import run
from tests.publishing.conftest import offer_at

SITE = "http://127.0.0.1:8000"
SLUG = "ten-minute-huddle"
OFFER = f"{SITE}/offers/{SLUG}"
COMPLETED = "http://adlnet.gov/expapi/verbs/completed"
VOIDED = "http://adlnet.gov/expapi/verbs/voided"
BOTH = (Scope.READ_STATEMENTS, Scope.WRITE_STATEMENTS)
Json = dict[str, Any]


@dataclass
class Elsewhere:
    """A program of somebody's, with its token."""

    app: Flask
    token: str
    person_id: int

    def ask(self, method: str, path: str = "/statements", status: int = 200, **options: Any) -> TestResponse:
        headers = {"Authorization": f"Bearer {self.token}", "X-Experience-API-Version": "1.0.3"}
        headers |= options.pop("headers", {})
        headers = {name: value for name, value in headers.items() if value}
        answer = self.app.test_client().open(f"/xapi{path}", method=method, headers=headers, **options)
        assert answer.status_code == status, f"{method} {path} gave {answer.status_code}: {answer.text[:600]}"
        return answer

    def send(self, *statements: Any, status: int = 200) -> list[str]:
        body = statements[0] if len(statements) == 1 else list(statements)
        answer = self.ask("POST", status=status, json=body)
        return list(answer.get_json()) if status == 200 else []

    def put(self, identifier: str, statement: Json, status: int = 204) -> TestResponse:
        return self.ask("PUT", "/statements", status, json=statement, query_string={"statementId": identifier})

    def get(self, status: int = 200, **asked: Any) -> Any:
        asked = {name: json.dumps(value) if isinstance(value, dict) else value for name, value in asked.items()}
        return self.ask("GET", status=status, query_string=asked).get_json()

    def ids(self, **asked: Any) -> list[str]:
        return [one["id"] for one in self.get(**asked)["statements"]]


def agent(email: str = "lena.learner@test.example") -> Json:
    return {"mbox": f"mailto:{email}"}


def statement(**changes: Any) -> Json:
    """That somebody completed our offer; with ``changes`` to its parts, left out where they are ``...``."""
    said: Json = {"actor": agent(), "verb": {"id": COMPLETED}, "object": {"id": OFFER}} | changes
    return {name: value for name, value in said.items() if value is not ...}


def voiding(identifier: str) -> Json:
    return statement(verb={"id": VOIDED}, object={"objectType": "StatementRef", "id": identifier})


def new_id() -> str:
    return str(uuid4())


@pytest.fixture
def elsewhere(app: Flask, add_person: Callable[..., int]) -> Callable[..., Elsewhere]:
    """A program of a person who has a role at the provider of an offer, or everywhere."""

    def give(
        role: Role | None = Role.ADMINISTRATOR, at: str = "", scopes: tuple[Scope, ...] = BOTH, person_id: int = 0
    ) -> Elsewhere:
        with app.app_context():
            where = offer_at(at).provider_id if at else None
        roles = [role] if role else []
        somebody = person_id or add_person("", *roles, organisation_id=where)
        with app.app_context():
            token = run(lambda: actions.add_api_token(db.session.get_one(Person, somebody), "Elsewhere", scopes, 30))
        return Elsewhere(app, token, somebody)

    return give


@pytest.fixture
def store(elsewhere: Callable[..., Elsewhere]) -> Elsewhere:
    """That of an administrator."""
    return elsewhere()
