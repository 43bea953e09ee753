"""A draft as a document: its parts, what is still wrong with it, and what it says in words."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from catalogue.offers.content import Inconsistent, MappingRow, OfferContent
from catalogue.offers.models import Offer
from catalogue.offers.references import References, name_of

Document = dict[str, Any]
"""An ``OfferContent`` as far as it has been written, fields by their names in it."""

PARTS: dict[str, tuple[str, tuple[str, ...]]] = {
    "about": ("About", ("title", "summary", "outcomes", "description", "url")),
    "mapping": ("What it changes", ("mapping",)),
    "for-whom": (
        "For whom",
        ("conditions", "seats", "systems", "partners", "members_only", "prerequisites", "accessibility"),
    ),
    "time": ("Time, price and place", ("mode", "hours", "hours_estimated", "price_pounds", "place")),
    "steps": ("Programme", ("group", "step")),
    "joining": (
        "Joining and completing",
        (
            "for_plan_leads",
            "for_seats_only",
            "prerequisite_offers",
            "approval_needed",
            "sessions_needed",
            "reassessment_needed",
        ),
    ),
}
"""By the last part of its address: what a part of a draft is called, and its fields."""

LABELS = {
    "mapping": "What it changes", "title": "Title", "summary": "Summary", "outcomes": "What people can do after it",
    "description": "Description", "url": "Your own page on it", "conditions": "Conditions it serves",
    "seats": "Seats it is for", "systems": "Systems it is for", "partners": "Partners",
    "members_only": "Who can find it", "prerequisites": "What people need first", "accessibility": "Accessibility",
    "mode": "How people take part", "hours": "Hours", "hours_estimated": "Whether the hours are an estimate",
    "price_pounds": "Price", "place": "Place",
    "for_plan_leads": "Only for those responsible for a plan", "for_seats_only": "Only for people in its seats",
    "prerequisite_offers": "Offers to complete first", "approval_needed": "Line manager's approval",
    "sessions_needed": "Sessions to attend", "reassessment_needed": "Reassessment",
    "group": "Groups of steps", "step": "Steps",
}  # fmt: skip
"""Every field, in the order in which a reviewer reads them."""

_WANTED = {
    "title": "Give it a title", "summary": "Say in a sentence or two what it does",
    "outcomes": "Say what people will be able to do after it", "description": "Describe it",
    "mode": "Say how people take part", "hours": "Say how many hours it takes",
    "conditions": "Choose at least one condition that it serves",
    "mapping": "Say what it changes, in at least one dimension",
}  # fmt: skip
_YES_OR_NO = {"hours_estimated", "for_plan_leads", "for_seats_only", "approval_needed", "reassessment_needed"}
_LACKING = {"missing", "string_too_short", "too_short"}
STRENGTHS = {"touches": "touches on it", "builds": "builds it", "masters": "masters it"}


@dataclass(frozen=True, slots=True)
class DraftFault:
    """What is missing or wrong, in plain words, and the part of the draft to set it right in."""

    part: str
    reason: str


def part_of(field: str) -> str:
    return next((part for part, (_name, fields) in PARTS.items() if field in fields), "about")


def checked(document: Document, references: References, offer: Offer) -> tuple[OfferContent | None, list[DraftFault]]:
    """The document of an offer as content that can be published, or all that is in its way."""
    try:
        content = OfferContent.model_validate(document)
    except ValidationError as found:
        return None, list(dict.fromkeys(_fault(dict(error)) for error in found.errors()))
    faults = [
        DraftFault(part_of(fault.field.split(",")[0]), f"{LABELS[fault.field.split(',')[0]]}: {fault.reason}")
        for fault in references.faults(content, name_of(offer))
    ]
    return (None if faults else content), faults


def _fault(error: dict[str, Any]) -> DraftFault:
    field = str(error["loc"][0]) if error["loc"] else ""
    if not field:  # parts that do not go together
        fault = error.get("ctx", {}).get("error")
        part = part_of(fault.field if isinstance(fault, Inconsistent) else "")
        return DraftFault(part, error["msg"].removeprefix("Value error, "))
    if error["type"] in _LACKING and field in _WANTED:
        return DraftFault(part_of(field), _WANTED[field])
    return DraftFault(part_of(field), f"{LABELS.get(field, field)}: {error['msg'].removeprefix('Value error, ')}")


def in_words(document: Document, references: References) -> dict[str, str]:
    """What a document says, by field, with names for keys: what people compare."""
    named: Mapping[str, Mapping[str, Any]] = {
        "conditions": references.conditions, "seats": references.seats,
        "systems": references.systems, "partners": references.organisations,
    }  # fmt: skip
    said = {}
    for field in LABELS:
        value = document.get(field)
        if field in named:
            known = named[field]
            said[field] = "\n".join(sorted(known[key].name if key in known else key for key in value or []))
        elif field == "mapping":
            said[field] = "\n".join(sorted(mapping_in_words(value or [], references)))
        elif field == "outcomes":
            said[field] = "\n".join(value or [])
        elif field == "group":
            said[field] = "\n\n".join(_group_in_words(row, document.get("step", [])) for row in value or [])
        elif field == "step":
            said[field] = "\n\n".join(_step_in_words(row, document.get("group", []), references) for row in value or [])
        elif field == "prerequisite_offers":
            said[field] = "\n".join(sorted(title_of(name, references) for name in value or []))
        elif field == "members_only":
            said[field] = "only people of the organisations that provide it" if value else "everyone"
        elif field in _YES_OR_NO:
            said[field] = "yes" if value else "no"
        elif field == "price_pounds":
            said[field] = "not said" if value is None else f"£{value:,.2f}"
        else:
            said[field] = "" if value is None else str(value)
    return said


def title_of(name: str, references: References) -> str:
    """What an offer that a document names is called, and whose it is; the name itself where there is none."""
    offer = references.offer(name)
    if offer is None or offer.published is None or offer.published.members_only:
        return name
    return f"{offer.published.title} ({offer.provider.name})"


def _group_in_words(row: Document, steps: list[Document]) -> str:
    size = sum(step.get("group") == row["key"] for step in steps)
    how = f"choose {row['choose']} of {size}" if row.get("choose") else "all of them"
    return f"{row['title']} ({how})\n{row.get('text', '')}".strip()


def _step_in_words(row: Document, groups: list[Document], references: References) -> str:
    title = next((group["title"] for group in groups if row.get("group") and group["key"] == row["group"]), "")
    said = [
        f"{row['title']} ({row['minutes']} minutes)",
        f"In the group {title}" if title else "",
        f"Done by completing {title_of(row['offer'], references)}" if row.get("offer") else "",
        row.get("text", ""),
    ]
    return "\n".join(part for part in said if part)


def mapping_in_words(rows: list[dict[str, str]], references: References) -> Iterator[str]:
    """ "Engaging the team: from Essential to Strong, builds it"."""
    for row in rows:
        framework = references.framework(row["framework"])
        dimension = references.dimension(MappingRow.model_validate(row))
        names = {level.key: level.name for level in framework.levels} if framework else {}
        start, to = (names.get(row[end], row[end]) for end in ("from", "to"))
        name = dimension.name if dimension else row["dimension"]
        yield f"{name}: from {start} to {to}, {STRENGTHS[row['strength']]}"


def mapped(document: Document, references: References) -> set[tuple[str, ...]]:
    """What a document says that it changes: the same for two that say the same."""
    return {
        (row["framework"] or references.current.key, row["dimension"], row["from"], row["to"], row["strength"])
        for row in document.get("mapping", [])
    }
