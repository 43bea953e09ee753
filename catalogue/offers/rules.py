"""Pure decisions on offers: search words, and whether a run can be joined."""

import re
from datetime import date

import snowballstemmer

from catalogue.offers.models import RunState

_stemmer = snowballstemmer.stemmer("english")
_words = re.compile(r"[a-z0-9]+")
COMMON = frozenset(
    ["a", "an", "and", "are", "as", "at", "be", "by", "for", "from", "how", "i", "in", "is", "it", "of", "on", "or",
     "that", "the", "this", "to", "what", "with", "you", "your"]
)  # fmt: skip


def stems_of(*texts: str) -> str:
    """The words of the texts, cut to their stems, once each, with a space before and after every one.

    One stemmer for every database (Snowball English, Porter 2001), so that they find the same offers.
    """
    words = {word for text in texts for word in _words.findall(text.lower()) if word not in COMMON}
    return " " + " ".join(sorted(set(_stemmer.stemWords(sorted(words))))) + " " if words else " "


JOINABLE = (RunState.OPEN, RunState.FULL)
"""A full run can be joined too: its waiting list."""


def can_be_joined(starts_on: date, state: str, today: date) -> bool:
    """A run takes people until the day it starts, unless it has been cancelled."""
    return starts_on >= today and state in JOINABLE
