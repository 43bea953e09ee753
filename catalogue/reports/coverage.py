"""The map itself: conditions × dimensions × systems, a cell for each, made of what may be shown and nothing else."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from catalogue.frameworks.models import Condition, Dimension, Framework
from catalogue.reports.rules import Assessed, Need, State, Supply, state_of
from catalogue.systems.models import System

Place = tuple[int, str]
"""Where supply stands: the id of a condition, and the key of a dimension."""


@dataclass(frozen=True, slots=True)
class Cell:
    """What stands against need in one dimension under one condition."""

    system: System | None
    """None for all the systems of the map together."""
    dimension: Dimension
    condition: Condition
    assessed: int | None
    """People who have finished an assessment; None where it may not be shown, as is the need then."""
    need: Need | None
    supply: Supply
    gaps_in: int = 0
    """For systems together: in how many of them this cell is a gap."""

    @property
    def place(self) -> Place:
        return self.condition.id, self.dimension.key

    @property
    def state(self) -> State:
        """A gap in one of the systems is a gap in all of them together: people there find nothing."""
        return State.GAP if self.gaps_in else state_of(self.need, self.supply)

    @property
    def heat(self) -> int:
        """How much of the people assessed has a gap: 0 for nobody, then 1 to 3 for each third."""
        if not self.need or not self.assessed:
            return 0
        return min(3, -(-3 * self.need.people // self.assessed))


@dataclass(frozen=True, slots=True)
class Layer:
    """The cells of one system, or of several together."""

    system: System | None
    assessed: int | None
    cells: Sequence[Cell]

    def rows(self) -> Iterator[tuple[Dimension, list[Cell]]]:
        """The cells of each dimension, in the order of the conditions."""
        by_dimension: dict[Dimension, list[Cell]] = {}
        for cell in self.cells:
            by_dimension.setdefault(cell.dimension, []).append(cell)
        yield from by_dimension.items()


@dataclass(frozen=True, slots=True)
class Coverage:
    framework: Framework
    conditions: Sequence[Condition]
    layers: Sequence[Layer]
    """One for each system."""
    together: Layer | None
    """All of the systems, where they are several."""

    @property
    def top(self) -> Layer:
        """What the heat map shows."""
        return self.together or self.layers[0]

    @property
    def not_shown(self) -> int:
        """Systems in which too few people have finished an assessment."""
        return sum(layer.assessed is None for layer in self.layers)

    @property
    def cells(self) -> list[Cell]:
        layers = [*self.layers, self.together] if self.together else self.layers
        return [cell for layer in layers for cell in layer.cells]

    @property
    def gaps(self) -> list[Cell]:
        """Where people have a gap and no offer stands against it: most people first.

        Systems together are named only for a gap that none of them is named for.
        """
        gaps = [cell for cell in self.cells if cell.state == State.GAP and not cell.gaps_in]
        return sorted(gaps, key=lambda cell: -cell.need.people if cell.need else 0)


@dataclass(frozen=True, slots=True)
class Supplies:
    """What stands where, by the systems that it is open to."""

    by_system: Mapping[int | None, Mapping[Place, Supply]]
    """Of offers that name a system, by its id; of those for everyone under None."""
    named: Mapping[Place, Supply]
    """Of offers that name any of the systems of the map, each counted once."""

    def open_to(self, system: System | None, place: Place) -> Supply:
        """What stands in a place for a system, or for all of the map's together."""
        named = self.named if system is None else self.by_system.get(system.id, {})
        return self.by_system.get(None, {}).get(place, Supply()) + named.get(place, Supply())


def coverage_of(
    framework: Framework,
    conditions: Sequence[Condition],
    assessed: Mapping[System, Assessed | None],
    together: Assessed | None,
    supplies: Supplies,
) -> Coverage:
    """The map of the systems that ``assessed`` names, each with what may be shown of its people: None for nothing."""

    def layer(system: System | None, shown: Assessed | None, gaps_in: Counter[Place]) -> Layer:
        cells = []
        for dimension, condition in product(framework.dimensions, conditions):
            place = condition.id, dimension.key
            need = shown.need(dimension.key) if shown else None
            people = shown.people if shown else None
            supply = supplies.open_to(system, place)
            cells.append(Cell(system, dimension, condition, people, need, supply, gaps_in[place]))
        return Layer(system, shown.people if shown else None, cells)

    layers = [layer(system, shown, Counter()) for system, shown in assessed.items()]
    if len(layers) == 1:
        return Coverage(framework, conditions, layers, None)
    gaps_in = Counter(cell.place for each in layers for cell in each.cells if cell.state == State.GAP)
    return Coverage(framework, conditions, layers, layer(None, together, gaps_in))
