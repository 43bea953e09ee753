"""What an import would do with the dates of an offer."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from pydantic import ValidationError

from catalogue.enrolments.sessions import SessionValues
from catalogue.interchange.access import Rights
from catalogue.interchange.comparing import Change, changes
from catalogue.interchange.rows import Document, OfferRow, RunRow
from catalogue.interchange.standing import Standing
from catalogue.interchange.wording import faults_of
from catalogue.offers.models import Run, RunState
from catalogue.spreadsheets import RowFault


class RunKind(StrEnum):
    NEW = "new"
    CHANGED = "changed"
    SAME = "same"
    LEFT = "left"  # as it is, or out


@dataclass(frozen=True, slots=True)
class PlannedRun:
    key: str
    kind: RunKind
    values: Document = field(default_factory=dict)
    """For the columns of a ``Run``."""
    run: Run | None = None
    changes: tuple[Change, ...] = ()
    reason: str = ""
    """Why it is left."""


_NEEDED = {"starts_on": "first day", "ends_on": "last day", "place": "place", "places": "number of places"}
_NOT_SAID = (None, "")


def plan_runs(row: OfferRow, there: Standing | None, rights: Rights) -> tuple[list[PlannedRun], list[RowFault]]:
    """Of what the file says on runs; what it does not mention stays as it is."""
    planned: list[PlannedRun] = []
    faults: list[RowFault] = []
    seen: set[str] = set()
    for index, document in enumerate(row.runs):
        number = row.run_numbers[index] if row.run_numbers else row.number
        key = document.get("key")
        standing = there.runs.get(key) if there and isinstance(key, str) else None
        booked = there.booked.get(key, 0) if there and isinstance(key, str) else 0
        found = _plan(row, number, document, standing, booked)
        if isinstance(found, PlannedRun):
            if found.key in seen:
                faults.append(_twice(row, number, found.key))
            seen.add(found.key)
            planned.append(found if rights != Rights.WRITE or found.kind == RunKind.SAME else _not_theirs(found))
        else:
            faults += found
    return planned, faults


def _plan(
    row: OfferRow, number: int, document: Document, standing: Run | None, booked: int
) -> PlannedRun | list[RowFault]:
    if standing and standing.state == RunState.CANCELLED:
        return PlannedRun(standing.key, RunKind.LEFT, reason="it has been cancelled")
    before = _document(standing) if standing else {}
    said = {field: value for field, value in _together(before, document).items() if value not in _NOT_SAID}
    missing = [words for field, words in _NEEDED.items() if field not in said]
    if missing and "key" in said:
        return PlannedRun(str(said["key"]), RunKind.LEFT, reason=f"the file does not say its {' or '.join(missing)}")
    try:
        run = RunRow.model_validate(said)
    except ValidationError as errors:
        return list(faults_of(errors, number, row.columns, "run."))
    faults = list(_faults(row, number, run, booked))
    if faults:
        return faults
    values = run.columns
    if standing is None:
        return PlannedRun(run.key, RunKind.NEW, values)
    now = {field: getattr(standing, field) for field in values if field != "sessions"}
    found = tuple(changes(_compared(now, _sessions(standing)), _compared(values, values["sessions"])))
    return PlannedRun(run.key, RunKind.CHANGED if found else RunKind.SAME, values, standing, found)


def _document(run: Run) -> Document:
    document: dict[str, Any] = {
        field: getattr(run, field) for field in RunRow.model_fields if field not in ("price_pounds", "session")
    }
    pounds = None if run.price_pence is None else run.price_pence / 100
    return document | {"price_pounds": pounds, "session": [asdict(one) for one in _sessions(run)]}


def _sessions(run: Run) -> list[SessionValues]:
    return [SessionValues.of(session) for session in run.sessions]


def _together(before: Document, document: Document) -> Document:
    """What the file says of a run, and for the rest what stands: of its sessions too, each by its key."""
    both = before | document
    said, there = document.get("session"), before.get("session", [])
    if isinstance(said, list):
        keys = {row.get("key") for row in said if isinstance(row, dict)}
        both["session"] = [row for row in there if row["key"] not in keys] + said
    return both


def _compared(values: Document, sessions: list[SessionValues]) -> Document:
    ordered = sorted(sessions, key=lambda one: one.key)
    return values | {"sessions": [asdict(one) | {"title": f"{one.title}, {one.day}"} for one in ordered]}


def _faults(row: OfferRow, number: int, run: RunRow, booked: int) -> Iterator[RowFault]:
    if run.ends_on < run.starts_on:
        yield RowFault(
            number, row.columns.get("run.ends_on", "ends_on"), "is before the first day",
            "Write a last day that is not before the first.",
        )  # fmt: skip
    for session in run.session:
        if not run.starts_on <= session.day <= run.ends_on:
            yield RowFault(
                number, row.columns.get("run.session", "sessions"), f"“{session.title}” is not on a day of these dates",
                "Write a day from the first to the last.",
            )  # fmt: skip
    if run.places < booked:
        yield RowFault(
            number, row.columns.get("run.places", "places"), f"is less than the {booked} places that are taken",
            f"Write {booked} or more.",
        )  # fmt: skip


def _twice(row: OfferRow, number: int, key: str) -> RowFault:
    return RowFault(
        number, row.columns.get("run.key", "run_key"), f"{key} stands twice in this offer",
        "Keep one of them, or give each a key of its own.",
    )  # fmt: skip


def _not_theirs(run: PlannedRun) -> PlannedRun:
    return PlannedRun(run.key, RunKind.LEFT, reason="dates are kept by the partner who answers for the provider")
