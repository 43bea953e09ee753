"""What programs read and pages do not: every provider, system and framework."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select, tuple_
from sqlalchemy.orm import contains_eager, selectinload

from catalogue.errors import NotThere
from catalogue.extensions import db
from catalogue.frameworks.models import Framework, FrameworkState
from catalogue.frameworks.queries import newest_version
from catalogue.offers.matching import visible_to
from catalogue.offers.models import Offer, Run, RunState
from catalogue.offers.rules import JOINABLE
from catalogue.people.models import Person
from catalogue.systems.models import Organisation, System
from catalogue.systems.queries import IS_AREA


def providers() -> Sequence[Organisation]:
    return db.session.scalars(select(Organisation).where(Organisation.publishes).order_by(Organisation.key)).all()


def systems() -> Sequence[System]:
    """The 44 areas, which offers may name."""
    return db.session.scalars(select(System).where(IS_AREA).order_by(System.key)).all()


def frameworks() -> Sequence[Framework]:
    """Every published version of every framework."""
    published = select(Framework).where(Framework.state == FrameworkState.PUBLISHED)
    return db.session.scalars(published.order_by(Framework.key, Framework.id)).all()


def framework(key: str) -> Framework:
    """The version of a framework that was published last; raises ``NotThere``."""
    found = newest_version(key)
    if found is None:
        raise NotThere("There is no framework of this key.")
    return found


@dataclass(frozen=True, slots=True)
class RunPage:
    items: Sequence[Run]
    next: str | None
    """What to ask for the next page with; none on the last one."""


def runs(
    person: Person | None, first: date, last: date, *, after: str, limit: int, offer_id: int | None = None
) -> RunPage:
    """A page of the runs that begin on one of these days, of one offer or of all that the person may find.

    The first to begin comes first. ``after`` is ``next`` of the page before; raises ``NotThere`` where it is not.
    """
    wanted = (
        select(Run)
        .join(Run.offer)
        .join(Offer.published)
        .where(
            visible_to(person),
            Run.starts_on.between(first, last),
            Run.state.in_([*JOINABLE, RunState.IN_PROGRESS]),
        )
        .order_by(Run.starts_on, Run.id)
        .options(contains_eager(Run.offer), selectinload(Run.sessions))
        .limit(limit + 1)
    )
    if offer_id is not None:
        wanted = wanted.where(Run.offer_id == offer_id)
    if after:
        wanted = wanted.where(tuple_(Run.starts_on, Run.id) > tuple_(*_position_of(after)))
    found = db.session.scalars(wanted).all()
    more = found[limit - 1] if len(found) > limit else None
    return RunPage(found[:limit], f"{more.starts_on}_{more.id}" if more else None)


def _position_of(after: str) -> tuple[date, int]:
    parts = re.fullmatch(r"(\d{4}-\d\d-\d\d)_(\d{1,9})", after, re.ASCII)
    try:
        if parts is not None:
            return date.fromisoformat(parts[1]), int(parts[2])
    except ValueError:
        pass  # there is no such day
    raise NotThere("No page of this list ends there. Begin without after.")
