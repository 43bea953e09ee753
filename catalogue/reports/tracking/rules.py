"""Pure decisions on tracking: what has become of an enrolment, what is overdue, rates, and what may be told to whom.

Days are days in London.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from catalogue.clock import midnight
from catalogue.enrolments.models import ON_IT, EnrolmentState
from catalogue.people.rules import FEWEST_TOLD_OF
from catalogue.reports.models import Every

OVERDUE_AFTER = 90
"""Days after joining: who goes at their own pace and has not completed it by then is overdue."""
MONTHS = 12
"""How many months a trend shows."""


class Outcome(StrEnum):
    """What has become of an enrolment: each has one of these."""

    COMPLETED = "completed"
    UNDER_WAY = "under way"
    OVERDUE = "overdue"
    WAITING = "waiting"
    WITHDRAWN = "withdrawn"
    NO_SHOW = "no-show"
    DECLINED = "declined"


WAITING = (EnrolmentState.NOMINATED, EnrolmentState.REQUESTED, EnrolmentState.WAITLISTED)
"""Without a place that is theirs yet: on the list, or somebody's word is awaited."""
ENDED = (Outcome.COMPLETED, Outcome.WITHDRAWN, Outcome.NO_SHOW)
"""What rates are shares of: enrolments that came to an end, one way or another."""
_SAME = {
    EnrolmentState.COMPLETED: Outcome.COMPLETED,
    EnrolmentState.WITHDRAWN: Outcome.WITHDRAWN,
    EnrolmentState.NO_SHOW: Outcome.NO_SHOW,
    EnrolmentState.DECLINED: Outcome.DECLINED,
}


def is_overdue(state: EnrolmentState, joined: datetime, run_ended_on: date | None, today: date) -> bool:
    """Whether somebody who takes part should have completed it.

    ``run_ended_on`` is the last day of the run that they are on, and none for who goes at their own pace: those are
    overdue when they joined more than ``OVERDUE_AFTER`` days ago, the others when their run is over.
    """
    if state not in ON_IT:
        return False
    return run_ended_on < today if run_ended_on else joined < overdue_if_joined_before(today)


def overdue_if_joined_before(today: date) -> datetime:
    """The moment before which whoever joined at their own pace is overdue by now."""
    return midnight(today - timedelta(days=OVERDUE_AFTER))


def outcome_of(state: EnrolmentState, *, overdue: bool) -> Outcome:
    if state in WAITING:
        return Outcome.WAITING
    return _SAME.get(state) or (Outcome.OVERDUE if overdue else Outcome.UNDER_WAY)


def outcomes(states: Mapping[EnrolmentState, int], overdue: int) -> dict[Outcome, int]:
    """Counts by state as counts by outcome; so many of those who take part are overdue."""
    counts = dict.fromkeys(Outcome, 0)
    for state, count in states.items():
        counts[outcome_of(state, overdue=False)] += count
    counts[Outcome.UNDER_WAY] -= overdue
    counts[Outcome.OVERDUE] = overdue
    return counts


def next_month(day: date) -> date:
    """The first day of the month after a day's."""
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1)


def months_until(day: date, first: date | None) -> list[date]:
    """The first days of the months of a trend that ends with a day's month: ``MONTHS``, or fewer from ``first``'s."""
    start = first or date.min
    months = [day.replace(day=1)]
    while len(months) < MONTHS and months[-1] > start.replace(day=1):
        months.append((months[-1] - timedelta(days=1)).replace(day=1))
    return months[::-1]


@dataclass(frozen=True, slots=True)
class Rates:
    """Shares of what has ended, each from 0 to 1; all none where nothing has."""

    completion: float | None
    drop_out: float | None
    no_show: float | None


def rates(counts: Mapping[Outcome, int]) -> Rates:
    ended = sum(counts.get(outcome, 0) for outcome in ENDED)
    if not ended:
        return Rates(None, None, None)
    return Rates(
        counts.get(Outcome.COMPLETED, 0) / ended,
        counts.get(Outcome.WITHDRAWN, 0) / ended,
        counts.get(Outcome.NO_SHOW, 0) / ended,
    )


def quartiles(counted: Mapping[int, int]) -> tuple[int, int, int] | None:
    """The lower quartile, the median and the upper quartile of values with how often each comes; none of none.

    Each is a value that came: the smallest with at least that share of all at it or below it.
    """
    total = sum(counted.values())
    if not total:
        return None
    found, below, wanted = [], 0, [1, 2, 3]
    for value in sorted(counted):
        below += counted[value]
        while wanted and 4 * below >= wanted[0] * total:
            found.append(value)
            wanted.pop(0)
    return found[0], found[1], found[2]


@dataclass(frozen=True, slots=True)
class Told:
    """What may be told of people to those who may not see them."""

    counts: Mapping[Outcome, int]
    """Outcomes that ten people or more have come to."""
    others: int = 0
    """People of the other outcomes, where they may be told of together."""
    whole: bool = True
    """Whether this is everybody; if not, there may be a few more of whom nothing is told, or there may be none."""

    @property
    def people(self) -> int:
        """How many are told of."""
        return sum(self.counts.values()) + self.others


def told(people: Mapping[Outcome, int]) -> Told:
    """Of people who each have one outcome on one offer, what may be told.

    Outcomes of fewer than ten people are told together or not at all, and none is told from one of nobody. So each
    figure, each sum and each difference of figures is of groups of ten people or more. They are not told together where
    that leaves one way only for what each is: where they are all as large as they can be.
    """
    counts = {outcome: count for outcome, count in people.items() if count >= FEWEST_TOLD_OF}
    small = [people.get(outcome, 0) for outcome in Outcome if outcome not in counts]
    others = sum(small)
    if FEWEST_TOLD_OF <= others < (FEWEST_TOLD_OF - 1) * len(small):
        return Told(counts, others)
    return Told(counts, whole=not small)


def together(offers: Iterable[Told]) -> Told:
    """What is told of several offers together: what is told of each, added up, and nothing else."""
    counts: dict[Outcome, int] = {}
    others, whole = 0, True
    for offer in offers:
        for outcome, count in offer.counts.items():
            counts[outcome] = counts.get(outcome, 0) + count
        others, whole = others + offer.others, whole and offer.whole
    return Told(counts, others, whole)


def next_day(every: Every, day: date) -> date:
    """When a report is due again: the next Monday, or the first of the next month."""
    if every == Every.WEEK:
        return day + timedelta(days=7 - day.weekday())
    return next_month(day)
