"""The whole service as real processes: web, worker and practice platform, each on a port and a host name of its own."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import requests
from flask import Flask

from catalogue.extensions import db
from everyseat import create_app
from tests.catalogue.test_command_line import everyseat
from tests.databases import Template

CLIENT_ID = "practice-client"


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port: int = listening.getsockname()[1]
        return port


@dataclass
class Service:
    """The tool on 127.0.0.1 and the platform on localhost: two sites, as in life."""

    folder: Path
    tool_port: int = field(default_factory=free_port)
    platform_port: int = field(default_factory=free_port)
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    platform_options: list[str] = field(default_factory=list)

    @property
    def tool(self) -> str:
        return f"http://127.0.0.1:{self.tool_port}"

    @property
    def platform(self) -> str:
        return f"http://localhost:{self.platform_port}"

    @property
    def settings(self) -> dict[str, str]:
        return {
            "EVERYSEAT_ENV": "development",
            "EVERYSEAT_PUBLIC_URL": self.tool,
            "EVERYSEAT_INSTANCE": str(self.folder),
        }

    @property
    def environment(self) -> dict[str, str]:
        return {name: value for name, value in os.environ.items() if not name.startswith("EVERYSEAT_")} | self.settings

    def command(self, *words: str) -> str:
        """Run ``everyseat`` to its end, here: a process takes long to start. Returns what it printed."""
        made: list[Flask] = []

        def make() -> Flask:
            made.append(create_app())
            return made[0]

        cleared: dict[str, str | None] = {name: None for name in os.environ if name.startswith("EVERYSEAT_")}
        done = everyseat(*words, make=make, environment={**cleared, **self.settings})
        assert done.exit_code == 0, done.output
        with made[0].app_context():
            db.engine.dispose()
        return done.stdout

    def start(self, *names: str) -> None:
        """Start them at the same time, and wait until each answers."""
        for name in names:
            self._start(name)
        for name in names:
            address = {"web": f"{self.tool}/healthz", "platform": f"{self.platform}/"}.get(name)
            if address:
                self.wait_for(lambda address=address: self._answers(address), f"{name} to answer", 180)

    def _start(self, name: str) -> None:
        words = {
            "web": ["serve", "--port", str(self.tool_port)],
            "worker": ["worker"],
            "platform": [
                "practice-platform", "--port", str(self.platform_port),
                "--tool-url", self.tool, "--folder", str(self.folder / "practice"), *self.platform_options,
            ],
        }[name]  # fmt: skip
        log = (self.folder / f"{name}.log").open("ab")
        self.running[name] = subprocess.Popen(
            [sys.executable, "-m", "everyseat", *words], env=self.environment, stdout=log, stderr=log
        )

    def stop(self, name: str) -> None:
        process = self.running.pop(name)
        process.terminate()  # and with it the server's own worker, which a kill would leave behind
        process.wait(timeout=60)

    def _answers(self, address: str) -> bool:
        try:
            return requests.get(address, timeout=2).status_code == 200
        except requests.RequestException:
            return False

    def wait_for(self, condition: object, what: str, seconds: float = 60) -> None:
        assert callable(condition)
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if condition():
                return
            time.sleep(0.2)
        logs = "\n".join(f"== {log.name}\n{log.read_text()[-3000:]}" for log in self.folder.glob("*.log"))
        raise AssertionError(f"waited {seconds} seconds for {what}\n{logs}")

    def register_platform(self) -> None:
        self.command(
            "platforms", "add", "--name", "Practice platform", "--issuer", self.platform,
            "--client-id", CLIENT_ID, "--deployment", "1", "--organisation", "example-riverside-trust",
            "--jwks-url", f"{self.platform}/certs", "--auth-url", f"{self.platform}/auth",
            "--token-url", f"{self.platform}/token",
        )  # fmt: skip


@contextmanager
def running(folder: Path, template: Template) -> Iterator[Service]:
    """A fresh service, on a copy of the database, with the demonstration and everything running."""
    service = Service(folder)
    try:
        with template.copy(folder):
            service.command("seed", "--demo")  # for its people; all else is there
            service.register_platform()
            service.start("web", "worker", "platform")
            yield service
    finally:
        for name in list(service.running):
            service.stop(name)
