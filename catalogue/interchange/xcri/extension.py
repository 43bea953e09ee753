"""What stands in our own extension of XCRI-CAP: taken as it is, for the import to check."""

from collections.abc import Callable
from datetime import date, time
from typing import Any

from lxml.etree import _Element

from catalogue.interchange.rows import Document
from catalogue.interchange.xcri.terms import tag
from catalogue.interchange.xcri.texts import text_of

_LISTS = ("partners", "seats", "systems", "conditions")
_YES_NO = {"true": True, "false": False}


def offer(element: _Element) -> Document:
    """Of ``es:offer``; the rest of an offer stands in its course."""
    document: Document = {
        "mode": element.get("mode", ""),
        "hours": _converted(float, element.get("hours", "")),
        "hours_estimated": _YES_NO.get(element.get("estimated", "false"), element.get("estimated")),
        "members_only": _YES_NO.get(element.get("members", "false"), element.get("members")),
        "place": element.get("place", ""),
        "price_pounds": _price(element),
        "accessibility": _text(element, "es:accessibility"),
        **{name: [text_of(one) for one in element.findall(tag(f"es:{name}"))] for name in _LISTS},
        "mapping": [dict(one.attrib) for one in element.findall(tag("es:mapping"))],
        **_programme(element),
    }
    whole = _text(element, "es:summary")  # where it is longer than an abstract may be
    return document | ({"summary": whole} if whole else {})


_JOINING = {
    "for_plan_leads": "planleads", "for_seats_only": "seatsonly", "approval_needed": "approval",
    "reassessment_needed": "reassessment",
}  # fmt: skip


def _programme(element: _Element) -> Document:
    """Steps, and what joining and completing takes. A file from before there was such a thing says only what it has."""
    found: Document = {"step": [_step(one) for one in element.findall(tag("es:step"))]}
    if not all(name in element.attrib for name in _JOINING.values()):
        return found if found["step"] else {}
    for field, name in _JOINING.items():
        found[field] = _YES_NO.get(element.get(name, ""), element.get(name))
    sessions = element.get("sessions")
    return found | {
        "sessions_needed": None if sessions is None else _converted(int, sessions),
        "prerequisite_offers": [text_of(one) for one in element.findall(tag("es:prerequisite"))],
        "group": [_group(one) for one in element.findall(tag("es:group"))],
    }


def _group(element: _Element) -> Document:
    choose = element.get("choose")
    return {
        "key": element.get("key", ""), "title": element.get("title", ""), "text": text_of(element),
        "choose": None if choose is None else _converted(int, choose),
    }  # fmt: skip


def run(element: _Element, presentation: _Element) -> Document:
    """Of ``es:run``, and of the venue beside it."""
    document: Document = {
        "place": element.get("place", ""),
        "venue": _text(presentation, "venue", "provider", "mlo:location", "mlo:address"),
        "accessibility": text_of(element),
        "price_pounds": _price(element),
    }
    for name, field in (("starts", "start_time"), ("ends", "end_time")):
        said = element.get(name)
        document[field] = None if said is None else _converted(time.fromisoformat, said)
    for name, field in (("apply", "apply_by"), ("withdraw", "withdraw_by")):
        said = element.get(name)
        if said is not None:
            document[field] = _converted(date.fromisoformat, said)
    found = {"join_link": element.get("join"), "name": element.get("cohort")}
    sessions = [_session(one) for one in presentation.findall(tag("es:session"))]
    return document | {name: said for name, said in found.items() if said} | ({"session": sessions} if sessions else {})


def _session(element: _Element) -> Document:
    return {
        "key": element.get("key", ""), "title": text_of(element), "place": element.get("place", ""),
        "day": _converted(date.fromisoformat, element.get("day", "")),
        "starts": _converted(time.fromisoformat, element.get("starts", "")),
        "ends": _converted(time.fromisoformat, element.get("ends", "")),
    }  # fmt: skip


def _step(element: _Element) -> Document:
    return {
        "key": element.get("key", ""), "title": element.get("title", ""),
        "minutes": _converted(int, element.get("minutes", "")), "text": text_of(element),
        "offer": element.get("offer", ""), "group": element.get("group", ""),
    }  # fmt: skip


def _price(element: _Element) -> Any:
    said = element.get("price")
    return None if said is None else _converted(float, said)


def _text(element: _Element, *path: str) -> str:
    found = element.find("/".join(tag(name) for name in path))
    return "" if found is None else text_of(found)


def _converted(kind: Callable[[str], Any], said: str) -> Any:
    """As it was said where it is nothing of the kind: the import says so."""
    try:
        return kind(said)
    except ValueError:
        return said
