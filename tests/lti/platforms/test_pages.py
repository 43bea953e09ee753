"""Platforms are added on an administrator's page, watched over there, and have settings."""

import re
from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import func, select

from catalogue.extensions import db
from catalogue.people.models import AuditEvent
from lti.models import Deployment
from lti.models import Platform as Registered
from lti.platforms.rules import Unfit, bare_origin
from tests.lti.platform import LEFT_OUT, Platform
from tests.lti.platforms.conftest import GIVEN, Run, listed, options
from tests.visitor import Visitor


def test_an_administrator_adds_a_platform_on_a_page(administrator: Visitor, app: Flask) -> None:
    administrator.get("/admin/platforms")
    assert "There are no platforms yet" in administrator.text()
    administrator.get("/admin/platforms/add")
    assert "http://127.0.0.1:8000/lti/jwks.json" in administrator.text()
    typed = {name.removeprefix("--").replace("-", "_"): value for name, value in GIVEN.items()}
    administrator.press("Add platform", 422, **typed | {"token_url": "token", "client_id": ""})
    for said in (
        "Enter the client ID", "The access token URL must start with https:// or http://", "Choose an organisation",
    ):  # fmt: skip
        assert said in administrator.text()
    kept = administrator.page.select_one("input[name=issuer]")
    assert kept is not None
    assert kept["value"] == GIVEN["--issuer"]
    administrator.press("Add platform", 422, **typed)
    assert "Choose an organisation" in administrator.text()
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Registered)) == 0
    administrator.press("Add platform", **typed, organisation="same-name")
    administrator.follow()
    assert "Riverside Moodle was added" in administrator.text()
    assert "None yet" in administrator.text()


def test_the_page_keeps_a_platform_with_its_organisation(administrator: Visitor, app: Flask) -> None:
    typed = {name.removeprefix("--").replace("-", "_"): value for name, value in GIVEN.items()}
    for organisation, status in (("same-name", 302), ("example-riverside-trust", 422)):
        administrator.get("/admin/platforms/add")
        administrator.press("Add platform", status, **typed, organisation=organisation)
    assert "belongs to another organisation" in administrator.text()
    administrator.press("Add platform", 422, **typed | {"client_id": "2"}, organisation="nobody")
    assert "There is no organisation nobody" in administrator.text()


def test_the_page_gives_no_platform_other_addresses(administrator: Visitor, command: Run) -> None:
    command("platforms", "add", *options())
    typed = {name.removeprefix("--").replace("-", "_"): value for name, value in GIVEN.items()}
    administrator.get("/admin/platforms/add")
    typed["organisation"] = "same-name"
    administrator.press("Add platform", 422, **typed | {"jwks_url": "https://evil.example/certs"})
    assert "is registered already" in administrator.text()
    assert listed(command)[0]["jwks_url"] == GIVEN["--jwks-url"]
    administrator.press("Add platform", **typed | {"deployment": "2"})
    assert listed(command)[0]["deployments"] == ["1", "2"]


@pytest.mark.parametrize("path", ["/admin/platforms", "/admin/platforms/add", "/admin/platforms/1"])
def test_only_administrators_see_platforms(visitor: Visitor, learner: Visitor, platform: Platform, path: str) -> None:
    visitor.get(path, 302)
    learner.get(path, 404)


def test_only_administrators_suspend(learner: Visitor, platform: Platform, app: Flask) -> None:
    token = learner.csrf_token()
    for name in ("suspend", "activate", "deployments/1", "approve", "decline", "check", "settings"):
        learner.post(f"/admin/platforms/1/{name}", {"csrf_token": token}, 404)
    with app.app_context():
        assert db.session.scalars(select(Registered)).one().active
        assert db.session.scalar(select(func.count()).select_from(Deployment)) == 1


def test_an_address_of_a_form_that_is_opened_leads_to_the_platforms_page(
    learner: Visitor, administrator: Visitor, platform: Platform
) -> None:
    for name in ("approve", "check", "settings"):
        learner.get(f"/admin/platforms/1/{name}", 404)
        administrator.get(f"/admin/platforms/1/{name}", 302)
        assert administrator.response.headers["Location"] == "/admin/platforms/1"


def test_a_platforms_page_says_all_about_it(visitor: Visitor, platform: Platform, administrator: Visitor) -> None:
    platform.launch(visitor, status=400, deployment_id="77")
    administrator.get("/admin/platforms")
    assert "Working" in administrator.text()
    found = administrator.page.find("a", string="Test Moodle")
    assert found is not None
    administrator.get(str(found["href"]))
    said = administrator.text()
    for words in (platform.url, "client-1", "/certs", "/auth", "/token", "None yet", "Grades waiting 0"):
        assert words in said
    assert re.search("reference [0-9A-F]{8}: .*deployment", said)
    administrator.press("Accept deployment 77")
    administrator.follow()
    assert "Deployments that it offers" not in administrator.text()
    platform.launch(visitor, deployment_id="77")
    administrator.get("/admin/platforms/1")
    assert "Last launch None yet" not in administrator.text()


def test_a_platforms_refusals_stand_on_its_own_page_alone(
    visitor: Visitor, platform: Platform, administrator: Visitor, register: Callable[[Platform], int]
) -> None:
    platform.launch(visitor, status=400, deployment_id="77")
    other = register(Platform(url="https://other.example"))
    administrator.get(f"/admin/platforms/{other}")
    assert "77" not in administrator.text()
    token = administrator.csrf_token()
    administrator.post(f"/admin/platforms/{other}/deployments/1", {"csrf_token": token}, 404)


def test_settings_of_a_platform_are_changed_on_its_page(
    visitor: Visitor, platform: Platform, administrator: Visitor, app: Flask
) -> None:
    platform.launch(visitor, status=400, sub=LEFT_OUT)
    administrator.get("/admin/platforms/1")
    typed = {"name": "Another name", "frames_origin": "HTTPS://Frames.Example:443/", "allows_anonymous": "y"}
    administrator.press("Save settings", **typed)
    administrator.follow()
    assert "The settings were changed" in administrator.text()
    assert administrator.page.select_one("input[name=allows_anonymous][checked]")
    with app.app_context():
        changed = db.session.get_one(Registered, 1)
        assert (changed.name, changed.origin) == ("Another name", "https://frames.example")
        audited = select(func.count()).where(AuditEvent.action == "platform settings changed")
        assert db.session.scalar(audited) == 1
    platform.launch(visitor, sub=LEFT_OUT)
    visitor.follow()
    assert "frame-ancestors https://frames.example" in visitor.response.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    "origin",
    [
        "frames.example", "https://frames.example/path", "https://a.example https://b.example", "https://*.example",
        "ftp://a.example", "'none'", "https://a.example;", "https://user@a.example", "https://" + "a" * 300, "null",
    ],
)  # fmt: skip
def test_the_origin_of_frames_is_a_bare_one(
    platform: Platform, administrator: Visitor, app: Flask, origin: str
) -> None:
    administrator.get("/admin/platforms/1")
    administrator.press("Save settings", 422, frames_origin=origin)
    said = "Where its frames are from must be https:// or http:// and a host, and nothing after it"
    assert said in administrator.text()
    field = administrator.page.select_one("input[name=frames_origin]")
    assert field is not None
    assert field["value"] == origin
    with app.app_context():
        assert db.session.get_one(Registered, 1).frames_origin == ""


def test_in_production_frames_are_from_https_alone() -> None:
    assert bare_origin("https://a.example:8443", development=False) == "https://a.example:8443"
    assert bare_origin("http://a.example:80", development=True) == "http://a.example"
    with pytest.raises(Unfit):
        bare_origin("http://a.example", development=False)


def test_a_platform_keeps_a_name(platform: Platform, administrator: Visitor) -> None:
    administrator.get("/admin/platforms/1")
    administrator.press("Save settings", 422, name=" ")
    assert "Enter the name" in administrator.text()


def test_all_that_is_wrong_with_settings_is_said_at_once(platform: Platform, administrator: Visitor) -> None:
    administrator.get("/admin/platforms/1")
    administrator.press("Save settings", 422, name="x" * 201, frames_origin="nowhere")
    summary = administrator.page.select_one(".nhsuk-error-summary")
    assert summary is not None
    assert "The name must be 200 characters or fewer" in summary.get_text()
    assert "Where its frames are from must be" in summary.get_text()
