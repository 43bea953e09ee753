"""Pure decisions on offers: search words, whether a run can be joined, and how steps hang together."""

import re
import unicodedata
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping
from datetime import date
from functools import lru_cache
from typing import TypeVar

import snowballstemmer

from catalogue.offers.models import RunState

Named = TypeVar("Named", bound=Hashable)
InGroup = TypeVar("InGroup")
Group = TypeVar("Group", bound=Hashable)
_stemmer = snowballstemmer.stemmer("english")
_words = re.compile(r"[a-z0-9]+")
COMMON = frozenset(
    ["a", "an", "and", "are", "as", "at", "be", "by", "for", "from", "how", "i", "in", "is", "it", "of", "on", "or",
     "that", "the", "this", "to", "what", "with", "you", "your"]
)  # fmt: skip


LONGEST_WORD = 60
"""Letters of a word beyond these are not looked at."""


@lru_cache(200_000)
def _stem(word: str) -> str:
    return str(_stemmer.stemWord(word))


def words_of(*texts: str) -> dict[str, str]:
    """Each word of the texts, without accents and capitals, with its stem; the commonest words left out.

    One stemmer for every database (Snowball English, Porter 2001), so that they find the same offers.
    """
    plain = unicodedata.normalize("NFKD", " ".join(texts)).encode("ascii", "ignore").decode().lower()
    words = sorted({word[:LONGEST_WORD] for word in _words.findall(plain)} - COMMON)
    return {word: _stem(word) for word in words}


def stems_of(*texts: str) -> str:
    """The words of the texts, cut to their stems, once each, with a space before and after every one."""
    stems = sorted(set(words_of(*texts).values()))
    return " " + " ".join(stems) + " " if stems else " "


def slips_forgiven(word: str) -> int:
    """How many letters of a word may be wrong for it still to be read as another: none of a short one."""
    return 0 if len(word) < 4 else 1 if len(word) < 8 else 2


JOINABLE = (RunState.OPEN, RunState.FULL)
"""A full run can be joined too: its waiting list."""


def can_be_joined(starts_on: date, state: str, today: date) -> bool:
    """A run takes people until the day it starts, unless it has been cancelled."""
    return starts_on >= today and state in JOINABLE


def way_back(needs: Mapping[Named, Collection[Named]], start: Named) -> Named | None:
    """The first of what ``start`` needs by which one comes back to it, over any number of others; none where there
    is no way back. ``needs`` is what has to be done before each: where they go round, nobody could do any of them.
    """
    for first in needs.get(start, ()):
        seen, waiting = {first}, [first]
        while waiting:
            one = waiting.pop()
            if one == start:
                return first
            onward = set(needs.get(one, ())) - seen
            seen |= onward
            waiting.extend(onward)
    return None


def in_sections(steps: Iterable[InGroup], group_of: Callable[[InGroup], Group]) -> list[tuple[Group, list[InGroup]]]:
    """The steps of a programme as people read them: those of a group together, where the first of them stands.

    A step in no group (nothing, or an empty key) stands on its own.
    """
    sections: list[tuple[Group, list[InGroup]]] = []
    there: dict[Group, list[InGroup]] = {}
    for step in steps:
        group = group_of(step)
        if group and group in there:
            there[group].append(step)
            continue
        sections.append((group, [step]))
        if group:
            there[group] = sections[-1][1]
    return sections
