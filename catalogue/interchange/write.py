"""Doing what has been planned: all of it in one transaction."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from catalogue.extensions import db
from catalogue.interchange.access import Rights
from catalogue.interchange.plan import WRITTEN, Kind, PlannedRow, Planner, numbered
from catalogue.interchange.rows import OfferRow
from catalogue.interchange.write_runs import write_runs
from catalogue.offers.actions import add_offers, publish_many
from catalogue.offers.models import Offer
from catalogue.offers.references import References
from catalogue.people import audit
from catalogue.people.models import Person
from catalogue.publishing.drafting import Drafted, write_drafts
from catalogue.systems.models import Organisation

CHUNK = 500
"""Rows that are planned, and written, at a time."""


@dataclass(frozen=True, slots=True)
class By:
    """Who imports, and what that may do; nobody on the command line."""

    rights: Rights
    person: Person | None = None


def plan_all(provider_id: int, rows: Sequence[OfferRow], rights: Rights) -> Iterator[list[PlannedRow]]:
    """A dry run, chunk by chunk. Each begins with reading anew what there is: a transaction may end between them."""
    numbers = numbered(rows)
    for chunk in _chunks(rows):
        yield Planner(provider_id, rights, References(), numbers).plan(chunk)


def write_all(provider: Organisation, rows: Sequence[OfferRow], by: By) -> Iterator[list[PlannedRow]]:
    """Within a transaction, plan anew and do it, chunk by chunk; gives what was done."""
    planner = Planner(provider.id, by.rights, References(), numbered(rows), hold=True)
    for chunk in _chunks(rows):
        planned = planner.plan(chunk)
        _write(provider, planned, by, planner.references)
        yield planned


def _chunks(rows: Sequence[OfferRow]) -> Iterator[Sequence[OfferRow]]:
    return (rows[start : start + CHUNK] for start in range(0, len(rows), CHUNK))


def _write(provider: Organisation, planned: Iterable[PlannedRow], by: By, references: References) -> None:
    good = [row for row in planned if row.kind not in (Kind.WRONG, Kind.RETIRED)]
    offers = add_offers(provider, {row.row.key: row.title for row in good if row.standing is None})
    for row in good:
        if row.standing is not None:
            offers[row.row.key] = row.standing.offer
    changed = [row for row in good if row.kind in WRITTEN]
    _publish([row for row in changed if _is_published(row, by)], offers, references)
    write_drafts(
        (
            Drafted(
                offers[row.row.key], row.document, row.standing.draft if row.standing else None,
                submit=row.content is not None and by.rights == Rights.SUBMIT,
            )
            for row in changed if not _is_published(row, by)
        ),
        by.person,
    )  # fmt: skip
    write_runs((offers[row.row.key], run) for row in good for run in row.runs)
    for row in (row for row in good if row.does_something):
        actor = by.person.key if by.person else ""
        audit.record("offer imported", f"offer:{offers[row.row.key].id}", actor, as_what=row.kind)
    db.session.flush()


def _is_published(row: PlannedRow, by: By) -> bool:
    return row.content is not None and by.rights == Rights.PUBLISH


def _publish(rows: Iterable[PlannedRow], offers: dict[str, Offer], references: References) -> None:
    """Publish past a draft of what is published; a draft of what was not has been published with it."""
    documents = []
    for row in rows:
        assert row.content is not None, "only what is complete is published"  # noqa: S101
        documents.append((offers[row.row.key], row.content))
        if row.standing and row.standing.draft and not row.standing.published:
            db.session.delete(row.standing.draft)
    if documents:
        publish_many(documents, references)
