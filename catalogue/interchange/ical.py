"""Runs for calendar programs (RFC 5545)."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from icalendar import Calendar, Event, Timezone, TimezoneDaylight, TimezoneStandard

from catalogue.clock import LONDON
from catalogue.offers.models import Run, RunState

NAME = "Every Seat: learning for people who lead health and care"


def calendar(runs: Iterable[Run], site: str, *, busy: bool = False) -> Iterator[bytes]:
    """A calendar of runs, whose offers and published versions are loaded; event by event.

    ``site`` is the address of the catalogue; ``busy`` is for runs that somebody takes into a calendar of their own.
    """
    head = Calendar()
    head.add("prodid", "-//Every Seat//Runs//EN")
    head.add("version", "2.0")
    head.add("calscale", "GREGORIAN")
    head.add("name", NAME)  # RFC 7986, section 5.1
    head.add("x-wr-calname", NAME)  # what programs knew before that
    head.add("refresh-interval", timedelta(hours=12), parameters={"VALUE": "DURATION"})  # RFC 7986, section 5.7
    head.add_component(_london())
    begins, end = head.to_ical().split(b"END:VCALENDAR", 1)
    yield begins
    for run in runs:
        yield _event(run, site, busy=busy).to_ical()
    yield b"END:VCALENDAR" + end


def _event(run: Run, site: str, *, busy: bool) -> Event:
    """Section 3.6.1. The link to join by is not in it: that is for those who hold a place."""
    version, address = run.offer.published, f"{site}/offers/{run.offer.slug}"
    made = Event()
    made.add("uid", f"run-{run.id}@{urlsplit(address).hostname}")
    made.add("dtstamp", version.published_at.astimezone(UTC))
    made.add("summary", _text(version.title))
    made.add("description", _text(f"{version.summary}\n\n{address}"))
    made.add("url", address)
    made.add("location", _text(", ".join(part for part in (run.place, " ".join(run.venue.split())) if part)))
    cancelled = run.state == RunState.CANCELLED
    made.add("status", "CANCELLED" if cancelled else "CONFIRMED")
    made.add("sequence", int(cancelled))  # section 3.8.7.4: a revision that a program has to show
    made.add("transp", "OPAQUE" if busy and not cancelled else "TRANSPARENT")
    _add_times(made, run)
    return made


def _add_times(made: Event, run: Run) -> None:
    """In London's time where both are known; else whole days, of which the end is the day after (section 3.6.1)."""
    if run.start_time is not None and run.end_time is not None:
        start = datetime.combine(run.starts_on, run.start_time.replace(microsecond=0), LONDON)
        end = datetime.combine(run.ends_on, run.end_time.replace(microsecond=0), LONDON)
        if end > start:
            made.add("dtstart", start)
            made.add("dtend", end)
            return
    made.add("dtstart", run.starts_on)
    made.add("dtend", run.ends_on + timedelta(days=1))


def _text(said: str) -> str:
    """Without what no calendar can hold (section 3.1)."""
    said = said.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(letter for letter in said if letter in "\n\t" or (letter >= " " and letter != "\x7f"))


def _london() -> Timezone:
    """Section 3.6.5: summer time by the rule that has held since 1996."""
    zone = Timezone()
    zone.add("tzid", LONDON.key)
    for part, month, begins, offset, name in (
        (TimezoneDaylight(), 3, datetime(1996, 3, 31, 1), (0, 1), "BST"),  # noqa: DTZ001 the zone is being described
        (TimezoneStandard(), 10, datetime(1996, 10, 27, 2), (1, 0), "GMT"),  # noqa: DTZ001
    ):
        part.add("dtstart", begins)
        part.add("rrule", {"FREQ": "YEARLY", "BYMONTH": month, "BYDAY": "-1SU"})
        part.add("tzoffsetfrom", timedelta(hours=offset[0]))
        part.add("tzoffsetto", timedelta(hours=offset[1]))
        part.add("tzname", name)
        zone.add_component(part)
    return zone
