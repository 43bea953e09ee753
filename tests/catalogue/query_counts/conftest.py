"""Counting what is asked of the database."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event

from catalogue.extensions import db

SEALING = (
    "INSERT INTO audit_event", "UPDATE audit_event", "audit_head",
    "max(audit_event.number)", "audit_event.number IS NULL",
)  # fmt: skip
"""That somebody is shown a page of other people is an event of its own: always these statements, which do not count."""


@pytest.fixture
def statements(app: Flask) -> Callable[[], Any]:
    """Count the statements that are sent while a block runs."""

    @contextmanager
    def counting() -> Iterator[list[str]]:
        sent: list[str] = []

        def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
            if any(words in statement for words in SEALING):
                return
            if statement.split(maxsplit=1)[0] in ("SELECT", "WITH", "INSERT", "UPDATE", "DELETE"):
                sent.append(statement)

        with app.app_context():
            engine = db.engine
        event.listen(engine, "before_cursor_execute", note)
        try:
            yield sent
        finally:
            event.remove(engine, "before_cursor_execute", note)

    return counting
