"""What batches come to, for pages and for advice."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from catalogue.clock import today
from catalogue.evidence.models import EvidenceBatch, EvidenceEffect, Measure
from catalogue.evidence.rules import Claim, Effect, Measured, effects, effects_of_others
from catalogue.extensions import db
from catalogue.frameworks.models import Dimension, Framework
from catalogue.offers.models import Mapping, OfferVersion, VersionState

Key = tuple[str, str]
"""A dimension in whatever version: the keys of its framework and its own."""


@dataclass(frozen=True, slots=True)
class Shown:
    """How far people moved who took an offer, beyond people like them who did not, with its interval of 95 %.

    In levels by their own word; by others', on the scale from 0 to 4.
    """

    dimension: str
    measure: Measure
    people: int
    mean: float
    low: float
    high: float

    @property
    def may_be_chance(self) -> bool:
        return self.low <= 0.0 <= self.high

    @property
    def of_others(self) -> bool:
        return self.measure == Measure.OTHERS


def shown_of(offer_ids: Sequence[int]) -> dict[int, list[Shown]]:
    """By offer, what is known of each dimension that it claims now, in its order: by people's own word, then others'.

    Offers of which nothing is known are not among them.
    """
    rows = db.session.execute(
        select(EvidenceEffect, Dimension.name)
        .join(OfferVersion, OfferVersion.offer_id == EvidenceEffect.offer_id)
        .join(Mapping, Mapping.version_id == OfferVersion.id)
        .join(Dimension, (Dimension.id == Mapping.dimension_id) & (Dimension.key == EvidenceEffect.dimension))
        .join(Framework, (Framework.id == Dimension.framework_id) & (Framework.key == EvidenceEffect.framework))
        .where(
            EvidenceEffect.offer_id.in_(list(offer_ids)), EvidenceEffect.people > 0,
            OfferVersion.state == VersionState.PUBLISHED,
        )
        .order_by(EvidenceEffect.measure.desc(), Mapping.id)
    ).all()  # fmt: skip
    found: dict[int, dict[int, Shown]] = {}
    for row, name in rows:  # several mappings of a dimension, a step each, have one effect
        shown = Shown(name, Measure(row.measure), row.people, row.mean, row.low, row.high)
        found.setdefault(row.offer_id, {}).setdefault(row.id, shown)
    return {offer_id: list(some.values()) for offer_id, some in found.items()}


def factors(framework_id: int, dimensions: Iterable[str]) -> dict[tuple[int, str], float]:
    """What the chances that offers claim are multiplied by, where it is not 1: by offer id and key of the dimension."""
    rows = db.session.execute(
        select(EvidenceEffect.offer_id, EvidenceEffect.dimension, EvidenceEffect.factor)
        .join(Framework, Framework.key == EvidenceEffect.framework)
        .where(
            Framework.id == framework_id, EvidenceEffect.dimension.in_(list(dimensions)),
            EvidenceEffect.measure == Measure.SELF,
        )
    )  # fmt: skip
    return {(offer_id, dimension): factor for offer_id, dimension, factor in rows}


def worked_out() -> list[dict[str, Any]]:
    """The rows of ``EvidenceEffect`` that all batches come to, and what offers claim now; none that say nothing."""
    claims = _claims()
    numbers: dict[Key, int] = {}
    measured = {measure: _measured(measure, numbers) for measure in Measure}
    claimed = [
        Claim(offer_id, numbers.setdefault(key, len(numbers)), strength, start, end)
        for offer_id, key, strength, start, end in claims
    ]
    found = [(Measure.SELF, effect) for effect in effects(measured[Measure.SELF], claimed)]
    found += [(Measure.OTHERS, effect) for effect in effects_of_others(measured[Measure.OTHERS])]
    names = {number: key for key, number in numbers.items()}
    return [
        _row(measure, effect, names[effect.dimension])
        for measure, effect in found
        if effect.people or effect.factor != 1.0
    ]


def _row(measure: Measure, effect: Effect, key: Key) -> dict[str, Any]:
    framework, dimension = key
    return {
        "offer_id": effect.offer, "framework": framework, "dimension": dimension, "measure": measure,
        "people": effect.people, "mean": effect.mean, "low": effect.low, "high": effect.high,
        "factor": effect.factor, "made_on": today(),
    }  # fmt: skip


def _claims() -> list[tuple[int, Key, str, int, int]]:
    """Every mapping of an offer that is published."""
    rows = db.session.execute(
        select(
            OfferVersion.offer_id, Framework.key, Dimension.key, Mapping.strength, Mapping.from_level, Mapping.to_level
        )
        .join(Mapping, Mapping.version_id == OfferVersion.id)
        .join(Dimension, Dimension.id == Mapping.dimension_id)
        .join(Framework, Framework.id == Dimension.framework_id)
        .where(OfferVersion.state == VersionState.PUBLISHED)
        .order_by(Mapping.id)
    )
    return [
        (offer_id, (framework, key), strength, start, end) for offer_id, framework, key, strength, start, end in rows
    ]


def _measured(measure: Measure, numbers: dict[Key, int]) -> list[Measured]:
    """Batches added up; a dimension that is new to ``numbers`` is given the next one."""
    found: dict[tuple[int, int], list[EvidenceBatch]] = {}
    for batch in db.session.scalars(
        select(EvidenceBatch).where(EvidenceBatch.measure == measure).order_by(EvidenceBatch.id)
    ):
        number = numbers.setdefault((batch.framework, batch.dimension), len(numbers))
        found.setdefault((batch.offer_id, number), []).append(batch)
    return [_together(offer_id, dimension, some) for (offer_id, dimension), some in found.items()]


def _together(offer_id: int, dimension: int, some: Sequence[EvidenceBatch]) -> Measured:
    starts: Counter[int] = Counter()
    for batch in some:
        starts.update({int(level): people for level, people in batch.starts.items()})
    return Measured(
        offer_id, dimension, sum(one.people for one in some), sum(one.moved for one in some),
        sum(one.variance for one in some), starts,
    )  # fmt: skip
