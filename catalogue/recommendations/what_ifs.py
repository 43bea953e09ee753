"""What would change with other hours, without a limit, or with what was set aside: a few more answers beside one."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from catalogue.recommendations.candidates import Candidate
from catalogue.recommendations.rules import MOST_HOURS, Budget, Gap, Recommendation, choose, choose_each

MORE_HOURS = 4.0
LESS = (0.5, 0.65, 0.8, 0.9)
"""Parts of the hours of an answer that are tried in their place."""
NEARLY = 0.95
"""Of what an answer closes: this is nearly the same."""
SAVING = 1.0
"""Hours that are worth being saved."""
WORTH_SAYING = 0.01
"""Of the whole gap: what changes less is not said."""


class Kind(StrEnum):
    FEWER_HOURS = "fewer hours"
    MORE_HOURS = "more hours"
    ANY_PRICE = "any price"
    ANY_PROVIDER = "any provider"
    ANY_DAY = "any day"
    SET_ASIDE = "set aside"


@dataclass(frozen=True, slots=True)
class WhatIf:
    """An answer to another question: in how many hours, the part of the whole gap that closes, and what is new."""

    kind: Kind
    hours: float
    share: float
    new: tuple[str, ...]


def with_what_ifs(
    gaps: Sequence[Gap],
    candidates: Sequence[Candidate],
    budget: Budget,
    *,
    any_day: Sequence[Candidate] = (),
    with_set_aside: Sequence[Candidate] = (),
) -> tuple[Recommendation, list[WhatIf]]:
    """The answer, and what would change it by enough to be said; the most that can be saved comes first.

    any_day and with_set_aside are the candidates without that limit; none where there is none.
    """
    asked = {}
    if budget.hours + MORE_HOURS <= MOST_HOURS:
        asked[Kind.MORE_HOURS] = replace(budget, hours=budget.hours + MORE_HOURS)
    if budget.price is not None:
        asked[Kind.ANY_PRICE] = replace(budget, price=None)
    if budget.per_provider is not None:
        asked[Kind.ANY_PROVIDER] = replace(budget, per_provider=None)
    answer, *others = choose_each(gaps, candidates, [budget, *asked.values()])
    found = list(zip(asked, asked.values(), others, strict=True))
    for kind, widened in ((Kind.ANY_DAY, any_day), (Kind.SET_ASIDE, with_set_aside)):
        if {one.key for one in widened} - {one.key for one in candidates}:
            found.append((kind, budget, choose(gaps, widened, budget)))
    more = [
        _what_if(kind, other.hours, then, answer)
        for kind, other, then in found
        if then.share_closed >= answer.share_closed + WORTH_SAYING
    ]
    return answer, [*_fewer_hours(gaps, candidates, budget, answer), *more]


def _fewer_hours(
    gaps: Sequence[Gap], candidates: Sequence[Candidate], budget: Budget, answer: Recommendation
) -> list[WhatIf]:
    """The fewest of some hours in which nearly as much closes, if any are few enough."""
    tried = sorted({round(2 * part * answer.hours) / 2 for part in LESS} - {0.0})
    budgets = [replace(budget, hours=hours) for hours in tried if hours <= answer.hours - SAVING]
    for less, then in zip(budgets, choose_each(gaps, candidates, budgets), strict=True):
        if answer.value > 0.0 and then.value >= NEARLY * answer.value:
            return [_what_if(Kind.FEWER_HOURS, less.hours, then, answer)]
    return []


def _what_if(kind: Kind, hours: float, then: Recommendation, now: Recommendation) -> WhatIf:
    already = {choice.key for choice in now.choices}
    return WhatIf(kind, hours, then.share_closed, tuple(one.key for one in then.choices if one.key not in already))
