"""Everything at once: it starts by itself, and stops as a whole."""

import os
import signal
import socket
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.drills import DRILL
from tests.journeys.service import free_port

PATIENCE = 180  # seconds: a busy machine is no fault of ours
STOPPING = [signal.SIGHUP, signal.SIGTERM, signal.SIGINT]


def start(folder: Path, *words: str, **environment: str) -> subprocess.Popen[bytes]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("EVERYSEAT_")}
    with (folder / "said").open("wb") as said:
        return subprocess.Popen(
            [sys.executable, "-m", "everyseat", "demo", *words], stdout=said, stderr=said, start_new_session=True,
            env=clean | {"EVERYSEAT_INSTANCE": str(folder / "instance"), "PYTHONUNBUFFERED": "1"} | environment,
        )  # fmt: skip


def said(folder: Path) -> str:
    return (folder / "said").read_text()


def wait_for(words: str, folder: Path, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + PATIENCE
    while words not in said(folder):
        assert process.poll() is None, said(folder)
        assert time.monotonic() < until, said(folder)
        time.sleep(0.1)


def answers(port: int) -> bool:
    with socket.socket() as connection:
        return connection.connect_ex(("127.0.0.1", port)) == 0


@pytest.mark.parametrize("number", STOPPING if DRILL else STOPPING[:1])
def test_it_runs_and_nothing_is_left_when_it_is_stopped(tmp_path: Path, number: int) -> None:
    ports = free_port(), free_port()
    process = start(tmp_path, "--port", str(ports[0]), "--practice-port", str(ports[1]))
    try:
        wait_for("Every Seat is running", tmp_path, process)
        assert all(answers(port) for port in ports)
        process.send_signal(number)
        process.send_signal(signal.SIGINT)  # whoever is impatient
        assert process.wait(timeout=PATIENCE) == 0, said(tmp_path)
        assert "What you did is kept" in said(tmp_path)
        assert not any(answers(port) for port in ports)
        log = tmp_path / "instance" / "practice" / "log"
        assert "Running on" in log.read_text()
        assert stat.S_IMODE(log.stat().st_mode) == 0o600
        assert "Running on" not in said(tmp_path)
    finally:
        process.terminate()
        process.wait(timeout=60)


@pytest.mark.parametrize("number", STOPPING if DRILL else STOPPING[1:2])
def test_it_can_be_stopped_while_it_prepares(tmp_path: Path, number: int) -> None:
    ports = free_port(), free_port()
    process = start(tmp_path, "--port", str(ports[0]), "--practice-port", str(ports[1]))
    wait_for("up to date", tmp_path, process)
    process.send_signal(number)
    assert process.wait(timeout=PATIENCE) == 0
    assert "Traceback" not in said(tmp_path)
    assert not any(answers(port) for port in ports)


def test_a_step_that_fails_speaks_for_itself(tmp_path: Path) -> None:
    words = ["--port", str(free_port()), "--practice-port", str(free_port())]
    process = start(tmp_path, *words, EVERYSEAT_DATABASE_URL="postgresql://nobody@127.0.0.1:1/nothing")
    assert process.wait(timeout=PATIENCE) == 2
    assert said(tmp_path).startswith("The database does not answer")
    assert len(said(tmp_path).splitlines()) == 1


def test_production_is_refused_before_anything_is_made(tmp_path: Path) -> None:
    process = start(tmp_path, EVERYSEAT_ENV="production")
    assert process.wait(timeout=PATIENCE) == 1
    assert "the demonstration is for development only" in said(tmp_path)
    assert not (tmp_path / "instance").exists()
