"""A result on paper, for an appraisal or any other talk about how somebody leads."""

from collections.abc import Mapping, Sequence

from catalogue.assessments.models import Assessment
from catalogue.assessments.rules import Standing
from catalogue.pages import format_date
from catalogue.printing import printed

TALKED_ABOUT = 3
"""Dimensions of each kind to talk about: more are too many for an hour."""


def sheet(
    assessment: Assessment,
    standings: Sequence[Standing],
    before: Mapping[int, int],
    notes: Mapping[int, str],
    headings: Mapping[tuple[int, int], str],
) -> bytes:
    """A PDF of two pages or so: where the person stands, what to talk about, and room to write.

    ``before``: the levels of the result before, by dimension id; ``notes``: what the person wants to have on it, by
    dimension id; ``headings``: what levels are called, by dimension id and level. Raises ``Refused``.
    """
    names = {level.value: level.name for level in assessment.framework.levels}
    strong = sorted(standings, key=lambda each: (-each.present, each.target))[:TALKED_ABOUT]
    wide = sorted((each for each in standings if each.gap), key=lambda each: (-each.gap, -each.importance))
    return printed(
        "assessments/sheet",
        {
            "name": assessment.person.name or "No name given",
            "seat": assessment.seat.name,
            "day": format_date(assessment.closed_at or assessment.started_at),
            "form": assessment.form,
            "label": f"{assessment.framework.label}. {assessment.framework.notice}",
            "strong": [
                {
                    "name": each.dimension,
                    "level": names[each.present],
                    "heading": headings.get((each.dimension_id, each.present), ""),
                }
                for each in strong
                if each.present
            ],
            "wide": [
                {
                    "name": each.dimension,
                    "from": names[each.present],
                    "to": names[each.target],
                    "next": headings.get((each.dimension_id, each.present + 1), ""),
                }
                for each in wide[:TALKED_ABOUT]
            ],
            "rows": [
                {
                    "name": each.dimension,
                    "present": names[each.present],
                    "target": names[each.target],
                    "change": _change(each.present - before[each.dimension_id]) if each.dimension_id in before else "",
                    "note": notes.get(each.dimension_id, ""),
                }
                for each in standings
            ],
        },
    )


def _change(levels: int) -> str:
    if not levels:
        return "the same"
    return f"{'up' if levels > 0 else 'down'} {abs(levels)}"
