"""The only clock. Times are aware and in UTC; people are shown London time."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

LONDON = ZoneInfo("Europe/London")


def now() -> datetime:
    return datetime.now(UTC)


def in_london(moment: datetime) -> datetime:
    return moment.astimezone(LONDON)
