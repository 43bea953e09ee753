"""What the API says of offers and of what they are described with, and what it can be asked."""

from datetime import date
from typing import Any

from marshmallow import EXCLUDE, Schema, fields, validate

from catalogue.clock import today
from catalogue.interchange.rows import RunRow
from catalogue.offers.content import OfferContent
from catalogue.offers.filters import FACETS, SORTS
from catalogue.offers.forms import LONGEST_QUERY, LONGEST_VALUE, MOST_CHOICES
from catalogue.offers.queries import PAGE

MOST = 100
NO_NUL = validate.Regexp(r"^[^\x00]*\Z", error="Holds a NUL character.")


class Named(Schema):
    key = fields.String(required=True)
    name = fields.String(required=True)


class Condition(Named):
    meaning = fields.String(required=True)


class Seat(Named):
    description = fields.String(required=True)


class System(Named):
    kind = fields.String(required=True, metadata={"example": "ICS"})
    ended_on = fields.Date(required=True, allow_none=True)
    successor = fields.String(required=True)


class Provider(Named):
    kind = fields.String(required=True)
    description = fields.String(required=True)
    ended_on = fields.Date(required=True, allow_none=True)
    successor = fields.String(required=True)
    example = fields.Boolean(required=True)


class Level(Named):
    value = fields.Integer(required=True)


class FrameworkName(Named):
    version = fields.String(required=True)
    owner = fields.String(required=True)
    notice = fields.String(required=True)
    licence = fields.String(required=True)


class Framework(FrameworkName):
    """Names alone: whether anybody may have all its words is for its owner to say."""

    levels = fields.List(fields.Nested(Level), required=True)
    dimensions = fields.List(fields.Nested(Named), required=True)


class Session(Schema):
    """A time at which the people of a run meet, with its offset."""

    key = fields.String(required=True)
    title = fields.String(required=True)
    starts_at = fields.AwareDateTime(required=True)
    ends_at = fields.AwareDateTime(required=True)
    place = fields.String(required=True)


class Run(Schema):
    """A presentation of an offer. Times are London's; pounds, and none where the price is the offer's."""

    key = fields.String(required=True)
    starts_on = fields.Date(required=True)
    ends_on = fields.Date(required=True)
    start_time = fields.Time(required=True, allow_none=True, metadata={"format": "partial-time"})
    end_time = fields.Time(required=True, allow_none=True, metadata={"format": "partial-time"})
    place = fields.String(required=True)
    places = fields.Integer(required=True)
    name = fields.String(required=True, metadata={"description": "Of a cohort"})
    apply_by = fields.Date(required=True, allow_none=True)
    withdraw_by = fields.Date(required=True, allow_none=True)
    session = fields.List(fields.Nested(Session), required=True, attribute="sessions")
    state = fields.String(required=True)


class DatedRun(Run):
    """A run in a list over offers."""

    offer = fields.String(required=True, attribute="offer.slug", metadata={"description": "The slug of its offer"})


class RunPage(Schema):
    items = fields.List(fields.Nested(DatedRun), required=True)
    next = fields.String(required=True, allow_none=True, metadata={"description": "`after` of the next page"})


class Offer(Schema):
    """An offer in a list. Hours, not minutes; pounds, and none where the price is not known."""

    slug = fields.String(required=True)
    key = fields.String(required=True, metadata={"description": "The provider's own"})
    provider = fields.String(required=True, attribute="provider.key")
    title = fields.String(required=True, attribute="published.title")
    summary = fields.String(required=True, attribute="published.summary")
    mode = fields.String(required=True, attribute="published.mode")
    hours = fields.Float(required=True, attribute="published.hours")
    price_pounds = fields.Function(
        lambda offer: None if offer.published.price_pence is None else offer.published.price_pence / 100,
        required=True,
        metadata={"type": ["number", "null"]},
    )
    place = fields.String(required=True, attribute="published.place")
    is_programme = fields.Boolean(
        required=True, attribute="published.is_programme",
        metadata={"description": "Whether other offers are among its steps"},
    )  # fmt: skip
    example = fields.Boolean(required=True)


class OfferPage(Schema):
    items = fields.List(fields.Nested(Offer), required=True)
    next = fields.String(required=True, allow_none=True, metadata={"description": "`after` of the next page"})
    total = fields.Integer(required=True)


def _values(name: str) -> fields.List[str]:
    value = fields.String(validate=[validate.Length(max=LONGEST_VALUE), NO_NUL])
    return fields.List(value, validate=validate.Length(max=MOST_CHOICES), metadata={"description": f"Any {name}"})


def _after() -> fields.String:
    return fields.String(load_default="", validate=NO_NUL, metadata={"description": "`next` of the page before"})


def _limit() -> fields.Integer:
    return fields.Integer(load_default=PAGE, validate=validate.Range(min=1, max=MOST))


class _Search(Schema):
    class Meta:
        unknown = EXCLUDE

    q = fields.String(validate=[validate.Length(max=LONGEST_QUERY), NO_NUL], metadata={"example": "meetings"})
    sort = fields.String(validate=validate.OneOf(SORTS))
    after = _after()
    limit = _limit()


class RunsOfOffer(Schema):
    class Meta:
        unknown = EXCLUDE

    after = _after()
    limit = _limit()


class Runs(RunsOfOffer):
    first = fields.Date(data_key="from", load_default=today, metadata={"description": "Begins on this day or later"})
    last = fields.Date(data_key="to", load_default=date.max, metadata={"description": "Begins on this day or before"})


Search: Any = _Search.from_dict({name: _values(name) for name in FACETS}, name="Search")
"""What ``/offers`` can be asked: the filters of the page that people use, and paging."""


class OfferDetail(Offer):
    """An offer with all that it says, as the document that its provider wrote."""

    content = fields.Dict(required=True)
    runs = fields.List(fields.Nested(Run), required=True)


class Draft(Schema):
    """What an offer is to say next, as far as it has been written, and how far it has come."""

    provider = fields.String(required=True, attribute="offer.provider.key")
    key = fields.String(required=True, attribute="offer.key")
    state = fields.String(required=True, metadata={"example": "draft"})
    revision = fields.Integer(required=True, metadata={"description": "Also the entity tag: for If-Match"})
    changed_at = fields.AwareDateTime(required=True)
    content = fields.Dict(required=True)


def written_schemas() -> dict[str, Any]:
    """JSON Schema of what is written, by name: made from the one shape of files, forms, feeds and drafts."""
    content = OfferContent.model_json_schema(by_alias=True, ref_template="#/components/schemas/{model}")
    run = RunRow.model_json_schema(ref_template="#/components/schemas/{model}")
    for name in ("start_time", "end_time"):
        run["properties"][name]["anyOf"][0]["format"] = "partial-time"  # RFC 3339: without an offset
    for name in ("starts", "ends"):
        run["$defs"]["SessionRow"]["properties"][name]["format"] = "partial-time"
    parts: dict[str, Any] = content.pop("$defs") | run.pop("$defs")
    return parts | {"OfferContent": content, "RunRow": run}
