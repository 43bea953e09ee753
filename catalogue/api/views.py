"""Reading the catalogue: for anybody. Who sends a token for reading finds what is for them alone, too."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from urllib.parse import urlencode

from flask import Response, current_app, jsonify, make_response, request

from catalogue.api import queries, schemas
from catalogue.api.base import api, limited
from catalogue.api.tokens import reader
from catalogue.errors import NotThere
from catalogue.frameworks import queries as frameworks_queries
from catalogue.frameworks.models import Condition, Framework, Seat
from catalogue.offers.forms import filters_of
from catalogue.offers.queries import joinable_runs, leads_on, published_offer, search
from catalogue.offers.references import content_of
from catalogue.security import public
from catalogue.systems.models import Organisation, System


@api.get("/openapi.json")
@public
@limited
@api.doc(tags=["about"])
@api.response(200, description="This document")
def openapi() -> Response:
    """What there is to ask here, as an OpenAPI document."""
    return jsonify(current_app.extensions["openapi"])


@api.get("/offers")
@public
@limited
@api.arguments(schemas.Search, location="query", as_kwargs=True)
@api.response(200, schemas.OfferPage)
@api.alt_response(404, "NOT_FOUND")
def offers(after: str, limit: int, **_filters: Any) -> Any:
    """Find offers: any of the values of a field, all of the fields together."""
    filters = filters_of(request.args)
    if after and not leads_on(filters, after):  # to begin again would keep a program reading for ever
        raise NotThere("No page of this list ends there. Begin without after, and keep the filters from page to page.")
    page = search(filters, reader(), after, limit)
    body = {"items": page.offers, "next": page.next_after or None, "total": page.total}
    if not page.next_after:
        return body
    return body, {"Link": _next_link(page.next_after)}


@api.get("/offers/<slug>")
@public
@limited
@api.response(200, schemas.OfferDetail)
@api.alt_response(404, "NOT_FOUND")
def offer(slug: str) -> Any:
    """All that an offer says, and the runs that can be joined."""
    found = published_offer(slug, reader())
    said = schemas.Offer().dump(found)
    document = content_of(found.published).model_dump(mode="json", by_alias=True)
    runs = schemas.Run(many=True).dump(joinable_runs(found))
    return make_response(jsonify(said | {"content": document, "runs": runs}))


@api.get("/offers/<slug>/runs")
@public
@limited
@api.arguments(schemas.RunsOfOffer, location="query", as_kwargs=True)
@api.response(200, schemas.RunPage)
@api.alt_response(404, "NOT_FOUND")
def offer_runs(slug: str, after: str, limit: int) -> Any:
    """The runs of an offer that are under way or to come."""
    found = published_offer(slug, reader())
    return _page_of_runs(queries.runs(reader(), date.min, date.max, after=after, limit=limit, offer_id=found.id))


@api.get("/runs")
@public
@limited
@api.arguments(schemas.Runs, location="query", as_kwargs=True)
@api.response(200, schemas.RunPage)
@api.alt_response(404, "NOT_FOUND")
def runs(first: date, last: date, after: str, limit: int) -> Any:
    """The runs that begin within some days, from today unless it is said otherwise."""
    return _page_of_runs(queries.runs(reader(), first, last, after=after, limit=limit))


def _page_of_runs(page: queries.RunPage) -> Any:
    return (page, {"Link": _next_link(page.next)}) if page.next else page


def _next_link(after: str) -> str:
    """The header that leads on (RFC 8288): what was asked, from there."""
    asked = request.args.to_dict(flat=False) | {"after": [after]}
    return f'<{request.path}?{urlencode(asked, doseq=True)}>; rel="next"'


@api.get("/providers")
@public
@limited
@api.response(200, schemas.Provider(many=True))
def providers() -> Sequence[Organisation]:
    """Who publishes offers."""
    return queries.providers()


@api.get("/conditions")
@public
@limited
@api.response(200, schemas.Condition(many=True))
def conditions() -> list[Condition]:
    """The conditions for good leadership that offers serve."""
    return frameworks_queries.conditions()


@api.get("/seats")
@public
@limited
@api.response(200, schemas.Seat(many=True))
def seats() -> list[Seat]:
    """The kinds of job to lead from."""
    return frameworks_queries.seats()


@api.get("/systems")
@public
@limited
@api.response(200, schemas.System(many=True))
def systems() -> Sequence[System]:
    """Local health and care systems, those that have ended included."""
    return queries.systems()


@api.get("/frameworks")
@public
@limited
@api.response(200, schemas.FrameworkName(many=True))
def frameworks() -> Sequence[Framework]:
    """Every published version of every framework."""
    return queries.frameworks()


@api.get("/frameworks/<key>")
@public
@limited
@api.response(200, schemas.Framework)
@api.alt_response(404, "NOT_FOUND")
def framework(key: str) -> Framework:
    """The version of a framework that was published last, with its dimensions and levels."""
    return queries.framework(key)
