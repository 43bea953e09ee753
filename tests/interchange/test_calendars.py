"""Runs as iCalendar (RFC 5545): read back by a program that knows nothing of us."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st
from icalendar import Calendar, Event

from catalogue.interchange.ical import calendar
from catalogue.offers.models import Offer, OfferVersion, Run, RunState
from tests.drills import many
from tests.interchange.offers_made_up import words

SITE = "https://everyseat.example"
DAYS = st.tuples(st.dates(date(2000, 1, 1), date(2100, 1, 1)), st.integers(0, 400))
LONDON = ZoneInfo("Europe/London")


def a_run(**said: object) -> Run:
    version = OfferVersion(title="Huddles", summary="Short", published_at=datetime(2026, 11, 25, 9, 30, tzinfo=UTC))
    run = Run(
        id=7, key="a", starts_on=date(2027, 3, 27), ends_on=date(2027, 3, 29), place="Leeds", venue="", places=20,
        join_link="https://meet.example/secret", state=RunState.OPEN,
    )  # fmt: skip
    for name, value in said.items():
        setattr(version if name in ("title", "summary") else run, name, value)
    run.offer = Offer(slug="huddles")
    run.offer.__dict__["published"] = version
    return run


def read_back(*runs: Run) -> list[Event]:
    document = b"".join(calendar(runs, SITE))
    assert b"secret" not in document
    for line in document.split(b"\r\n"):  # section 3.1: lines end so, and have 75 octets at most
        assert len(line) <= 75
        assert b"\n" not in line
        assert b"\r" not in line
    return list(Calendar.from_ical(document).events)


def test_whole_days_end_on_the_day_after() -> None:
    (event,) = read_back(a_run())
    assert (event.decoded("dtstart"), event.decoded("dtend")) == (date(2027, 3, 27), date(2027, 3, 30))
    assert (event["uid"], event["url"]) == ("run-7@everyseat.example", "https://everyseat.example/offers/huddles")
    assert (event["status"], event["sequence"], event["location"]) == ("CONFIRMED", 0, "Leeds")
    assert event["transp"] == "TRANSPARENT", "what one could go to takes none of one's time yet"
    assert event.decoded("dtstamp") == datetime(2026, 11, 25, 9, 30, tzinfo=UTC)


def test_times_are_londons_across_the_change_of_clocks() -> None:
    (event,) = read_back(a_run(start_time=time(9, 30), end_time=time(16)))
    start, end = event.decoded("dtstart"), event.decoded("dtend")
    assert start == datetime(2027, 3, 27, 9, 30, tzinfo=LONDON)
    assert start.utcoffset() == timedelta(0)
    assert end == datetime(2027, 3, 29, 16, tzinfo=LONDON)
    assert end.utcoffset() == timedelta(hours=1)


def test_the_zone_says_when_summer_time_begins_and_ends() -> None:
    (zone,) = Calendar.from_ical(b"".join(calendar([], SITE))).timezones
    ours = zone.to_tz(lookup_tzid=False)
    for month in range(1, 13):
        for day in (1, 27, 28):
            moment = datetime(2027, month, day, 12, tzinfo=LONDON)
            assert moment.replace(tzinfo=ours).utcoffset() == moment.utcoffset(), moment


def test_a_run_that_is_called_off_says_so_to_who_has_it_already() -> None:
    before, after = read_back(a_run(), a_run(state=RunState.CANCELLED))
    assert before["uid"] == after["uid"]
    assert after["status"] == "CANCELLED"
    assert after["sequence"] > before["sequence"]


def test_an_end_that_is_not_after_the_start_is_no_time() -> None:
    day = date(2027, 5, 1)
    for times in ({"start_time": time(9)}, {"start_time": time(9), "end_time": time(8)}):
        (event,) = read_back(a_run(starts_on=day, ends_on=day, **times))
        assert (event.decoded("dtstart"), event.decoded("dtend")) == (day, date(2027, 5, 2))


@settings(max_examples=many(40, 500), deadline=None)
@given(title=words(1, 90), summary=words(1, 200), venue=words(0, 90), place=words(1, 90))
def test_words_come_back_as_they_were(title: str, summary: str, venue: str, place: str) -> None:
    (event,) = read_back(a_run(title=title, summary=summary, venue=venue, place=place))
    assert event["summary"] == on_lines(title)
    assert event["description"] == on_lines(f"{summary}\n\nhttps://everyseat.example/offers/huddles")
    assert event["location"] == on_lines(", ".join(part for part in (place, " ".join(venue.split())) if part))


@settings(max_examples=many(40, 500), deadline=None)
@given(
    days=st.tuples(st.dates(date(2000, 1, 1), date(2100, 1, 1)), st.integers(0, 400)),
    times=st.tuples(st.times(), st.times()),
)
def test_every_event_ends_after_it_begins(days: tuple[date, int], times: tuple[time, time]) -> None:
    first, further = days
    run = a_run(starts_on=first, ends_on=first + timedelta(further), start_time=times[0], end_time=times[1])
    (event,) = read_back(run)
    assert event.decoded("dtend") > event.decoded("dtstart")


def on_lines(said: str) -> str:
    return said.replace("\r\n", "\n").replace("\r", "\n")
