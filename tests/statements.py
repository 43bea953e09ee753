"""What is sent to the database while a block runs."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask
from sqlalchemy import event

from catalogue.extensions import db


@contextmanager
def statements_sent(app: Flask) -> Iterator[list[str]]:
    """Each statement, as it comes; also where the block fails nobody listens afterwards."""
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        sent.append(statement)

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(engine, "before_cursor_execute", note)
