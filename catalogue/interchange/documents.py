"""An offer as it goes out, whatever the format: what it says, its runs, and whose it is."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from catalogue.interchange.rows import RunRow
from catalogue.offers.content import OfferContent


@dataclass(frozen=True, slots=True)
class Publisher:
    key: str
    name: str
    address: str
    """The page that lists its offers."""


@dataclass(frozen=True, slots=True)
class Listed:
    key: str
    address: str
    """Its page in the catalogue."""
    provider: Publisher
    content: OfferContent
    runs: tuple[RunRow, ...] = ()
    names: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """What the conditions, seats, dimensions and partners that it names are called, by kind and key."""

    def named(self, kind: str, key: str) -> str:
        return self.names.get((kind, key), key)


def interval(hours: float) -> str:
    """Hours of learning as a duration (ISO 8601-1, section 5.5.2.2): never in days, which would be 24 hours each."""
    whole, minutes = divmod(max(round(hours * 60), 1), 60)
    return f"PT{whole}H{minutes:02}M"
