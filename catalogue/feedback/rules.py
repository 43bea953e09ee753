"""Pure decisions on 360 feedback: what may be told of the answers, so that no answer can be traced to who gave it.

Each rater's answers in a dimension come down to one whole number from 0 to 4, and the report is made from these numbers
and from nothing finer. Every number goes into one figure alone: the groups that are told are disjoint, no total over
them is told, and so there is nothing to take one figure from. What remains is that a figure by itself must not tell
what anybody answered:

- fewer than three answers are never told by themselves;
- three or four are told as a whole number, which at least two different sums of answers come to;
- five and more are told to the half, with the lowest and the highest answer where these lie two apart or more. Where
  they lie closer, saying so would tell too much: "all between 4 and 4" is everybody's answer.

``tests/feedback/test_rules.py`` goes through every set of answers of small groups, works out the report, and finds for
each report, and each rater, sets of answers that give the same report and in which the rater answered differently.

The line manager is the exception, and is told so before answering: there is one, so what they say is theirs.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from catalogue.people.rules import FEWEST_TOLD_OF

FEWEST = 3
"""Answers of which something is told."""
RANGE_FROM = 5
"""Answers from which on a range is told, and means to the half."""
WIDE = 2
"""So far apart are the lowest and the highest answer where they are told."""
CLEAR = 1.0
"""So far apart are two views of somebody for it to be worth a word."""
HIGH = 3.0
"""What agreeing comes to."""
SHORTEST, LONGEST = timedelta(days=7), timedelta(days=60)
"""How long a round may be open."""
APART = timedelta(days=180)
"""Between the end of a round and the next: what one more rater changes could else be seen from round to round."""
REMIND_AFTER = timedelta(hours=20)
REMIND_BEFORE = timedelta(days=3)
RELEASED_AFTER = timedelta(days=30)
"""A facilitator who does not release a report keeps it from its person for no longer than this."""
MOST_RATERS = 40


class Group(StrEnum):
    """How a rater stands to the person. The fifth group is the person, who answers in a self-assessment."""

    MANAGER = "manager"
    PEERS = "peers"
    REPORTS = "reports"
    OTHERS = "others"


NAMES: Mapping[str, str] = {
    "self": "You",
    Group.MANAGER: "Line manager",
    Group.PEERS: "Peers",
    Group.REPORTS: "Direct reports",
    Group.OTHERS: "Others",
}
ANONYMOUS = (Group.PEERS, Group.REPORTS, Group.OTHERS)


def whole(answers: Iterable[int | None]) -> int | None:
    """A rater's answers in a dimension (0 to 4, None for "cannot say") as one number: their mean, halves up."""
    known = [answer for answer in answers if answer is not None]
    return (2 * sum(known) + len(known)) // (2 * len(known)) if known else None


@dataclass(frozen=True, slots=True)
class Figure:
    """What is told of so many answers. ``lowest`` and ``highest`` are None where no range is told."""

    count: int
    mean: float
    lowest: int | None = None
    highest: int | None = None


def told(answers: Sequence[int]) -> Figure | None:
    """What is told of whole numbers from 0 to 4, each of another rater; nothing where they are too few."""
    count, total = len(answers), sum(answers)
    if count < FEWEST:
        return None
    if count < RANGE_FROM:
        return Figure(count, float((2 * total + count) // (2 * count)))
    mean = (4 * total + count) // (2 * count) / 2
    lowest, highest = min(answers), max(answers)
    return Figure(count, mean, lowest, highest) if highest - lowest >= WIDE else Figure(count, mean)


@dataclass(frozen=True, slots=True)
class Parts:
    """The groups as they are told: each of ``told`` is one group, or several that are pooled."""

    told: tuple[tuple[Group, ...], ...]
    withheld: tuple[Group, ...]


def parts(counts: Mapping[Group, int]) -> Parts:
    """How the groups are told, by how many of each have answered; the line manager aside.

    A group of fewer than three is pooled with the other small ones. Where all of these together are fewer than three,
    they are withheld. So every rater is in one part at most, and whatever is told stands on its own.
    """
    given = [group for group in ANONYMOUS if counts.get(group, 0)]
    small = tuple(group for group in given if counts[group] < FEWEST)
    large = [(group,) for group in given if counts[group] >= FEWEST]
    if sum(counts[group] for group in small) >= FEWEST:
        return Parts((*large, small), ())
    return Parts(tuple(large), small)


def others_view(figures: Iterable[Figure | None]) -> float | None:
    """What others say, from what is told of them and nothing else: each part counts the same."""
    means = [figure.mean for figure in figures if figure is not None]
    return sum(means) / len(means) if means else None


class View(StrEnum):
    BLIND_SPOT = "blind spot"
    HIDDEN_STRENGTH = "hidden strength"


def view(own: float | None, others: float | None) -> View | None:
    """A blind spot where somebody thinks clearly more of themself than others do; a hidden strength the other way."""
    if own is None or others is None or abs(own - others) < CLEAR:
        return None
    return View.BLIND_SPOT if own > others else View.HIDDEN_STRENGTH


class Weight(StrEnum):
    """How much a dimension matters in somebody's job, against what others see of it."""

    WORK_ON = "work on this first"
    KEEP = "keep it up"
    WAIT = "can wait"
    ENOUGH = "enough for your job"


def weigh(importance: float | None, performance: float | None) -> Weight | None:
    if importance is None or performance is None:
        return None
    if importance >= HIGH:
        return Weight.KEEP if performance >= HIGH else Weight.WORK_ON
    return Weight.ENOUGH if performance >= HIGH else Weight.WAIT


def needed(group: Group, answered: int) -> int:
    """How many more answers it takes for a group to be told by itself."""
    return 0 if group == Group.MANAGER else max(0, FEWEST - answered)


def to_the_half(numbers: Sequence[float]) -> float | None:
    """The mean of ten people's figures or more, to the half; of fewer, nothing."""
    return round(2 * sum(numbers) / len(numbers)) / 2 if len(numbers) >= FEWEST_TOLD_OF else None


def closing_days(today: date) -> tuple[date, date]:
    """The first and the last day on which a round that opens today may close."""
    return today + SHORTEST, today + LONGEST
