"""The database, sign-in, form protection and limits: imports nothing of ours."""

import ipaddress
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

from flask import Flask, current_app
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_login import LoginManager
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from flask_wtf import CSRFProtect
from sqlalchemy import DateTime, Dialect, Engine, MetaData, TypeDecorator, event
from sqlalchemy.orm import DeclarativeBase

writing: ContextVar[bool] = ContextVar("writing", default=False)
"""Set while an action runs, so that SQLite takes its write lock at the start instead of failing half-way."""


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class UtcDateTime(TypeDecorator[datetime]):
    """Stores aware times as UTC and gives them back aware; refuses naive ones with ``ValueError``."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone cannot be stored")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


db = SQLAlchemy(metadata=Base.metadata)
migrate = Migrate()
login = LoginManager()
csrf = CSRFProtect()


def client_network() -> str:
    """Whom limits count by: the address of whoever asks, or its /64 network (IPv6), all of which one host may use."""
    address = get_remote_address()
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return address
    if not isinstance(ip, ipaddress.IPv6Address):
        return address
    return str(ip.ipv4_mapped or ipaddress.ip_network((int(ip), 64), strict=False))


limiter = Limiter(key_func=client_network)


POOL = {"pool_size": 10, "max_overflow": 30}
"""Connections of a process. It serves eight people at a time, and a page may need a second one for a moment."""


def engine_options(url: str) -> dict[str, Any]:
    """Options for ``create_engine``. SQLite comes from PyPI: Python's own may be old, with a write-ahead log fault."""
    common = POOL | {"hide_parameters": True}  # out of logged tracebacks: parameters may be personal data
    if url.startswith("sqlite"):
        import pysqlite3.dbapi2 as sqlite

        return common | {"module": sqlite}
    return common | {"pool_pre_ping": True}


def keep_sqlite_honest(engine: Engine) -> None:
    """Foreign keys on, write-ahead log, full sync, and transactions that we begin ourselves.

    What is deleted is written over: what somebody was promised would be deleted is not left in the file.

    Source: SQLAlchemy, "Serializable isolation / Savepoints / Transactional DDL" for pysqlite.
    """

    @event.listens_for(engine, "connect")
    def connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        for pragma in (
            "busy_timeout=15000",
            "foreign_keys=ON",
            "journal_mode=WAL",
            "synchronous=FULL",
            "secure_delete=ON",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing.get() else "BEGIN")


@contextmanager
def turn_to_write() -> Iterator[None]:
    """Transactions that begin within are for writing.

    SQLite has one writer: threads wait for their turn here, before they take a connection. Left to SQLite, they would
    hold theirs and look again and again, newcomers more often than those who have waited long.
    """
    with current_app.extensions["turn_to_write"]:
        token = writing.set(True)
        try:
            yield
        finally:
            writing.reset(token)


def register_extensions(app: Flask) -> None:
    db.init_app(app)
    migrate.init_app(app, db, directory=app.config["MIGRATIONS_FOLDER"], render_as_batch=True)
    csrf.init_app(app)
    limiter.init_app(app)
    with app.app_context():
        of_sqlite = db.engine.dialect.name == "sqlite"
        if of_sqlite:
            keep_sqlite_honest(db.engine)
    app.extensions["turn_to_write"] = threading.RLock() if of_sqlite else nullcontext()
