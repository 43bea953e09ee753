"""What offers keep of what they claim, from everybody who took them, with others or alone: what advice goes by.

Most people who follow advice take several offers on a dimension, and none of them knows which it was that moved them.
But some took one and not the other, and so least squares tells them apart. An offer makes a step with the chance that
it claims times the part of its claim that it keeps; the chances of several are put together as those of independent
tries, and a step waits for the one below it. How far somebody is expected to move is not linear in the parts, so it is
laid straight where the parts are believed to be, and again the next night where they were found to be (Gauss & Newton).

The parts are drawn towards those of all offers of the same strength, the more the less certain they are; how far they
differ is found along with them by expectation and maximisation (Laird & Ware 1982, "Random-effects models for
longitudinal data", Biometrics 38).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from catalogue.evidence.rules import (
    FEWEST_IN_A_CELL,
    FLOOR,
    MOST_CHANCE,
    NOBODY,
    STRENGTH,
    UNKNOWN,
    Claim,
    Floats,
    Movements,
    Numbers,
    beyond_others,
    boldest,
    by_offer,
)
from catalogue.people.rules import FEWEST_TOLD_OF

ROUNDS = 20
LEAST_SPREAD = 1e-3
"""Of the parts that offers of a strength keep, as a variance: they never all keep the same."""
TO = 1
"""Decimals that parts are told to: a tenth does not say what any one person did."""


@dataclass(frozen=True, slots=True)
class Equations:
    """The normal equations of one dimension: k offers, and r people who took some of them.

    offers: (k,); people: (k,), who took each; gram: (k, k) and moved: (k,), the products of slopes, in levels for a
    whole claim, with each other and with movements; squares: of the movements, summed.
    """

    offers: Numbers
    people: Numbers
    gram: Floats
    moved: Floats
    squares: float
    rows: int


def equations(movements: Movements, claims: Iterable[Claim], believed: Mapping[int, float]) -> Equations:
    """From movements in one dimension, the claims that offers make for it now, and the parts that these are believed to
    keep, by offer: the whole where nothing is said."""
    claimed, offers = _claimed(claims)
    parts = np.array([believed.get(int(offer), 1.0) for offer in offers])
    row, offer = movements.taken.T
    place = np.searchsorted(offers, offer)
    known = (place < len(offers)) & (offers[np.minimum(place, len(offers) - 1)] == offer) if len(offers) else offer < 0
    row, place = row[known], place[known]
    expected, slope = _expected(_standing(movements, claimed.shape[1]), row, claimed[place], parts[place])
    beyond, matched = beyond_others(movements)
    count = len(movements.before)
    usable = matched & (movements.offer != NOBODY) & (np.bincount(row, slope, count) > 0.0)
    beyond = beyond - expected + np.bincount(row, slope * parts[place], count)  # as if it were linear from nothing on
    of_usable = usable[row] & (slope > 0.0)
    row, place, slope = row[of_usable], place[of_usable], slope[of_usable]
    moved: Floats = np.bincount(place, slope * beyond[row], len(offers)).astype(np.float64)
    return Equations(
        offers, np.bincount(place, minlength=len(offers)), _gram(row, place, slope, len(offers)), moved,
        float(beyond[usable] @ beyond[usable]), int(usable.sum()),
    )  # fmt: skip


def _claimed(claims: Iterable[Claim]) -> tuple[Floats, Numbers]:
    """The chance that each offer claims for each step, (k, L), and the offers, (k,), in order."""
    claims = list(claims)
    offers = np.unique(np.array([claim.offer for claim in claims], dtype=np.intp))
    missed = np.ones((len(offers), max((claim.end for claim in claims), default=1)))
    for claim in claims:
        missed[np.searchsorted(offers, claim.offer), claim.start : claim.end] *= 1.0 - STRENGTH[claim.strength]
    return 1.0 - missed, offers


def _standing(movements: Movements, steps: int) -> Floats:
    """How likely it is that people really stand at the foot of each step, (m, L).

    How noisy ratings are is seen in those who took nothing, and answer otherwise the second time: half of how that
    varies is each time's. A rating may be a level off, to where more people stand rather than to where few do.
    """
    change = (movements.after - movements.before)[movements.offer == NOBODY]
    off = np.exp(-1.0 / max(float(change.var()), FLOOR)) if len(change) else 0.0
    rated = movements.before.astype(np.intp)
    level = np.arange(int(rated.max(initial=0)) + 2)
    people = np.bincount(rated, minlength=len(level)) + 1.0
    likely = people * np.where(level == level[:, None], 1.0, np.where(np.abs(level - level[:, None]) == 1, off, 0.0))
    likely /= likely.sum(axis=1, keepdims=True)
    standing = np.zeros((len(level), max(steps, len(level))))
    standing[:, : len(level)] = likely
    return standing[rated, :steps]


def _expected(standing: Floats, row: Numbers, claimed: Floats, parts: Floats) -> tuple[Floats, Floats]:
    """How many levels everybody is expected to move, (m,), and how fast that grows with each offer's part, (t,).

    standing: (m, L), how likely people are to stand at the foot of each step; row: (t,), who took each offer; claimed:
    (t, L), and parts: (t,), its own.
    """
    missed = 1.0 - np.minimum(claimed * parts[:, None], MOST_CHANCE)
    count, steps = standing.shape
    left = np.exp(np.stack([np.bincount(row, one, count) for one in np.log(missed).T], axis=1))  # by all that they took
    there, growth = standing.copy(), np.ones_like(standing)
    for step in range(1, steps):
        there[:, step] += there[:, step - 1] * (1.0 - left[:, step - 1])
    for step in range(steps - 2, -1, -1):  # with the chance of a step grows that step, and those after it
        growth[:, step] += (1.0 - left[:, step + 1]) * growth[:, step + 1]
    slope: Floats = ((there * growth * left)[row] / missed * claimed).sum(axis=1)
    return (there * (1.0 - left)).sum(axis=1), slope


def _gram(row: Numbers, place: Numbers, slope: Floats, count: int) -> Floats:
    """The products of the slopes of what the same person took, summed over people, (k, k)."""
    order = np.argsort(row, kind="stable")
    place, slope = place[order], slope[order]
    sizes = np.unique(row, return_counts=True)[1]
    starts = np.cumsum(sizes) - sizes
    gram = np.zeros(count * count)
    for size in np.unique(sizes):
        which = starts[sizes == size][:, None] + np.arange(size)
        places, values = place[which], slope[which]
        pairs = places[:, :, None] * count + places[:, None, :]
        gram += np.bincount(pairs.reshape(-1), (values[:, :, None] * values[:, None, :]).reshape(-1), count * count)
    return gram.reshape(count, count)


def kept(of_dimensions: Mapping[int, Equations], claims: Sequence[Claim]) -> dict[tuple[int, int], float]:
    """The part of its claim that each offer keeps, not negative, by offer and dimension: for every claim.

    Where fewer than ten people took an offer it is what offers of the same strength keep.
    """
    names = tuple(STRENGTH)
    strengths = {key: names.index(boldest(some)) for key, some in by_offer(claims).items()}
    cells = {
        dimension: np.array([strengths[int(offer), dimension] for offer in one.offers], dtype=np.intp)
        for dimension, one in of_dimensions.items()
    }
    parts, usual = _fitted(list(of_dimensions.values()), [cells[dimension] for dimension in of_dimensions], len(names))
    found = {key: usual[strength] for key, strength in strengths.items()}
    for (dimension, one), part in zip(of_dimensions.items(), parts, strict=True):
        for place in np.flatnonzero(one.people >= FEWEST_TOLD_OF):
            found[int(one.offers[place]), dimension] = part[place]
    return {key: max(0.0, round(float(part), TO)) for key, part in found.items()}


def _fitted(systems: Sequence[Equations], cells: Sequence[Numbers], count: int) -> tuple[list[Floats], Floats]:
    """The parts of each system's offers, and what is usual in each cell."""
    usual, spread, noise = np.ones(count), np.full(count, UNKNOWN**2), 1.0
    rows = sum(one.rows for one in systems)
    parts = [usual[cell] for cell in cells]
    enough = [one.people >= FEWEST_TOLD_OF for one in systems]
    for _ in range(ROUNDS if rows else 0):
        left, variances = 0.0, []
        for number, (one, cell) in enumerate(zip(systems, cells, strict=True)):
            uncertain = np.linalg.inv(one.gram / noise + np.diag(1.0 / spread[cell]))
            part = parts[number] = uncertain @ (one.moved / noise + usual[cell] / spread[cell])
            variances.append(np.diag(uncertain))
            left += one.squares - 2 * part @ one.moved + part @ one.gram @ part + (uncertain * one.gram).sum()
        noise = left / rows
        for kind in range(count):
            own = [(cell == kind) & some for cell, some in zip(cells, enough, strict=True)]
            of_cell = np.concatenate([part[which] for part, which in zip(parts, own, strict=True)])
            if len(of_cell) >= FEWEST_IN_A_CELL:
                unsure = np.concatenate([one[which] for one, which in zip(variances, own, strict=True)])
                usual[kind] = of_cell.mean()
                spread[kind] = max(float(((of_cell - usual[kind]) ** 2 + unsure).mean()), LEAST_SPREAD)
    return parts, usual
