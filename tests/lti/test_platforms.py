"""Platforms are added by hand, on a page or by a command, and watched over."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result
from flask import Flask
from flask.cli import FlaskGroup
from sqlalchemy import func, select

from catalogue.extensions import db
from catalogue.people.models import AuditEvent
from catalogue.settings import Settings
from everyseat import create_app
from lti.cli import add_lti_commands
from lti.models import Deployment
from lti.models import Platform as Registered
from lti.platforms.rules import faults_of
from tests.lti.platform import Platform
from tests.visitor import Visitor

GIVEN = {
    "--name": "Riverside Moodle",
    "--issuer": "https://moodle.riverside.example/path/",
    "--client-id": "abc123",
    "--deployment": "1",
    "--jwks-url": "https://moodle.riverside.example/mod/lti/certs.php",
    "--auth-url": "https://moodle.riverside.example/mod/lti/auth.php",
    "--token-url": "https://moodle.riverside.example/mod/lti/token.php",
}
Run = Callable[..., Result]


@pytest.fixture
def command(app: Flask) -> Run:
    group: click.Group = FlaskGroup(create_app=lambda: app, add_default_commands=False, load_dotenv=False)
    add_lti_commands(group)

    def run(*words: str) -> Result:
        return CliRunner().invoke(group, words)

    return run


def options(**changed: str) -> list[str]:
    given = GIVEN | {f"--{name.replace('_', '-')}": value for name, value in changed.items()}
    return [word for pair in given.items() for word in pair]


def listed(command: Run) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(command("platforms", "list", "--json").stdout)
    return found


def test_a_platform_is_added_by_command_and_the_same_again_changes_nothing(command: Run) -> None:
    first, second = command("platforms", "add", *options()), command("platforms", "add", *options())
    assert (first.exit_code, second.exit_code) == (0, 0)
    assert "was added, for Riverside Moodle" in first.output
    assert "nothing was changed" in second.output
    (platform,) = listed(command)
    assert platform["issuer"] == GIVEN["--issuer"]
    assert platform["organisation"] == "riverside-moodle"
    assert platform["deployments"] == ["1"]
    assert platform["state"] == "active"


def test_other_addresses_bring_it_up_to_date_and_say_so(command: Run, app: Flask) -> None:
    command("platforms", "add", *options())
    changed = command("platforms", "add", *options(token_url="https://moodle.riverside.example/token"))
    assert "was changed: token_url" in changed.output
    with app.app_context():
        detail = db.session.scalars(select(AuditEvent.detail).where(AuditEvent.action == "platform changed")).one()
        assert detail == {"token_url": [GIVEN["--token-url"], "https://moodle.riverside.example/token"]}
    command("platforms", "add", *options(deployment="2"))
    (platform,) = listed(command)
    assert platform["deployments"] == ["1", "2"]


def test_other_addresses_sign_out_who_came_by_the_old_ones(command: Run, visitor: Visitor, platform: Platform) -> None:
    platform.launch(visitor)
    same = platform.registration | {"name": "Another name"}
    command("platforms", "add", *options(**same))
    visitor.get("/enrolments")
    command("platforms", "add", *options(**same | {"token_url": f"{platform.url}/other"}))
    visitor.get("/enrolments", 302)


def test_a_like_name_makes_nobody_a_member(command: Run) -> None:
    command("platforms", "add", *options(name="Example Riverside Trust"))
    command("platforms", "add", *options(name="Example Riverside Trust", client_id="2"))
    command("platforms", "add", *options(name="Example Riverside Trust", client_id="2"))
    found = [platform["organisation"] for platform in listed(command)]
    assert found == ["example-riverside-trust-2", "example-riverside-trust-3"]


def test_an_organisation_can_be_named_and_stays(command: Run, app: Flask) -> None:
    assert command("platforms", "add", *options(), "--organisation", "nobody").exit_code == 2
    assert listed(command) == []
    named = command("platforms", "add", *options(), "--organisation", "example-riverside-trust")
    assert named.exit_code == 0
    command("platforms", "add", *options())
    assert [platform["organisation"] for platform in listed(command)] == ["example-riverside-trust"]


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("jwks_url", "ftp://moodle.example/certs", "--jwks-url: Enter an address that starts with http:// or https://"),
        ("issuer", "moodle.example", "--issuer: Enter an address that starts with http:// or https://"),
        ("auth_url", "nonsense", "--auth-url"),
        ("token_url", "", "--token-url: Enter the access token URL"),
        ("client_id", " ", "--client-id: Enter the client ID"),
        ("issuer", "x" * 501, "--issuer: This must be 500 characters or fewer"),
    ],
)
def test_what_is_wrong_is_said_plainly(command: Run, option: str, value: str, said: str) -> None:
    answer = command("platforms", "add", *options(**{option: value}))
    assert answer.exit_code == 2
    assert said in answer.output
    assert listed(command) == []


@pytest.mark.parametrize(
    "url",
    [
        "http://moodle.example/auth", "https://moodle.example; script-src *", "https://a b.example/", "https://",
        "https://moodle.example:99999/", "https://user@moodle.example/", "javascript:alert(1)", "https://'none'/",
    ],
)  # fmt: skip
def test_in_production_only_https_addresses_of_plain_hosts_are_fit(url: str) -> None:
    given = {name.removeprefix("--").replace("-", "_"): value for name, value in GIVEN.items()}
    assert faults_of(given, development=False) == {}
    for name in ("auth_url", "issuer"):
        assert faults_of(given | {name: url}, development=False) == {name: "Enter an address that starts with https://"}


@pytest.mark.both_databases
def test_grades_are_counted_by_platform(command: Run, platform: Platform) -> None:
    status = json.loads(command("grades", "status", "--json").stdout)
    assert {name: status[name] for name in ("waiting", "delivered", "parked", "oldest_waiting_seconds")} == {
        "waiting": 0, "delivered": 0, "parked": 0, "oldest_waiting_seconds": 0,
    }  # fmt: skip
    assert [one["name"] for one in status["platforms"]] == ["Test Moodle"]


def test_an_administrator_adds_a_platform_on_a_page(administrator: Visitor, app: Flask) -> None:
    administrator.get("/admin/platforms")
    assert "There are no platforms yet" in administrator.text()
    administrator.get("/admin/platforms/add")
    assert "http://127.0.0.1:8000/lti/jwks.json" in administrator.text()
    typed = {name.removeprefix("--").replace("-", "_"): value for name, value in GIVEN.items()}
    administrator.press("Add platform", 422, **typed | {"token_url": "token", "client_id": ""})
    assert "Enter the client ID" in administrator.text()
    assert "Enter an address that starts with http:// or https://" in administrator.text()
    kept = administrator.page.select_one("input[name=issuer]")
    assert kept is not None
    assert kept["value"] == GIVEN["--issuer"]
    administrator.press("Add platform", **typed)
    administrator.follow()
    assert "Riverside Moodle was added" in administrator.text()
    assert "None yet" in administrator.text()


def test_the_page_keeps_a_platform_with_its_organisation(administrator: Visitor, app: Flask) -> None:
    typed = {name.removeprefix("--").replace("-", "_"): value for name, value in GIVEN.items()}
    for organisation, status in (("same-name", 302), ("example-riverside-trust", 422)):
        administrator.get("/admin/platforms/add")
        administrator.press("Add platform", status, **typed, organisation=organisation)
    assert "belongs to another organisation" in administrator.text()


def test_the_page_gives_no_platform_other_addresses(administrator: Visitor, command: Run) -> None:
    command("platforms", "add", *options())
    typed = {name.removeprefix("--").replace("-", "_"): value for name, value in GIVEN.items()}
    administrator.get("/admin/platforms/add")
    administrator.press("Add platform", 422, **typed | {"jwks_url": "https://evil.example/certs"})
    assert "is registered already" in administrator.text()
    assert listed(command)[0]["jwks_url"] == GIVEN["--jwks-url"]
    administrator.press("Add platform", **typed | {"deployment": "2"})
    assert listed(command)[0]["deployments"] == ["1", "2"]


@pytest.mark.parametrize("path", ["/admin/platforms", "/admin/platforms/add"])
def test_only_administrators_see_platforms(visitor: Visitor, learner: Visitor, path: str) -> None:
    visitor.get(path, 302)
    learner.get(path, 404)


def test_only_administrators_suspend(learner: Visitor, platform: Platform, app: Flask) -> None:
    token = learner.csrf_token()
    for path in ("/admin/platforms/1/suspend", "/admin/platforms/1/activate", "/admin/platforms/1/deployments/1"):
        learner.post(path, {"csrf_token": token}, 404)
    with app.app_context():
        assert db.session.scalars(select(Registered)).one().active
        assert db.session.scalar(select(func.count()).select_from(Deployment)) == 1


def test_in_production_an_address_on_plain_http_is_not_taken(database_url: str, tmp_path: Path) -> None:
    settings = Settings(
        env="production", secret_key="x" * 40, database_url=database_url, instance=tmp_path,
        public_url="https://everyseat.example",
    )  # fmt: skip
    group = FlaskGroup(create_app=lambda: create_app(settings), add_default_commands=False, load_dotenv=False)
    add_lti_commands(group)
    answer = CliRunner().invoke(group, ["platforms", "add", *options(jwks_url="http://moodle.riverside.example/certs")])
    assert answer.exit_code == 2
