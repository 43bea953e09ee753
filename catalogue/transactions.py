"""One POST, one commit."""

import random
import time
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy.exc import DBAPIError

from catalogue.extensions import db, turn_to_write

T = TypeVar("T")
TRIES = 8
RETRIED_STATES = {"40001", "40P01", "23505"}
"""Serialisation failure, deadlock, and a row that somebody else wrote at the same moment (PostgreSQL, appendix A).

SQLite needs no such last: actions there run one after the other.
"""


def _asks_for_another_try(error: DBAPIError) -> bool:
    if getattr(error.orig, "sqlstate", None) in RETRIED_STATES:
        return True
    return "database is locked" in str(error.orig)


def run(action: Callable[[], T]) -> T:
    """Run ``action`` in a transaction of its own and commit it once.

    Where the database asks for it (a serialisation failure, a deadlock, a unique row that another transaction
    was first to write, SQLite busy), the whole action runs again, so it must read what it decides on. Whatever
    it raises leaves nothing behind.
    """
    for attempt in range(1, TRIES + 1):
        db.session.rollback()  # what was read before belongs to an older view of the data
        with turn_to_write():
            try:
                result = action()
                db.session.commit()
                return result
            except DBAPIError as error:
                db.session.rollback()
                if attempt == TRIES or not _asks_for_another_try(error):
                    raise
            except BaseException:
                db.session.rollback()
                raise
        time.sleep(random.uniform(0, 0.02 * 2**attempt))  # noqa: S311 spreads the tries, guards nothing
    raise AssertionError("unreachable")
