"""Databases for tests: one is migrated and seeded, the others are copies of it."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from uuid import uuid4

import psycopg
import pytest

SERVER = os.environ.get("EVERYSEAT_TEST_POSTGRES", "postgresql://postgres@127.0.0.1:5432/postgres")
REDIS = os.environ.get("EVERYSEAT_TEST_REDIS", "redis://127.0.0.1:6379/15")


def missing(what: str, why: object) -> None:
    """Something that a test needs is not on this machine: a failure where all tests are asked for."""
    if os.environ.get("EVERYSEAT_TEST_ALL") == "1":
        pytest.fail(f"{what} is needed, and is not there: {why}")
    pytest.skip(f"{what} is not there: {why}")


class Template(Protocol):
    def copy(self, folder: Path) -> "Iterator[str]": ...


@dataclass
class SqliteTemplate:
    file: Path

    @contextmanager
    def copy(self, folder: Path) -> Iterator[str]:
        shutil.copyfile(self.file, folder / "test.sqlite")
        yield f"sqlite:///{folder / 'test.sqlite'}"


@dataclass
class PostgresTemplate:
    name: str

    @contextmanager
    def copy(self, folder: Path) -> Iterator[str]:
        with fresh_postgres(self.name) as url:
            yield url


@contextmanager
def fresh_postgres(template: str = "template0") -> Iterator[str]:
    """A database of its own on the server, dropped afterwards; skips, or fails, where there is no server."""
    name = f"everyseat_{uuid4().hex[:12]}"
    try:
        connection = psycopg.connect(SERVER, autocommit=True, connect_timeout=5)
    except psycopg.OperationalError as fault:
        missing("PostgreSQL", fault)
    with connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        try:
            yield SERVER.rsplit("/", 1)[0] + "/" + name
        finally:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@contextmanager
def template(kind: str, folder: Path, fill: Callable[[str, Path], None]) -> Iterator[Template]:
    if kind == "sqlite":
        url = f"sqlite:///{folder / 'template.sqlite'}"
        fill(url, folder)
        yield SqliteTemplate(folder / "template.sqlite")
        return
    with fresh_postgres() as url:
        fill(url, folder)
        yield PostgresTemplate(url.rsplit("/", 1)[1])
