"""What batches come to, for pages and for advice."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from catalogue.clock import today
from catalogue.evidence.models import EvidenceBatch, EvidenceEffect, Measure
from catalogue.evidence.rules import Claim, Measured, effects, effects_of_others
from catalogue.evidence.together import Equations, kept
from catalogue.extensions import db
from catalogue.frameworks.models import Dimension, Framework
from catalogue.offers.models import Mapping as LevelStep
from catalogue.offers.models import OfferVersion, VersionState

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
        .join(LevelStep, LevelStep.version_id == OfferVersion.id)
        .join(Dimension, (Dimension.id == LevelStep.dimension_id) & (Dimension.key == EvidenceEffect.dimension))
        .join(Framework, (Framework.id == Dimension.framework_id) & (Framework.key == EvidenceEffect.framework))
        .where(
            EvidenceEffect.offer_id.in_(list(offer_ids)), EvidenceEffect.people > 0,
            OfferVersion.state == VersionState.PUBLISHED,
        )
        .order_by(EvidenceEffect.measure.desc(), LevelStep.id)
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


def believed() -> Mapping[Key, Mapping[int, float]]:
    """The same for the whole catalogue, by dimension and then by offer."""
    row = EvidenceEffect
    found: dict[Key, dict[int, float]] = {}
    for framework, dimension, offer_id, factor in db.session.execute(
        select(row.framework, row.dimension, row.offer_id, row.factor).where(row.measure == Measure.SELF)
    ):
        found.setdefault((framework, dimension), {})[offer_id] = factor
    return found


Claims = Mapping[Key, Sequence[Claim]]
"""What offers that are published claim, by dimension."""


def claims() -> Claims:
    rows = db.session.execute(
        select(
            Framework.key, Dimension.key, OfferVersion.offer_id,
            LevelStep.strength, LevelStep.from_level, LevelStep.to_level,
        )
        .join(LevelStep, LevelStep.version_id == OfferVersion.id)
        .join(Dimension, Dimension.id == LevelStep.dimension_id)
        .join(Framework, Framework.id == Dimension.framework_id)
        .where(OfferVersion.state == VersionState.PUBLISHED)
        .order_by(LevelStep.id)
    )  # fmt: skip
    found: dict[Key, list[Claim]] = {}
    numbers: dict[Key, int] = {}
    for framework, dimension, offer_id, strength, start, end in rows:
        key = (framework, dimension)
        found.setdefault(key, []).append(Claim(offer_id, numbers.setdefault(key, len(numbers)), strength, start, end))
    return found


def worked_out(claimed: Claims, learned: Mapping[Key, Equations]) -> list[dict[str, Any]]:
    """The rows of ``EvidenceEffect`` that come of all batches, and of what was learned for advice, by dimension."""
    numbers = {key: some[0].dimension for key, some in claimed.items()}
    every = [claim for some in claimed.values() for claim in some]
    parts = kept({numbers[key]: one for key, one in learned.items() if key in numbers}, every)
    found = [(Measure.SELF, effect) for effect in effects(_measured(Measure.SELF, numbers), every)]
    found += [(Measure.OTHERS, effect) for effect in effects_of_others(_measured(Measure.OTHERS, numbers))]
    names = {number: key for key, number in numbers.items()}
    rows = {
        (measure, effect.offer, effect.dimension): _row(measure, effect.offer, names[effect.dimension])
        | {"people": effect.people, "mean": effect.mean, "low": effect.low, "high": effect.high}
        for measure, effect in found
    }
    for (offer_id, dimension), part in parts.items():
        place = (Measure.SELF, offer_id, dimension)
        if part != 1.0 or place in rows:
            rows[place] = rows.get(place, _row(Measure.SELF, offer_id, names[dimension])) | {"factor": part}
    return list(rows.values())


def _row(measure: Measure, offer_id: int, key: Key) -> dict[str, Any]:
    """Of an offer of which nothing is known."""
    framework, dimension = key
    return {
        "offer_id": offer_id, "framework": framework, "dimension": dimension, "measure": measure,
        "people": 0, "mean": 0.0, "low": 0.0, "high": 0.0, "factor": 1.0, "made_on": today(),
    }  # fmt: skip


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
