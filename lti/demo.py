"""Everything at once, to try it out: web, worker and practice platform, with demonstration data."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request

import click

from catalogue.cli import DEMO_ACCOUNTS, DEMO_ORGANISATION, DEMO_PASSWORD
from catalogue.settings import Settings

PATIENCE = 60  # seconds for everything to answer


@click.command()
@click.option("--port", default=8000, show_default=True, help="For Every Seat.")
@click.option("--practice-port", default=9000, show_default=True, help="For the practice platform.")
def demo(port: int, practice_port: int) -> None:
    """Everything at once, to try it out, with demonstration data."""
    for taken in (port, practice_port):
        if _answers(taken):
            raise click.ClickException(f"something answers on port {taken} already; stop it, or choose another port")
    tool, platform = f"http://127.0.0.1:{port}", f"http://localhost:{practice_port}"
    os.environ.update({"EVERYSEAT_ENV": "development", "EVERYSEAT_PUBLIC_URL": tool} | os.environ)
    settings = Settings()
    everyseat = [sys.executable, "-m", "everyseat"]
    for words in (["db", "upgrade"], ["seed", "--demo"], _registration(platform)):
        subprocess.run([*everyseat, *words], check=True)
    practice_folder = str(settings.folder / "practice")
    started = [
        subprocess.Popen([*everyseat, *words], stdout=output)
        for words, output in (
            (["serve", "--port", str(port)], None),
            (["worker"], None),
            (
                ["practice-platform", "--port", str(practice_port), "--tool-url", tool, "--folder", practice_folder],
                subprocess.DEVNULL,  # what it says is for those who register it by hand
            ),
        )
    ]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        _wait_for((f"{tool}/healthz", platform), started)
        click.echo(_what_to_open(tool, platform, settings))
        while all(process.poll() is None for process in started):
            time.sleep(0.5)
        raise click.ClickException("one of the three processes has stopped: see above")
    except (KeyboardInterrupt, SystemExit):
        click.echo("\nStopping. What you did is kept.")
    finally:
        for process in started:
            process.terminate()
        for process in started:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout=10)


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


def _wait_for(addresses: tuple[str, ...], started: list[subprocess.Popen[bytes]]) -> None:
    until = time.monotonic() + PATIENCE
    for address in addresses:
        while time.monotonic() < until and all(process.poll() is None for process in started):
            with contextlib.suppress(OSError), urllib.request.urlopen(address, timeout=2):  # noqa: S310 our own
                break
            time.sleep(0.2)
        else:
            raise click.ClickException(f"{address} does not answer: see above")


def _what_to_open(tool: str, platform: str, settings: Settings) -> str:
    accounts = "\n".join(f"      {email:32}{role.value}" for email, _name, role, _at in DEMO_ACCOUNTS)
    return f"""
  Every Seat is running.

  As a learner in a learning platform: open {platform}
      Choose who you are, open the course, open "Every Seat".
      When you have completed an offer, look at the course's gradebook.

  Without a platform: open {tool}/sign-in
{accounts}
      The password of each is: {DEMO_PASSWORD}

  Messages are files in {settings.mail.removeprefix("file://")}
  Stop with Ctrl+C; what you did is kept.
"""
