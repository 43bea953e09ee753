"""What workers do with a file that was sent in: a dry run, and once somebody has decided, the import itself."""

import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from sqlalchemy import select, update
from sqlalchemy.orm import undefer

from catalogue.clock import now
from catalogue.errors import DomainError, Refused
from catalogue.extensions import db
from catalogue.interchange.access import Rights, rights_of
from catalogue.interchange.claiming import LEASE, claim, free
from catalogue.interchange.limits import Unreadable
from catalogue.interchange.models import ImportState, OfferImport
from catalogue.interchange.names import Names
from catalogue.interchange.reading import read
from catalogue.interchange.report import Report
from catalogue.interchange.rows import OfferRow
from catalogue.interchange.write import CHUNK, By, plan_all, write_all
from catalogue.offers.references import References
from catalogue.pages import plural
from catalogue.systems.models import Organisation
from catalogue.transactions import run

log = structlog.get_logger()
UNDER_WAY = (ImportState.READING, ImportState.WRITING)
OUR_FAULT = "Something went wrong on our side, and nothing was changed."


class _ThrownAway(Exception):
    """Somebody has thrown the file away, or another worker is done with it."""


@dataclass(frozen=True, slots=True)
class _Job:
    """What a worker has to know of an import."""

    id: int
    provider_id: int
    name: str
    content: bytes
    state: ImportState
    before: dict[str, Any]


def due() -> Sequence[int]:
    """The imports that a worker should be at, and none is."""
    waiting = select(OfferImport.id).where(OfferImport.state.in_(UNDER_WAY), free(OfferImport))
    found = db.session.scalars(waiting.order_by(OfferImport.id)).all()
    db.session.rollback()
    return found


def work_on(import_id: int) -> None:
    """Do what is next with an import, unless another worker is at it. Whatever happens, its page says so."""
    if not claim(OfferImport, import_id, OfferImport.state.in_(UNDER_WAY)):
        return
    try:
        job = _job(import_id)
        if job.state == ImportState.READING:
            _dry_run(job)
        else:
            _write(job)
    except _ThrownAway:
        log.info("an import was thrown away under way")
    except DomainError as fault:
        remedy = fault.remedy if isinstance(fault, Unreadable) else ""
        _refuse(import_id, str(fault), remedy)
    except Exception:
        log.error("an import failed", exc_info=True)
        _refuse(import_id, OUR_FAULT, "Send the file again. If it happens again, tell us when you did.")


def rows_of(
    content: bytes, name: str, provider_id: int, tell: Callable[[int], None] = lambda _count: None
) -> tuple[list[OfferRow], list[str]]:
    """All rows of a file, and notes of how it was read; ``tell`` hears now and then how many there are so far."""
    names = Names.of(References())
    provider = db.session.get_one(Organisation, provider_id)
    key, called = provider.key, provider.name
    db.session.rollback()
    reading = read(io.BytesIO(content), name, names)
    rows = []
    for row in reading:
        rows.append(row)
        if len(rows) % CHUNK == 0:
            tell(len(rows))
    return rows, [*reading.notes, *_of_others(rows, key, called)]


def _of_others(rows: Sequence[OfferRow], key: str, name: str) -> Iterator[str]:
    """A note, where a file says that its offers are another provider's than the one that they are imported for."""
    own = {key, name.casefold()}
    others = [row for row in rows if row.provider and not own & {said.strip().casefold() for said in row.provider}]
    if others:
        yield (
            f"The file says of {plural(len(others), 'offer')} that another provider gives them, such as "
            f"{others[0].provider[-1][:200]}. Here they count as offers of {name}."
        )


def _job(import_id: int) -> _Job:
    wanted = select(OfferImport).where(OfferImport.id == import_id)
    found = db.session.scalar(wanted.options(undefer(OfferImport.content), undefer(OfferImport.report)))
    if found is None:
        raise _ThrownAway
    return _Job(found.id, found.provider_id, found.name, found.content or b"", found.state, found.report)


def _rights(imported: OfferImport) -> Rights:
    rights = rights_of(imported.person, imported.provider_id) if imported.person else None
    if rights is None:
        raise Refused("Who sent this file does not work on the offers of this provider any more.")
    return rights


def _dry_run(job: _Job) -> None:
    def tell(done: int, total: int = 0) -> None:
        run(lambda: _advance(job.id, {"done": done, "total": total}))

    rights = _rights(db.session.get_one(OfferImport, job.id))
    rows, notes = rows_of(job.content, job.name, job.provider_id, tell)
    tell(0, len(rows))
    report = Report()
    for chunk in plan_all(job.provider_id, rows, rights):
        report.add(chunk)
        tell(report.total, len(rows))
    found = {"report": report.document(notes), "state": ImportState.READ}
    run(lambda: _advance(job.id, found))


def _advance(import_id: int, values: dict[str, Any]) -> None:
    """Say how far a dry run is, which also claims it anew."""
    still = update(OfferImport).where(OfferImport.id == import_id, OfferImport.state == ImportState.READING)
    told = db.session.execute(still.values(**values, changed_at=now(), claimed_until=now() + LEASE))
    if not told.rowcount:  # type: ignore[attr-defined]
        raise _ThrownAway


def _write(job: _Job) -> None:
    rows, notes = rows_of(job.content, job.name, job.provider_id)

    def write() -> None:
        wanted = select(OfferImport).where(OfferImport.id == job.id, OfferImport.state == ImportState.WRITING)
        imported = db.session.scalar(wanted.with_for_update())
        if imported is None:
            raise _ThrownAway
        report, by = Report(), By(_rights(imported), imported.person)
        for chunk in write_all(imported.provider, rows, by):
            report.add(chunk)
        imported.report = report.document(notes, job.before)
        imported.state, imported.content, imported.changed_at = ImportState.DONE, None, now()
        imported.done = imported.total = report.total

    run(write)


def _refuse(import_id: int, reason: str, remedy: str) -> None:
    def refuse() -> None:
        db.session.execute(
            update(OfferImport)
            .where(OfferImport.id == import_id, OfferImport.state.in_(UNDER_WAY))
            .values(
                state=ImportState.REFUSED, content=None, report={"reason": reason, "remedy": remedy}, changed_at=now()
            )
        )

    run(refuse)
