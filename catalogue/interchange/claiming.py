"""One worker at a time on an import or a feed: it is claimed for a while, after which it counts as lost."""

from datetime import timedelta
from typing import TypeVar

from sqlalchemy import ColumnElement, or_, select

from catalogue.clock import now
from catalogue.extensions import db
from catalogue.interchange.models import OfferFeed, OfferImport
from catalogue.transactions import run

LEASE = timedelta(minutes=10)
"""Longer than the largest file takes between two claims."""


Claimed = TypeVar("Claimed", OfferImport, OfferFeed)


def free(row: type[OfferImport] | type[OfferFeed]) -> ColumnElement[bool]:
    """Whether nobody has it in hand."""
    return or_(row.claimed_until.is_(None), row.claimed_until <= now())


def claim(row: type[Claimed], row_id: int, *wanted: ColumnElement[bool]) -> bool:
    """In a transaction of its own, take one that is as ``wanted``; whether it was to be had."""

    def take() -> bool:
        one = select(row).where(row.id == row_id, free(row), *wanted).with_for_update(skip_locked=True)
        found = db.session.scalar(one)
        if found is not None:
            found.claimed_until = now() + LEASE
        return found is not None

    return run(take)
