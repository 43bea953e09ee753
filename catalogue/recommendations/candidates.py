"""Offers as the recommender sees them: what they take people from and to, and what they cost."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite

import numpy as np

from catalogue.recommendations.limits import Numbers


@dataclass(frozen=True, slots=True)
class Takes:
    """An offer takes people in a dimension from level `start` to level `end`.

    `probability` is the mapping's strength times the offer's effect; outside [0, 1] it is clipped in use.
    """

    dimension: str
    start: int
    end: int
    probability: float

    def __post_init__(self) -> None:
        """ValueError unless start < end and the probability is finite."""
        if self.start >= self.end:
            raise ValueError(f"an offer takes people upwards, not from {self.start} to {self.end}")
        if not isfinite(self.probability):
            raise ValueError(f"probability must be finite, not {self.probability}")


@dataclass(frozen=True, slots=True)
class Candidate:
    """An offer that can be taken; its price is in the budget's currency.

    needs: keys of candidates to complete first. ``prerequisites`` makes sets of such offers: of these, parts are the
    offers in order, and at most one candidate of a family is taken.
    """

    key: str
    hours: float
    takes: tuple[Takes, ...]
    price: float = 0.0
    provider: str = ""
    needs: tuple[str, ...] = ()
    parts: tuple["Candidate", ...] = ()
    family: str = ""

    @property
    def offers(self) -> tuple["Candidate", ...]:
        """The offers that this is made of."""
        return self.parts or (self,)

    def __post_init__(self) -> None:
        """ValueError if hours or price are negative or not finite."""
        require_not_negative(hours=self.hours, price=self.price)


def providers_of(offers: Sequence[Candidate]) -> Numbers:
    """The provider of each part of each offer, (n, s), numbered from 0; -1 where it has fewer parts."""
    numbers = {name: number for number, name in enumerate(sorted({o.provider for each in offers for o in each.offers}))}
    most = max((len(each.offers) for each in offers), default=1)
    found = np.full((len(offers), most), -1, dtype=np.intp)
    for row, each in enumerate(offers):
        found[row, : len(each.offers)] = [numbers[part.provider] for part in each.offers]
    return found


def families_of(offers: Sequence[Candidate]) -> Numbers:
    """The family of each offer, (n,), numbered from 0; -1 where it has none."""
    names = sorted({offer.family for offer in offers if offer.family})
    numbers = {"": -1, **{name: number for number, name in enumerate(names)}}
    return np.array([numbers[offer.family] for offer in offers], dtype=np.intp)


def require_unique(what: str, names: Sequence[str]) -> None:
    if len(set(names)) < len(names):
        raise ValueError(f"each {what} may occur once")


def require_not_negative(**amounts: float) -> None:
    for name, amount in amounts.items():
        if not (isfinite(amount) and amount >= 0):
            raise ValueError(f"{name} must be finite and not negative, not {amount}")
