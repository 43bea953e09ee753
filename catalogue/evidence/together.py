"""What offers keep of what they claim, from everybody who took them, with others or alone: what advice goes by.

Most people who follow advice take several offers on a dimension, and none of them knows which it was that moved them.
But some took one and not the other, and so least squares tells them apart: how far somebody moved beyond people like
them is what each offer claims for them, times the part of its claim that it keeps. These parts are drawn towards those
of all offers of the same strength, the more the less certain they are; how far they differ is found along with them by
expectation and maximisation (Laird & Ware 1982, "Random-effects models for longitudinal data", Biometrics 38).

What two offers claim for the same step is less than the sum of both, and a step waits for the one below it: a set's
claim is worked out whole, and then shared out over its offers by what each brings to each step.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from catalogue.evidence.rules import (
    FEWEST_IN_A_CELL,
    NOBODY,
    STRENGTH,
    UNKNOWN,
    Claim,
    Floats,
    Movements,
    Numbers,
    beyond_others,
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

    offers: (k,); people: (k,), who took each; gram: (k, k) and moved: (k,), the products of claims with each other and
    with movements, in levels; squares: of the movements, summed.
    """

    offers: Numbers
    people: Numbers
    gram: Floats
    moved: Floats
    squares: float
    rows: int


def equations(movements: Movements, claims: Iterable[Claim]) -> Equations:
    """From movements in one dimension, and the claims that offers make for it now."""
    rates, offers = _rates(claims)
    row, offer = movements.taken.T
    place = np.searchsorted(offers, offer)
    known = (place < len(offers)) & (offers[np.minimum(place, len(offers) - 1)] == offer) if len(offers) else offer < 0
    row, place = row[known], place[known]
    claimed = _claimed(movements.before.astype(np.intp), row, rates[place])
    beyond, matched = beyond_others(movements)
    count = len(movements.before)
    usable = matched & (movements.offer != NOBODY) & (np.bincount(row, claimed, count) > 0.0)
    of_usable = usable[row] & (claimed > 0.0)
    row, place, claimed = row[of_usable], place[of_usable], claimed[of_usable]
    moved: Floats = np.bincount(place, claimed * beyond[row], len(offers)).astype(np.float64)
    return Equations(
        offers, np.bincount(place, minlength=len(offers)), _gram(row, place, claimed, len(offers)), moved,
        float(beyond[usable] @ beyond[usable]), int(usable.sum()),
    )  # fmt: skip


def _rates(claims: Iterable[Claim]) -> tuple[Floats, Numbers]:
    """-log(1 - chance) that each offer claims for each step, (k, L), and the offers, (k,), in order."""
    claims = list(claims)
    offers = np.unique(np.array([claim.offer for claim in claims], dtype=np.intp))
    rates = np.zeros((len(offers), max((claim.end for claim in claims), default=0)))
    for claim in claims:
        rates[np.searchsorted(offers, claim.offer), claim.start : claim.end] -= np.log1p(-STRENGTH[claim.strength])
    return rates, offers


def _claimed(level: Numbers, row: Numbers, rates: Floats) -> Floats:
    """How many levels each offer claims to move whoever took it, among the others they took, (t,).

    level: (m,), where people stand; row: (t,), who took each, and rates: (t, L), its own.
    """
    of_sets = np.stack([np.bincount(row, rate, len(level)) for rate in rates.T], axis=1) if rates.size else None
    if of_sets is None:
        return np.zeros(len(row))
    above = np.arange(rates.shape[1]) >= level[:, None]
    chances = np.where(above, -np.expm1(-of_sets), 1.0)
    reached = np.where(above, np.cumprod(chances, axis=1), 0.0)
    an_offer = np.divide(reached, of_sets, out=np.zeros_like(reached), where=of_sets > 0.0)
    claimed: Floats = (an_offer[row] * rates).sum(axis=1)
    return claimed


def _gram(row: Numbers, place: Numbers, claimed: Floats, count: int) -> Floats:
    """The products of what offers claim for the same person, summed over people, (k, k)."""
    order = np.argsort(row, kind="stable")
    place, claimed = place[order], claimed[order]
    sizes = np.unique(row, return_counts=True)[1]
    starts = np.cumsum(sizes) - sizes
    gram = np.zeros(count * count)
    for size in np.unique(sizes):
        which = starts[sizes == size][:, None] + np.arange(size)
        places, values = place[which], claimed[which]
        pairs = places[:, :, None] * count + places[:, None, :]
        gram += np.bincount(pairs.reshape(-1), (values[:, :, None] * values[:, None, :]).reshape(-1), count * count)
    return gram.reshape(count, count)


def kept(of_dimensions: Mapping[int, Equations], claims: Sequence[Claim]) -> dict[tuple[int, int], float]:
    """The part of its claim that each offer keeps, not negative, by offer and dimension: for every claim.

    Where fewer than ten people took an offer it is what offers of the same strength keep.
    """
    boldest: dict[tuple[int, int], str] = {}
    for claim in sorted(claims, key=lambda claim: STRENGTH[claim.strength]):
        boldest[claim.offer, claim.dimension] = claim.strength
    names = tuple(STRENGTH)
    cells = {
        dimension: np.array([names.index(boldest[int(offer), dimension]) for offer in one.offers], dtype=np.intp)
        for dimension, one in of_dimensions.items()
    }
    parts, usual = _fitted(list(of_dimensions.values()), [cells[dimension] for dimension in of_dimensions], len(names))
    found = {key: usual[names.index(strength)] for key, strength in boldest.items()}
    for (dimension, one), part in zip(of_dimensions.items(), parts, strict=True):
        for place in np.flatnonzero(one.people >= FEWEST_TOLD_OF):
            found[int(one.offers[place]), dimension] = part[place]
    return {key: max(round(float(part), TO), 0.0) for key, part in found.items()}


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
