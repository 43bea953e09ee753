"""Tokens: how people make and end them, and who counts as asking."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from catalogue.clock import now
from catalogue.extensions import db
from catalogue.people.actions import set_password, suspend
from catalogue.people.models import Account, ApiToken, AuditEvent, PasswordReset, Role, Scope
from catalogue.people.rules import RESET_LINK_FOR, hash_token
from catalogue.transactions import run
from tests.api.conftest import BOTH, WITH_RUNS, Programs
from tests.publishing.conftest import offer_at
from tests.visitor import Visitor

BEARER = 'Bearer error="invalid_token"'


def changed(app: Flask, change: Callable[[ApiToken], Any]) -> None:
    with app.app_context():
        run(lambda: change(db.session.scalars(select(ApiToken)).one()))


def stored(app: Flask) -> ApiToken:
    with app.app_context():
        return db.session.scalars(select(ApiToken)).one()


def test_a_token_is_shown_once_and_works_until_it_is_ended(app: Flask, learner: Visitor, program: Programs) -> None:
    learner.get("/tokens")
    assert "You have no token yet" in learner.text()
    learner.press("Make the token", status=422, name=" ")
    assert {error["href"] for error in learner.page.select(".nhsuk-error-summary a")} == {"#name", "#scopes"}
    learner.press("Make the token", status=200, name="Our <b>system</b>", scopes="offers:read", days="30")
    made = learner.page.select_one("#made").get_text()  # type: ignore[union-attr]
    assert made.startswith("es_")
    assert len(made) == 46
    row = stored(app)
    assert made not in (row.token_hash, row.name)
    assert timedelta(days=29) < row.expires_at - now() <= timedelta(days=30)
    learner.get("/tokens")
    assert made not in learner.response.text
    assert "Our <b>system</b>" in learner.text()
    assert "Not used yet" in learner.text()

    client = app.test_client()
    asked = {"headers": {"Authorization": f"Bearer {made}"}}
    assert client.get("/api/v1/seats", **asked).status_code == 200  # type: ignore[arg-type]
    learner.get("/tokens")
    assert "Last used" in learner.text()
    learner.press("End : Our <b>system</b>")
    answer = client.get("/api/v1/seats", **asked)  # type: ignore[arg-type]
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, BEARER)
    with app.app_context():
        events = db.session.scalars(select(AuditEvent).where(AuditEvent.action.startswith("token")))
        assert [(event.action, event.detail["token"]) for event in events] == [
            ("token made", row.id), ("token ended", row.id)
        ]  # fmt: skip


def test_a_new_password_ends_every_token(app: Flask, program: Programs) -> None:
    program()

    def reset() -> str:
        account = db.session.scalars(select(Account).where(Account.person_id == stored(app).person_id)).one()
        db.session.add(
            PasswordReset(token_hash=hash_token("reset"), account=account, expires_at=now() + RESET_LINK_FOR)
        )
        db.session.flush()
        set_password("reset", "a new password")
        return account.email

    with app.app_context():
        assert run(reset)
    assert stored(app).ended_at is not None


def test_nobody_ends_a_token_of_somebody_else(
    app: Flask, learner: Visitor, administrator: Visitor, visitor: Visitor, program: Programs
) -> None:
    program()
    path = f"/tokens/{stored(app).id}/end"
    visitor.post(path, {"csrf_token": visitor.csrf_token()}, status=302)
    for stranger in (learner, administrator):
        stranger.post(path, {"csrf_token": stranger.csrf_token()}, status=404)
        stranger.get("/tokens")
        assert "Tests" not in stranger.text()
    assert stored(app).ended_at is None


def test_what_is_not_a_valid_token_is_refused_and_not_taken_for_none(app: Flask, program: Programs) -> None:
    partner = program()
    partner.ask("GET", "/seats")
    for sent in ("", "es_unknown", partner.token[:-1], f"{partner.token}x", "a=b", "é", "x" * 5000):
        answer = app.test_client().get("/api/v1/seats", headers={"Authorization": f"Bearer {sent}"})
        assert answer.status_code == 401, sent
        assert answer.headers["WWW-Authenticate"] == BEARER
    changed(app, lambda token: setattr(token, "expires_at", now()))
    partner.ask("GET", "/seats", 401)
    changed(app, lambda token: setattr(token, "expires_at", now() + timedelta(days=1)))
    partner.ask("GET", "/seats")
    changed(app, lambda token: suspend(token.person))
    answer = partner.ask("GET", "/seats", 401)
    assert answer.headers["WWW-Authenticate"] == BEARER


def test_a_token_does_no_more_than_it_is_for(app: Flask, program: Programs, provider_key: Callable[[str], str]) -> None:
    path = f"/providers/{provider_key(WITH_RUNS)}/offers/some-key"
    answer = program(scopes=(Scope.READ_OFFERS,)).ask("GET", path, 403)
    assert answer.headers["WWW-Authenticate"] == 'Bearer error="insufficient_scope", scope="offers:write"'
    program(scopes=(Scope.WRITE_OFFERS,)).ask("GET", path, 404)


def test_a_token_for_reading_finds_what_is_for_its_persons_organisations(app: Flask, program: Programs) -> None:
    def hide() -> None:
        offer_at(WITH_RUNS).published.members_only = True

    with app.app_context():
        run(hide)
    path = f"/offers/{WITH_RUNS}"
    reading = program(scopes=(Scope.READ_OFFERS,))
    reading.ask("GET", path)
    assert reading.ask("GET", f"{path}/runs").get_json()["items"]
    program(scopes=(Scope.WRITE_OFFERS,)).ask("GET", path, 404)
    program(at="ten-minute-huddle").ask("GET", path, 404)
    assert app.test_client().get(f"/api/v1{path}/runs").status_code == 404
    found = [reading.ask("GET", "/runs?limit=100").get_json()["items"]]
    found.append(app.test_client().get("/api/v1/runs?limit=100").get_json()["items"])
    assert [any(run["offer"] == WITH_RUNS for run in runs) for runs in found] == [True, False]


def test_that_a_token_is_used_is_written_once_a_minute(app: Flask, program: Programs) -> None:
    partner = program()
    partner.ask("GET", "/seats")
    first = stored(app).last_used_at
    partner.ask("GET", "/seats")
    assert stored(app).last_used_at == first
    long_ago = now() - timedelta(minutes=2)
    changed(app, lambda token: setattr(token, "last_used_at", long_ago))
    partner.ask("GET", "/seats")
    assert (stored(app).last_used_at or long_ago) > long_ago


@pytest.mark.limited
def test_a_token_is_counted_wherever_it_is_sent_from(app: Flask, program: Programs) -> None:
    partner, other = program(), program(Role.EDITOR)
    for number in range(300):
        partner.ask("GET", "/openapi.json", environ_base={"REMOTE_ADDR": f"10.0.{number % 3}.1"})
    answer = partner.ask("GET", "/openapi.json", 429, environ_base={"REMOTE_ADDR": "10.0.9.1"})
    assert 1 <= int(answer.headers["Retry-After"]) <= 60
    other.ask("GET", "/openapi.json", environ_base={"REMOTE_ADDR": "10.0.9.1"})


def test_a_cookie_writes_nothing(
    app: Flask, program: Programs, sign_in: Callable[[int], Visitor], provider_key: Callable[[str], str]
) -> None:
    partner = program(scopes=BOTH)
    browser = sign_in(partner.person_id)
    browser.get("/tokens")
    path = f"/api/v1/providers/{provider_key(WITH_RUNS)}/offers/some-key"
    for method in ("GET", "PUT"):
        assert browser.client.open(path, method=method, json={}, base_url="https://127.0.0.1:8000").status_code == 401
