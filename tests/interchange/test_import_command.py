"""``everyseat offers import``: a dry run, the import itself, again, and killed half-way."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from flask import Flask

from catalogue.extensions import db
from catalogue.interchange.rows import OfferRow
from catalogue.settings import Settings
from tests import databases
from tests.catalogue.servers import Server, whole
from tests.catalogue.test_command_line import everyseat
from tests.drills import dice, many, say
from tests.interchange.importing import PROVIDER, as_csv, course, everything, rows

COURSES, KILLS = many(150, 5000), many(2, 20)


@pytest.fixture
def command(app: Flask) -> Callable[..., Result]:
    def command(*words: str, status: int = 0) -> Result:
        result = everyseat("offers", "import", *words, "--provider", PROVIDER, make=lambda: app)
        assert result.exit_code == status, result.output
        return result

    return command


def state(app: Flask) -> dict[str, Any]:
    with app.app_context():
        return everything()


@pytest.mark.both_databases
def test_a_file_imports_three_times_with_a_dry_run_and_no_difference_after_the_first(
    app: Flask, command: Callable[..., Result], tmp_path: Path, database: str
) -> None:
    file = tmp_path / "courses.csv"
    file.write_text(as_csv(rows(COURSES)), encoding="utf-8")
    before = state(app)
    said = command(str(file), "--dry-run").stdout
    assert "Dry run: nothing was changed" in said
    assert f"and {COURSES - 10:,} more" in said
    assert state(app) == before
    began = time.perf_counter()
    command(str(file))
    took = time.perf_counter() - began
    once = state(app)
    assert len(once["offer"]) == len(before["offer"]) + COURSES
    for _ in range(2):
        for words in (["--dry-run"], []):
            command(str(file), *words)
            assert state(app) == once
    say(f"import of {COURSES} courses three times on {database}: difference 0; the first took {took:.1f} s")


def test_changes_are_shown_from_and_to(command: Callable[..., Result], tmp_path: Path) -> None:
    file = tmp_path / "courses.csv"
    file.write_text(as_csv(rows(2)), encoding="utf-8")
    command(str(file))
    file.write_text(as_csv([*rows(1, hours=7.0), *rows(2)[1:]]), encoding="utf-8")
    said = command(str(file), "--dry-run").stdout
    assert "changed: row 2, c1: Leading a team, part 1\n    hours: 6 → 7\n" in said


def test_what_is_wrong_is_named_and_the_rest_goes_in(
    app: Flask, command: Callable[..., Result], tmp_path: Path
) -> None:
    file = tmp_path / "courses.csv"
    wanted = [
        *rows(1),
        OfferRow(3, "c2", course(2, conditions=["sunshine"])),
        OfferRow(4, "c3", course(3, mode="post")),
    ]
    file.write_text(as_csv(wanted), encoding="utf-8")
    result = command(str(file), status=1)
    assert "Row 3, conditions: there is no sunshine. Write the key of a condition" in result.stderr
    assert "Row 4, mode: " in result.stderr
    assert "2 of 3 were left out; the others were imported." in result.stderr
    assert any("leading-a-team-part-1" in row for row in state(app)["offer"])


@pytest.mark.parametrize(
    ("content", "reason"),
    [("", "There is nothing in the file."), ("colour\nblue\n", "has no column that is called key")],
)
def test_a_file_that_cannot_be_read_changes_nothing(
    command: Callable[..., Result], tmp_path: Path, content: str, reason: str
) -> None:
    file = tmp_path / "courses.csv"
    file.write_text(content, encoding="utf-8")
    assert reason in command(str(file), status=1).output
    assert "No such file" in command(str(tmp_path / "nothing.csv"), status=1).output


def test_a_provider_that_is_not_there_is_named(app: Flask, tmp_path: Path) -> None:
    file = tmp_path / "courses.csv"
    file.write_text(as_csv(rows(1)), encoding="utf-8")
    result = everyseat("offers", "import", str(file), "--provider", "nobody", make=lambda: app)
    assert (result.exit_code, "no organisation nobody publishes offers" in result.output) == (1, True)


def test_a_file_that_does_not_say_whose_offers_they_are_needs_to_be_told(app: Flask, tmp_path: Path) -> None:
    file = tmp_path / "courses.csv"
    file.write_text(as_csv(rows(1)), encoding="utf-8")
    result = everyseat("offers", "import", str(file), make=lambda: app)
    assert result.exit_code == 1
    assert "with --provider KEY: it names none that publishes here" in result.output


def test_an_address_is_fetched_by_the_rules_for_addresses_from_outside(
    app: Flask, command: Callable[..., Result]
) -> None:
    content = as_csv(rows(2)).encode()
    server = Server(lambda client: client.sendall(whole(content)))
    moved = Server(lambda client: client.sendall(whole(b"", "302 Found", Location="http://10.0.0.1/")))
    missing = Server(lambda client: client.sendall(whole(b"", "404 Not Found")))
    try:
        command(server.url)
        assert any("leading-a-team-part-2" in row for row in state(app)["offer"])
        assert "has moved to http://10.0.0.1/" in command(moved.url, status=1).output
        assert "answers with 404" in command(missing.url, status=1).output
        assert "We do not fetch this" in command("http://10.0.0.1/courses.csv", status=1).output
    finally:
        for one in (server, moved, missing):
            one.close()


@pytest.fixture
def other_url(template: databases.Template, tmp_path: Path) -> Iterator[str]:
    folder = tmp_path / "other"
    folder.mkdir()
    with template.copy(folder) as url:
        yield url


@pytest.mark.both_databases
def test_an_import_that_is_killed_leaves_nothing_half_done(
    app: Flask, settings: Settings, other_url: str, tmp_path: Path, database: str
) -> None:
    file = tmp_path / "courses.csv"
    file.write_text(as_csv(rows(COURSES)), encoding="utf-8")
    before = state(app)

    def start(url: str) -> subprocess.Popen[bytes]:
        clean = {name: value for name, value in os.environ.items() if not name.startswith("EVERYSEAT_")}
        ours = {"EVERYSEAT_ENV": "development", "EVERYSEAT_DATABASE_URL": url, "EVERYSEAT_INSTANCE": str(tmp_path)}
        words = ["-m", "everyseat", "offers", "import", str(file), "--provider", PROVIDER]
        return subprocess.Popen([sys.executable, *words], env=clean | ours, stdout=subprocess.DEVNULL)

    began = time.monotonic()
    assert start(other_url).wait() == 0, "the undisturbed one"
    whole_time = time.monotonic() - began
    killed, chance = 0, dice()
    for turn in range(KILLS):  # sooner and later: how long one takes depends on what else the machine does
        running = start(settings.database)
        time.sleep((0.3 + 0.68 * (turn + chance.random()) / KILLS) * whole_time)
        running.send_signal(signal.SIGKILL)
        killed += running.wait() == -signal.SIGKILL
        now = state(app)
        assert now == before or len(now["offer"]) == len(before["offer"]) + COURSES
        with app.app_context():
            db.session.rollback()
    assert start(settings.database).wait() == 0
    with app.app_context():
        disturbed = everything(ids=False)
        db.session.remove()
        engine = db.create_engine(other_url.replace("postgresql://", "postgresql+psycopg://"))
        with engine.connect() as connection:
            undisturbed = everything(connection, ids=False)
        engine.dispose()
    assert disturbed == undisturbed
    assert killed
    say(f"import of {COURSES} courses on {database}: started {KILLS} times, killed {killed} times, difference 0")
