"""What is published, for others to take."""

import csv
import io
import json
import re
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from urllib.parse import quote

import pytest
from click.testing import CliRunner
from flask import Flask
from icalendar import Calendar
from jsonschema import Draft202012Validator
from lxml import etree
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from catalogue import cli
from catalogue.clock import today
from catalogue.extensions import db
from catalogue.interchange.reading import read
from catalogue.interchange.rows import OfferRow, RunRow
from catalogue.offers.content import OfferContent
from catalogue.offers.models import Offer, Run, RunState
from catalogue.transactions import run
from tests.interchange.xcri_schema import faults
from tests.offers.conftest import Described, add, organisation
from tests.visitor import Visitor

ODD = quote('(*:"')
XCRI = "{http://xcri.org/profiles/1.2/catalog}"


def published(app: Flask) -> dict[str, str]:
    """Key and title of what anybody finds."""
    with app.app_context():
        return {offer.key: offer.published.title for offer in db.session.scalars(select(Offer).join(Offer.published))}


def _dates(row: OfferRow) -> list[RunRow]:
    return [RunRow.model_validate(run) for run in row.runs]


@pytest.mark.both_databases
def test_the_catalogue_goes_out_as_valid_xcri_and_as_csv_and_both_say_the_same(app: Flask, visitor: Visitor) -> None:
    visitor.get("/feeds/xcri.xml")
    xml = visitor.response.data
    assert visitor.response.mimetype == "application/xml"
    assert faults(etree.fromstring(xml)) == []
    of_xml = {row.key: row for row in read(io.BytesIO(xml), "x")}
    visitor.get("/feeds/offers.csv")
    of_csv = {row.key: row for row in read(io.BytesIO(visitor.response.data), "x")}
    assert {key: row.offer["title"] for key, row in of_xml.items()} == published(app)
    assert of_xml.keys() == of_csv.keys()
    for key, row in of_xml.items():
        assert not row.faults
        assert not of_csv[key].faults
        assert OfferContent.model_validate(row.offer) == OfferContent.model_validate(of_csv[key].offer), key
        assert _dates(row) == _dates(of_csv[key]), key


def test_feeds_take_the_same_filters_as_the_search(app: Flask, visitor: Visitor) -> None:
    visitor.get("/offers?mode=self-paced")
    total = int(re.sub(r"\D", "", visitor.page.select_one("main h2").get_text()))  # type: ignore[union-attr]
    visitor.get("/feeds/xcri.xml?mode=self-paced")
    assert len(etree.fromstring(visitor.response.data).findall(f".//{XCRI}course")) == total
    visitor.get("/feeds/offers.csv?mode=self-paced")
    assert len(list(csv.DictReader(io.StringIO(visitor.response.text)))) == total
    visitor.get("/feeds/offers.jsonld?mode=self-paced")
    assert len(json.loads(visitor.response.text)) == total
    for feed in ("xcri.xml", "offers.csv", "offers.jsonld", "runs.ics"):
        visitor.get(f"/feeds/{feed}?q=xylophone")
        visitor.get(f"/feeds/{feed}?q={ODD}&price=x&starts=month")
    visitor.get("/feeds/xcri.xml?q=xylophone")
    assert not etree.fromstring(visitor.response.data).findall(f".//{XCRI}course")


def runs_of(visitor: Visitor, query: str = "") -> list[dict[str, object]]:
    visitor.get(f"/feeds/runs.ics{query}")
    calendar = Calendar.from_ical(visitor.response.data)
    assert visitor.response.mimetype == "text/calendar"
    assert all(len(line) <= 75 for line in visitor.response.data.split(b"\r\n")), "lines are folded: section 3.1"
    for needed in ("PRODID", "VERSION"):
        assert calendar[needed]
    return [{name: event[name] for name in event} for event in calendar.walk("VEVENT")]


def test_the_calendar_has_whole_days_and_hours_in_london(
    app: Flask, visitor: Visitor, nothing_else: Callable[..., None]
) -> None:
    nothing_else(Described("one", "A; title, with \\ signs\nand a line", summary="Ünïcode " * 30))
    day = date(today().year + 1, 7, 1)

    def dates() -> None:
        offer = db.session.scalars(select(Offer).where(Offer.slug == "one")).one()
        for key, first, last, hours, state in (
            ("days", day, day + timedelta(days=1), (None, None), RunState.OPEN),
            ("hours", day, day, (time(9, 30), time(16, 0)), RunState.FULL),
            ("off", day, day, (None, None), RunState.CANCELLED),
            ("over", today() - timedelta(days=9), today() - timedelta(days=8), (None, None), RunState.OPEN),
        ):
            db.session.add(Run(offer=offer, key=key, starts_on=first, ends_on=last, start_time=hours[0],
                               end_time=hours[1], place="Leeds", venue="Mill\nLane", places=3, state=state,
                               join_link="https://secret.example/join"))  # fmt: skip

    with app.app_context():
        run(dates)
    off, days, hours = sorted(
        runs_of(visitor),
        key=lambda event: (event["STATUS"], isinstance(event["DTSTART"].dt, datetime)),  # type: ignore[attr-defined]
    )
    assert (off["STATUS"], days["STATUS"]) == ("CANCELLED", "CONFIRMED"), "who subscribed hears that it is off"
    assert days["DTSTART"].dt == day  # type: ignore[attr-defined]
    assert days["DTEND"].dt == day + timedelta(days=2), "the day after the last: section 3.6.1"  # type: ignore[attr-defined]
    starts = hours["DTSTART"].dt  # type: ignore[attr-defined]
    assert (starts.hour, starts.utcoffset()) == (9, timedelta(hours=1)), "summer time"
    assert hours["LOCATION"] == "Leeds, Mill Lane"
    assert str(hours["SUMMARY"]).startswith("A; title, with \\ signs")
    assert str(hours["URL"]).endswith("/offers/one")
    assert len({str(event["UID"]) for event in (days, hours)}) == 2
    assert b"secret.example" not in visitor.response.data
    assert [event["UID"] for event in runs_of(visitor)] == [event["UID"] for event in runs_of(visitor)]
    for feed in ("xcri.xml", "offers.csv", "offers.jsonld"):
        visitor.get(f"/feeds/{feed}")
        assert "secret.example" not in visitor.response.text


def test_a_run_goes_into_ones_own_calendar(app: Flask, visitor: Visitor, administrator: Visitor) -> None:
    def members_only() -> None:
        version = db.session.scalars(select(Offer).where(Offer.slug == slug)).one().published
        version.members_only = True

    with app.app_context():
        offer = db.session.scalars(select(Offer).where(Offer.example, Offer.runs.any()).order_by(Offer.slug)).first()
        assert offer is not None
        slug, run_id, title = offer.slug, offer.runs[0].id, offer.published.title
    (link,) = visitor.get(f"/offers/{slug}").select(f'a[href="/offers/{slug}/runs/{run_id}.ics"]')
    assert link.get_text().startswith("Add to your calendar")
    visitor.get(str(link["href"]))
    (event,) = Calendar.from_ical(visitor.response.data).events
    assert (event["SUMMARY"], event["TRANSP"]) == (title, "OPAQUE")
    visitor.get(f"/offers/ten-minute-huddle/runs/{run_id}.ics", status=404)
    visitor.get(f"/offers/{slug}/runs/{2**31 - 1}.ics", status=404)
    with app.app_context():
        run(members_only)
    visitor.get(f"/offers/{slug}/runs/{run_id}.ics", status=404)
    administrator.get(f"/offers/{slug}/runs/{run_id}.ics")


def test_a_database_that_does_not_answer_is_an_error_page_and_no_half_a_feed(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_asked: object) -> None:
        raise OperationalError("SELECT", {}, Exception("gone"))

    monkeypatch.setattr(Session, "scalars", gone)
    for feed in ("xcri.xml", "offers.csv", "offers.jsonld", "runs.ics"):
        visitor.get(f"/feeds/{feed}", status=503)


TEXT = {"type": "string", "minLength": 1}
BODY = {"type": "object", "properties": {"@type": {"const": "Organization"}, "name": TEXT}, "required": ["name"]}
LENGTH = {"type": "string", "pattern": r"^PT\d+H\d\dM$"}
COURSE = {
    # What search engines ask of a course: schema.org/Course, and Google's guide to course lists and info.
    "type": "object",
    "required": ["@context", "@type", "name", "description", "provider", "hasCourseInstance", "url"],
    "properties": {
        "@context": {"const": "https://schema.org"},
        "name": TEXT,
        "description": TEXT,
        "provider": {"anyOf": [BODY, {"type": "array", "items": BODY, "minItems": 2}]},
        "timeRequired": LENGTH,
        "educationalLevel": {"type": "array", "minItems": 1, "items": TEXT},
        "offers": {"type": "array", "minItems": 1, "items": {
            "type": "object", "required": ["category", "price", "priceCurrency"],
            "properties": {"category": {"enum": ["Free", "Partially Free", "Subscription", "Paid"]}},
        }},
        "hasCourseInstance": {"type": "array", "minItems": 1, "items": {
            "type": "object", "required": ["@type", "courseMode", "courseWorkload"],
            "dependentRequired": {"startDate": ["endDate", "location"]},
            "properties": {"@type": {"const": "CourseInstance"}, "courseWorkload": LENGTH,
                           "courseMode": {"enum": ["Onsite", "Online", "Blended"]},
                           "startDate": {"type": "string", "pattern": r"^\d{4}-\d\d-\d\d"}},
        }},
    },
}  # fmt: skip


def structured(visitor: Visitor) -> dict[str, object]:
    script = visitor.page.select_one('script[type="application/ld+json"]')
    assert script is not None
    found: dict[str, object] = json.loads(script.get_text())
    Draft202012Validator(COURSE).validate(found)
    return found


def test_every_page_of_an_offer_describes_it_to_search_engines(app: Flask, visitor: Visitor) -> None:
    with app.app_context():
        slugs = list(db.session.scalars(select(Offer.slug).join(Offer.published).order_by(Offer.slug).limit(12)))
        joint = db.session.scalars(
            select(Offer.slug).join(Offer.published).where(Offer.partners.any()).order_by(Offer.id).limit(1)
        ).one()
    for slug in slugs:
        visitor.get(f"/offers/{slug}")
        assert structured(visitor)["url"] == f"http://127.0.0.1:8000/offers/{slug}"
    visitor.get(f"/offers/{joint}")
    assert "EducationalOccupationalProgram" in structured(visitor)["@type"]  # type: ignore[operator]


def test_text_cannot_end_the_script_that_describes_an_offer(
    visitor: Visitor, nothing_else: Callable[..., None]
) -> None:
    nasty = "</script><script>alert(1)</script><!-- \u2028 & ]]>"
    nothing_else(Described("nasty", nasty, summary=nasty, more={"outcomes": [nasty], "prerequisites": nasty}))
    visitor.get("/offers/nasty")
    assert structured(visitor)["name"] == nasty
    assert "<script>alert(1)" not in visitor.response.text


@pytest.mark.parametrize("form", ["xcri", "csv", "jsonld"])
def test_the_command_line_exports_what_the_feed_has(app: Flask, visitor: Visitor, form: str) -> None:
    def call(*words: str, status: int = 0) -> str:
        result = CliRunner().invoke(cli.command_line(lambda: app), ["offers", "export", "--format", form, *words])
        assert result.exit_code == status, result.output
        return result.stdout

    with app.app_context():
        provider, count = db.session.execute(
            select(Offer, func.count()).join(Offer.published).group_by(Offer.provider_id).order_by(func.count().desc())
        ).first() or (None, 0)
        key = provider.provider.key
    path = {"xcri": "xcri.xml", "csv": "offers.csv", "jsonld": "offers.jsonld"}[form]
    visitor.get(f"/feeds/{path}")

    def lines(text: str) -> list[str]:
        return [line for line in text.splitlines() if "generated=" not in line]

    assert lines(call()) == lines(visitor.response.text)
    assert 0 < len(call("--provider", key)) < len(call())
    assert count
    call("--provider", "nobody", status=1)


def test_what_is_for_members_only_is_in_no_feed(
    app: Flask, visitor: Visitor, administrator: Visitor, nothing_else: Callable[..., None]
) -> None:
    nothing_else(Described("open", "For anybody"))
    with app.app_context():
        run(lambda: add(Described("inside", "Of our own", more={"members_only": True})))
        assert organisation("nhs-leadership-academy")
    for one in (visitor, administrator):
        for feed in ("xcri.xml", "offers.csv", "offers.jsonld", "runs.ics"):
            one.get(f"/feeds/{feed}")
            assert "Of our own" not in one.response.text
