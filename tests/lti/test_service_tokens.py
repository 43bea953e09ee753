"""Service tokens: granted once for all processes, kept by registration and scopes, and never readable at rest."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from catalogue.clock import now
from catalogue.extensions import db
from catalogue.settings import Settings
from catalogue.transactions import run
from everyseat import create_app
from lti import service_tokens
from lti.models import Platform as Registered
from lti.models import ServiceToken
from lti.platforms import actions
from lti.services import Service
from tests.lti.platform import SCOPES, Platform, serving

pytestmark = pytest.mark.both_databases
ITEMS = "application/vnd.ims.lis.v2.lineitemcontainer+json"


@pytest.fixture
def other_process(settings: Settings) -> Iterator[Flask]:
    made = create_app(settings)
    yield made
    with made.app_context():
        db.session.remove()
        db.engine.dispose()


def call(app: Flask, platform: Platform, scopes: list[str] = SCOPES) -> None:
    with app.app_context():
        registered = db.session.scalars(select(Registered).where(Registered.client_id == platform.client_id)).one()
        service = Service(registered, scopes)
        db.session.rollback()
        service.call("GET", f"{platform.url}/items?type_id=1", media=ITEMS)


def test_one_process_uses_what_another_was_granted(app: Flask, other_process: Flask, platform: Platform) -> None:
    for process in (app, other_process, app):
        call(process, platform)
    assert len(platform.token_requests) == 1


def test_other_scopes_in_another_order_are_the_same_token(app: Flask, platform: Platform) -> None:
    call(app, platform)
    call(app, platform, SCOPES[::-1])
    call(app, platform, SCOPES[:1])
    assert [asked["scope"] for asked in platform.token_requests] == [" ".join(sorted(SCOPES)), SCOPES[0]]


def test_two_registrations_never_share_a_token(
    app: Flask, platform: Platform, register: Callable[[Platform], int]
) -> None:
    call(app, platform)
    with serving(Platform(client_id="client-2")) as second:
        register(second)
        call(app, second)
        assert len(second.token_requests) == 1


def test_a_token_is_renewed_a_minute_before_it_runs_out(app: Flask, platform: Platform) -> None:
    call(app, platform)
    begun = now()
    for seconds, granted in ((3535, 1), (3541, 2)):
        with time_machine.travel(begun + timedelta(seconds=seconds)):
            call(app, platform)
        assert len(platform.token_requests) == granted


def test_what_is_kept_cannot_be_read(app: Flask, platform: Platform) -> None:
    call(app, platform)
    with app.app_context():
        kept = db.session.scalars(select(ServiceToken)).one()
        assert "token-1" not in kept.token_encrypted
        assert service_tokens.held(kept.platform_id, " ".join(sorted(SCOPES))) == "token-1"


def test_a_suspended_platform_leaves_no_token_behind(app: Flask, platform: Platform) -> None:
    call(app, platform)
    with app.app_context():
        run(lambda: actions.suspend(db.session.scalars(select(Registered)).one()))
        assert db.session.scalar(select(ServiceToken)) is None
