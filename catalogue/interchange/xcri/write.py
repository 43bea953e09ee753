"""Offers as an XCRI-CAP 1.2 catalog, course by course, in the order of the standard's lists of elements."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta
from itertools import groupby
from urllib.parse import quote

from catalogue.clock import LONDON
from catalogue.interchange.documents import Listed, interval
from catalogue.interchange.rows import RunRow
from catalogue.interchange.xcri.terms import (
    ABSTRACT,
    ATTENDANCE_MODES,
    ATTENDANCE_PATTERNS,
    KEY,
    NAMESPACES,
    STUDY_MODES,
)
from catalogue.interchange.xcri.xml import Xml
from catalogue.offers.content import OfferContent
from catalogue.offers.models import Mode

_EVENING = time(17)
_SATURDAY = 5


def catalog(offers: Iterable[Listed], generated: datetime, description: str) -> Iterator[bytes]:
    """Those of a provider one after another; section "the catalog element"."""
    xml = Xml()
    declared = {f"xmlns_{prefix}".rstrip("_"): address for prefix, address in NAMESPACES.items()}
    with xml.inside("catalog", **declared, generated=generated.isoformat(timespec="seconds")):
        xml.put("dc:description", description)
        for provider, theirs in groupby(offers, lambda offer: offer.provider):
            with xml.inside("provider"):
                xml.put("dc:identifier", provider.address)
                xml.put("dc:identifier", provider.key, xsi_type=KEY)
                xml.put("dc:title", provider.name)
                xml.put("mlo:url", provider.address)
                for offer in theirs:
                    _course(xml, offer)
                    yield xml.take()
    yield xml.take()


def _course(xml: Xml, offer: Listed) -> None:
    content = offer.content
    with xml.inside("course"):
        for key in content.partners:
            xml.put("dc:contributor", offer.named("partner", key))
        xml.put("dc:description", content.description)
        xml.put("dc:identifier", offer.address)
        xml.put("dc:identifier", offer.key, xsi_type=KEY)
        dimensions = dict.fromkeys(row.dimension for row in content.mapping)
        for kind, keys in (("condition", content.conditions), ("dimension", dimensions), ("seat", content.seats)):
            for key in keys:
                xml.put("dc:subject", offer.named(kind, key), xsi_type=f"es:{kind}", identifier=key)
        xml.put("dc:title", content.title)
        if content.url:
            xml.put("mlo:url", content.url)
        xml.put("abstract", _short(content.summary))
        for outcome in content.outcomes:
            xml.put("learningOutcome", outcome)
        if content.prerequisites:
            xml.put("mlo:prerequisite", content.prerequisites)
        if not offer.runs:
            _any_time(xml, offer)
        for run in offer.runs:
            _presentation(xml, offer, run)
        _extension(xml, content)


def _short(summary: str) -> str:
    line = " ".join(summary.split())
    return line if len(line) <= ABSTRACT else line[: ABSTRACT - 1] + "…"


def _any_time(xml: Xml, offer: Listed) -> None:
    """What there is to say of an offer that has no dates; it is no run of it."""
    with xml.inside("presentation"):
        xml.put("mlo:start", "At any time" if Mode(offer.content.mode) is Mode.SELF_PACED else "Ask the provider")
        _duration(xml, offer.content.hours)
        xml.put("applyTo", offer.address)
        _engagement(xml, offer.content, "CS" if Mode(offer.content.mode) is Mode.SELF_PACED else None)
        _cost(xml, offer.content.price_pounds)


def _presentation(xml: Xml, offer: Listed, run: RunRow) -> None:
    price = offer.content.price_pounds if run.price_pounds is None else run.price_pounds
    with xml.inside("presentation"):
        xml.put("dc:identifier", f"{offer.address}#{quote(run.key)}")
        xml.put("dc:identifier", run.key, xsi_type=KEY)
        _moment(xml, "mlo:start", run.starts_on, run.start_time)
        _moment(xml, "end", run.ends_on, run.end_time)
        _duration(xml, offer.content.hours)
        xml.put("applyTo", offer.address)
        _engagement(xml, offer.content, _pattern(run))
        xml.put("mlo:places", str(run.places))
        _cost(xml, price)
        with xml.inside("venue"), xml.inside("provider"):
            xml.put("dc:title", run.place or "Ask the provider")
            if run.venue:
                with xml.inside("mlo:location"):
                    xml.put("mlo:address", run.venue)
        _run_extension(xml, run)


def _moment(xml: Xml, name: str, day: date, at: time | None) -> None:
    """Section "Temporal Elements": for people, and for programs in ``dtf``."""
    said = f"{day.day} {day:%B %Y}"
    if at is None:
        xml.put(name, said, dtf=day.isoformat())
    else:
        moment = datetime.combine(day, at.replace(microsecond=0), LONDON)
        xml.put(name, f"{said}, {at:%H:%M}", dtf=moment.isoformat())


def _duration(xml: Xml, hours: float) -> None:
    minutes = max(round(hours * 60), 1)
    figure = f"{hours:g} hours" if minutes >= 60 else f"{minutes} minutes"
    xml.put("mlo:duration", figure, interval=interval(hours))


def _engagement(xml: Xml, content: OfferContent, pattern: str | None) -> None:
    study = "FL" if Mode(content.mode) is Mode.SELF_PACED else "PT"
    xml.put("studyMode", STUDY_MODES[study], identifier=study)
    code, label = ATTENDANCE_MODES[Mode(content.mode)]
    xml.put("attendanceMode", label, identifier=code)
    if pattern:
        xml.put("attendancePattern", ATTENDANCE_PATTERNS[pattern], identifier=pattern)
    xml.put("mlo:languageOfInstruction", "en")


def _pattern(run: RunRow) -> str:
    if run.starts_on.weekday() >= _SATURDAY and run.starts_on + timedelta(1) >= run.ends_on:
        return "WE"
    return "EV" if run.start_time and run.start_time >= _EVENING else "DT"


def _cost(xml: Xml, pounds: float | None) -> None:
    if pounds is not None:
        xml.put("mlo:cost", f"£{pounds:.2f}" if pounds else "Free")


def _figure(value: float | None) -> dict[str, str]:
    """An attribute for pounds, where they are known."""
    return {} if value is None else {"price_": repr(float(value))}


def _extension(xml: Xml, content: OfferContent) -> None:
    """What the standard has no place for, or no exact one: see docs/interchange.md."""
    with xml.inside(
        "es:offer", mode=content.mode, hours=repr(float(content.hours)), estimated=_yes(content.hours_estimated),
        members=_yes(content.members_only), place=content.place, **_figure(content.price_pounds),
        planleads=_yes(content.for_plan_leads), seatsonly=_yes(content.for_seats_only),
        approval=_yes(content.approval_needed), reassessment=_yes(content.reassessment_needed),
        **({"sessions": str(content.sessions_needed)} if content.sessions_needed else {}),
    ):  # fmt: skip
        if content.summary != _short(content.summary):
            xml.put("es:summary", content.summary)
        if content.accessibility:
            xml.put("es:accessibility", content.accessibility)
        for name in ("partners", "seats", "systems", "conditions"):
            for key in getattr(content, name):
                xml.put(f"es:{name}", key)
        for row in content.mapping:
            xml.put("es:mapping", **row.model_dump(exclude={"start"}), from_=row.start)
        for name in content.prerequisite_offers:
            xml.put("es:prerequisite", name)
        for group in content.group:
            choose = {"choose": str(group.choose)} if group.choose else {}
            xml.put("es:group", group.text, key=group.key, title=group.title, **choose)
        for step in content.step:
            more = {name: said for name, said in (("group", step.group), ("offer", step.offer)) if said}
            xml.put("es:step", step.text, key=step.key, title=step.title, minutes=str(step.minutes), **more)


def _yes(value: bool) -> str:
    return "true" if value else "false"


def _run_extension(xml: Xml, run: RunRow) -> None:
    times = {
        name: at.isoformat() for name, at in (("starts", run.start_time), ("ends", run.end_time)) if at is not None
    }
    links = {"join": run.join_link} if run.join_link else {}
    cohort = {"cohort": run.name} if run.name else {}
    by = {name: day.isoformat() for name, day in (("apply", run.apply_by), ("withdraw", run.withdraw_by)) if day}
    xml.put("es:run", run.accessibility, place=run.place, **times, **links, **cohort, **by, **_figure(run.price_pounds))
    for session in run.session:
        xml.put(
            "es:session", session.title, key=session.key, day=session.day.isoformat(),
            starts=session.starts.isoformat(), ends=session.ends.isoformat(), place=session.place,
        )  # fmt: skip
