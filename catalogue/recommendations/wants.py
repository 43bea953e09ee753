"""What learners want, and what they can spend, as arrays."""

from dataclasses import dataclass

import numpy as np

from catalogue.recommendations.certificate import Floats
from catalogue.recommendations.limits import Flags, Numbers


@dataclass(frozen=True, slots=True)
class Wants:
    """What b learners want in the D dimensions of a shelf, and what they can spend.

    present: (b, D), levels above the shelf's lowest; steps: (b, D), open levels; weights: (b, D), of each open step.
    most_hours, most_price, most_per_provider: (b,); infinity is no limit.
    """

    present: Numbers
    steps: Numbers
    weights: Floats
    most_hours: Floats
    most_price: Floats
    most_per_provider: Floats

    def __len__(self) -> int:
        return len(self.present)

    def of(self, learners: Numbers) -> "Wants":
        """The same for some of the learners."""
        return Wants(
            self.present[learners], self.steps[learners], self.weights[learners],
            self.most_hours[learners], self.most_price[learners], self.most_per_provider[learners],
        )  # fmt: skip

    @property
    def limited(self) -> Flags:
        """Whose offers are limited by more than hours, (b,)."""
        return np.isfinite(self.most_price) | np.isfinite(self.most_per_provider)
