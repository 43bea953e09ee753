"""Offers that are like one, and offers that go on where it ends."""

from sqlalchemy import Select, Subquery, and_, case, func, select
from sqlalchemy.orm import aliased, selectinload

from catalogue.extensions import db
from catalogue.frameworks.models import Dimension, Framework
from catalogue.offers.matching import visible_to
from catalogue.offers.models import Mapping, Offer, OfferVersion, version_condition
from catalogue.people.models import Person

MOST_ALIKE = 5


def similar_offers(version: OfferVersion, person: Person | None) -> list[Offer]:
    """Other offers that share most level steps with this one, then most conditions."""
    mine, other, kin = aliased(Mapping), aliased(Mapping), _same()
    top = case((mine.to_level < other.to_level, mine.to_level), else_=other.to_level)
    bottom = case((mine.from_level > other.from_level, mine.from_level), else_=other.from_level)
    shared = (
        select(other.version_id, func.sum(top - bottom).label("steps"))
        .join(kin, kin.c.other == other.dimension_id)
        .join(mine, mine.dimension_id == kin.c.mine)
        .where(
            mine.version_id == version.id,
            other.version_id != version.id,
            mine.from_level < other.to_level,
            other.from_level < mine.to_level,
        )
        .group_by(other.version_id)
        .subquery()
    )
    served = [condition.id for condition in version.conditions]
    conditions = (
        select(func.count())
        .select_from(version_condition)
        .where(version_condition.c.version_id == OfferVersion.id, version_condition.c.condition_id.in_(served))
        .scalar_subquery()
    )
    return _some(
        select(Offer)
        .join(Offer.published)
        .join(shared, shared.c.version_id == OfferVersion.id)
        .where(visible_to(person))
        .order_by(shared.c.steps.desc(), conditions.desc(), OfferVersion.title)
    )


def next_offers(version: OfferVersion, person: Person | None) -> list[Offer]:
    """Offers that begin, in a dimension, at the level to which this one leads."""
    mine, other, kin = aliased(Mapping), aliased(Mapping), _same()
    onward = (
        select(other.version_id)
        .join(kin, kin.c.other == other.dimension_id)
        .join(mine, and_(mine.dimension_id == kin.c.mine, mine.to_level == other.from_level))
        .where(mine.version_id == version.id, other.version_id != version.id)
    )
    return _some(
        select(Offer)
        .join(Offer.published)
        .where(OfferVersion.id.in_(onward), visible_to(person))
        .order_by(OfferVersion.title)
    )


def _some(wanted: Select[Offer]) -> list[Offer]:
    return list(db.session.scalars(wanted.limit(MOST_ALIKE).options(selectinload(Offer.published))))


def _same() -> Subquery:
    """Pairs of dimensions that are the same in two versions of a framework, or in one."""
    mine, other = aliased(Dimension), aliased(Dimension)
    of_mine, of_other = aliased(Framework), aliased(Framework)
    return (
        select(mine.id.label("mine"), other.id.label("other"))
        .join(of_mine, of_mine.id == mine.framework_id)
        .join(other, other.key == mine.key)
        .join(of_other, and_(of_other.id == other.framework_id, of_other.key == of_mine.key))
        .subquery()
    )
