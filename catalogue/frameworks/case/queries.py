"""Frameworks with all that a CASE package says of them."""

from collections.abc import Sequence

from catalogue.frameworks.case.write import Beside, Published
from catalogue.frameworks.models import Crosswalk, Dimension, Framework
from catalogue.frameworks.queries import content_of, crosswalks, frameworks_with_words


def published(*, open_only: bool) -> list[Published]:
    """Every version; ``open_only`` those whose words anybody may have."""
    return described(frameworks_with_words(open_only=open_only))


def described(frameworks: Sequence[Framework]) -> list[Published]:
    """In as many queries as for one: what stands beside a dimension is named only where both ends are among them."""
    ids = [dimension.id for framework in frameworks for dimension in framework.dimensions]
    there = set(ids)
    beside = [row for row in crosswalks(ids) if row.origin_id in there and row.destination_id in there]
    return [
        Published(
            content_of(framework),
            framework.changed_at,
            framework.published_at.date() if framework.published_at else None,
            framework.retired_at.date() if framework.retired_at else None,
            [_beside(row) for row in beside if row.origin.framework_id == framework.id],
        )
        for framework in frameworks
    ]


def _beside(row: Crosswalk) -> Beside:
    def end(dimension: Dimension) -> tuple[str, str]:
        return dimension.name, dimension.identifier

    return Beside(row.identifier, str(row.kind), end(row.origin), end(row.destination))
