"""What differs between two documents, in words for people."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, time
from typing import Any

from catalogue.interchange.rows import Document

_IN_ANY_ORDER = ("partners", "seats", "systems", "conditions", "prerequisite_offers")
_LONGEST = 300  # characters that are shown of a text
_NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Change:
    """A field that says something else than before."""

    field: str
    before: str
    after: str


def normal(document: Document, framework: str) -> Document:
    """Two documents that say the same are equal; ``framework`` is meant where a mapping names none."""
    said = {field: value for field, value in document.items() if _says_something(value)}
    for field in _IN_ANY_ORDER:
        if field in said:
            said[field] = sorted(said[field])
    for field in ("group", "step"):
        if field in said:
            said[field] = [
                {name: value for name, value in row.items() if _says_something(value)} for row in said[field]
            ]
    if "mapping" in said:
        rows = [row | {"framework": row.get("framework") or framework} for row in said["mapping"]]
        said["mapping"] = sorted(rows, key=lambda row: (row["framework"], row["dimension"], row["from"]))
    return said


def _says_something(value: Any) -> bool:
    """Whether it differs from being left out; 0 does."""
    return value is not False and value not in (None, "", [])


def changes(before: Document, after: Document) -> Iterator[Change]:
    """Both as ``normal`` gives them."""
    for field in [*after, *(field for field in before if field not in after)]:
        if before.get(field) != after.get(field):
            yield Change(field, shown(before.get(field)), shown(after.get(field)))


def shown(value: Any) -> str:
    """A value of a document, short enough for a table."""
    said = _shown(value)
    return said if len(said) <= _LONGEST else said[: _LONGEST - 1] + "…"


def _shown(value: Any) -> str:
    match value:
        case None | "":
            said = _NOTHING
        case bool():
            said = "yes" if value else "no"
        case float():
            said = f"{value:g}"
        case date() | time():
            said = value.isoformat()
        case list():
            said = "; ".join(_shown(one) for one in value)
        case {"dimension": dimension, "from": start, "to": to, "strength": strength}:
            said = f"{dimension}: {start} → {to} ({strength})"
        case {"title": title, "offer": str(offer)} if offer:
            said = f"{title} = {offer}"
        case {"title": title, "choose": int(choose)}:
            said = f"{title} (choose {choose})"
        case {"title": title}:
            said = title
        case _:
            said = str(value)
    return said
