"""What a teacher has chosen so far: a short list that keeps its order. Pure."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from lti.claims import Grading

MOST_ITEMS = 30
LONGEST_TITLE = 200  # Moodle takes 255
LONGEST_TEXT = 1000


@dataclass(frozen=True, slots=True)
class Item:
    """A link to be: what it opens (``target`` and ``value``, as ``Launch.target``), and how the course shows it."""

    target: str
    value: str
    title: str
    text: str = ""
    grading: Grading = Grading.NONE
    has_steps: bool = False
    programme: bool = False  # an offer by several providers

    @property
    def key(self) -> str:
        """What it opens: nothing stands in a basket twice."""
        return f"{self.target}:{self.value}"

    @property
    def gradings(self) -> tuple[Grading, ...]:
        """What can be graded of it; links to more than one offer have nothing that a teacher could choose here."""
        if self.target != "offer":
            return (Grading.NONE,)
        return tuple(grading for grading in Grading if self.has_steps or grading != Grading.PROGRESS)


@dataclass(frozen=True, slots=True)
class Edit:
    """What a teacher typed for an item."""

    title: str
    text: str
    grading: Grading


Basket = tuple[Item, ...]


def edited(basket: Basket, edits: Mapping[str, Edit]) -> Basket:
    """The basket with what was typed, by the keys of items; what is not in it is passed over."""
    return tuple(_edited(item, edits.get(item.key)) for item in basket)


def _edited(item: Item, edit: Edit | None) -> Item:
    if edit is None:
        return item
    grading = edit.grading if edit.grading in item.gradings else item.grading
    return replace(item, title=edit.title, text=edit.text, grading=grading)


def added(basket: Basket, item: Item, *, several: bool) -> Basket:
    """With ``item`` at the end; in the place of all others where a course takes one. Twice changes nothing."""
    if any(held.key == item.key for held in basket):
        return basket
    return (*basket, item) if several else (item,)


def removed(basket: Basket, key: str) -> Basket:
    return tuple(item for item in basket if item.key != key)


def moved(basket: Basket, key: str, by: int) -> Basket:
    """With an item ``by`` places further down (or up), as far as there are places."""
    places = [number for number, item in enumerate(basket) if item.key == key]
    if not places:
        return basket
    rest = list(removed(basket, key))
    rest.insert(max(0, places[0] + by), basket[places[0]])
    return tuple(rest)


def stored(basket: Basket) -> list[dict[str, Any]]:
    return [asdict(item) for item in basket]


def loaded(kept: list[dict[str, Any]]) -> Basket:
    return tuple(Item(**(item | {"grading": Grading(item["grading"])})) for item in kept)
