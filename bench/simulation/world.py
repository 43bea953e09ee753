"""Offers, with what they claim and what they really do.

Arrays are by offer (n), dimension (D) and step (L = 4: the first leads from level 0 to level 1).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench.simulation.settings import Setting
from catalogue.evidence.rules import STRENGTH

Floats = NDArray[np.float64]
Numbers = NDArray[np.intp]
Flags = NDArray[np.bool_]
Random = np.random.Generator

DIMENSIONS = 9
STEPS = 4
HOURS = (0.5, 1, 1.5, 2, 3, 4, 6, 8, 12)
STRENGTHS = tuple(STRENGTH)
CHANCES = np.array(list(STRENGTH.values()))
HARDLY = 0.05
"""What an over-claimed mapping really achieves, as a share of what it claims."""
MOST_CHANCE = 0.95


@dataclass(frozen=True, slots=True)
class World:
    """hours, providers, stars (1 to 5), fame (people at the start), over_claimed: (n,); strength: (n, D), the number of
    one of STRENGTHS, or -1; start, end: (n, D), levels; claimed, true: (n, D, L), chances."""

    hours: Floats
    providers: Numbers
    stars: Floats
    fame: Floats
    over_claimed: Flags
    strength: Numbers
    start: Numbers
    end: Numbers
    claimed: Floats
    true: Floats

    @property
    def covers(self) -> Flags:
        """Which steps an offer is mapped to, (n, D, L)."""
        return self.claimed > 0.0


def planted(setting: Setting, random: Random) -> World:
    count = setting.offers
    strength = np.full((count, DIMENSIONS), -1)
    for offer, mapped in enumerate(random.integers(1, 4, size=count)):
        dimensions = random.choice(DIMENSIONS, size=mapped, replace=False)
        strength[offer, dimensions] = random.integers(0, len(STRENGTHS), size=mapped)
    over_claimed = random.random(count) < setting.over_claimed
    strength[over_claimed] = np.where(strength[over_claimed] >= 0, STRENGTHS.index("masters"), -1)
    start = random.integers(0, STEPS, size=strength.shape)
    end = np.minimum(start + random.integers(1, 3, size=strength.shape), STEPS)
    step = np.arange(STEPS)
    covered = (strength >= 0)[..., None] & (step >= start[..., None]) & (step < end[..., None])
    claimed = np.where(covered, CHANCES[strength][..., None], 0.0)
    meant = CHANCES[strength if setting.claims_mean_something else random.integers(0, 3, size=strength.shape)]
    share = np.maximum(random.normal(1.0, setting.spread, size=strength.shape), 0.0)
    share[over_claimed] = HARDLY
    true = np.where(covered, np.minimum(meant * share, MOST_CHANCE)[..., None], 0.0)
    hours = random.choice(HOURS, size=count)
    does = true.sum(axis=(1, 2))
    return World(
        hours, random.integers(0, setting.providers, size=count),
        np.clip(3.7 + 0.7 * _following(does, setting.stars_tell, random), 1.0, 5.0),
        np.exp(3.0 + _following(does / hours, setting.crowd_knows, random)),
        over_claimed, strength, start, end, claimed, true,
    )  # fmt: skip


def _following(values: Floats, correlation: float, random: Random) -> Floats:
    """Standard normal scores, of which the ranks of some values make up so much."""
    ranks = values.argsort().argsort()
    scores = (ranks - ranks.mean()) / ranks.std()
    own: Floats = correlation * scores + np.sqrt(1.0 - correlation**2) * random.normal(size=len(values))
    return own
