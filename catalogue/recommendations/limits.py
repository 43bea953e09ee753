"""What keeps an offer out of a set: hours and money, and no more than so many of one provider or family.

Each limit is that of b learners with k offers of their own, and is asked about j sets each, rows of k flags.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from catalogue.recommendations.certificate import Floats

Flags = NDArray[np.bool_]
Numbers = NDArray[np.intp]

SLACK = 1e-9  # so that 0.1 + 0.2 hours fit in 0.3


@dataclass(frozen=True, slots=True)
class Amount:
    """So much in all, as of hours or money. of_each: (b, k); most: (b,), infinity is no limit."""

    of_each: Floats
    most: Floats

    def of(self, learners: Numbers) -> "Amount":
        """The same for some of the learners."""
        return Amount(self.of_each[learners], self.most[learners])

    def fits(self, chosen: Flags) -> Flags:
        """Which offers could be added to sets, (b, j, k)."""
        room = (self.most + SLACK)[:, None, None] - chosen @ self.of_each[:, :, None]
        fits: Flags = self.of_each[:, None, :] <= room
        return fits


@dataclass(frozen=True, slots=True)
class Count:
    """So many of each number, as of a provider. of_each: (b, k, s), the numbers of the parts of an offer, -1 for none;
    most: (b,), infinity is no limit."""

    of_each: Numbers
    most: Floats

    def of(self, learners: Numbers) -> "Count":
        """The same for some of the learners."""
        return Count(self.of_each[learners], self.most[learners])

    def fits(self, chosen: Flags) -> Flags:
        """Which offers could be added to sets, (b, j, k)."""
        most = max(int(chosen.sum(axis=2).max(initial=0)), 1)
        members = np.argsort(~chosen, axis=2, kind="stable")[:, :, :most]
        there = np.take_along_axis(chosen, members, axis=2)
        taken = np.where(there[..., None], self.of_each[np.arange(len(chosen))[:, None, None], members], -1)
        taken, fits = taken.reshape(*chosen.shape[:2], 1, -1), np.ones_like(chosen)
        parts = np.moveaxis(self.of_each, 2, 0)
        for own in parts:
            count = (own[:, None, :, None] == taken).sum(axis=3) + (own == parts).sum(axis=0)[:, None]
            fits &= (own < 0)[:, None] | (count <= self.most[:, None, None])
        return fits
