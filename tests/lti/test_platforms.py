"""Platforms are added by hand, on a page or by a command, and watched over."""

import json
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import click
import pytest
import time_machine
from click.testing import CliRunner, Result
from flask import Flask
from flask.cli import FlaskGroup
from sqlalchemy import func, select

from catalogue import outbox
from catalogue.clock import now
from catalogue.extensions import db
from catalogue.offers.models import Offer
from catalogue.people.models import AuditEvent
from catalogue.settings import Settings
from catalogue.transactions import run
from everyseat import create_app
from lti import keys, storage
from lti.cli import add_lti_commands
from lti.models import DeepLinking, Deployment, Handover, Identity, LineItem, ServiceToken
from lti.models import Platform as Registered
from lti.platforms import actions
from lti.platforms.rules import Registration, Unfit, bare_origin, faults_of
from lti.platforms.tool_settings import ToolSettings
from tests.lti.platform import LEFT_OUT, Platform
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

    return lambda *words: CliRunner().invoke(group, words)


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


def test_a_list_of_platforms_says_when_somebody_came_last(command: Run, visitor: Visitor, platform: Platform) -> None:
    assert command("platforms", "list").output.endswith("client id client-1, no launch yet\n")
    with time_machine.travel("2027-01-05T10:00:00Z"):
        platform.launch(visitor)
    assert command("platforms", "list").output.endswith("last launch 5 January 2027, 10:00am\n")


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
    guide = (Path(__file__).parents[2] / "docs" / "connect-moodle.md").read_text(encoding="utf-8")
    table = guide.partition("| Moodle's field | what to put there |\n| --- | --- |\n")[2].partition("\n\n")[0]
    rows = [[cell.strip().strip("`") for cell in line.strip("|").split("|")] for line in table.splitlines()]
    assert rows == [list(row) for row in ToolSettings.at("https://everyseat.example").moodle]


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


def test_in_production_an_address_on_plain_http_is_not_taken(database_url: str, tmp_path: Path) -> None:
    settings = Settings(
        env="production", secret_key="x" * 40, database_url=database_url, instance=tmp_path,
        public_url="https://everyseat.example",
    )  # fmt: skip
    group = FlaskGroup(create_app=lambda: create_app(settings), add_default_commands=False, load_dotenv=False)
    add_lti_commands(group)
    answer = CliRunner().invoke(group, ["platforms", "add", *options(jwks_url="http://moodle.riverside.example/certs")])
    assert answer.exit_code == 2
