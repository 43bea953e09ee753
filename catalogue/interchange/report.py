"""What an import would do, or did, as it is kept for the page: a document of plain values.

    {"total": 3, "counts": {"new": 1, "wrong": 2}, "good": 1, "rows": [...], "unlisted": 0, "notes": ["..."],
     "marks": [...], "differs": 0, "different": [...]}

Rows are those that do something, or cannot; ``marks`` stand for all rows, to tell a dry run from what came of it. Of a
file that was refused: {"reason": "...", "remedy": "..."}.
"""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any
from zlib import crc32

from catalogue.interchange.comparing import Change
from catalogue.interchange.plan import Kind, PlannedRow
from catalogue.interchange.plan_runs import RunKind

MOST_ROWS = 2_000
MOST_RUNS = 20  # that are listed of one offer
MOST_DIFFERENT = 50
DATES = "dates"
"""The kind of an offer that is the same, with dates that are not."""


class Report:
    def __init__(self) -> None:
        self.total = self.good = 0
        self.counts: Counter[str] = Counter()
        self._to_list = 0
        self._wrong: list[dict[str, Any]] = []
        self._rows: list[dict[str, Any]] = []
        self._marks: list[int] = []

    def add(self, planned: Iterable[PlannedRow]) -> None:
        for row in planned:
            said = _row(row)
            self.total += 1
            self.good += row.does_something
            self.counts[said["kind"]] += 1
            self._marks.append(crc32(json.dumps(said).encode()))
            if said["kind"] != Kind.SAME:
                self._to_list += 1
                rows = self._wrong if said["kind"] == Kind.WRONG else self._rows
                if len(rows) < MOST_ROWS:
                    rows.append(said)

    def document(self, notes: Sequence[str], before: dict[str, Any] | None = None) -> dict[str, Any]:
        """``before`` is that of the dry run, where there was one. Where not all is listed, what is wrong is."""
        listed = (self._wrong + self._rows)[:MOST_ROWS]
        different = self._different(before["marks"]) if before else []
        return {
            "total": self.total, "good": self.good, "counts": dict(self.counts), "notes": [_clean(n) for n in notes],
            "rows": sorted(listed, key=lambda row: row["number"]), "unlisted": self._to_list - len(listed),
            "marks": self._marks, "differs": len(different), "different": different[:MOST_DIFFERENT],
        }  # fmt: skip

    def _different(self, marks: Sequence[int]) -> list[int]:
        """The places in the file of the offers with which something else was done than the dry run said."""
        return [place for place, pair in enumerate(zip(marks, self._marks, strict=True), 1) if pair[0] != pair[1]]

    @property
    def words(self) -> str:
        """All of it in a line."""
        said = [f"{self.counts[kind]:,} {words}" for kind, words in KINDS.items() if self.counts[kind]]
        return f"{', '.join(said)}." if said else "There was no offer in it."


KINDS = {
    Kind.WRONG.value: "wrong",
    Kind.NEW.value: "new",
    Kind.CHANGED.value: "changed",
    DATES: "with other dates",
    Kind.INCOMPLETE.value: "to be completed",
    Kind.RETIRED.value: "retired earlier",
    Kind.SAME.value: "the same as before",
}
"""What is said of offers, by kind, in the order in which they are shown."""


def _row(planned: PlannedRow) -> dict[str, Any]:
    row, kind = planned.row, planned.kind.value
    runs = [run for run in planned.runs if run.kind != RunKind.SAME]
    return {
        "number": row.number,
        "key": _clean(row.key[:300]),
        "title": _clean(planned.title),
        "kind": DATES if planned.kind == Kind.SAME and planned.does_something else kind,
        "changes": _changes(planned.changes),
        "missing": [_clean(row.columns.get(field, field)) for field in planned.missing],
        "runs": [
            {
                "key": _clean(run.key), "kind": run.kind.value,
                "changes": _changes(run.changes), "reason": _clean(run.reason),
            }
            for run in runs[:MOST_RUNS]
        ],
        "more_runs": max(0, len(runs) - MOST_RUNS),
        "faults": [
            {
                "row": fault.row, "column": _clean(fault.column[:300]),
                "reason": _clean(fault.reason[:500]), "remedy": _clean(fault.remedy[:500]),
            }
            for fault in planned.faults
        ],
    }  # fmt: skip


def _changes(changes: Iterable[Change]) -> list[list[str]]:
    return [[_clean(change.field), _clean(change.before), _clean(change.after)] for change in changes]


def _clean(text: str) -> str:
    """Text of a file, without what no page and no database can hold."""
    return text.encode("utf-8", "replace").decode().replace("\0", "\ufffd")
