"""Whether a platform answers, and what ends when it is suspended or moves."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from catalogue import outbox
from catalogue.clock import now
from catalogue.extensions import db
from catalogue.offers.models import Offer
from catalogue.transactions import run
from lti import keys, storage
from lti.models import DeepLinking, Handover, Identity, LineItem, ServiceToken
from lti.models import Platform as Registered
from tests.lti.platform import Platform
from tests.lti.platforms.conftest import Run, options
from tests.visitor import Visitor


def test_other_addresses_sign_out_who_came_by_the_old_ones(command: Run, visitor: Visitor, platform: Platform) -> None:
    platform.launch(visitor)
    same = platform.registration | {"name": "Another name"}
    command("platforms", "add", *options(**same))
    visitor.get("/enrolments")
    command("platforms", "add", *options(**same | {"token_url": f"{platform.url}/other"}))
    visitor.get("/enrolments", 302)


def test_a_platform_that_does_not_take_its_grades_is_said_not_to_answer(
    visitor: Visitor, platform: Platform, administrator: Visitor, slugs: list[str],
    complete: Callable[[str], int], deliver: Callable[[], list[tuple[str, str]]],
) -> None:  # fmt: skip
    platform.launch(visitor)
    complete(slugs[0])
    administrator.get("/admin/platforms")
    assert "Working" in administrator.text()
    platform.up = False
    deliver()
    administrator.get("/admin/platforms")
    assert "Working" in administrator.text(), "one try that failed is nothing yet"
    deliver()
    for path in ("/admin/platforms", "/admin/platforms/1"):
        administrator.get(path)
        assert "Not answering since" in administrator.text()
    platform.up = True
    assert deliver()[0][0] == "delivered"
    administrator.get("/admin/platforms")
    assert "Working" in administrator.text()


@pytest.mark.parametrize("ours", ["its line item is being made", "our keys are locked"])
def test_what_keeps_a_grade_here_is_not_laid_to_the_platform(
    visitor: Visitor, platform: Platform, administrator: Visitor, slugs: list[str], app: Flask, ours: str,
    complete: Callable[[str], int], deliver: Callable[[], list[tuple[str, str]]], monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    platform.launch(visitor)
    complete(slugs[0])

    def claim() -> None:
        offer = db.session.scalars(select(Offer).where(Offer.slug == slugs[0])).one()
        db.session.add(LineItem(resource_link_id=1, offer_id=offer.id))

    def locked() -> tuple[str, str]:
        raise keys.KeysLocked(keys.LOCKED)

    if ours == "our keys are locked":
        monkeypatch.setattr(keys, "signing_key", locked)
    else:
        with app.app_context():
            run(claim)
    for _ in range(3):
        assert deliver()[0][0] == "waiting"
    assert platform.scores == {}
    administrator.get("/admin/platforms/1")
    assert "Working" in administrator.text()
    assert "Grades waiting 1" in administrator.text()


@pytest.mark.both_databases
def test_grades_that_waited_for_a_suspended_platform_are_due_when_it_is_active_again(
    visitor: Visitor, platform: Platform, administrator: Visitor, slugs: list[str], app: Flask,
    complete: Callable[[str], int], deliver: Callable[[], list[tuple[str, str]]],
) -> None:  # fmt: skip
    platform.launch(visitor)
    complete(slugs[0])
    administrator.get("/admin/platforms/1")
    administrator.press("Suspend Test Moodle")
    assert deliver() == [("waiting", "the platform is suspended")]
    administrator.follow()
    assert "Suspended" in administrator.text()
    administrator.press("Activate Test Moodle")
    administrator.follow()
    assert "Working" in administrator.text()
    with app.app_context():
        assert outbox.deliver_due() == 1
    assert deliver()[0][0] == "delivered"


@pytest.mark.both_databases
@pytest.mark.parametrize("ended_by", ["suspending it", "other addresses"])
def test_what_came_by_a_platform_as_it_was_ends_with_its_suspension_and_with_other_addresses(
    visitor: Visitor, platform: Platform, administrator: Visitor, command: Run, app: Flask, ended_by: str
) -> None:
    """Also what a teacher was choosing, a launch under way, and one that was to go on in another window."""
    platform.launch(visitor)
    asked = platform.log_in(visitor)
    under_way = {"id_token": platform.sign(platform.claims(asked["nonce"])), "state": asked["state"]}

    def begin() -> None:
        registered, identity = db.session.get_one(Registered, 1), db.session.scalars(select(Identity)).one()
        db.session.add(ServiceToken(platform_id=1, scopes_hash="x", token_encrypted="x", until=now()))
        storage.hand_over(registered, identity.person_id, "link:1", "/")
        db.session.add(
            DeepLinking(
                token_hash="x", deployment_id=registered.deployments[0].id, identity_id=identity.id,
                return_url="https://moodle.example/return", expires_at=now() + timedelta(hours=1),
            )
        )  # fmt: skip

    with app.app_context():
        run(begin)
    if ended_by == "suspending it":
        administrator.get("/admin/platforms/1")
        administrator.press("Suspend Test Moodle")
    else:
        moved = platform.registration | {"jwks_url": f"{platform.url}/other"}
        assert command("platforms", "add", *options(**moved)).exit_code == 0
    with app.app_context():
        for model in (Handover, DeepLinking, ServiceToken):
            assert db.session.scalar(select(func.count()).select_from(model)) == 0
    visitor.post("/lti/launch", under_way, 403 if ended_by == "suspending it" else 400)
    with app.app_context():
        run(lambda: setattr(db.session.get_one(Registered, 1), "jwks_url", platform.registration["jwks_url"]))
    visitor.post("/lti/launch", under_way, 403 if ended_by == "suspending it" else 400)
    visitor.get("/enrolments", 302)
