"""How days and hours are written on pages and in letters."""

from datetime import UTC, datetime, time

import pytest

from catalogue.pages import format_clock, format_span, format_time


@pytest.mark.parametrize(
    ("moment", "said"),
    [
        (time(9, 30), "9:30am"),
        (time(13), "1pm"),
        (time(12), "midday"),
        (time(12, 5), "12:05pm"),
        (time(0), "midnight"),
        (time(0, 1), "12:01am"),
        (datetime(2026, 7, 1, 8, 0, tzinfo=UTC), "9am"),
    ],
)
def test_hours_are_written_as_people_write_them(moment: time | datetime, said: str) -> None:
    assert format_clock(moment) == said


def test_moments_are_written_with_their_day_in_london() -> None:
    late = datetime(2026, 7, 1, 23, 30, tzinfo=UTC)
    assert format_time(late) == "2 July 2026, 12:30am"
    morning, afternoon = datetime(2026, 11, 2, 9, 30, tzinfo=UTC), datetime(2026, 11, 2, 16, 0, tzinfo=UTC)
    assert format_span(morning, afternoon) == "2 November 2026, 9:30am to 4pm"
