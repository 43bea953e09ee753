"""What was taken out of a text and what was put in, word by word."""

import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

from catalogue.publishing.document import LABELS

MOST_WORDS = 4000
"""Longer texts are compared line by line: comparing words takes time with their square."""


class Kind(StrEnum):
    SAME = "same"
    REMOVED = "removed"
    ADDED = "added"


@dataclass(frozen=True, slots=True)
class Piece:
    kind: Kind
    text: str


@dataclass(frozen=True, slots=True)
class Change:
    field: str
    label: str
    pieces: list[Piece]


def difference(before: str, after: str) -> list[Piece]:
    """The two texts as pieces: those that are the same or removed make ``before``, the same or added make ``after``."""
    cut = re.compile(r"\S+\s*|\s+")
    old, new = cut.findall(before), cut.findall(after)
    if len(old) + len(new) > MOST_WORDS:
        old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    pieces = []
    for tag, start, end, new_start, new_end in SequenceMatcher(None, old, new).get_opcodes():
        if tag == "equal":
            pieces.append(Piece(Kind.SAME, "".join(old[start:end])))
            continue
        removed, added = "".join(old[start:end]), "".join(new[new_start:new_end])
        pieces += [Piece(kind, text) for kind, text in ((Kind.REMOVED, removed), (Kind.ADDED, added)) if text]
    return pieces


def changes(before: dict[str, str], after: dict[str, str]) -> list[Change]:
    """By field, what is not the same any more: the mapping first."""
    return [
        Change(field, LABELS[field], difference(before.get(field, ""), after.get(field, "")))
        for field in LABELS
        if before.get(field, "") != after.get(field, "")
    ]
