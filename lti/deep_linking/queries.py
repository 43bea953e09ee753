"""What can be placed in a course, and how it is called there."""

from collections.abc import Iterable
from urllib.parse import parse_qsl, urlencode

from sqlalchemy import select
from sqlalchemy.orm import selectinload
from werkzeug.datastructures import MultiDict

from catalogue.errors import Refused
from catalogue.extensions import db
from catalogue.offers.facets import facets, looked_for
from catalogue.offers.filters import Filters
from catalogue.offers.forms import filters_of
from catalogue.offers.matching import visible_to
from catalogue.offers.models import Offer, OfferVersion
from lti.claims import LONGEST_CUSTOM, Grading
from lti.deep_linking.basket import LONGEST_TEXT, LONGEST_TITLE, Item

PAGES = (
    Item(
        "assessment", "", "Self-assessment: where you stand",
        "See where you stand in each dimension of leadership, beside what your seat asks for. It takes about 20 "
        "minutes, in parts if you like. Nobody else sees your answers.",
    ),
    Item(
        "recommendations", "", "Recommended for you",
        "Say how many hours you have, and get the few offers that close most of your gap.",
    ),
)  # fmt: skip
"""The pages that can be placed whatever is looked for."""


def item_of(target: str, value: str, *, graded: bool) -> Item:
    """What can be placed under these words of a form; ``graded``: whether the course takes grades for it.

    Raises ``Refused``, in words for the teacher, where there is no such thing.
    """
    if target == "offer":
        return _offer(value, graded=graded)
    if target == "offers":
        return _filtered(value)
    for page in PAGES:
        if (page.target, page.value) == (target, value):
            return page
    raise Refused("That cannot be added to a course.")


def _offer(slug: str, *, graded: bool) -> Item:
    offer = db.session.scalar(
        select(Offer)
        .join(Offer.published)
        .where(Offer.slug == slug, visible_to(None))
        .options(selectinload(Offer.published).selectinload(OfferVersion.steps), selectinload(Offer.partners))
    )
    if offer is None:
        raise Refused("That offer is no longer in the catalogue. Choose another one.")
    version = offer.published
    return Item(
        "offer",
        slug,
        version.title[:LONGEST_TITLE],
        version.summary[:LONGEST_TEXT],
        Grading.COMPLETION if graded else Grading.NONE,
        has_steps=bool(version.steps),
        programme=bool(offer.partners),
    )


def query_of(filters: Filters) -> str:
    """Filters as the custom parameter of a link has them: a query without line breaks."""
    return urlencode(filters.as_query, doseq=True)


def _filtered(query: str) -> Item:
    filters = filters_of(MultiDict(parse_qsl(query)))
    value = query_of(filters)
    if len(value) > LONGEST_CUSTOM:
        raise Refused("That is more than one link can hold. Use fewer words or choices, then add the list.")
    named = looked_for(facets(filters, None), filters)
    title = f"Offers: {'; '.join(named)}" if named else "Find offers"
    return Item("offers", value, _cut(title), "Look through the offers, and enrol on one that fits you.")


def _cut(title: str) -> str:
    return title if len(title) <= LONGEST_TITLE else f"{title[: LONGEST_TITLE - 1]}…"


def still_there(slugs: Iterable[str]) -> set[str]:
    """Those of the offers that anybody finds now."""
    return set(
        db.session.scalars(
            select(Offer.slug).join(Offer.published).where(Offer.slug.in_(list(slugs)), visible_to(None))
        )
    )
