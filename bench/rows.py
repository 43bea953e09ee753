"""Writing very many rows."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import func, insert, select

from catalogue.extensions import Base, db

CHUNK = 20_000


def after(model: type[Base]) -> int:
    """A number that no row of a table has yet, nor any above it."""
    return (db.session.scalar(select(func.max(model.id))) or 0) + 1  # type: ignore[attr-defined]


def put(table: Any, rows: Iterator[dict[str, Any]]) -> None:
    """All rows, some at a time."""
    waiting: list[dict[str, Any]] = []
    for row in rows:
        waiting.append(row)
        if len(waiting) == CHUNK:
            db.session.execute(insert(table), waiting)
            waiting = []
    if waiting:
        db.session.execute(insert(table), waiting)
