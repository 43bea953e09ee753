"""Databases for tests: one is migrated and seeded, the others are copies of it."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from uuid import uuid4

import psycopg
import pytest

SERVER = os.environ.get("EVERYSEAT_TEST_POSTGRES", "postgresql://postgres@127.0.0.1:5432/postgres")
Places = dict[str, str | None]
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
        """Where a service in this folder has its database too."""
        shutil.copyfile(self.file, folder / "everyseat.sqlite")
        yield f"sqlite:///{folder / 'everyseat.sqlite'}"


class PostgresTemplate:
    """Copies go from test to test, put back as the template is: to make and drop one takes longer than most tests."""

    def __init__(self, url: str, opened: ExitStack) -> None:
        self._url, self._opened = url, opened
        self._free: list[tuple[str, Places]] = []
        with psycopg.connect(url) as connection:
            self._tables = _tables(connection)
            self._rows = {table: _rows(connection, table) for table in self._tables}
            self._numbers = connection.execute(
                "SELECT format('%I', sequencename), coalesce(last_value, 1), last_value IS NOT NULL FROM pg_sequences"
            ).fetchall()

    @contextmanager
    def copy(self, folder: Path) -> Iterator[str]:
        url, places = self._free.pop() if self._free else self._new()
        yield url
        if again := self._put_back(url, places):
            self._free.append((url, again))

    def _new(self) -> tuple[str, Places]:
        url = self._opened.enter_context(fresh_postgres(_name(self._url)))
        with psycopg.connect(url) as connection:
            return url, _places(connection, self._tables)

    def _put_back(self, url: str, places: Places) -> Places | None:
        """Where its rows are then; None where it could not be: tables of a test's own make it another database."""
        with psycopg.connect(url) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            if _tables(connection) != self._tables:
                return None
            connection.execute("SET session_replication_role = replica")  # no trigger and no foreign key looks on
            found = _places(connection, self._tables)
            for table in (table for table in self._tables if found[table] != places[table]):
                connection.execute(f"DELETE FROM {table}")
                with connection.cursor() as cursor, cursor.copy(f"COPY {table} FROM STDIN (FORMAT binary)") as copy:
                    copy.write(self._rows[table])
            with connection.cursor() as cursor:
                cursor.executemany("SELECT setval(%s, %s, %s)", self._numbers)
            return _places(connection, self._tables)


def _name(url: str) -> str:
    return url.rsplit("/", 1)[1]


def _tables(connection: psycopg.Connection) -> list[str]:
    found = connection.execute(
        "SELECT format('%I', tablename) FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename"
    )
    return [table for (table,) in found]


def _places(connection: psycopg.Connection, tables: list[str]) -> Places:
    """Where the rows of each table are, and which transaction put them there: the same while nobody writes to it."""
    asked = " UNION ALL ".join(
        f"SELECT '{table}', md5(string_agg(ctid || ' ' || xmin, ',' ORDER BY ctid)) FROM {table}" for table in tables
    )
    return dict(connection.execute(asked).fetchall())


def _rows(connection: psycopg.Connection, table: str) -> bytes:
    with connection.cursor() as cursor, cursor.copy(f"COPY {table} TO STDOUT (FORMAT binary)") as copy:
        return b"".join(copy)


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
        connection.execute(f'ALTER DATABASE "{name}" SET synchronous_commit = off')  # nobody waits for a disk
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
    with fresh_postgres() as url, ExitStack() as opened:
        fill(url, folder)
        yield PostgresTemplate(url, opened)
