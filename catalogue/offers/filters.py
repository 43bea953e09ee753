"""What offers are looked for by: any of the values within a field, all of the fields together."""

from dataclasses import dataclass
from typing import Any

FACETS = (
    "dimension", "step", "seat", "kind", "mode", "length", "price", "starts", "free", "place", "provider", "system",
    "condition",
)  # fmt: skip
"""The fields with values to choose from, in the order in which people are offered them."""
SORTS = ("best", "title", "soonest")


@dataclass(frozen=True, slots=True)
class Filters:
    """Values are keys, or the names of bands (``facets.BANDS``); one that nothing has is looked for in vain."""

    q: str = ""
    condition: tuple[str, ...] = ()
    dimension: tuple[str, ...] = ()
    step: tuple[str, ...] = ()  # the key of the level that is reached
    provider: tuple[str, ...] = ()
    system: tuple[str, ...] = ()
    seat: tuple[str, ...] = ()
    kind: tuple[str, ...] = ()
    mode: tuple[str, ...] = ()
    length: tuple[str, ...] = ()
    price: tuple[str, ...] = ()
    starts: tuple[str, ...] = ()
    place: tuple[str, ...] = ()
    free: tuple[str, ...] = ()
    sort: str = ""

    @property
    def any(self) -> bool:
        """Whether anything is left out by them."""
        return bool(self.q.strip()) or any(getattr(self, name) for name in FACETS)

    @property
    def order(self) -> str:
        """One of ``SORTS``: what fits the words best comes first, where there are any."""
        return self.sort or ("best" if self.q.strip() else "title")

    @property
    def as_query(self) -> dict[str, Any]:
        """For the query of an address, without what is empty."""
        named = {"q": self.q} | {name: getattr(self, name) for name in FACETS} | {"sort": self.sort}
        return {name: value for name, value in named.items() if value}
