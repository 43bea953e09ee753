"""What an offer does to people, from where they stood before and after.

**Difference in differences on the same step.** Whoever took an offer is compared with people who took none on that
dimension, and who stood at the same level, were asked the same by their seat, and waited about as long. Both groups
are picked by the same measured level, so both fall back towards their true one alike (regression to the mean), and
both change in how they see themselves with time. What is left is the offer's, or that of being somebody who chose it:
the second cannot be told from these figures.

**Empirical Bayes.** Few people say little, so each figure is drawn towards those of offers that claim the same, the
more the less certain it is. How far these differ in truth is estimated after Paule & Mandel (1982), and how far to
draw, with the interval, after Morris (1983, "Parametric empirical Bayes inference", JASA 78, equations 1.17 to 1.19).

Movements are in levels for self-ratings; what is drawn together is their share of what the mapping claims, so that a
bold claim and a modest one can be held beside each other. Others' ratings stay on their own scale, and apart.
"""

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from math import fsum, inf, sqrt

import numpy as np
from numpy.typing import NDArray

from catalogue.people.rules import FEWEST_TOLD_OF

Floats = NDArray[np.float64]
Numbers = NDArray[np.intp]
Flags = NDArray[np.bool_]

NOBODY = -1
"""Stands where no offer was taken."""
UNCLEAR = -2
"""Stands where several were, or one that does not claim to take people from where this one stood."""
STRENGTH = {"touches": 0.2, "builds": 0.45, "masters": 0.7}
"""The chance that a step is made which a mapping claims: a convention, until there is evidence."""
MOST_CHANCE = 0.95
"""That an offer makes a step, whatever it claims and keeps of that: no course is certain to work."""
FEWEST_IN_A_CELL = 5
"""Figures that are drawn towards each other; where there are fewer, a wider cell is taken."""
UNKNOWN = 0.5
"""By how much an offer may differ from its claim, as a share of it (one standard deviation), while no cell is known."""
AS_OTHERS = 10
"""The spread among takers of one offer is judged as if there were so many more of them, who vary as all takers do."""
FLOOR = 0.01
"""Of the variance of one person's movement: where all moved alike, that is chance too."""
SURE = 1.96
"""Standard deviations on either side, for 95 in 100."""
MOST_STEPS = 50
CLOSE_ENOUGH = 1e-9


@dataclass(frozen=True, slots=True)
class Movements:
    """m times that one person was measured twice in one dimension; arrays of shape (m,).

    dimension: a number of each; offer: the one offer on that dimension that was completed in between, NOBODY or
    UNCLEAR; before, after: levels, or means of others' ratings; likeness: a number for what else has to be alike;
    new: took an offer, and counts in no batch yet. taken: (t, 2), each row with each offer that was completed.
    """

    dimension: Numbers
    offer: Numbers
    before: Floats
    after: Floats
    likeness: Numbers
    new: Flags
    taken: Numbers


@dataclass(frozen=True, slots=True)
class Batch:
    """People who took an offer, and whose movements are told together for the first time.

    rows: which movements these are; moved: what they moved beyond others like them, summed; variance: of that sum;
    starts: how many of them began at each whole level.
    """

    offer: int
    dimension: int
    rows: Numbers
    moved: float
    variance: float
    starts: dict[int, int]

    @property
    def people(self) -> int:
        return len(self.rows)


@dataclass(frozen=True, slots=True)
class Measured:
    """Batches of one offer and dimension, added up."""

    offer: int
    dimension: int
    people: int
    moved: float
    variance: float
    starts: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class Claim:
    """A mapping, as it is published now."""

    offer: int
    dimension: int
    strength: str
    start: int
    end: int

    def levels(self, level: int) -> float:
        """What it says that somebody who stands at a level moves, in levels: each step waits for the one below it."""
        chance = STRENGTH[self.strength]
        steps = range(1, self.end - level + 1) if self.start <= level < self.end else ()
        return fsum(chance**step for step in steps)


@dataclass(frozen=True, slots=True)
class Effect:
    """How much further takers moved than people like them, with its interval of 95 %, on the scale of the ratings."""

    offer: int
    dimension: int
    people: int
    mean: float
    low: float
    high: float


def batches(movements: Movements) -> list[Batch]:
    """One for each offer and dimension with at least ten new takers for each of whom there are ten others like them."""
    stratum, count, mean, variance = _others(movements)
    counted = np.flatnonzero(movements.new & (movements.offer >= 0) & (count >= FEWEST_TOLD_OF)[stratum])
    beyond = (movements.after - movements.before)[counted] - mean[stratum[counted]]
    unit = _numbered(movements.offer[counted], movements.dimension[counted])
    takers, _means, spread = _by(unit, beyond, np.ones(len(counted), dtype=bool))
    free = np.maximum(takers - 1, 0)
    usual = (spread * free).sum() / max(free.sum(), 1)
    found = []
    for number in np.flatnonzero(takers >= FEWEST_TOLD_OF):
        own = unit == number
        rows = counted[own]
        strata, alike = np.unique(stratum[rows], return_counts=True)
        of_one = FLOOR + (free[number] * spread[number] + AS_OTHERS * usual) / (free[number] + AS_OTHERS)
        levels, people = np.unique(np.floor(movements.before[rows]).astype(np.intp), return_counts=True)
        found.append(
            Batch(
                int(movements.offer[rows[0]]), int(movements.dimension[rows[0]]), rows, float(beyond[own].sum()),
                float(len(rows) * of_one + (alike**2 * variance[strata] / count[strata]).sum()),
                dict(zip(levels.tolist(), people.tolist(), strict=True)),
            )
        )  # fmt: skip
    return found


def beyond_others(movements: Movements) -> tuple[Floats, Flags]:
    """How far each moved beyond the mean of others like them, who took nothing; and whether there are ten of these."""
    stratum, count, mean, _variance = _others(movements)
    matched: Flags = count[stratum] >= FEWEST_TOLD_OF
    return movements.after - movements.before - mean[stratum], matched


def _others(movements: Movements) -> tuple[Numbers, Numbers, Floats, Floats]:
    """What each is like, numbered; and of those like that who took nothing how many, their mean, and their variance."""
    stratum = _numbered(movements.dimension, movements.before, movements.likeness)
    return stratum, *_by(stratum, movements.after - movements.before, movements.offer == NOBODY)


def effects(measured: Iterable[Measured], claims: Iterable[Claim]) -> list[Effect]:
    """From self-ratings, of what was measured and is claimed still."""
    claimed = by_offer(claims)
    shares = []
    for one in measured:
        said = claimed.get((one.offer, one.dimension), [])
        levels = fsum(people * claim.levels(level) for level, people in one.starts.items() for claim in said)
        if levels > 0.0:
            shares.append(_Share(one, levels, (one.dimension, boldest(said))))
    cells = _Cells(shares, centre=1.0)
    return [cells.drawn(share) for share in shares]


def effects_of_others(measured: Iterable[Measured]) -> list[Effect]:
    """The same from others' ratings; towards what offers do on the same dimension."""
    shares = [_Share(one, float(one.people), (one.dimension, "")) for one in measured]
    cells = _Cells(shares, centre=0.0)
    return [cells.drawn(share) for share in shares]


Cell = tuple[int, str]
"""A dimension, and the strength that is claimed for it."""


def by_offer(claims: Iterable[Claim]) -> dict[tuple[int, int], list[Claim]]:
    """Claims of an offer for a dimension together."""
    found: dict[tuple[int, int], list[Claim]] = {}
    for claim in claims:
        found.setdefault((claim.offer, claim.dimension), []).append(claim)
    return found


def boldest(claims: Iterable[Claim]) -> str:
    """The greatest strength that is claimed."""
    return max((claim.strength for claim in claims), key=STRENGTH.__getitem__)


def _wider(cell: Cell) -> tuple[Hashable, ...]:
    """Offers that claim the same for a dimension; that claim the same for any; all."""
    return cell, cell[1], None


@dataclass(frozen=True, slots=True)
class _Share:
    """What was measured as a share of what is claimed for the same people, in levels."""

    measured: Measured
    claimed: float
    cell: Cell

    @property
    def mean(self) -> float:
        return self.measured.moved / self.claimed

    @property
    def variance(self) -> float:
        return self.measured.variance / self.claimed**2


@dataclass(frozen=True, slots=True)
class _Spread:
    """How a cell's shares lie in truth: their mean, and the variance between them; weight, variance: typical of one."""

    count: float
    mean: float
    between: float
    weight: float = 1.0
    variance: float = 0.0

    @classmethod
    def of(cls, means: Floats, variances: Floats) -> "_Spread":
        between = paule_mandel(means, variances)
        weights = 1.0 / (variances + between)
        total = weights.sum()
        return cls(
            len(means), float(weights @ means / total), between, float(weights.mean()),
            float(weights @ variances / total),
        )  # fmt: skip


class _Cells:
    """The shares of every cell that has enough of them; ``centre`` is what stands in for one that is not known."""

    def __init__(self, shares: Iterable[_Share], centre: float) -> None:
        members: dict[Hashable, list[_Share]] = {}
        for share in shares:
            for cell in _wider(share.cell):
                members.setdefault(cell, []).append(share)
        self._spreads = {
            cell: _Spread.of(np.array([one.mean for one in some]), np.array([one.variance for one in some]))
            for cell, some in members.items()
            if len(some) >= FEWEST_IN_A_CELL
        }
        self._unknown = _Spread(inf, centre, UNKNOWN**2)

    def of(self, cell: Cell) -> _Spread:
        """The narrowest that is known."""
        return next((self._spreads[wider] for wider in _wider(cell) if wider in self._spreads), self._unknown)

    def drawn(self, share: _Share) -> Effect:
        """A share drawn towards its cell, and its interval: Morris (1983), for variances that differ."""
        cell, variance = self.of(share.cell), share.variance
        known = 1.0 if cell.count == inf else (cell.count - 3) / (cell.count - 1)
        weight = 1.0 / (variance + cell.between)
        by = known * variance * weight
        mean = share.mean - by * (share.mean - cell.mean)
        own = 0.0 if cell.count == inf else weight / cell.weight / cell.count
        unsure = 2 / (cell.count - 3) * by**2 * (cell.variance + cell.between) * weight * (share.mean - cell.mean) ** 2
        either_side = SURE * sqrt(variance * (1.0 - (1.0 - own) * by) + unsure)
        one, levels = share.measured, share.claimed / share.measured.people
        return Effect(
            one.offer, one.dimension, one.people,
            mean * levels, (mean - either_side) * levels, (mean + either_side) * levels,
        )  # fmt: skip


def paule_mandel(means: Floats, variances: Floats) -> float:
    """The variance between k true values, 0 or more, of which each was measured with a variance, above 0.

    With it, the weighted squares of the deviations add up to their degrees of freedom (Paule & Mandel 1982); found by
    Newton's steps, which come from below and stay there, since the sum is convex in it (DerSimonian & Kacker 2007).
    """
    between = 0.0
    for _ in range(MOST_STEPS):
        weights = 1.0 / (variances + between)
        squares = (means - weights @ means / weights.sum()) ** 2
        beyond = float(weights @ squares) - (len(means) - 1)
        if beyond <= CLOSE_ENOUGH:
            break
        between += beyond / float(weights**2 @ squares)
    return between


def _numbered(*parts: NDArray[np.generic]) -> Numbers:
    """A number for each row of arrays of one length, the same for the same values."""
    number = np.zeros(len(parts[0]), dtype=np.intp)
    for part in parts:
        values, which = np.unique(part, return_inverse=True)
        number = number * len(values) + which
    return np.unique(number, return_inverse=True)[1]


def _by(group: Numbers, values: Floats, which: Flags) -> tuple[Numbers, Floats, Floats]:
    """How many of them each group has, their mean, and their variance; 0 where there are too few to say."""
    size = int(group.max(initial=-1)) + 1
    count = np.bincount(group[which], minlength=size)
    mean = np.bincount(group[which], values[which], minlength=size) / np.maximum(count, 1)
    squares = np.bincount(group[which], (values[which] - mean[group[which]]) ** 2, minlength=size)
    return count, mean, squares / np.maximum(count - 1, 1)
