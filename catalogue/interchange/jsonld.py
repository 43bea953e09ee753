"""An offer as structured data for search engines: schema.org ``Course`` with its ``CourseInstance``s, and
``EducationalOccupationalProgram`` where several organisations run it together. https://schema.org/Course
"""

import json
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time
from typing import Any

from markupsafe import Markup

from catalogue.clock import LONDON
from catalogue.interchange.documents import interval
from catalogue.interchange.offers_out import runs_of
from catalogue.interchange.rows import RunRow, SessionRow
from catalogue.offers.models import Mapping, Mode, Offer, OfferVersion
from catalogue.systems.models import Organisation

Json = dict[str, Any]
_MODES = {Mode.IN_PERSON: "Onsite", Mode.ONLINE: "Online", Mode.BLENDED: "Blended", Mode.SELF_PACED: "Online"}
"""The words that search engines know; https://developers.google.com/search/docs/appearance/structured-data/course-info"""


def described(offer: Offer, version: OfferVersion, address: str) -> Json:
    """``address`` is that of its page here."""
    programme = version.is_programme or bool(offer.partners)
    said: Json = {
        "@context": "https://schema.org",
        "@type": ["Course", "EducationalOccupationalProgram"] if programme else "Course",
        "@id": address,
        "url": address,
        "name": version.title,
        "description": version.summary,
        "inLanguage": "en-GB",
        "provider": [_body(body) for body in (offer.provider, *offer.partners)] if programme else _body(offer.provider),
        "teaches": list(version.outcomes),
        "timeRequired": _length(version),
        "hasCourseInstance": list(_instances(offer, version)),
        **_price(version.price_pence),
    }
    if version.prerequisites:
        said["coursePrerequisites"] = version.prerequisites
    if version.for_plan_leads or version.seats:
        said["audience"] = [{"@type": "Audience", "audienceType": name} for name in _audience(version)]
    if version.mappings:
        said["about"] = [{"@type": "Thing", "name": mapping.dimension.name} for mapping in version.mappings]
        said["educationalLevel"] = [_levels(mapping) for mapping in version.mappings]
    parts = list(_parts(version, address.rpartition("/")[0]))
    if parts:
        said["hasPart"] = parts
    if programme:
        said["timeToComplete"] = _length(version)
        said["programType"] = "Joint leadership programme"
    return said


def _parts(version: OfferVersion, at: str) -> Iterator[Json]:
    """The offers that are its steps, in their order: a programme's courses. ``at`` is where the pages of offers are."""
    for step in version.steps:
        if step.offer is not None:
            page = f"{at}/{step.offer.slug}"
            body = _body(step.offer.provider)
            yield {"@type": "Course", "@id": page, "url": page, "name": step.title, "provider": body}


def as_script(said: Json) -> Markup:
    """For the inside of a script element: nothing in it can end the element (HTML, section 4.12.1.3)."""
    text = json.dumps(said, ensure_ascii=False)
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return Markup(text)  # noqa: S704 escaped for where it stands


def as_array(described: Iterable[Json]) -> Iterator[str]:
    """One after another, each on a line of its own."""
    before = "[\n"
    for said in described:
        yield before + json.dumps(said, ensure_ascii=False)
        before = ",\n"
    yield "[]\n" if before == "[\n" else "\n]\n"


def _audience(version: OfferVersion) -> Iterator[str]:
    if version.for_plan_leads:
        yield "People responsible for implementing part or all of their system's plan"
    yield from (seat.name for seat in version.seats)


def _length(version: OfferVersion) -> str:
    """In hours and minutes: a day of learning does not have 24 hours."""
    return interval(float(version.hours))


def _levels(mapping: Mapping) -> str:
    """ "Engaging the team: Essential to Proficient"."""
    names = {level.value: level.name for level in mapping.dimension.framework.levels}
    return f"{mapping.dimension.name}: {names[mapping.from_level]} to {names[mapping.to_level]}"


def _body(body: Organisation) -> Json:
    return {"@type": "Organization", "name": body.name}


def _price(pence: int | None) -> Json:
    """Nothing where the provider does not say: there is no word for that."""
    if pence is None:
        return {}
    category = "Paid" if pence else "Free"
    price = {"@type": "Offer", "category": category, "price": f"{pence / 100:.2f}", "priceCurrency": "GBP"}
    return {"offers": [price]}


def _instances(offer: Offer, version: OfferVersion) -> Iterator[Json]:
    plain: Json = {"@type": "CourseInstance", "courseMode": _MODES[Mode(version.mode)],
                   "courseWorkload": _length(version)}  # fmt: skip
    runs = runs_of(offer)
    yield from (plain | _run(run, version.price_pence) for run in runs)
    if not runs:
        yield plain


def _run(run: RunRow, otherwise: int | None) -> Json:
    pence = otherwise if run.price_pounds is None else round(run.price_pounds * 100)
    return {
        "startDate": _moment(run.starts_on, run.start_time),
        "endDate": _moment(run.ends_on, run.end_time),
        "location": {"@type": "Place", "name": run.place, **({"address": run.venue} if run.venue else {})},
        "maximumAttendeeCapacity": run.places,
        **({"name": run.name} if run.name else {}),
        **({"subEvent": [_session(session) for session in run.session]} if run.session else {}),
        **_price(pence),
    }


def _session(session: SessionRow) -> Json:
    where = {"location": {"@type": "Place", "name": session.place}} if session.place else {}
    return {
        "@type": "Event",
        "name": session.title,
        "startDate": _moment(session.day, session.starts),
        "endDate": _moment(session.day, session.ends),
        **where,
    }


def _moment(day: date, hour: time | None) -> str:
    """ISO 8601: a day, or a time of London with what it is from Greenwich's."""
    return day.isoformat() if hour is None else datetime.combine(day, hour, LONDON).isoformat()
