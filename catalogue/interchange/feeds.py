"""What is published, for others to take: XCRI-CAP, CSV, JSON-LD and a calendar, for all or for what is looked for."""

from collections.abc import Iterable, Iterator

from flask import Blueprint, Response, current_app, request
from flask_login import current_user

from catalogue.clock import now
from catalogue.errors import NotThere
from catalogue.frameworks.models import Condition, Dimension, Seat
from catalogue.interchange import csv_out
from catalogue.interchange.documents import Listed, Publisher
from catalogue.interchange.ical import calendar
from catalogue.interchange.jsonld import as_array, described
from catalogue.interchange.offers_out import offers, runs_of
from catalogue.interchange.offers_out import runs as runs_out
from catalogue.interchange.xcri.write import catalog
from catalogue.offers.forms import filters_of
from catalogue.offers.models import Offer
from catalogue.offers.queries import published_offer
from catalogue.offers.references import content_of
from catalogue.people.models import Person
from catalogue.security import public
from catalogue.systems.models import Organisation

feeds = Blueprint("feeds", __name__)


@feeds.get("/feeds/xcri.xml")
@public
def xcri() -> Response:
    return _streamed(xcri_of(offers(filters_of(request.args))), "application/xml")


@feeds.get("/feeds/offers.csv")
@public
def csv() -> Response:
    return _streamed(csv_of(offers(filters_of(request.args))), "text/csv; charset=utf-8", "offers.csv")


@feeds.get("/feeds/template.csv")
@public
def template() -> Response:
    """The columns that are read, and one row to show how it is done."""
    return _streamed(csv_out.template(), "text/csv; charset=utf-8", "offers-template.csv")


@feeds.get("/feeds/offers.jsonld")
@public
def jsonld() -> Response:
    return _streamed(jsonld_of(offers(filters_of(request.args))), "application/ld+json")


@feeds.get("/feeds/runs.ics")
@public
def runs() -> Response:
    """The runs that go on today or are to come."""
    return _streamed(calendar(runs_out(filters_of(request.args)), base()), "text/calendar; charset=utf-8", "runs.ics")


@feeds.get("/offers/<slug>/runs/<int(max=2147483647):run_id>.ics")
@public
def run(slug: str, run_id: int) -> Response:
    """One run, for one's own calendar."""
    person: Person | None = current_user.person if current_user.is_authenticated else None
    found = [one for one in published_offer(slug, person).runs if one.id == run_id]
    if not found:
        raise NotThere
    made = b"".join(calendar(found, base(), busy=True))
    return _streamed(iter([made]), "text/calendar; charset=utf-8", f"{slug}.ics")


def _streamed(parts: Iterator[str] | Iterator[bytes], kind: str, name: str = "") -> Response:
    answer = Response(parts, content_type=kind)
    if name:
        answer.headers["Content-Disposition"] = f"attachment; filename={name}"
    return answer


def base() -> str:
    """Where this catalogue is; on the command line too, where there is no request to know it from."""
    public_url: str = current_app.extensions["settings"].public_url
    return public_url.rstrip("/")


def page_of(offer: Offer, at: str = "") -> str:
    """The address of its page; ``at`` is where the catalogue is, for whom there is no application to ask."""
    return f"{at or base()}/offers/{offer.slug}"


def xcri_of(found: Iterable[Offer]) -> Iterator[bytes]:
    at = base()
    listed = (_listed(offer, at) for offer in found)
    return catalog(listed, now(), "Learning offers for people who lead health and care")


def _listed(offer: Offer, at: str) -> Listed:
    version, provider = offer.published, offer.provider
    named: dict[str, Iterable[Condition | Seat | Organisation | Dimension]] = {
        "condition": version.conditions,
        "seat": version.seats,
        "partner": offer.partners,
        "dimension": [mapping.dimension for mapping in version.mappings],
    }
    return Listed(
        offer.key,
        page_of(offer, at),
        Publisher(provider.key, provider.name, f"{at}/offers?provider={provider.key}"),
        content_of(version),
        runs_of(offer),
        {(kind, one.key): one.name for kind, ones in named.items() for one in ones},
    )


def csv_of(found: Iterable[Offer]) -> Iterator[str]:
    return csv_out.lines((offer.key, content_of(offer.published), runs_of(offer)) for offer in found)


def jsonld_of(found: Iterable[Offer]) -> Iterator[str]:
    """One array, an offer a line."""
    at = base()
    return as_array(described(offer, offer.published, page_of(offer, at)) for offer in found)
