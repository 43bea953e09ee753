"""What the platform remembers, in one SQLite file: launches, tokens, line items and grades; and its key.

A connection per operation keeps it safe across the server's threads; each operation is one transaction.
"""

import os
import sqlite3
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from lti.practice.settings import Link

SCHEMA = """
create table if not exists launches (
    id text primary key, person_id text not null, link_id text not null, hint text not null,
    document_target text not null, expires integer not null);
create table if not exists tokens (token text primary key, scope text not null, expires integer not null);
create table if not exists used_assertions (jti text primary key, expires integer not null);
create table if not exists line_items (
    id integer primary key autoincrement, label text not null, score_maximum real not null,
    resource_id text not null, tag text not null, link_id text, made_for_link text unique);
create table if not exists grades (
    item_id integer not null references line_items (id) on delete cascade, person_id text not null,
    points real, comment text not null, activity_progress text not null, grading_progress text not null,
    timestamp integer not null, primary key (item_id, person_id));
"""


@dataclass(frozen=True)
class Launch:
    """A launch under way. `hint` is the lti_message_hint as it was sent; `expires` is in Unix seconds."""

    id: str
    person_id: str
    link_id: str
    hint: str
    document_target: str
    expires: int


@dataclass(frozen=True)
class LineItem:
    """A column of the gradebook. `made_for_link`: the link that the platform itself made it for, if any."""

    id: int
    label: str
    score_maximum: float
    resource_id: str = ""
    tag: str = ""
    link_id: str | None = None
    made_for_link: str | None = None


@dataclass(frozen=True)
class Grade:
    """One person's cell. `points`: out of the line item's maximum, None where cleared. Unix seconds."""

    item_id: int
    person_id: str
    points: float | None
    comment: str
    activity_progress: str
    grading_progress: str
    timestamp: int


class Store:
    def __init__(self, folder: Path, links: Iterable[Link]) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._file = folder / "practice.sqlite3"
        self._key_file = folder / "platform-key.pem"
        with self._transaction() as db:
            db.executescript(SCHEMA)
            for link in links:
                if link.score_maximum is not None:
                    db.execute(
                        "insert into line_items"
                        " (label, score_maximum, resource_id, tag, link_id, made_for_link)"
                        " values (?, ?, '', '', ?, ?) on conflict do nothing",
                        (link.title, link.score_maximum, link.id, link.id),
                    )
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

    # Launches

    def add_launch(self, launch: Launch) -> None:
        with self._transaction() as db:
            db.execute("delete from launches where expires <= ?", (int(time.time()),))
            db.execute(
                "insert into launches values (?, ?, ?, ?, ?, ?)",
                (
                    launch.id,
                    launch.person_id,
                    launch.link_id,
                    launch.hint,
                    launch.document_target,
                    launch.expires,
                ),
            )

    def launch(self, launch_id: str) -> Launch | None:
        """The launch of that id, if it is neither used nor expired."""
        with self._transaction() as db:
            row = db.execute(
                "select * from launches where id = ? and expires > ?", (launch_id, int(time.time()))
            ).fetchone()
        return Launch(**row) if row else None

    def use_launch(self, launch_id: str) -> bool:
        """Use the launch up. False where somebody was quicker: the row can be deleted once."""
        with self._transaction() as db:
            return db.execute("delete from launches where id = ?", (launch_id,)).rowcount == 1

    # Tokens

    def add_token(self, token: str, scope: str, expires: int) -> None:
        with self._transaction() as db:
            db.execute("delete from tokens where expires <= ?", (int(time.time()),))
            db.execute("insert into tokens values (?, ?, ?)", (token, scope, expires))

    def token_scopes(self, token: str) -> frozenset[str] | None:
        """What the token allows; None where it is unknown or has expired."""
        with self._transaction() as db:
            row = db.execute(
                "select scope from tokens where token = ? and expires > ?", (token, int(time.time()))
            ).fetchone()
        return frozenset(row["scope"].split()) if row else None

    def use_assertion(self, jti: str, expires: int) -> bool:
        """Note that a client assertion was used. False where its `jti` was seen before."""
        with self._transaction() as db:
            db.execute("delete from used_assertions where expires <= ?", (int(time.time()),))
            added = db.execute("insert into used_assertions values (?, ?) on conflict do nothing", (jti, expires))
            return added.rowcount == 1

    # Line items

    def line_items(
        self, *, link_id: str | None = None, resource_id: str | None = None, tag: str | None = None
    ) -> list[LineItem]:
        with self._transaction() as db:
            rows = db.execute(
                "select * from line_items where (:link is null or link_id = :link)"
                " and (:resource is null or resource_id = :resource) and (:tag is null or tag = :tag)"
                " order by id",
                {"link": link_id, "resource": resource_id, "tag": tag},
            ).fetchall()
        return [LineItem(**row) for row in rows]

    def line_item(self, item_id: int) -> LineItem | None:
        with self._transaction() as db:
            row = db.execute("select * from line_items where id = ?", (item_id,)).fetchone()
        return LineItem(**row) if row else None

    def add_line_item(self, values: dict[str, Any]) -> LineItem:
        """`values`: label, score_maximum, resource_id, tag, link_id."""
        with self._transaction() as db:
            row = db.execute(
                "insert into line_items (label, score_maximum, resource_id, tag, link_id)"
                " values (:label, :score_maximum, :resource_id, :tag, :link_id) returning *",
                values,
            ).fetchone()
        return LineItem(**row)

    def change_line_item(self, item: LineItem, values: dict[str, Any]) -> LineItem:
        """Grades keep their percentage where the maximum changes."""
        with self._transaction() as db:
            row = db.execute(
                "update line_items set label = :label, score_maximum = :score_maximum,"
                " resource_id = :resource_id, tag = :tag, link_id = :link_id where id = :id returning *",
                {**values, "id": item.id},
            ).fetchone()
            db.execute(
                "update grades set points = points * ? / ? where item_id = ?",
                (values["score_maximum"], item.score_maximum, item.id),
            )
        return LineItem(**row)

    def delete_line_item(self, item_id: int) -> None:
        with self._transaction() as db:
            db.execute("delete from line_items where id = ?", (item_id,))

    # Grades

    def save_grade(self, grade: Grade) -> bool:
        """False, and nothing written, where the stored grade is not older: compared in whole seconds."""
        with self._transaction() as db:
            written = db.execute(
                "insert into grades values (?, ?, ?, ?, ?, ?, ?) on conflict do update set"
                " points = excluded.points, comment = excluded.comment,"
                " activity_progress = excluded.activity_progress,"
                " grading_progress = excluded.grading_progress, timestamp = excluded.timestamp"
                " where excluded.timestamp > grades.timestamp",
                (
                    grade.item_id,
                    grade.person_id,
                    grade.points,
                    grade.comment,
                    grade.activity_progress,
                    grade.grading_progress,
                    grade.timestamp,
                ),
            )
            return written.rowcount == 1

    def grades(self, item_id: int) -> list[Grade]:
        with self._transaction() as db:
            rows = db.execute("select * from grades where item_id = ? order by person_id", (item_id,)).fetchall()
        return [Grade(**row) for row in rows]
