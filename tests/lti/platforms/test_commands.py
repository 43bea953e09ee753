"""Platforms are added, listed, suspended and approved by a command."""

import json
from pathlib import Path

import pytest
import time_machine
from click.testing import CliRunner
from flask import Flask
from flask.cli import FlaskGroup
from sqlalchemy import select

from catalogue.extensions import db
from catalogue.people.models import AuditEvent
from catalogue.settings import Settings
from catalogue.transactions import run
from everyseat import create_app
from lti.cli import add_lti_commands
from lti.platforms import actions
from lti.platforms.rules import Registration, faults_of
from lti.platforms.tool_settings import ToolSettings
from tests.lti.platform import Platform
from tests.lti.platforms.conftest import GIVEN, Run, listed, options
from tests.visitor import Visitor


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
        (
            "jwks_url",
            "ftp://moodle.example/certs",
            "--jwks-url: The public key set URL must start with https:// or http://",
        ),
        ("issuer", "moodle.example", "--issuer: The issuer must start with https:// or http://"),
        ("auth_url", "nonsense", "--auth-url"),
        ("token_url", "", "--token-url: Enter the access token URL"),
        ("client_id", " ", "--client-id: Enter the client ID"),
        ("issuer", "x" * 501, "--issuer: The issuer must be 500 characters or fewer"),
    ],
)
def test_what_is_wrong_is_said_plainly(command: Run, option: str, value: str, said: str) -> None:
    answer = command("platforms", "add", *options(**{option: value}))
    assert answer.exit_code == 2
    assert said in answer.output
    assert listed(command) == []


PLAIN = "must be a plain address"
HTTPS = "must start with https://"


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://moodle.example/auth", HTTPS), ("https://moodle.example; script-src *", PLAIN),
        ("https://a b.example/", PLAIN), ("https://", PLAIN), ("https://moodle.example:99999/", PLAIN),
        ("https://user@moodle.example/", PLAIN), ("javascript:alert(1)", HTTPS), ("https://'none'/", PLAIN),
    ],
)  # fmt: skip
def test_in_production_only_https_addresses_of_plain_hosts_are_fit(url: str, said: str) -> None:
    given = {name.removeprefix("--").replace("-", "_"): value for name, value in GIVEN.items()}
    assert faults_of(given, development=False) == {}
    for name, label in (("auth_url", "authentication request URL"), ("issuer", "issuer")):
        (fault,) = faults_of(given | {name: url}, development=False).items()
        assert fault[0] == name
        assert fault[1].startswith(f"The {label} {said}")


@pytest.mark.both_databases
def test_grades_are_counted_by_platform(command: Run, platform: Platform) -> None:
    status = json.loads(command("grades", "status", "--json").stdout)
    assert {name: status[name] for name in ("waiting", "delivered", "parked", "oldest_waiting_seconds")} == {
        "waiting": 0, "delivered": 0, "parked": 0, "oldest_waiting_seconds": 0,
    }  # fmt: skip
    assert [one["name"] for one in status["platforms"]] == ["Test Moodle"]


def test_a_list_of_platforms_says_when_somebody_came_last(command: Run, visitor: Visitor, platform: Platform) -> None:
    assert command("platforms", "list").output.endswith("client id client-1, no launch yet\n")
    with time_machine.travel("2027-01-05T10:00:00Z"):
        platform.launch(visitor)
    assert command("platforms", "list").output.endswith("last launch 5 January 2027, 10am\n")


@pytest.mark.parametrize(
    "words",
    [
        ["platforms", "approve"], ["platforms", "suspend"], ["platforms", "activate"], ["platforms", "check"],
        ["grades", "retry", "--platform"],
    ],
)  # fmt: skip
def test_a_command_on_a_platform_wants_one_that_is_there(command: Run, words: list[str]) -> None:
    for client_id in ("one", "two"):
        command("platforms", "add", *options(client_id=client_id))
    for name in ("Nobody", "99", "riverside moodle"):
        unknown = command(*words, name)
        assert unknown.exit_code == 2
        assert f"there is no platform {name}" in unknown.output
    ambiguous = command(*words, "Riverside Moodle")
    assert ambiguous.exit_code == 2
    assert "2 platforms are called Riverside Moodle: say which by its id, one of 1, 2" in ambiguous.output


def test_a_platform_is_suspended_and_activated_by_command(command: Run, visitor: Visitor, platform: Platform) -> None:
    platform.launch(visitor)
    assert command("platforms", "suspend", "Test Moodle").output == "Test Moodle was suspended.\n"
    visitor.get("/enrolments", 302)
    assert listed(command)[0]["state"] == "suspended"
    assert command("platforms", "activate", "1").output == "Test Moodle is active.\n"
    platform.launch(visitor)


def test_a_platform_that_registered_itself_is_approved_by_command(command: Run, app: Flask) -> None:
    given = {name.removeprefix("--").replace("-", "_"): value for name, value in GIVEN.items()}
    with app.app_context():
        run(lambda: actions.add_pending(Registration(**given)))
    for words in ("suspend", "activate"):
        assert command("platforms", words, "Riverside Moodle").exit_code == 1
    approve = ["platforms", "approve", "Riverside Moodle", "--organisation"]
    assert "There is no organisation nobody" in command(*approve, "nobody").output
    assert listed(command)[0]["state"] == "pending"
    assert command(*approve, "example-riverside-trust").exit_code == 0
    (platform,) = listed(command)
    assert (platform["state"], platform["organisation"]) == ("active", "example-riverside-trust")
    again = command(*approve, "example-riverside-trust")
    assert (again.exit_code, again.output) == (1, "Error: This platform was approved already.\n")


def test_what_a_platform_is_to_be_told_is_printed_and_shown(command: Run, administrator: Visitor) -> None:
    printed = command("platforms", "settings").output
    administrator.get("/admin/platforms")
    for said in (printed, administrator.text()):
        for words in (
            "http://127.0.0.1:8000/lti/register", "Public keyset", "context_history=$Context.id.history",
            "Use this service for grade sync and column management", "Content Selection URL", "Totara",
        ):  # fmt: skip
            assert words in said
    administrator.get("/static/everyseat-icon.svg")


def test_the_guide_to_moodle_says_what_every_seat_does() -> None:
    guide = (Path(__file__).parents[3] / "docs" / "connect-moodle.md").read_text(encoding="utf-8")
    table = guide.partition("| Moodle's field | what to put there |\n| --- | --- |\n")[2].partition("\n\n")[0]
    rows = [[cell.strip().strip("`") for cell in line.strip("|").split("|")] for line in table.splitlines()]
    assert rows == [list(row) for row in ToolSettings.at("https://everyseat.example").moodle]


def test_in_production_an_address_on_plain_http_is_not_taken(database_url: str, tmp_path: Path) -> None:
    settings = Settings(
        env="production", secret_key="x" * 40, database_url=database_url, instance=tmp_path,
        public_url="https://everyseat.example",
    )  # fmt: skip
    group = FlaskGroup(create_app=lambda: create_app(settings), add_default_commands=False, load_dotenv=False)
    add_lti_commands(group)
    answer = CliRunner().invoke(group, ["platforms", "add", *options(jwks_url="http://moodle.riverside.example/certs")])
    assert answer.exit_code == 2
