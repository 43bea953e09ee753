"""What whoever runs the service types, and what it says back."""

import os
import re
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pyotp
import pytest
from click.testing import CliRunner, Result
from flask import Flask
from sqlalchemy import func, inspect, select

from catalogue.cli import command_line
from catalogue.enrolments.models import SeatAllocation
from catalogue.extensions import db
from catalogue.feedback.models import FeedbackRound
from catalogue.offers.models import Offer, Run, RunState
from catalogue.outbox import Delivery
from catalogue.people.models import Account, Grant, Person, Role
from catalogue.seeding.demonstration import (
    COLLEAGUES,
    DEMO_ACCOUNTS,
    DEMO_AUTHENTICATOR,
    DEMO_PASSWORD,
)
from catalogue.seeding.evidence import HARDLY_HELPS, HELPS, MEASURED
from catalogue.settings import Settings
from everyseat import create_app
from lti.cli import add_lti_commands
from tests.visitor import Visitor

ROOT = Path(__file__).resolve().parents[2]
COMMANDS = {"db", "seed", "serve", "worker", "practice-platform", "users", "platforms", "grades", "keys", "offers"}


def everyseat(
    *words: str, make: Callable[[], Flask] = create_app, environment: Mapping[str, str | None] | None = None
) -> Result:
    cli = command_line(make)
    add_lti_commands(cli)
    return CliRunner().invoke(cli, words, env=environment)


def in_a_process(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("EVERYSEAT_")}
    return subprocess.run(
        [sys.executable, "-m", "everyseat", *words], env=clean | environment, cwd=ROOT, capture_output=True,
        text=True, timeout=60, check=False,
    )  # fmt: skip


@pytest.fixture
def command(app: Flask) -> Callable[..., Result]:
    """Run a command on the test's database; it must say ``status``."""

    def type_in(*words: str, status: int = 0) -> Result:
        result = everyseat(*words, make=lambda: app)
        assert result.exit_code == status, result.output
        return result

    return type_in


@pytest.fixture
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("EVERYSEAT_"):
            monkeypatch.delenv(name)


def count(model: type) -> int:
    return db.session.scalar(select(func.count()).select_from(model)) or 0


def mails(app: Flask) -> Iterator[str]:
    with app.app_context():
        for delivery in db.session.scalars(select(Delivery).where(Delivery.kind == "mail").order_by(Delivery.id)):
            yield f"{delivery.payload['to']}\n{delivery.payload['text']}"


@pytest.mark.usefixtures("_no_settings")
def test_help_lists_every_command_without_any_setting() -> None:
    result = everyseat("--help")
    assert result.exit_code == 0
    listed = set(re.findall(r"^  ([a-z-]+)", result.output.partition("Commands:")[2], re.MULTILINE))
    assert listed >= COMMANDS
    for name in COMMANDS:
        assert everyseat(name, "--help").exit_code == 0, name


@pytest.mark.parametrize("words", [["db", "upgrade"], ["serve"]])
def test_a_missing_secret_is_said_in_plain_words(words: list[str]) -> None:
    done = in_a_process(*words)
    assert done.returncode == 2
    assert "EVERYSEAT_SECRET_KEY is missing or short" in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.usefixtures("_no_settings")
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ENV", "staging"),
        ("PROXIES", "many"),
        ("JOBS_URL", "kafka://x"),
        ("MAIL_URL", "pigeon://x"),
        ("DATABASE_URL", "x"),
    ],
)
def test_an_unfit_setting_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv("EVERYSEAT_ENV", "development")
    monkeypatch.setenv(f"EVERYSEAT_{name}", value)
    result = everyseat("db", "upgrade")
    assert result.exit_code == 2
    assert f"EVERYSEAT_{name}" in result.stderr
    assert "Traceback" not in result.output


@pytest.mark.parametrize(
    "words", [["seed"], ["users", "add", "ada@trust.example", "--role", "reviewer"], ["grades", "status"]]
)
@pytest.mark.parametrize("address", ["", "postgresql://nobody@127.0.0.1:1/nothing"], ids=["empty", "server down"])
def test_a_database_that_is_not_ready_is_said_in_plain_words(tmp_path: Path, words: list[str], address: str) -> None:
    settings = Settings(env="development", instance=tmp_path, database_url=address)
    result = everyseat(*words, make=lambda: create_app(settings))
    assert result.exit_code == 2
    assert result.stderr.startswith("The database does not answer, or needs: everyseat db upgrade")
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    "words",
    [
        ["serve", "--port", "0"],
        ["serve", "--port", "65536"],
        ["practice-platform", "--port", "0"],
        ["demo", "--port", "0"],
        ["demo", "--practice-port", "-1"],
    ],
)
def test_what_is_no_port_is_refused(words: list[str]) -> None:
    result = everyseat(*words)
    assert result.exit_code == 2
    assert "is not in the range 1<=x<=65535" in result.output


def test_a_port_that_is_taken_is_said_in_plain_words(command: Callable[..., Result]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert f"127.0.0.1 port {port} can't be served on" in command("serve", "--port", port, status=1).output


def test_an_empty_database_is_brought_up_to_date(tmp_path: Path) -> None:
    settings = Settings(env="development", instance=tmp_path)
    for _ in range(2):  # and it may be asked for again
        result = everyseat("db", "upgrade", make=lambda: create_app(settings))
        assert result.exit_code == 0, result.output
        assert "up to date" in result.output
    app = create_app(settings)
    with app.app_context():
        there = set(inspect(db.engine).get_table_names())
        assert set(db.metadata.tables) <= there
    Visitor(app).get("/healthz")


def test_an_empty_database_serves_pages_that_say_what_is_missing(tmp_path: Path) -> None:
    app = create_app(Settings(env="development", instance=tmp_path))
    everyseat("db", "upgrade", make=lambda: app)
    visitor = Visitor(app)
    visitor.get("/")
    visitor.get("/offers", status=404)
    assert "load the seed data" in visitor.text()


def test_seed_says_what_it_loaded_and_may_be_run_again(app: Flask, command: Callable[..., Result]) -> None:
    said = command("seed").output
    assert re.search(
        r"Loaded: 5 conditions, 2 frameworks, \d+ seats, 44 systems, 42 integrated care systems, \d+ organisations, "
        r"\d+ offers\.",
        said,
    )
    assert command("seed").output == said


def test_the_demonstration_has_accounts_that_can_sign_in(app: Flask, command: Callable[..., Result]) -> None:
    for _ in range(2):
        command("seed", "--demo")
    for email, name, role in DEMO_ACCOUNTS:
        visitor = Visitor(app)
        visitor.get("/sign-in")
        visitor.press("Sign in", email=email, password=DEMO_PASSWORD)
        if role == Role.ADMINISTRATOR:
            visitor.follow()
            visitor.press("Continue", code=pyotp.TOTP(DEMO_AUTHENTICATOR).now())
        visitor.get("/")
        assert name in visitor.response.text
    with app.app_context():
        assert count(Account) == len(DEMO_ACCOUNTS)
        assert count(Person) == len(DEMO_ACCOUNTS) + COLLEAGUES + MEASURED


@pytest.mark.both_databases
def test_the_demonstration_has_something_to_see_for_everybody(app: Flask, command: Callable[..., Result]) -> None:
    command("seed", "--demo")
    with app.app_context():
        keys = {account.email.partition("@")[0]: account.person_id for account in db.session.scalars(select(Account))}
        full, under_way = (
            db.session.scalars(select(Run).where(Run.key == f"demonstration-{key}")).one()
            for key in ("full", "under-way")
        )
        register = f"/offers/{under_way.offer.slug}/register/runs/{under_way.id}/sessions/{under_way.sessions[1].id}"
        seats = f"/seats/{db.session.scalars(select(SeatAllocation.run_id)).one()}"
        assert full.state == RunState.FULL
        written = [delivery.payload["text"] for delivery in db.session.scalars(select(Delivery))]
        assert sum("/approvals/" in words for words in written) == 1
        assert sum("/rate/" in words for words in written) == 5, "of ten raters, five have not answered"
        over, under = db.session.scalars(select(FeedbackRound).order_by(FeedbackRound.id)).all()
        assert sum(group["answered"] for group in (over.report or {})["groups"]) == 14
        round_ids = over.id, under.id

    def sees(who: str, path: str) -> str:
        visitor = Visitor(app)
        visitor.get("/sign-in")
        visitor.press("Sign in", email=f"{who}@demo.example", password=DEMO_PASSWORD)
        visitor.get(path)
        return visitor.text()

    assert len(keys) == len(DEMO_ACCOUNTS)
    plan = sees("matron", "/enrolments")
    assert "You are number 2" in plan
    assert "With your manager" in plan
    assert "2 of 3 steps done" in plan
    assert "Badge that others can check" in sees("matron", "/transcript")
    report = sees("matron", f"/feedback/{round_ids[0]}/report")
    for words in ("Blind spots , where", "Hidden strengths , where", "Line manager 1 answer", "Not shown, with fewer"):
        assert words in report
    assert "Peers 5 3" in sees("matron", f"/feedback/{round_ids[1]}")
    assert "A place is held for you" in sees("nominee", "/enrolments")
    assert re.search(r"[1-9]\d* overdue", sees("lead", "/track"))
    assert "Home first" in sees("lead", seats)
    assert "Umar Farooq" in sees("partner", register)
    assert "says that you work for it" in sees("editor", "/home")
    assert "Toni Reeves asked on" in sees("editor", "/organisations/example-riverside-trust/answer")
    assert "1 register to fill in" in sees("facilitator", "/publish")
    assert "See how another place does it" in sees("reviewer", "/review")
    assert "14 people" in sees("ward.manager", f"/offers/{HELPS}")
    assert "that may be chance" in sees("ward.manager", f"/offers/{HARDLY_HELPS}")


def test_the_demonstration_is_refused_outside_development(database_url: str, tmp_path: Path) -> None:
    settings = Settings(
        secret_key="x" * 40, public_url="https://everyseat.example", database_url=database_url, instance=tmp_path
    )
    app = create_app(settings)
    with app.app_context():
        runs = count(Run)
    result = everyseat("seed", "--demo", make=lambda: app)
    assert result.exit_code == 1
    assert "development only" in result.output
    with app.app_context():
        assert count(Person) == 0
        assert count(Run) == runs
    assert everyseat("seed", make=lambda: app).exit_code == 0


@pytest.mark.both_databases
@pytest.mark.parametrize("role", ["learner", "lead", "reviewer", "facilitator", "administrator", "partner"])
def test_somebody_is_added_once_and_sets_their_password_by_mail(
    app: Flask, settings: Settings, command: Callable[..., Result], visitor: Visitor, role: str
) -> None:
    provider = ["--organisation", "example-saltbeck"]
    where = {"partner": provider, "facilitator": provider, "lead": ["--system", "nottinghamshire"]}.get(role, [])
    words = ["users", "add", "Ada.Brown@Trust.example", "--role", role, *where]
    first = command(*words).output
    assert f"was added, as {role}" in first
    assert "A link to set the password" in first
    assert f"a file in {settings.instance / 'mail'}" in first
    assert "everyseat worker sends it" in first
    assert f"was there already, as {role}" in command(*words).output
    with app.app_context():
        account = db.session.scalars(select(Account)).one()
        assert (account.email, account.person.name) == ("ada.brown@trust.example", "Ada Brown")
        assert count(Person) == 1
        assert [grant.role for grant in account.person.grants] == ([] if role == "learner" else [role])
        assert count(Grant) == (role != "learner")
    written = list(mails(app))
    assert all(mail.startswith("ada.brown@trust.example\n") for mail in written)
    link = re.findall(r"http://127\.0\.0\.1:8000(/sign-in/reset/\S+)", written[-1])[0]
    visitor.get(link)
    visitor.press("Set the password", status=200, password="three random words")
    visitor.get("/sign-in")
    visitor.press("Sign in", email="ada.brown@trust.example", password="three random words")
    assert "link" not in command(*words).output, "whoever has a password needs no link"
    assert len(list(mails(app))) == len(written)


def test_a_role_is_added_to_those_that_are_held(app: Flask, command: Callable[..., Result]) -> None:
    command("users", "add", "ada@trust.example", "--role", "administrator", "--name", "Ada")
    said = command("users", "add", "ada@trust.example", "--role", "reviewer", "--name", "Somebody Else").output
    assert "--name changes nothing for somebody who is there: their name is Ada." in said
    with app.app_context():
        account = db.session.scalars(select(Account)).one()
        assert sorted(grant.role for grant in account.person.grants) == ["administrator", "reviewer"]
        assert account.person.name == "Ada"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["ada@trust.example", "--role", "partner"], "needs an organisation"),
        (["ada@trust.example", "--role", "king"], "'king' is not one of"),
        (["ada@trust.example"], "Missing option '--role'"),
        (["ada", "--role", "lead"], "ada is not an email address"),
        (["@trust.example", "--role", "lead"], "is not an email address"),
        (["ada brown@trust.example", "--role", "lead"], "is not an email address"),
        (["a" * 250 + "@trust.example", "--role", "lead"], "is not an email address"),
        (["ada@@trust.example", "--role", "lead"], "is not an email address"),
        (["ada@trust", "--role", "lead"], "is not an email address"),
        (["ada@trust.example", "--role", "facilitator"], "needs an organisation: whose registers"),
        (["ada@trust.example", "--role", "lead"], "needs an organisation or a system"),
        (["ada@trust.example", "--role", "lead", "--system", "a", "--organisation", "b"], "not both"),
        (["ada@trust.example", "--role", "reviewer", "--system", "nottinghamshire"], "is one everywhere"),
    ],
)
def test_what_does_not_make_a_person_is_refused(
    app: Flask, command: Callable[..., Result], words: list[str], said: str
) -> None:
    assert said in command("users", "add", *words, status=2).output
    with app.app_context():
        assert count(Person) == 0


@pytest.mark.parametrize(("role", "where"), [("partner", "organisation"), ("lead", "organisation"), ("lead", "system")])
def test_a_role_within_something_unknown_is_refused(
    app: Flask, command: Callable[..., Result], role: str, where: str
) -> None:
    result = command("users", "add", "ada@trust.example", "--role", role, f"--{where}", "nowhere", status=1)
    assert f"there is no {where} nowhere" in result.output
    with app.app_context():
        assert count(Person) == 0
    assert list(mails(app)) == []


@pytest.mark.both_databases
def test_it_is_healthy_while_its_database_answers(visitor: Visitor) -> None:
    visitor.get("/healthz")
    assert visitor.response.json == {"status": "ok"}


@pytest.mark.parametrize("path", ["/healthz", "/", "/offers", "/assessments"])
def test_without_its_database_it_says_so_and_does_not_fall_over(
    app: Flask, learner: Visitor, tmp_path: Path, path: str
) -> None:
    learner.get(path)
    app.config.update(PROPAGATE_FAULTS=False, TESTING=False)
    with app.app_context():
        db.engine.dispose()
    for file in tmp_path.glob("everyseat.sqlite*"):
        file.unlink()
    (tmp_path / "everyseat.sqlite").mkdir()
    learner.get(path, status=503)
    assert "We are busy just now" in learner.text()
    assert re.search(r"reference: [0-9A-F]{8}", learner.text())
    assert "script-src" in learner.response.headers["Content-Security-Policy"]


def test_a_fault_of_ours_is_a_page_with_a_reference_and_no_detail(app: Flask, learner: Visitor) -> None:
    app.config.update(PROPAGATE_FAULTS=False, TESTING=False)
    app.jinja_env.globals["today"] = lambda: 1 / 0
    with app.app_context():
        slug = db.session.scalars(
            select(Offer.slug).where(Offer.provider.has(ended_on=None)).order_by(Offer.id).limit(1)
        ).first()
        ended = db.session.scalars(
            select(Offer.slug).where(~Offer.provider.has(ended_on=None)).order_by(Offer.id).limit(1)
        ).first()
    assert slug != ended
    learner.get(f"/offers/{ended}", status=500)
    assert "It is our fault, not yours" in learner.text()
    assert "ZeroDivisionError" not in learner.response.text
