"""The only clock. Times are aware and in UTC; people are shown London time."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

LONDON = ZoneInfo("Europe/London")


def now() -> datetime:
    return datetime.now(UTC)


def in_london(moment: datetime) -> datetime:
    return moment.astimezone(LONDON)


def today() -> date:
    """The day that it is in London."""
    return in_london(now()).date()


def midnight(day: date) -> datetime:
    """When a day begins in London."""
    return datetime.combine(day, time(), LONDON)
