"""The one SQLite file of the platform, and its signing key.

A connection per operation keeps it safe across the server's threads; each operation is one transaction.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

SCHEMA = """
create table if not exists courses (
    id text primary key, label text not null, title text not null, history text not null);
create table if not exists members (
    course_id text not null references courses (id), person_id text not null, active integer not null,
    revision integer not null, primary key (course_id, person_id));
create table if not exists tools (client_id text primary key, active integer not null, details text not null);
create table if not exists deployments (id text primary key, client_id text not null references tools (client_id));
create table if not exists registrations (
    id text primary key, token text not null unique, url text not null, expires integer not null);
create table if not exists links (
    id text primary key, course_id text not null references courses (id),
    deployment_id text references deployments (id), title text not null, description text not null,
    custom text not null, url text not null, icon text not null);
create table if not exists launches (
    id text primary key, message text not null, person_id text not null, course_id text not null,
    deployment_id text not null, hint text not null, expires integer not null, document_target text not null,
    link_id text, item_id integer, for_person_id text);
create table if not exists selections (
    sesskey text primary key, person_id text not null, course_id text not null, deployment_id text not null,
    data text, expires integer not null);
create table if not exists tokens (
    token text primary key, client_id text not null, scope text not null, expires integer not null);
create table if not exists used (
    client_id text not null, kind text not null, value text not null, expires integer not null,
    primary key (client_id, kind, value));
create table if not exists line_items (
    id integer primary key autoincrement, label text not null, score_maximum real not null,
    resource_id text not null, tag text not null, link_id text, made_for_link text unique,
    course_id text not null default '2', deployment_id text not null default '1',
    submission_review text not null default 'null');
create table if not exists grades (
    item_id integer not null references line_items (id) on delete cascade, person_id text not null,
    points real, comment text not null, activity_progress text not null, grading_progress text not null,
    timestamp integer not null, primary key (item_id, person_id));
"""

# What a folder of the first version lacks. Its launches and tokens were short-lived.
FROM_VERSION_0 = """
drop table if exists launches;
drop table if exists tokens;
drop table if exists used_assertions;
alter table line_items add column course_id text not null default '2';
alter table line_items add column deployment_id text not null default '1';
alter table line_items add column submission_review text not null default 'null';
"""


class Database:
    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._file = folder / "practice.sqlite3"
        self._key_file = folder / "platform-key.pem"
        with self._transaction() as db:
            (version,) = db.execute("pragma user_version").fetchone()
            known = db.execute("select 1 from sqlite_master where name = 'line_items'").fetchone()
            if known and version == 0:
                db.executescript(FROM_VERSION_0)
            db.executescript(SCHEMA + "pragma user_version = 1;")
        self._file.chmod(0o600)

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        db = sqlite3.connect(self._file, timeout=10)
        try:
            db.row_factory = sqlite3.Row
            db.execute("pragma foreign_keys = on")
            with db:
                yield db
        finally:
            db.close()

    def private_key(self) -> str:
        """The platform's signing key as PEM, made at the first start and readable by its owner alone."""
        try:
            handle = os.open(self._key_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return self._key_file.read_text()
        pem = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        with os.fdopen(handle, "wb") as file:
            file.write(pem)
        return pem.decode()


def next_id(db: sqlite3.Connection, table: str) -> str:
    """A number that no row of this table has had, as text: nothing is deleted from those it is used for."""
    (highest,) = db.execute(f"select max(cast(id as integer)) from {table}").fetchone()  # noqa: S608
    return str((highest or 0) + 1)
