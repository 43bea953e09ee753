"""Everything at once, to try it out: web, worker and practice platform, with demonstration data."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import click

from catalogue.seeding.demonstration import (
    DEMO_ACCOUNTS,
    DEMO_ADMINISTRATOR,
    DEMO_AUTHENTICATOR,
    DEMO_ORGANISATION,
    DEMO_PASSWORD,
)
from catalogue.settings import Settings

PATIENCE = 60  # seconds for everything to answer
GRACE = 8  # seconds for everything to stop by itself
PORT = click.IntRange(1, 65535)
WHO = {
    "ward.manager": "a learner who is new here",
    "matron": "a learner on the way: a waiting list, a certificate, a request to a line manager",
    "nominee": "a learner whom the lead has put forward for a programme",
    "partner": "a provider: a register to fill in today, seats to keep for systems",
    "editor": "who writes offers for that provider, and is asked whether they work for a trust",
    "facilitator": "who keeps that provider's registers",
    "reviewer": "who has an offer to review",
    "lead": "a system lead: what people need, seats, nominations, who has completed what",
    "trust.administrator": "who administers one trust: its people, what they have completed, files of other systems",
    "administrator": "everything else",
}
"""What there is to see for each account of the demonstration."""


@click.command()
@click.option("--port", type=PORT, default=8000, show_default=True, help="For Every Seat.")
@click.option("--practice-port", type=PORT, default=9000, show_default=True, help="For the practice platform.")
def demo(port: int, practice_port: int) -> None:
    """Everything at once, to try it out, with demonstration data."""
    if os.environ.get("EVERYSEAT_ENV", "development") != "development":
        raise click.ClickException(
            "the demonstration is for development only, and EVERYSEAT_ENV says otherwise: unset it"
        )
    for taken in (port, practice_port):
        if _answers(taken):
            raise click.ClickException(f"something answers on port {taken} already; stop it, or choose another port")
    tool, platform = f"http://127.0.0.1:{port}", f"http://localhost:{practice_port}"
    os.environ.update({"EVERYSEAT_ENV": "development", "EVERYSEAT_PUBLIC_URL": tool} | os.environ)
    settings = Settings()
    log = _log_in(settings.folder / "practice")
    processes = _Processes()
    try:
        for words in (["db", "upgrade"], ["seed", "--demo"], _registration(platform)):
            processes.run(*words)
        processes.start("serve", "--port", str(port))
        processes.start("worker")
        processes.start(
            "practice-platform", "--port", str(practice_port), "--tool-url", tool, "--folder", str(log.parent), log=log
        )
        for address in (f"{tool}/healthz", platform):
            if not _comes_up(address, processes):
                raise click.ClickException(f"{address} does not answer: see above, or {log}")
        click.echo(_what_to_open(tool, platform, settings))
        while processes.go_on():
            time.sleep(0.2)
        raise click.ClickException(f"one of the three processes has stopped: see above, or {log}")
    except _Stopped:
        with contextlib.suppress(OSError):  # the terminal may be closed
            click.echo("\nStopping. What you did is kept.")
    finally:
        processes.stop()


class _Stopped(Exception):
    """Somebody has pressed Ctrl+C, or closed the terminal."""


class _Processes:
    """Commands, each in a session of its own: what a terminal sends reaches us alone, and we stop each of them once."""

    def __init__(self) -> None:
        self._started: list[subprocess.Popen[bytes]] = []
        self._asked_to_stop = False
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._ask_to_stop)

    def _ask_to_stop(self, *_: object) -> None:
        self._asked_to_stop = True

    def start(self, *words: str, log: Path | None = None) -> subprocess.Popen[bytes]:
        with log.open("ab") if log else contextlib.nullcontext() as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "everyseat", *words], stdout=output, stderr=output, start_new_session=True
            )
        self._started.append(process)
        return process

    def run(self, *words: str) -> None:
        """Run one to its end; where it fails, what it said and its exit code are ours."""
        process = self.start(*words)
        while self.go_on():
            time.sleep(0.05)
        self._started.remove(process)
        if process.returncode:
            sys.exit(process.returncode)

    def go_on(self) -> bool:
        """Whether all of them run. Raises ``_Stopped`` when we were asked to stop."""
        if self._asked_to_stop:
            raise _Stopped
        return all(process.poll() is None for process in self._started)

    def stop(self) -> None:
        for process in self._started:
            process.terminate()
        until = time.monotonic() + GRACE
        for process in self._started:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout=max(0, until - time.monotonic()))
        for process in self._started:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)  # and what it started itself
            process.wait()


def _log_in(folder: Path) -> Path:
    """An empty file, for what the practice platform says: that is for those who start it by hand."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    log = folder / "log"
    log.touch(mode=0o600)
    log.write_bytes(b"")
    return log


def _answers(port: int) -> bool:
    with socket.socket() as connection:
        connection.settimeout(1)
        return connection.connect_ex(("127.0.0.1", port)) == 0


def _registration(platform: str) -> list[str]:
    return [
        "platforms", "add", "--name", "Practice platform", "--issuer", platform,
        "--client-id", "practice-client", "--deployment", "1", "--organisation", DEMO_ORGANISATION,
        "--jwks-url", f"{platform}/certs", "--auth-url", f"{platform}/auth", "--token-url", f"{platform}/token",
    ]  # fmt: skip


def _comes_up(address: str, processes: _Processes) -> bool:
    until = time.monotonic() + PATIENCE
    while processes.go_on() and time.monotonic() < until:
        with contextlib.suppress(OSError), urllib.request.urlopen(address, timeout=2):  # noqa: S310 our own
            return True
        time.sleep(0.2)
    return False


def _what_to_open(tool: str, platform: str, settings: Settings) -> str:
    accounts = "\n".join(f"      {email:36}{WHO[email.partition('@')[0]]}" for email, _name, _role in DEMO_ACCOUNTS)
    command = os.path.relpath(Path(sys.executable).with_name("everyseat"))
    return f"""
  Every Seat is running.

  As a learner in a learning platform: open {platform}
      Choose who you are, open the course, open "Every Seat".
      When you have completed an offer, look at the course's gradebook.

  Without a platform: open {tool}/sign-in
{accounts}
      The password of each is: {DEMO_PASSWORD}
      An administrator gives a code too. For the last one make code prints it; for either:
        EVERYSEAT_ENV=development {command} users code {DEMO_ADMINISTRATOR}
      Or set up an authenticator app with the key {DEMO_AUTHENTICATOR}

  Messages are files in {settings.mail.removeprefix("file://")}
      One asks a line manager to agree: its link opens without signing in.
  Stop with Ctrl+C; what you did is kept.
"""
