"""The service as real processes that can be killed, and a database and a cache of its own to be killed too."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import redis

from tests.databases import Template, missing
from tests.journeys.service import Service, free_port

KILLED_AT_ONCE = 20  # seconds that a killed process may take to be gone


def kill(process: subprocess.Popen[bytes]) -> None:
    """``kill -9`` a process that we started, and all that it started itself."""
    for pid in [process.pid, *_below(process.pid)]:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    process.wait(timeout=KILLED_AT_ONCE)


def _below(pid: int) -> list[int]:
    """The processes that this one started, and theirs."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            with suppress(OSError, IndexError, ValueError):
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
    found = [pid]
    for one in found:
        found += [child for child, parent in parents.items() if parent == one]
    return found[1:]


def until(what: str, condition: object, seconds: float = 60) -> None:
    assert callable(condition)
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        if condition():
            return
        time.sleep(0.05)
    raise AssertionError(f"waited {seconds} seconds for {what}")


@dataclass
class Postgres:
    """A server of our own, in a folder of its own, on a port of its own."""

    folder: Path
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/postgres"

    @property
    def user(self) -> str | None:
        return "postgres" if os.geteuid() == 0 else None  # the server refuses to run as root

    def make(self) -> None:
        if self.user:
            account = pwd.getpwnam(self.user)
            os.chown(self.folder, account.pw_uid, account.pw_gid)
        subprocess.run(
            [_program("initdb"), "-D", str(self.folder / "data"), "-A", "trust", "-U", "postgres", "--no-sync"],
            user=self.user, cwd=self.folder, check=True, capture_output=True,
        )  # fmt: skip

    def start(self) -> None:
        log = (self.folder / "log").open("ab")
        self.process = subprocess.Popen(
            [_program("postgres"), "-D", "data", "-p", str(self.port), "-k", str(self.folder),
             "-c", "listen_addresses=127.0.0.1"],
            user=self.user, cwd=self.folder, stdout=log, stderr=log,
        )  # fmt: skip
        until("PostgreSQL", self._answers)

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.url, connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def kill(self) -> None:
        assert self.process is not None
        kill(self.process)


def _program(name: str) -> str:
    found = subprocess.run(["pg_config", "--bindir"], capture_output=True, text=True, check=False).stdout.strip()
    return shutil.which(name, path=f"{found}:{os.environ['PATH']}") or name


@dataclass
class Redis:
    """A cache and queue of our own, that writes what it is told to its disk."""

    folder: Path
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        log = (self.folder / "redis.log").open("ab")
        self.process = subprocess.Popen(
            ["redis-server", "--port", str(self.port), "--dir", str(self.folder), "--appendonly", "yes", "--save", ""],
            stdout=log, stderr=log,
        )  # fmt: skip
        until("Redis", self._answers)

    def _answers(self) -> bool:
        try:
            return bool(redis.Redis(port=self.port, socket_timeout=2).ping())
        except redis.RedisError:
            return False

    def kill(self) -> None:
        assert self.process is not None
        kill(self.process)


@dataclass
class Machine(Service):
    """Web and worker, on SQLite or on servers of their own."""

    postgres: Postgres | None = None
    redis: Redis | None = None

    @property
    def settings(self) -> dict[str, str]:
        ours = super().settings
        if self.postgres:
            ours["EVERYSEAT_DATABASE_URL"] = self.postgres.url
        if self.redis:
            ours["EVERYSEAT_JOBS_URL"] = self.redis.url
        return ours

    def kill(self, name: str) -> None:
        if name == "database":
            assert self.postgres is not None
            self.postgres.kill()
        elif name == "cache":
            assert self.redis is not None
            self.redis.kill()
        else:
            kill(self.running.pop(name))

    def revive(self, name: str) -> None:
        if name == "database":
            assert self.postgres is not None
            self.postgres.start()
        elif name == "cache":
            assert self.redis is not None
            self.redis.start()
        else:
            self.start(name)


@contextmanager
def machine(folder: Path, template: Template, *, servers: bool) -> Iterator[Machine]:
    """Web and worker, on a copy of the database; ``servers``: on a PostgreSQL and a Redis of their own."""
    made = Machine(folder)
    own = Path(tempfile.mkdtemp(prefix="everyseat-servers-"))
    try:
        if servers:
            made.postgres, made.redis = Postgres(own), Redis(folder)
            try:
                made.postgres.make()
                made.postgres.start()
                made.redis.start()
            except (OSError, KeyError, subprocess.CalledProcessError) as fault:
                missing("A PostgreSQL and a Redis of our own", fault)
            made.command("db", "upgrade")
            made.command("seed", "--demo")
            yield made
        else:
            with template.copy(folder):
                yield made
    finally:
        for process in made.running.values():
            kill(process)
        for server in (made.postgres, made.redis):
            if server and server.process:
                kill(server.process)
        shutil.rmtree(own, ignore_errors=True)
