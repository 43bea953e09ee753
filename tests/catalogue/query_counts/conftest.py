"""Counting what is asked of the database."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask

from tests.statements import statements_sent

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
        counted: list[str] = []
        with statements_sent(app) as sent:
            yield counted
        counted += [statement for statement in sent if _counts(statement)]

    return counting


def _counts(statement: str) -> bool:
    kind = statement.split(maxsplit=1)[0]
    return kind in ("SELECT", "WITH", "INSERT", "UPDATE", "DELETE") and not any(words in statement for words in SEALING)
