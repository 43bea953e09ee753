"""From what raters have said to the report, as plain data: made once, when a round closes, and then frozen.

::

    {"framework": "healthcare-leadership-model", "closed_on": "2026-11-02",
     "groups": [{"key": "peers", "name": "Peers", "asked": 5, "answered": 4}, …],
     "parts": [{"key": "peers+others", "name": "Peers and others together", "answered": 4}, …], "withheld": ["Others"],
     "dimensions": [{"key": "care", "name": "Leading with care", "self": 2.8,
                     "figures": {"peers": {"count": 4, "mean": 3.0, "lowest": None, "highest": None}},
                     "others": 3.0, "view": None, "importance": 4.0, "weight": "keep it up"}, …],
     "comments": [{"from": "Line manager", "asked": "What do they do well?", "said": ["…"]}, …]}

A part that is not in a dimension's ``figures`` has nothing told there. ``others``, ``view`` and ``weight`` follow from
what is told, and from nothing else.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

from catalogue.feedback.rules import (
    ANONYMOUS,
    FEWEST,
    NAMES,
    Figure,
    Group,
    others_view,
    parts,
    told,
    view,
    weigh,
    whole,
)

QUESTIONS: Mapping[str, str] = {
    "well": "What do they do well as a leader?",
    "more": "What could they do more of, or differently?",
}
"""What raters may answer in their own words, by the name under which it is kept."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A dimension, as far as a report needs it; ``statements`` are the ids of its statements."""

    id: int
    key: str
    name: str
    statements: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Said:
    """What one rater has sent. Nothing in it says who that was, but for the group."""

    group: Group
    answers: Mapping[str, int | None]
    importance: Mapping[str, int] = field(default_factory=dict)
    comments: Mapping[str, str] = field(default_factory=dict)

    def score(self, dimension: Asked) -> int | None:
        return whole(self.answers.get(str(statement)) for statement in dimension.statements)


def written(
    framework: str, closed_on: date, dimensions: Sequence[Asked], asked: Mapping[Group, int], said: Sequence[Said],
    *, own: Mapping[int, float], shuffle: Callable[[list[str]], None],
) -> dict[str, Any]:  # fmt: skip
    """The report. ``own`` is the person's own mean by dimension id; ``shuffle`` takes all order out of comments."""
    counts = Counter(one.group for one in said)
    shown = parts(counts)
    members: list[tuple[str, str, list[Said]]] = []
    managers = [one for one in said if one.group == Group.MANAGER]
    if managers:
        members.append((Group.MANAGER.value, NAMES[Group.MANAGER], managers))
    for groups in shown.told:
        members.append(("+".join(groups), _together(groups), [one for one in said if one.group in groups]))
    return {
        "framework": framework,
        "closed_on": closed_on.isoformat(),
        "groups": [
            {"key": group.value, "name": NAMES[group], "asked": asked[group], "answered": counts[group]}
            for group in Group
            if asked.get(group)
        ],
        "parts": [{"key": key, "name": name, "answered": len(some)} for key, name, some in members],
        "withheld": [NAMES[group] for group in shown.withheld],
        "dimensions": [_dimension(one, members, own.get(one.id)) for one in dimensions],
        "comments": _comments(said, shuffle),
    }


def _together(groups: Sequence[Group]) -> str:
    first, *others = [NAMES[group] for group in groups]
    rest = [name.lower() for name in others]
    return f"{', '.join([first, *rest[:-1]])} and {rest[-1]} together" if rest else first


def _dimension(dimension: Asked, members: Sequence[tuple[str, str, list[Said]]], own: float | None) -> dict[str, Any]:
    figures: dict[str, Figure] = {}
    weights: list[Figure | None] = []
    for key, _name, some in members:
        scores = [score for one in some if (score := one.score(dimension)) is not None]
        figure = Figure(1, float(scores[0])) if key == Group.MANAGER and scores else told(scores)
        if figure is not None:
            figures[key] = figure
        if key != Group.MANAGER:  # told part by part too: one figure over all could be held against those of the parts
            weights.append(told([one.importance[str(dimension.id)] for one in some]))
    importance, others = others_view(weights), others_view(figures.values())
    return {
        "key": dimension.key,
        "name": dimension.name,
        "self": own,
        "figures": {key: asdict(figure) for key, figure in figures.items()},
        "others": others,
        "view": view(own, others),
        "importance": importance,
        "weight": weigh(importance, others),
    }


def _unnamed(said: Sequence[Said]) -> list[Said]:
    return [one for one in said if one.group in ANONYMOUS]


def _comments(said: Sequence[Said], shuffle: Callable[[list[str]], None]) -> list[dict[str, Any]]:
    """In no order, without days or groups; the line manager's under their name, and the rest where enough answered."""
    unnamed = _unnamed(said)
    found = []
    for who, some in (
        (NAMES[Group.MANAGER], [one for one in said if one.group == Group.MANAGER]),
        ("Everybody else", unnamed if len(unnamed) >= FEWEST else []),
    ):
        for name, question in QUESTIONS.items():
            words = [text for one in some if (text := one.comments.get(name, "").strip())]
            shuffle(words)
            if words:
                found.append({"from": who, "asked": question, "said": words})
    return found
