"""Pure decisions on the map: what a cell comes to, and whose need may be shown.

Need is shown of ten people or more. A system in which fewer have finished an assessment shows none, and neither does
anything that one could take what is shown from: see ``together``.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from catalogue.people.rules import FEWEST_TOLD_OF


class State(StrEnum):
    """What a cell comes to; the worst first."""

    GAP = "gap"
    SHORT = "short"
    MET = "met"
    NO_NEED = "no need known"
    NOT_SHOWN = "not shown"


@dataclass(frozen=True, slots=True)
class Supply:
    """What stands in a cell: offers, how many of them are taken at one's own pace, free places on dated ones, hours."""

    offers: int = 0
    self_paced: int = 0
    places: int = 0
    hours: float = 0.0

    def __add__(self, other: "Supply") -> "Supply":
        return Supply(
            self.offers + other.offers, self.self_paced + other.self_paced,
            self.places + other.places, self.hours + other.hours,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Need:
    """People with a gap in a dimension, and the levels that they have still to go in it, all together."""

    people: int = 0
    levels: int = 0

    def __add__(self, other: "Need") -> "Need":
        return Need(self.people + other.people, self.levels + other.levels)


@dataclass(frozen=True, slots=True)
class Assessed:
    """People who have finished an assessment, and what they need by the key of the dimension, where they need any."""

    people: int = 0
    needs: Mapping[str, Need] = field(default_factory=dict)

    def need(self, dimension: str) -> Need:
        return self.needs.get(dimension, Need())

    def __add__(self, other: "Assessed") -> "Assessed":
        keys = {*self.needs, *other.needs}
        return Assessed(self.people + other.people, {key: self.need(key) + other.need(key) for key in keys})


def state_of(need: Need | None, supply: Supply) -> State:
    """What a cell comes to. A need of None may not be shown, and neither may what follows from it."""
    if need is None:
        return State.NOT_SHOWN
    if not need.people:
        return State.NO_NEED
    if not supply.offers:
        return State.GAP
    return State.MET if supply.self_paced or supply.places >= need.people else State.SHORT


def may_be_shown(assessed: Assessed) -> bool:
    return assessed.people >= FEWEST_TOLD_OF


def together(
    systems: Collection[Assessed], dimensions: Iterable[str], *, different_people: int, whole: bool
) -> Assessed | None:
    """What may be shown of several systems together; None where nothing may.

    The systems that are shown one by one are added up. The rest come in as one, so that what one takes the shown ones
    from is all of the rest and never a part of it:

    - only where ``whole`` says that these are all the systems there are: with sums over some of them, what one viewer
      sees and another does not would tell the rest apart;
    - only of ten people or more (``different_people`` in the rest: whoever belongs to several of its systems counts
      once), and then there are two systems in it at least;
    - only where in each of the dimensions some of the rest have a gap, and not all: if none had one, or all, that would
      be so in each of its systems.
    """
    shown = [assessed for assessed in systems if may_be_shown(assessed)]
    rest = sum((assessed for assessed in systems if not may_be_shown(assessed)), Assessed())
    tells_nothing = all(0 < rest.need(dimension).people < rest.people for dimension in dimensions)
    if whole and different_people >= FEWEST_TOLD_OF and tells_nothing:
        shown.append(rest)
    return sum(shown, Assessed()) if shown else None
