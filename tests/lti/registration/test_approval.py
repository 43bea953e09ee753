"""Nobody can come from a platform that registered itself until an administrator approves it."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import func, select

from catalogue.clock import now
from catalogue.extensions import db
from catalogue.people.models import AuditEvent, Person, SignIn
from catalogue.systems.models import Membership, Organisation
from lti.models import Platform, PlatformState, Refusal
from lti.platforms import actions
from tests.lti.platform import Platform as OtherPlatform
from tests.lti.platform import serving
from tests.lti.registering import Registering
from tests.lti.registration.conftest import Waiting
from tests.visitor import Visitor


def test_adding_a_pending_platform_by_hand_is_no_way_round_its_approval(
    visitor: Visitor, moodle: Registering, administrator: Visitor, kept: Waiting
) -> None:
    moodle.connect(visitor)
    administrator.get("/admin/platforms/add")
    administrator.press("Add platform", 422, **moodle.registration, organisation="same-name")
    assert "waits for approval" in administrator.text()
    assert kept()[0].state == PlatformState.PENDING


def test_only_so_many_wait_and_declining_one_makes_room(
    visitor: Visitor, moodle: Registering, kept: Waiting, administrator: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(actions, "MOST_PENDING", 2)
    for number in range(3):
        moodle.client_id = f"client-{number}"
        moodle.registered.clear()
        moodle.connect(visitor, 200 if number < 2 else 409)
    assert "An administrator has to approve or decline some" in visitor.text()
    assert len(moodle.registered) == 0, "the platform was asked all the same"
    visitor.post("/lti/login", moodle.initiation(client_id="client-1"), 403)
    administrator.get("/admin/platforms/2")
    administrator.press("Decline and forget it")
    assert [platform.client_id for platform in kept()] == ["client-0"]
    moodle.connect(visitor)


def test_of_one_host_only_so_many_wait(visitor: Visitor, moodle: Registering, kept: Waiting) -> None:
    for number in range(4):
        moodle.client_id = f"client-{number}"
        moodle.registered.clear()
        moodle.connect(visitor, 200 if number < 3 else 409)
    assert len(moodle.registered) == 0, "the platform was asked all the same"
    moodle.url = moodle.url.replace("127.0.0.1", "localhost")
    moodle.connect(visitor)
    assert len(kept()) == 4


@pytest.mark.both_databases
def test_what_nobody_has_approved_for_two_weeks_is_forgotten_when_another_comes(
    visitor: Visitor, moodle: Registering, kept: Waiting, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(actions, "MOST_PENDING_OF_A_HOST", 1)
    moodle.connect(visitor)
    visitor.post("/lti/login", moodle.initiation(), 403)
    moodle.client_id = "client-2"
    moodle.registered.clear()
    with time_machine.travel(now() + timedelta(days=13)):
        moodle.connect(visitor, 409)
        assert [platform.client_id for platform in kept()] == ["client-1"]
    with time_machine.travel(now() + timedelta(days=15)):
        moodle.connect(visitor)
    assert [platform.client_id for platform in kept()] == ["client-2"]
    with app.app_context():
        assert db.session.scalars(select(Refusal.platform_id)).all() == [None]
        assert db.session.scalar(select(func.count()).where(AuditEvent.action == "platform forgotten")) == 1


TAKEN: dict[str, dict[str, str]] = {
    "client ID": {"client_id": "CLIENT-1"},
    "access token URL": {"token_endpoint": "/token"},
    "key set URL": {"jwks_uri": "/certs"},
}


@pytest.mark.parametrize("taken", TAKEN)
def test_a_stranger_who_has_what_is_another_platforms_is_refused(
    visitor: Visitor, moodle: Registering, kept: Waiting, platform: OtherPlatform, taken: str
) -> None:
    """Else what we sign for the stranger could be used at the other platform: one key of ours signs for both."""
    said = dict(TAKEN[taken])
    moodle.client_id = said.pop("client_id", "client-2")
    moodle.says = {name: f"{platform.url}{path}".replace("http:", "HTTP:") for name, path in said.items()}
    moodle.connect(visitor, 409)
    assert f"Another platform is registered with this {taken}; an administrator can add yours" in visitor.text()
    assert len(kept()) == 1


def test_one_that_waits_is_not_approved_with_what_is_another_platforms(
    visitor: Visitor, moodle: Registering, kept: Waiting, administrator: Visitor,
    register: Callable[[OtherPlatform], int],
) -> None:  # fmt: skip
    moodle.connect(visitor)
    register(OtherPlatform(url="https://moodle.riverside.example", client_id=moodle.client_id))
    administrator.get("/admin/platforms/1")
    administrator.press("Approve", 409, name="Riverside Moodle", organisation="same-name")
    assert "Another platform is registered with this client ID" in administrator.text()
    assert kept()[0].state == PlatformState.PENDING
    administrator.get("/admin/platforms/1")
    administrator.press("Decline and forget it")
    administrator.get("/admin/platforms/add")
    administrator.press("Add platform", **moodle.registration, organisation="same-name")
    moodle.launch(visitor)


def test_nobody_is_kept_out_by_one_that_only_waits(visitor: Visitor, moodle: Registering, kept: Waiting) -> None:
    """Anybody could have one registered that names a platform's addresses before the platform does."""
    with serving(Registering(client_id="client-2")) as stranger:
        assert isinstance(stranger, Registering)
        stranger.says = {"token_endpoint": f"{moodle.url}/token"}
        stranger.connect(visitor)
        moodle.connect(visitor)
    assert len(kept()) == 2


def test_addresses_on_another_host_than_the_issuers_are_named_before_it_is_approved(
    visitor: Visitor, moodle: Registering, administrator: Visitor
) -> None:
    moodle.connect(visitor)
    administrator.get("/admin/platforms/1")
    assert "Not all of it is on its own host" not in administrator.text()
    moodle.client_id = "client-2"
    moodle.registered.clear()
    moodle.says = {
        "token_endpoint": "https://elsewhere.example/token", "jwks_uri": moodle.url.replace("127.0.0.1", "localhost"),
    }  # fmt: skip
    moodle.connect(visitor)
    administrator.get("/admin/platforms/2")
    said = administrator.text()
    before, _, _ = said.partition("Decline and forget it")
    assert "Important: Not all of it is on its own host" in before
    assert "Its access token URL is on https://elsewhere.example" in before
    assert "Its public key set URL is on http://localhost:" in before
    assert "Its authentication request URL" not in said


@pytest.mark.both_databases
def test_nobody_comes_before_it_is_approved_and_then_they_do(
    visitor: Visitor, moodle: Registering, administrator: Visitor, app: Flask
) -> None:
    moodle.connect(visitor)
    visitor.post("/lti/login", moodle.initiation(), 403)
    assert "waiting to be approved" in visitor.text()
    administrator.get("/admin/platforms")
    assert "Waiting for approval" in administrator.text()
    administrator.get("/admin/platforms/1")
    administrator.press("Approve", 422, name="Riverside Moodle")
    assert "Choose an organisation" in administrator.text()
    visitor.post("/lti/login", moodle.initiation(), 403)
    administrator.press("Approve", 422, name="", organisation="same-name")
    assert "Enter the name" in administrator.text()
    administrator.press("Approve", name="Riverside Moodle", organisation="example-riverside-trust")
    administrator.follow()
    assert "The platform is approved" in administrator.text()
    assert "Working" in administrator.text()
    moodle.launch(visitor)
    visitor.get("/enrolments")
    with app.app_context():
        key = select(Organisation.key).join(Membership).join(Person).join(SignIn).where(SignIn.via == "platform:1")
        assert db.session.scalars(key).all() == ["example-riverside-trust"]
        audited = db.session.scalars(select(AuditEvent).where(AuditEvent.action == "platform approved")).one()
        assert audited.detail == {"organisation": "example-riverside-trust"}
        assert audited.actor_key


def test_all_that_is_wrong_with_an_approval_is_said_at_once(
    visitor: Visitor, moodle: Registering, administrator: Visitor, kept: Waiting
) -> None:
    moodle.connect(visitor)
    administrator.get("/admin/platforms/1")
    administrator.press("Approve", 422, name=" ")
    summary = administrator.page.select_one(".nhsuk-error-summary")
    assert summary is not None
    assert "Enter the name" in summary.get_text()
    assert "Choose an organisation" in summary.get_text()
    assert kept()[0].state == PlatformState.PENDING


def test_approving_can_make_an_organisation_of_the_name_that_was_chosen(
    visitor: Visitor, moodle: Registering, administrator: Visitor, kept: Waiting, app: Flask
) -> None:
    moodle.connect(visitor)
    administrator.get("/admin/platforms/1")
    administrator.press("Approve", name="Riverside Moodle", organisation="same-name")
    with app.app_context():
        made = db.session.scalars(select(Organisation).join(Platform)).one()
        assert (made.key, made.name) == ("riverside-moodle", "Riverside Moodle")
    assert kept()[0].name == "Riverside Moodle"


def test_a_platform_is_approved_once_and_only_what_waits_is_declined(
    visitor: Visitor, moodle: Registering, administrator: Visitor, kept: Waiting
) -> None:
    moodle.connect(visitor)
    token = administrator.csrf_token()
    for path in ("suspend", "activate"):
        administrator.post(f"/admin/platforms/1/{path}", {"csrf_token": token}, 409)
    approval = {"csrf_token": token, "name": "X", "organisation": "same-name"}
    administrator.post("/admin/platforms/1/approve", approval | {"organisation": "nobody"}, 422)
    administrator.post("/admin/platforms/1/approve", approval)
    administrator.post("/admin/platforms/1/approve", approval | {"organisation": "example-riverside-trust"}, 409)
    administrator.post("/admin/platforms/1/decline", {"csrf_token": token}, 409)
    assert kept()[0].state == PlatformState.ACTIVE
