"""What the elements of a presentation say of a run, and all of them together of the offer."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from isodate import Duration, ISO8601Error, parse_duration
from lxml.etree import _Element

from catalogue.clock import LONDON
from catalogue.interchange import cells
from catalogue.interchange.cells import Misread
from catalogue.interchange.rows import Document
from catalogue.interchange.xcri.course import key_of
from catalogue.interchange.xcri.terms import LABELS, MODES, tag
from catalogue.interchange.xcri.texts import line_of, text_of
from catalogue.offers.models import Mode

_POUNDS = re.compile(r"£\s*(\d[\d,]*(?:\.\d\d)?)", re.ASCII)
_SOME_DAY = datetime(2027, 1, 1, tzinfo=LONDON)  # months and years are as long as they are from there
_VENUE = f"{tag('venue')}/{tag('provider')}"


@dataclass(frozen=True, slots=True)
class Found:
    """Of one presentation of anybody's course."""

    run: Document
    mode: Mode | None
    hours: float | None
    pounds: float | None

    @property
    def is_run(self) -> bool:
        """Whether it says a day: what is there all the time is no run."""
        return "starts_on" in self.run


def _moment(element: _Element | None) -> tuple[date | None, time | None]:
    """Section "Temporal Elements": by ``dtf``, else by what is written for people, where that is a day."""
    if element is None:
        return None, None
    said = (element.get("dtf") or "").strip()
    try:
        if len(said) > 10:
            moment = datetime.fromisoformat(said)
            moment = moment.astimezone(LONDON) if moment.tzinfo else moment
            return moment.date(), moment.time()
        return cells.day(said or line_of(element)), None
    except (ValueError, OverflowError):  # no day, or only a year or a month
        return None, None


def dated(element: _Element) -> Document:
    """What the standard has a place for: key, days and number of places."""
    starts, ends = _moment(element.find(tag("mlo:start")))[0], _moment(element.find(tag("end")))[0]
    places = element.findtext(tag("mlo:places"), "").strip()
    found: Document = {"key": key_of(element), "starts_on": starts, "ends_on": ends}
    found["places"] = int(places) if re.fullmatch(r"\d{1,9}", places, re.ASCII) else None
    return {field: value for field, value in found.items() if value not in (None, "")}


def foreign(element: _Element, course: _Element) -> Found:
    """Of a presentation that is not ours; what it does not say itself is its provider's."""
    run = dated(element)
    for name, field in (("mlo:start", "start_time"), ("end", "end_time")):
        at = _moment(element.find(tag(name)))[1]
        if at not in (None, time()):  # midnight stands where a program had no time to write
            run[field] = at
    if "starts_on" in run and "ends_on" not in run:
        run["ends_on"] = run["starts_on"] + _further_days(element)
    mode = _mode(element)
    run |= _where(element, course, mode)
    if "key" not in run and "starts_on" in run:
        run["key"] = f"{run['starts_on']} {run.get('place', '')}".strip()
    return Found(run, mode, _hours(element), _pounds(element))


def _mode(element: _Element) -> Mode | None:
    said = element.find(tag("attendanceMode"))
    if said is None:
        return None
    code = said.get("identifier", "").strip() or LABELS.get(line_of(said).lower(), line_of(said))
    return MODES.get(code)


def _interval(element: _Element) -> timedelta | None:
    duration = element.find(tag("mlo:duration"))
    said = duration.get("interval", "") if duration is not None else ""
    try:
        found = parse_duration(said) if said else None
        return found.totimedelta(start=_SOME_DAY) if isinstance(found, Duration) else found
    except (ISO8601Error, ValueError, OverflowError, ArithmeticError):
        return None


def _further_days(element: _Element) -> timedelta:
    """After the first, by its duration."""
    interval = _interval(element)
    days = interval.days if interval else 0
    return timedelta(days=min(max(days - 1, 0), 3650))


def _hours(element: _Element) -> float | None:
    """Where the duration is said in hours: three years are no number of hours."""
    duration = element.find(tag("mlo:duration"))
    interval = _interval(element)
    if duration is None or interval is None or not duration.get("interval", "").startswith("PT"):
        return None
    return interval.total_seconds() / 3600


def _pounds(element: _Element) -> float | None:
    """Where the cost names one price."""
    cost = element.find(tag("mlo:cost"))
    if cost is None:
        return None
    said = line_of(cost)
    try:
        return cells.pounds(said)
    except Misread:
        named = {price.replace(",", "") for price in _POUNDS.findall(said)}
        return float(named.pop()) if len(named) == 1 else None


def _where(element: _Element, course: _Element, mode: Mode | None) -> Document:
    venue = element.find(_VENUE)
    where = course.getparent() if venue is None else venue
    if venue is None and mode is Mode.ONLINE:
        return {"place": "Online"}
    if where is None:
        return {}
    location = where.find(tag("mlo:location"))
    title = next((line_of(one) for one in where.findall(tag("dc:title"))), "")
    parts = [title] if location is None else [title, *_lines(location)]
    town = location.findtext(tag("mlo:town"), "").strip() if location is not None else ""
    found = {"place": (town or title)[:100], "venue": "\n".join(dict.fromkeys(part for part in parts if part))}
    return {field: said for field, said in found.items() if said}


def _lines(location: _Element) -> Iterable[str]:
    for name in ("mlo:street", "mlo:address", "mlo:town", "mlo:postcode"):
        yield from (text_of(one) for one in location.findall(tag(name)))


def summed(found: list[Found]) -> Document:
    """What the presentations of a course say of the offer, where they agree; what they do not stays with each."""
    modes = {one.mode for one in found if one.mode}
    hours = [one.hours for one in found if one.hours]
    prices = {one.pounds for one in found if one.pounds is not None}
    places = {one.run["place"] for one in found if one.run.get("place")}
    document: Document = {}
    if modes:
        undated = modes == {Mode.ONLINE} and not any(one.is_run for one in found)
        document["mode"] = str(Mode.SELF_PACED if undated else modes.pop() if len(modes) == 1 else Mode.BLENDED)
    if hours:
        document["hours"] = hours[0]
    if len(places) == 1:
        document["place"] = places.pop()
    if len(prices) == 1:
        document["price_pounds"] = prices.pop()
    else:
        for one in found:
            if one.pounds is not None:
                one.run["price_pounds"] = one.pounds
    return document
