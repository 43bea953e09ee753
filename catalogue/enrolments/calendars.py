"""A person's own dates for their calendar (RFC 5545), as a file or under a private address."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from icalendar import Calendar, Event
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from catalogue.clock import LONDON
from catalogue.enrolments.models import ON_IT, CalendarFeed, Enrolment, EnrolmentState
from catalogue.extensions import db
from catalogue.offers.models import Offer, Run, RunSession
from catalogue.people import audit
from catalogue.people.models import Person
from catalogue.people.rules import hash_token, new_token

SHOWN = (*ON_IT, EnrolmentState.NOMINATED)
"""Places that are held: those to be accepted still as tentative."""
MOST_EVENTS = 1000


def dates_of(person_id: int) -> list[Enrolment]:
    """Whatever a person holds a place on that has dates, with all that a calendar says of it."""
    return list(
        db.session.scalars(
            select(Enrolment)
            .join(Enrolment.run)
            .where(Enrolment.person_id == person_id, Enrolment.state.in_(SHOWN))
            .options(
                joinedload(Enrolment.version), joinedload(Enrolment.offer).joinedload(Offer.provider),
                joinedload(Enrolment.run).selectinload(Run.sessions),
            )
            .order_by(Run.starts_on.desc(), Enrolment.id)
            .limit(MOST_EVENTS)
        )
    )  # fmt: skip


def feed_owner(token: str) -> int | None:
    """Whose dates a private address shows, unless it has ended or they are suspended."""
    return db.session.scalar(
        select(CalendarFeed.person_id)
        .join(CalendarFeed.person)
        .where(CalendarFeed.token_hash == hash_token(token), Person.suspended_at.is_(None))
    )


def feed_of(person_id: int) -> CalendarFeed | None:
    return db.session.scalar(select(CalendarFeed).where(CalendarFeed.person_id == person_id))


def make_feed(person: Person) -> str:
    """A new private address's token, which is kept nowhere; one from before ends."""
    end_feed(person)
    token = new_token()
    db.session.add(CalendarFeed(person_id=person.id, token_hash=hash_token(token)))
    db.session.flush()
    audit.record("calendar address made", person.key, person.key)
    return token


def end_feed(person: Person) -> None:
    there = feed_of(person.id)
    if there is not None:
        db.session.delete(there)
        db.session.flush()
        audit.record("calendar address ended", person.key, person.key)


def calendar(enrolments: Iterable[Enrolment], host: str, page_of: dict[int, str]) -> bytes:
    """A calendar of these: each session of a run an event, or the run where it has none.

    ``host`` makes the events' identifiers ours; ``page_of`` is the address of each enrolment's page, by its id.
    """
    made = Calendar()
    made.add("prodid", "-//Every Seat//Your dates//EN")
    made.add("version", "2.0")
    made.add("calscale", "GREGORIAN")
    made.add("name", "Every Seat: your dates")  # RFC 7986, section 5.1
    made.add("x-wr-calname", "Every Seat: your dates")  # what programs knew before that
    made.add("refresh-interval", timedelta(hours=6), parameters={"VALUE": "DURATION"})  # RFC 7986, section 5.7
    for enrolment in enrolments:
        run = enrolment.run
        if run is not None:
            sessions: list[RunSession | None] = [*run.sessions] or [None]
            for session in sessions:
                made.add_component(_event(enrolment, run, session, host, page_of[enrolment.id]))
    return bytes(made.to_ical())


def _event(enrolment: Enrolment, run: Run, session: RunSession | None, host: str, page: str) -> Event:
    """Section 3.6.1; moments in UTC, and whole days end on the day after."""
    made = Event()
    made.add("uid", f"enrolment-{enrolment.id}-{session.id if session else 0}@{host}")
    made.add("dtstamp", enrolment.changed_at.astimezone(UTC))
    title = enrolment.version.title
    made.add("summary", _text(f"{title}: {session.title}" if session else title))
    made.add("description", _text(f"{enrolment.offer.provider.name}\n\n{page}"))
    made.add("url", page)
    place = (session.place if session else "") or run.place
    made.add("location", _text(", ".join(part for part in (place, " ".join(run.venue.split())) if part)))
    made.add("status", "TENTATIVE" if enrolment.state == EnrolmentState.NOMINATED else "CONFIRMED")
    if session is not None:
        made.add("dtstart", session.starts_at.astimezone(UTC))
        made.add("dtend", session.ends_at.astimezone(UTC))
        return made
    start, end = _hours(run)
    if start is not None and end is not None and end > start:
        made.add("dtstart", start)
        made.add("dtend", end)
    else:
        made.add("dtstart", run.starts_on)
        made.add("dtend", run.ends_on + timedelta(days=1))
    return made


def _hours(run: Run) -> tuple[datetime | None, datetime | None]:
    if run.start_time is None or run.end_time is None:
        return None, None
    start = datetime.combine(run.starts_on, run.start_time.replace(microsecond=0), LONDON)
    return start.astimezone(UTC), datetime.combine(run.ends_on, run.end_time, LONDON).astimezone(UTC)


def _text(said: str) -> str:
    """Without what no calendar can hold (section 3.1)."""
    said = said.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(letter for letter in said if letter in "\n\t" or (letter >= " " and letter != "\x7f"))
