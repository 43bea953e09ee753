"""An identity provider that the service knows."""

from collections.abc import Callable

import pytest
from sqlalchemy import select

from catalogue.extensions import db
from catalogue.signon import actions, protocol
from catalogue.signon.rules import Settings
from catalogue.systems.models import Organisation
from tests.conftest import Ask
from tests.signon.provider import CLIENT_ID, ISSUER, SECRET, Provider
from tests.visitor import Visitor


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch, change: Ask) -> Provider:
    there = Provider()
    monkeypatch.setattr(protocol, "client_for", lambda **_: there)

    def add() -> None:
        trust = db.session.scalars(select(Organisation).where(Organisation.key == "example-riverside-trust")).one()
        actions.add_provider(Settings("riverside", "Riverside Trust", ISSUER, CLIENT_ID, SECRET), trust.id, "")

    change(add)
    return there


@pytest.fixture
def come_in(provider: Provider) -> Callable[..., None]:
    """Sign in through it, as whoever it says."""

    def come(visitor: Visitor, status: int = 302, code: str | None = None, **more: str) -> None:
        visitor.get("/sign-in/with/riverside", status=302)
        back = provider.sign_in(
            visitor.response.headers["Location"], f"code-{len(provider.used)}" if code is None else code, **more
        )
        visitor.get(back, status=status)

    return come


@pytest.fixture
def another(visitor: Visitor) -> Callable[[], Visitor]:
    """Another browser."""
    return lambda: Visitor(visitor.client.application)
