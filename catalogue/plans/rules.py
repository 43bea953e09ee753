"""Pure decisions on plans: how a commitment goes on, and when somebody is reminded."""

from calendar import monthrange
from collections.abc import Mapping
from datetime import date, timedelta
from enum import StrEnum

LONGEST = 500
"""Characters of what somebody commits to, and of a note on how it went."""
MOST_OPEN = 50
"""Commitments that somebody can have open at a time."""
REMIND_BEFORE = timedelta(days=7)
LINK_FOR = timedelta(days=180)
"""For how long the link of a manager opens a plan; sent again, as long anew."""
LONGEST_COMMENT = 1000
MOST_COMMENTS = 100
"""Comments that one manager can write on a plan."""
MOST_SHARED = 10
"""Managers whom one person can name in a day."""
SEND_AGAIN_AFTER = timedelta(hours=20)
TELL_AGAIN_AFTER = timedelta(hours=1)
"""Comments that come closer together than this are told of in one letter."""
SUGGESTED = (3, 6, 12)
"""After how many months to assess oneself again."""


class CommitmentState(StrEnum):
    MADE = "made"
    TESTED = "tested"
    ADOPTED = "adopted"
    ADAPTED = "adapted"
    ABANDONED = "abandoned"


NEXT: Mapping[CommitmentState, tuple[CommitmentState, ...]] = {
    CommitmentState.MADE: (CommitmentState.TESTED, CommitmentState.ABANDONED),
    CommitmentState.TESTED: (CommitmentState.ADOPTED, CommitmentState.ADAPTED, CommitmentState.ABANDONED),
    CommitmentState.ADOPTED: (),
    CommitmentState.ADAPTED: (),
    CommitmentState.ABANDONED: (),
}
"""What a commitment can become: nobody adopts what they have not tried, and what has ended stays as it ended."""
KEPT = (CommitmentState.ADOPTED, CommitmentState.ADAPTED)
OPEN = tuple(state for state, after in NEXT.items() if after)


def is_due(by: date, since: date, today: date) -> bool:
    """Whether a reminder of what is to be done by a day is due: not for what was set when it would have been sent."""
    first = by - REMIND_BEFORE
    return first <= today <= by and since < first


def months_after(day: date, months: int) -> date:
    """The same day of the month so many months on, or that month's last."""
    year, month = divmod(day.month - 1 + months, 12)
    return date(day.year + year, month + 1, min(day.day, monthrange(day.year + year, month + 1)[1]))
