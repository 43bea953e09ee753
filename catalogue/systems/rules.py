"""Pure decisions on systems and organisations: what they may be called, and what counts of people may be told."""

import re
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from catalogue.people.rules import FEWEST_TOLD_OF

KINDS = (
    "trust", "integrated care board", "primary care", "local authority", "voluntary organisation", "provider",
    "national body",
)  # fmt: skip
"""What an organisation can be."""
ODS_CODE = re.compile(r"[A-Z0-9]{3,10}")
LONGEST_NAME = 200
LONGEST_STAFF_NUMBER = 40
ASKED_FOR = timedelta(days=90)
"""How long somebody can answer whether they belong to an organisation."""


def folded_code(said: str) -> str:
    """A code of the Organisation Data Service as the register has it."""
    return "".join(said.split()).upper()


def key_of(name: str, taken: Collection[str]) -> str:
    """A key for an organisation of this name that no other has."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    wanted = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:90].strip("-") or "organisation"
    key, number = wanted, 2
    while key in taken:
        key, number = f"{wanted}-{number}", number + 1
    return key


def fault_of_dates(started_on: date | None, ended_on: date | None) -> str:
    """What is wrong with when something was; empty where nothing is."""
    if started_on and ended_on and started_on > ended_on:
        return "It cannot end before it starts"
    return ""


def onward(successors: Mapping[int, int | None], system_id: int) -> list[int]:
    """What followed a system, what followed that, and so on. ``successors`` by id."""
    found: list[int] = []
    follower = successors.get(system_id)
    while follower is not None and follower not in found:
        found.append(follower)
        follower = successors.get(follower)
    return found


def leads_back(successors: Mapping[int, int | None], system_id: int, successor_id: int) -> bool:
    """Whether a system that this one followed would, through what followed that and so on, follow itself."""
    return system_id in (successor_id, *onward(successors, successor_id))


@dataclass(frozen=True, slots=True)
class Told:
    """How many people are told of; None where the figure is not."""

    by_organisation: Mapping[int, int | None]
    together: int | None


def told(people: Mapping[int, int], together: int) -> Told:
    """What may be told of the people of a system: by the id of each organisation, and of all of them ``together``.

    Somebody may belong to several organisations, so that these may come to more. Of fewer than ten people nothing is
    told. All of them together are told only where taking the told ones from it says nothing about one organisation:
    nobody is in the rest, or the rest is several organisations with ten people or more.
    """
    shown = {key: count if count >= FEWEST_TOLD_OF else None for key, count in people.items()}
    rest = [people[key] for key, count in shown.items() if count is None]
    apart = together - sum(count for count in shown.values() if count is not None)
    hides = sum(rest) == 0 or (len(rest) > 1 and sum(rest) >= FEWEST_TOLD_OF and apart >= FEWEST_TOLD_OF)
    return Told(shown, together if together >= FEWEST_TOLD_OF and hides else None)
