"""What an import would do, row by row, decided before anything is done."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from typing import Any

from pydantic import Field, ValidationError

from catalogue.interchange.access import Rights
from catalogue.interchange.comparing import Change, changes, normal
from catalogue.interchange.plan_runs import PlannedRun, RunKind, plan_runs
from catalogue.interchange.rows import Document, OfferRow
from catalogue.interchange.standing import Standing, standing
from catalogue.interchange.wording import faults_of, reference_fault
from catalogue.offers.actions import digest_of
from catalogue.offers.content import OfferContent
from catalogue.offers.references import Fault, References, content_of
from catalogue.publishing.rules import UNDER_REVIEW
from catalogue.shapes import Shape, Words300
from catalogue.spreadsheets import RowFault


class Kind(StrEnum):
    NEW = "new"
    CHANGED = "changed"
    INCOMPLETE = "incomplete"  # becomes a draft, for its people to complete
    SAME = "same"
    RETIRED = "retired"  # somebody took it out of the catalogue: no file brings it back
    WRONG = "wrong"


MOST_FAULTS = 100
"""That are told of one row: a cell alone can hold thousands."""
WRITTEN = (Kind.NEW, Kind.CHANGED, Kind.INCOMPLETE)


@dataclass(frozen=True, slots=True)
class PlannedRow:
    row: OfferRow
    kind: Kind
    title: str
    document: Document
    """What the offer is to say: what the file says of it, and for the rest what stands."""
    content: OfferContent | None = None
    """The same, where it is all that is needed to publish."""
    standing: Standing | None = None
    changes: tuple[Change, ...] = ()
    missing: tuple[str, ...] = ()
    runs: tuple[PlannedRun, ...] = ()
    faults: tuple[RowFault, ...] = ()

    @property
    def does_something(self) -> bool:
        return self.kind in WRITTEN or any(run.kind in (RunKind.NEW, RunKind.CHANGED) for run in self.runs)


_STAND_INS: Document = {
    "summary": "-",
    "outcomes": ["-"],
    "description": "-",
    "mode": "self-paced",
    "hours": 1.0,
    "conditions": ["-"],
    "mapping": [{"dimension": "-", "from": "-", "to": "-", "strength": "touches"}],
}
"""For what can be left open in a draft, while the rest of it is checked."""


def _stand_ins(missing: Iterable[str], said: Document) -> Document:
    """Of a mode that is not said yet nothing is wrong: neither steps of one's own, nor sessions."""
    stand_ins = {field: _STAND_INS[field] for field in missing}
    return stand_ins | ({"mode": "online"} if "mode" in stand_ins and "sessions_needed" in said else {})


_NOT_SAID: tuple[Any, ...] = (None, "", [])


class _Key(Shape):
    key: Words300 = Field(min_length=1)


def numbered(rows: Iterable[OfferRow]) -> dict[str, list[int]]:
    """The keys of a file, with the numbers of their rows: several, where a key stands at several places."""
    numbers: dict[str, list[int]] = defaultdict(list)
    for row in rows:
        numbers[row.key].append(row.number)
    numbers.pop("", None)
    return numbers


class Planner:
    """Plans for one provider, knowing where each key stands in one file; each call takes a fixed number of queries."""

    def __init__(
        self,
        provider_id: int,
        rights: Rights,
        references: References,
        numbers: Mapping[str, list[int]],
        *,
        hold: bool = False,
    ) -> None:
        """``hold``: what is planned is done in the same transaction."""
        self.provider_id, self.rights, self.references = provider_id, rights, references
        self._numbers, self._hold = numbers, hold
        bodies = references.organisations.values()
        self._provider_key = next((body.key for body in bodies if body.id == provider_id), "")

    def plan(self, rows: Sequence[OfferRow]) -> list[PlannedRow]:
        faults = [[*row.faults, *self._key_faults(row)] for row in rows]
        keys = [row.key for row, wrong in zip(rows, faults, strict=True) if not wrong]
        there = standing(self.provider_id, keys, hold=self._hold)
        self.references.look_up(self._named(rows, there))
        return [
            self._wrong(row, wrong) if wrong else self._plan(row, there.get(row.key))
            for row, wrong in zip(rows, faults, strict=True)
        ]

    def _named(self, rows: Sequence[OfferRow], there: Mapping[str, Standing]) -> Iterator[str]:
        """The offers that are named by these rows or by what stands, before anything is checked."""
        documents = [row.offer for row in rows] + [self._before(standing) for standing in there.values()]
        for document in documents:
            steps, before = document.get("step"), document.get("prerequisite_offers")
            yield from (
                step["offer"]
                for step in (steps if isinstance(steps, list) else ())
                if isinstance(step, dict) and isinstance(step.get("offer"), str)
            )
            yield from (name for name in (before if isinstance(before, list) else ()) if isinstance(name, str))
        yield from (self._own(row) for row in rows)

    def _own(self, row: OfferRow) -> str:
        return f"{self._provider_key}/{row.key}"

    def _key_faults(self, row: OfferRow) -> Iterator[RowFault]:
        try:
            _Key(key=row.key)
        except ValidationError as errors:
            yield from faults_of(errors, row.number, row.columns)
        others = [number for number in self._numbers.get(row.key, ()) if number != row.number]
        if others:
            yield RowFault(
                row.number, row.columns.get("key", "key"), f"{row.key} stands in row {others[0]} too",
                "Keep one of them, or give each a key of its own: we cannot tell which is meant.",
            )  # fmt: skip

    def _plan(self, row: OfferRow, there: Standing | None) -> PlannedRow:
        if there and there.retired and there.draft is None:
            return PlannedRow(row, Kind.RETIRED, _title(row), {}, standing=there)
        before = self._before(there)
        said = {field: value for field, value in (before | row.offer).items() if value not in _NOT_SAID}
        missing = tuple(field for field in _STAND_INS if field not in said)
        try:
            content = OfferContent.model_validate(_stand_ins(missing, said) | said)
        except ValidationError as errors:
            return self._wrong(row, faults_of(errors, row.number, row.columns))
        content = content.model_copy(update={field: [] for field in missing if field in ("conditions", "mapping")})
        runs, run_faults = plan_runs(row, there, self.rights)
        faults = [
            *(
                self._comes_first(fault, row) or reference_fault(fault, row.number, row.columns)
                for fault in self.references.faults(content, self._own(row))
            ),
            *run_faults,
        ]
        if row.runs and "mode" in said and content.mode == "self-paced":
            faults.append(
                RowFault(
                    row.number, row.columns.get("mode", "mode"), "an offer at one's own pace has no dates",
                    "Leave out its dates, or say another mode.",
                )
            )  # fmt: skip
        if faults:
            return self._wrong(row, faults)
        document = content.model_dump(mode="json", by_alias=True, exclude=set(missing))
        complete = None if missing else content
        kind = self._kind(there, document, complete)
        if kind in WRITTEN and self._with_reviewers(there):
            return self._wrong(row, [_in_review(row)])
        return PlannedRow(
            row, kind, content.title, document, complete, there,
            changes=self._changes(kind, before, document), missing=missing, runs=tuple(runs),
        )  # fmt: skip

    def _comes_first(self, fault: Fault, row: OfferRow) -> RowFault | None:
        """Where a row names an offer that the same file brings: which row that is, and what to do."""
        provider, _, key = fault.unknown.partition("/")
        there = self._numbers.get(key) if provider == self._provider_key else None
        if not there:
            return None
        return RowFault(
            row.number, row.columns.get(fault.field, fault.field),
            f"{fault.unknown} is in row {there[0]} of this file, and is not published yet",
            "Import the other rows of this file. Once that offer is published, send the same file again: this row goes "
            "in then.",
        )  # fmt: skip

    def _with_reviewers(self, there: Standing | None) -> bool:
        """Whether its draft has been submitted, which who only writes cannot take back."""
        draft = there.draft if there else None
        return draft is not None and self.rights == Rights.WRITE and draft.state in UNDER_REVIEW

    def _before(self, there: Standing | None) -> Document:
        """What stands, which the file changes: a draft, but for who publishes past it."""
        if there and there.draft and not (there.published and self.rights == Rights.PUBLISH):
            return there.draft.content
        return content_of(there.published).model_dump(by_alias=True) if there and there.published else {}

    def _kind(self, there: Standing | None, document: Document, content: OfferContent | None) -> Kind:
        publishes = content is not None and self.rights == Rights.PUBLISH
        if there is not None:
            if there.draft and not publishes:
                same = self._normal(document) == self._normal(there.draft.content)
            else:
                digest = digest_of(content, self.references) if content else ""
                same = there.published is not None and there.published.content_hash == digest
            if same:
                return Kind.SAME
        if content is None:
            return Kind.INCOMPLETE
        return Kind.CHANGED if there and (there.published or (there.draft and not publishes)) else Kind.NEW

    def _changes(self, kind: Kind, before: Document, document: Document) -> tuple[Change, ...]:
        if kind == Kind.SAME or not before:
            return ()
        found = tuple(changes(self._normal(before), self._normal(document)))
        if kind == Kind.CHANGED and not found:
            return (Change("mapping", "to the version of the framework before", "to the newest version of it"),)
        return found

    def _normal(self, document: Document) -> Document:
        return normal(document, self.references.current.key)

    def _wrong(self, row: OfferRow, faults: Iterable[RowFault]) -> PlannedRow:
        return PlannedRow(row, Kind.WRONG, _title(row), {}, faults=tuple(islice(faults, MOST_FAULTS)))


def _in_review(row: OfferRow) -> RowFault:
    return RowFault(
        row.number, row.columns.get("key", "key"), f"{row.key} is with a reviewer, or approved already",
        "Ask a partner of the provider to take it back first, if it is to say something else.",
    )  # fmt: skip


def _title(row: OfferRow) -> str:
    title: Any = row.offer.get("title")
    return title[:200] if isinstance(title, str) else ""
