"""Reading offers: nothing that is not published, and nothing that is not for whoever looks, is read here."""

import base64
import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import (
    CTE,
    BigInteger,
    ColumnElement,
    Integer,
    Select,
    false,
    func,
    or_,
    select,
    text,
    tuple_,
)
from sqlalchemy.orm import joinedload, selectinload
from sqlalchemy.sql.base import ExecutableOption

from catalogue.clock import today
from catalogue.errors import NotThere
from catalogue.extensions import db
from catalogue.frameworks.models import Dimension
from catalogue.frameworks.queries import same_dimensions
from catalogue.offers.filters import Filters
from catalogue.offers.matching import clauses, to_come, visible_to
from catalogue.offers.models import (
    Mapping,
    Mode,
    Offer,
    OfferVersion,
    Run,
    RunState,
    SavedSearch,
    Step,
    VersionState,
    version_prerequisite,
)
from catalogue.offers.rules import JOINABLE, can_be_joined
from catalogue.offers.vocabulary import Sought, sought
from catalogue.people.models import Person
from catalogue.systems.models import System

PAGE = 20
NO_DATE = date(9999, 12, 31)

EXACT = 10**10
"""What every word as it was typed counts for more than beginnings and slips: above any rank."""

# The rank is a whole number, and smaller is better, so that a page begins exactly where the one before ended.
# Source: https://www.sqlite.org/fts5.html, section 5.1.1; PostgreSQL documentation, section 12.3.3. There the words are
# asked for one by one: of all together the rank goes by how near they stand, and stems stand in the order of letters.
HITS = {
    "sqlite": "SELECT rowid AS version_id FROM offer_search WHERE offer_search MATCH :asked",
    "postgresql": "SELECT version_id FROM offer_search WHERE vector @@ to_tsquery('simple', :asked)",
}
RANKED = {
    "sqlite": "SELECT rowid AS version_id, CAST(round(1000000 * bm25(offer_search, 10.0, 1.0)) AS INTEGER) "
    "- :above * (rowid IN (SELECT rowid FROM offer_search WHERE offer_search MATCH :exact)) AS rank "
    "FROM offer_search WHERE offer_search MATCH :asked",
    "postgresql": "SELECT version_id, "
    "CAST(round(-1000000 * ts_rank(vector, to_tsquery('simple', :any), 1)) AS BIGINT) "
    "- CAST(:above AS BIGINT) * CAST(CAST(vector @@ to_tsquery('simple', :exact) AS INTEGER) AS BIGINT) AS rank "
    "FROM offer_search WHERE vector @@ to_tsquery('simple', :asked)",
}


def _asked(groups: Iterable[Iterable[str]]) -> str:
    """Every group, each by one of its stems, as the database's index is asked for it."""
    sqlite = db.engine.dialect.name == "sqlite"
    either, both = (" OR ", " AND ") if sqlite else (" | ", " & ")
    return both.join("(" + either.join(f'"{stem}"' if sqlite else stem for stem in group) + ")" for group in groups)


def holding(words: Sought) -> Select[int]:
    """The ids of the versions in which every word stands, each in one of its forms."""
    if words.nothing:  # signs and the commonest words: no offer is about them
        return select(OfferVersion.id).where(false())
    hits = text(HITS[db.engine.dialect.name]).bindparams(asked=_asked(words.groups)).columns(version_id=Integer)
    return select(hits.subquery().c.version_id)


def _ranked(words: Sought) -> CTE:
    """The same, with their rank."""
    asked: dict[str, object] = {
        "above": EXACT,
        "asked": _asked(words.groups),
        "exact": _asked((stem,) for stem in words.exact),
    }
    if db.engine.dialect.name == "postgresql":
        asked["any"] = _asked([dict.fromkeys(stem for group in words.groups for stem in group)])
    found = text(RANKED[db.engine.dialect.name]).bindparams(**asked).columns(version_id=Integer, rank=BigInteger)
    return found.cte("hit").prefix_with("MATERIALIZED")


def matching(filters: Filters, person: Person | None) -> Select[int]:
    """The ids of the published versions that fit and that the person may find."""
    wanted = (
        select(OfferVersion.id)
        .join(OfferVersion.offer)
        .where(OfferVersion.state == VersionState.PUBLISHED, visible_to(person), *clauses(filters, today()))
    )
    if filters.q.strip():
        wanted = wanted.where(OfferVersion.id.in_(holding(sought(filters.q))))
    return wanted


@dataclass(frozen=True, slots=True)
class Page:
    offers: Sequence[Offer]
    total: int
    next_after: str
    """What to ask for the next page with; empty on the last one."""
    read_as: tuple[tuple[str, str], ...] = ()
    """Words that stand nowhere, each with the one that was looked for in its place."""


def search(filters: Filters, person: Person | None, after: str = "", size: int = PAGE) -> Page:
    """A page of offers in the order that the filters ask for; ``after`` is ``next_after`` of the page before."""
    words = sought(filters.q) if filters.q.strip() else Sought()
    wanted = select(Offer).join(Offer.published).where(visible_to(person), *clauses(filters, today()))
    position: ColumnElement[int] | ColumnElement[date] | None = None
    if filters.q.strip():
        if words.nothing:
            return Page([], 0, "", words.read_as)
        wanted = wanted.where(OfferVersion.id.in_(holding(words)))
    if filters.order == "soonest":
        position = _next_start(today())
    total = db.session.scalar(wanted.with_only_columns(func.count(), maintain_column_froms=True)) or 0
    if filters.order == "best" and words.groups:
        hit = _ranked(words)
        wanted, position = wanted.join(hit, hit.c.version_id == OfferVersion.id), hit.c.rank
    keys = [*([position] if position is not None else []), OfferVersion.title, Offer.id]
    onward = wanted.add_columns(*keys).order_by(*keys).options(*_whole())
    last = _position_of(after, len(keys), dated=filters.order == "soonest")
    if last is not None:
        onward = onward.where(tuple_(*keys) > tuple_(*last))
    rows = db.session.execute(onward.limit(size + 1)).all()
    more = _cursor(rows[size - 1][1:]) if len(rows) > size else ""
    return Page([row[0] for row in rows[:size]], total, more, words.read_as)


def _next_start(day: date) -> ColumnElement[date]:
    """When the next run begins; today for what can be begun at any time, and the end of time where there is none."""
    soonest = select(func.min(Run.starts_on)).where(Run.offer_id == Offer.id, to_come(day)).scalar_subquery()
    return func.coalesce(soonest, NO_DATE, type_=Run.starts_on.type)


def _cursor(position: Sequence[object]) -> str:
    said = json.dumps([str(part) if isinstance(part, date) else part for part in position])
    return base64.urlsafe_b64encode(said.encode()).decode().rstrip("=")


def _position_of(cursor: str, length: int, *, dated: bool) -> list[int | str | date] | None:
    """Where the page before ended; none for a cursor that is not one of ours, or of another order."""
    try:
        found = json.loads(base64.urlsafe_b64decode(cursor.encode("ascii") + b"==="))
        *first, title, offer_id = found
        if len(found) != length or not isinstance(title, str) or not isinstance(offer_id, int) or "\0" in title:
            return None
        title.encode()
        if dated:
            first = [date.fromisoformat(part) for part in first]
        elif not all(type(part) is int and abs(part) < 2**62 for part in first):
            return None
        return [*first, title, offer_id] if abs(offer_id) < 2**31 else None
    except (ValueError, TypeError, RecursionError):
        return None


def leads_on(filters: Filters, after: str) -> bool:
    """Whether ``after`` is where a page of what these filters find could have ended."""
    ranked = filters.order == "soonest" or (filters.order == "best" and bool(filters.q.strip()))
    return _position_of(after, 3 if ranked else 2, dated=filters.order == "soonest") is not None


def runs_between(filters: Filters, person: Person | None, first: date, last: date) -> Sequence[Run]:
    """The runs, on any of these days, of the offers that fit; the first to begin comes first."""
    return db.session.scalars(
        select(Run)
        .join(Run.offer)
        .join(Offer.published)
        .where(
            OfferVersion.id.in_(matching(filters, person)),
            Run.starts_on <= last,
            Run.ends_on >= first,
            Run.state.in_([*JOINABLE, RunState.IN_PROGRESS]),
        )
        .order_by(Run.starts_on, OfferVersion.title, Run.id)
        .options(selectinload(Run.offer).selectinload(Offer.published))
    ).all()


def _whole() -> list[ExecutableOption]:
    """Everything that a page shows of an offer, in a fixed number of queries."""
    version = selectinload(Offer.published)
    return [
        version,
        version.selectinload(OfferVersion.mappings).selectinload(Mapping.dimension),
        version.selectinload(OfferVersion.conditions),
        version.selectinload(OfferVersion.seats),
        selectinload(Offer.provider),
        selectinload(Offer.partners),
        selectinload(Offer.runs),
    ]


def steps_whole() -> list[ExecutableOption]:
    """The steps of a published version: with their groups and, of those that are other offers, what these say."""
    version = selectinload(Offer.published)
    other = version.selectinload(OfferVersion.steps).joinedload(Step.offer)
    return [
        version.selectinload(OfferVersion.steps).joinedload(Step.group),
        other.joinedload(Offer.provider),
        other.joinedload(Offer.published),
        version.selectinload(OfferVersion.step_groups),
        version.selectinload(OfferVersion.prerequisite_offers).options(
            joinedload(Offer.provider), joinedload(Offer.published)
        ),
    ]


def published_offer(slug: str, person: Person | None) -> Offer:
    """A published offer that the person may find, with all that its page shows; raises ``NotThere``."""
    dimensions = selectinload(Offer.published).selectinload(OfferVersion.mappings).selectinload(Mapping.dimension)
    offer = db.session.scalar(
        select(Offer)
        .join(Offer.published)
        .where(Offer.slug == slug, visible_to(person))
        .options(
            *_whole(),
            *steps_whole(),
            dimensions.joinedload(Dimension.framework),
            selectinload(Offer.runs).selectinload(Run.sessions),
        )
    )
    if offer is None:
        raise NotThere("We have no offer at this address. It may have been retired.")
    return offer


def joinable_runs(offer: Offer) -> list[Run]:
    """The runs that have not begun and have not been cancelled, next first."""
    day = today()
    return [run for run in offer.runs if can_be_joined(run.starts_on, run.state, day)]


def _can_be_taken(day: date) -> ColumnElement[bool]:
    """An offer that somebody can start now: at their own pace, or on a run that is still to come."""
    return or_(OfferVersion.mode == Mode.SELF_PACED, Offer.runs.any(to_come(day)))


def takeable_offers(dimension_ids: Sequence[int], person: Person) -> list[Offer]:
    """Offers that touch one of the dimensions, in any version of its framework, and that the person can start now."""
    touching = OfferVersion.mappings.any(Mapping.dimension_id.in_(same_dimensions(dimension_ids)))
    return _wholly(visible_to(person), _can_be_taken(today()), touching)


def offers_of_system(dimension_ids: Sequence[int], system_id: int) -> list[Offer]:
    """Offers that touch one of the dimensions, and that anybody of a system can find and start now."""
    touching = OfferVersion.mappings.any(Mapping.dimension_id.in_(same_dimensions(dimension_ids)))
    for_them = ~OfferVersion.systems.any() | OfferVersion.systems.any(System.id == system_id)
    return _wholly(visible_to(None), for_them, _can_be_taken(today()), touching)


def offers_by_id(offer_ids: Collection[int], person: Person) -> list[Offer]:
    """Those of the published offers that the person may find."""
    return _wholly(visible_to(person), Offer.id.in_(offer_ids)) if offer_ids else []


def _wholly(*such: ColumnElement[bool]) -> list[Offer]:
    asked = select(Offer).join(Offer.published).where(*such).options(*_whole()).order_by(Offer.id)
    return list(db.session.scalars(asked))


def to_complete_first() -> dict[int, set[int]]:
    """Of every published offer that asks for other offers to be completed first, these; by id."""
    found: dict[int, set[int]] = {}
    for offer_id, needed_id in db.session.execute(
        select(OfferVersion.offer_id, version_prerequisite.c.offer_id)
        .join(version_prerequisite, version_prerequisite.c.version_id == OfferVersion.id)
        .where(OfferVersion.state == VersionState.PUBLISHED)
    ):
        found.setdefault(offer_id, set()).add(needed_id)
    return found


def saved_searches(person_id: int) -> Sequence[SavedSearch]:
    return db.session.scalars(
        select(SavedSearch).where(SavedSearch.person_id == person_id).order_by(SavedSearch.name)
    ).all()


def own_saved_search(person_id: int, saved_id: int) -> SavedSearch:
    """A saved search, if it is this person's; raises ``NotThere``."""
    found = db.session.scalar(select(SavedSearch).where(SavedSearch.id == saved_id, SavedSearch.person_id == person_id))
    if found is None:
        raise NotThere
    return found
