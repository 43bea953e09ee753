"""From answers to a level in each dimension.

The scale is agreement with a statement about oneself, 0 (strongly disagree) to 4 (strongly agree).

A level is *held* when, on average, one agrees with its statements (a mean of 3 or more) and disagrees with
none of them (no answer below 2). The mean lets one weaker answer be made up for by stronger ones, since each
statement is a sample of the level's behaviour and not a test item; the floor keeps a level from being held
against one's own plain word. Levels build on each other, so a person stands at the highest level up to which
*every* level is held; a statement not answered yet counts as not held.

It follows that a better answer never lowers a level: the mean and the lowest answer only rise with an answer,
so no level that was held stops being held. ``tests/assessments`` has this as a property.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

AGREE = 3
NEUTRAL = 2

SCALE: tuple[tuple[int, str], ...] = (
    (4, "Strongly agree"),
    (3, "Agree"),
    (2, "Neither agree nor disagree"),
    (1, "Disagree"),
    (0, "Strongly disagree"),
)


def holds(answers: Iterable[int | None]) -> bool:
    """Whether a level with these answers (0 to 4, None where there is none yet) is held."""
    given = list(answers)
    known = [answer for answer in given if answer is not None]
    if not given or len(known) < len(given):
        return False
    return sum(known) >= AGREE * len(known) and min(known) >= NEUTRAL


def level_from(answers: Mapping[int, Iterable[int | None]]) -> int:
    """The level that the answers come to; ``answers`` has every described level (1 and up) with its answers."""
    reached = 0
    for level in sorted(answers):
        if not holds(answers[level]):
            break
        reached = level
    return reached


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a person stands in a dimension, against what their seat asks for; levels as in the framework."""

    dimension_id: int
    dimension: str
    key: str
    present: int
    target: int
    importance: int

    @property
    def gap(self) -> int:
        """Levels still to go; 0 where the target is met."""
        return max(0, self.target - self.present)

    @property
    def above(self) -> int:
        return max(0, self.present - self.target)


def widest_gap(standings: list[Standing]) -> Standing | None:
    """The gap that matters most: the widest, then the more important to the seat; None where all are closed."""
    open_gaps = [standing for standing in standings if standing.gap]
    return max(open_gaps, key=lambda standing: (standing.gap, standing.importance), default=None)


def strongest(standings: list[Standing]) -> Standing | None:
    """Where the person stands highest, seen against the target where several do."""
    return max(standings, key=lambda standing: (standing.present, -standing.target), default=None)
