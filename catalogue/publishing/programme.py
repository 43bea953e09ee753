"""A draft's steps and groups, as lists of rows: put in order, added to and taken from. Pure: rows in, rows out."""

import re
from collections.abc import Iterable, Sequence

from catalogue.offers.content import LONGEST_STEP
from catalogue.offers.models import Offer
from catalogue.offers.references import name_of
from catalogue.offers.rules import in_sections
from catalogue.publishing.document import Document

Rows = list[Document]


def sections_of(steps: Sequence[Document]) -> list[tuple[str, Rows]]:
    """Steps in their order, those of a group together; a step without a group stands alone."""
    return in_sections(steps, lambda row: str(row.get("group", "")))


def blocks_of(steps: Sequence[Document]) -> list[tuple[str, Rows]]:
    """The same, with steps that stand alone one after another in one list."""
    blocks: list[tuple[str, Rows]] = []
    for group, rows in sections_of(steps):
        if blocks and not group and not blocks[-1][0]:
            blocks[-1][1].extend(rows)
        else:
            blocks.append((group, list(rows)))
    return blocks


def step_earlier(steps: Sequence[Document], key: str) -> Rows:
    """A step changes places with the one before it in its group; one without a group with what stands before it."""
    sections = sections_of(steps)
    for at, (group, rows) in enumerate(sections):
        place = next((place for place, row in enumerate(rows) if row["key"] == key), None)
        if place is None:
            continue
        if group and place:
            rows[place - 1], rows[place] = rows[place], rows[place - 1]
        elif not group and at:
            sections[at - 1], sections[at] = sections[at], sections[at - 1]
        break
    return _flat(sections)


def group_earlier(steps: Sequence[Document], key: str) -> Rows:
    """All steps of a group change places with what stands before them."""
    sections = sections_of(steps)
    at = next((at for at, (group, _rows) in enumerate(sections) if group == key), 0)
    if at:
        sections[at - 1], sections[at] = sections[at], sections[at - 1]
    return _flat(sections)


def _flat(sections: Iterable[tuple[str, Rows]]) -> Rows:
    return [row for _group, rows in sections for row in rows]


def in_order(groups: Sequence[Document], steps: Sequence[Document]) -> Rows:
    """Groups in the order in which their steps stand; those without steps come last."""
    places = {group: place for place, (group, _rows) in enumerate(sections_of(steps)) if group}
    return sorted(groups, key=lambda group: places.get(group["key"], len(places) + len(steps)))


def without_group(steps: Iterable[Document], key: str) -> Rows:
    """The group ends, and its steps stand alone."""
    return [row | {"group": ""} if row.get("group") == key else row for row in steps]


def free_key(rows: Iterable[Document], word: str) -> str:
    """A key that none of them has: what people have done is kept by it, so it does not change with the title."""
    numbers = [int(found[1]) for row in rows if (found := re.fullmatch(rf"{word}-(\d{{1,6}})", row["key"]))]
    return f"{word}-{max([0, *numbers]) + 1}"


def step_of(offer: Offer, rows: Iterable[Document], group: str) -> Document:
    """Another offer, which is published, as a step: called like it, and as long."""
    minutes = min(max(round(float(offer.published.hours) * 60), 1), LONGEST_STEP)
    return {
        "key": free_key(rows, "step"), "title": offer.published.title, "minutes": minutes, "text": "",
        "offer": name_of(offer), "group": group,
    }  # fmt: skip
