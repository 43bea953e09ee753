"""The line item that an offer is graded in: found, or made once, and remembered.

Assignment and Grade Services 2.0, section 3.2: https://www.imsglobal.org/spec/lti-ags/v2p0#line-item-service
A link for one offer has its own line item from the platform (the ``lineitem`` claim); a link for more gets
one for each offer that is completed through it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask import current_app
from sqlalchemy import delete, select

from catalogue.clock import now
from catalogue.extensions import db
from catalogue.outbox import TryAgain
from catalogue.settings import Settings
from catalogue.transactions import run
from lti.addresses import with_query
from lti.claims import service_url
from lti.models import LineItem, ResourceLink
from lti.services import Service, ServiceRefused, json_of, next_page

LINE_ITEM = "https://purl.imsglobal.org/spec/lti-ags/scope/lineitem"
LINE_ITEM_READ = "https://purl.imsglobal.org/spec/lti-ags/scope/lineitem.readonly"
ITEM_TYPE = "application/vnd.ims.lis.v2.lineitem+json"
ITEMS_TYPE = "application/vnd.ims.lis.v2.lineitemcontainer+json"
TAG = "completion"
MAXIMUM = 100
MOST_PAGES = 5
CLAIMED_FOR = timedelta(seconds=90)
BEING_MADE = "its line item is just being made"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Whose line item is needed: a link's, for an offer."""

    link_id: int
    resource_link_id: str
    lineitems_url: str
    scopes: tuple[str, ...]
    offer_id: int
    slug: str
    label: str

    @property
    def resource_id(self) -> str:
        return resource_id_of(self.slug)


def resource_id_of(slug: str) -> str:
    """By what a line item says which offer it grades."""
    return f"offer:{slug}"


def grades(link: ResourceLink, slug: str) -> bool:
    """Whether completions of an offer are to be graded through a link, and can be."""
    if link.target == "offer":
        return link.target_value == slug and bool(link.lineitem_url or _can_find(link))
    return _can_find(link)


def _can_find(link: ResourceLink) -> bool:
    return bool(link.lineitems_url) and bool({LINE_ITEM, LINE_ITEM_READ} & set(link.scopes))


def all_known(links: Sequence[ResourceLink], offer_id: int) -> dict[int, str]:
    """By link, the address of its line item, if the platform named it or we remember it; else an empty string."""
    rows = db.session.execute(
        select(LineItem.resource_link_id, LineItem.url).where(
            LineItem.resource_link_id.in_([link.id for link in links]), LineItem.offer_id == offer_id
        )
    )
    remembered = {row.resource_link_id: row.url for row in rows}
    return {
        link.id: link.lineitem_url if link.target == "offer" and link.lineitem_url else remembered.get(link.id, "")
        for link in links
    }


def forget(link_id: int, offer_id: int) -> None:
    """The platform has it no longer."""
    run(lambda: _forget(link_id, offer_id))


def _forget(link_id: int, offer_id: int) -> None:
    db.session.execute(delete(LineItem).where(LineItem.resource_link_id == link_id, LineItem.offer_id == offer_id))


def find_or_make(service: Service, wanted: Wanted) -> str:
    """The address of the line item. One worker at a time looks and makes; others are told to try again."""
    if not wanted.lineitems_url:
        raise ServiceRefused("the platform's line item is gone, and it offers no service to find another")
    _claim(wanted)
    try:
        url = _found(service, wanted) or _made(service, wanted)
    except BaseException:
        forget(wanted.link_id, wanted.offer_id)
        raise
    run(lambda: _remember(wanted, url))
    return url


def _claim(wanted: Wanted) -> None:
    def claim() -> bool:
        item = db.session.scalar(
            select(LineItem).where(LineItem.resource_link_id == wanted.link_id, LineItem.offer_id == wanted.offer_id)
        )
        if item is None:
            item = LineItem(resource_link_id=wanted.link_id, offer_id=wanted.offer_id)
            db.session.add(item)
            return True
        mine = item.url == "" and now() - item.claimed_at > CLAIMED_FOR
        item.claimed_at = now() if mine else item.claimed_at
        return mine

    if not run(claim):
        raise TryAgain(BEING_MADE, timedelta(seconds=3))


def _remember(wanted: Wanted, url: str) -> None:
    _forget(wanted.link_id, wanted.offer_id)
    db.session.add(LineItem(resource_link_id=wanted.link_id, offer_id=wanted.offer_id, url=url, score_maximum=MAXIMUM))


def _found(service: Service, wanted: Wanted) -> str:
    """Ours among those of the course, page by page; no ``limit``, which some platforms take amiss."""
    url = with_query(wanted.lineitems_url, resource_id=wanted.resource_id)
    for _ in range(MOST_PAGES):
        if not url:
            return ""
        response = service.call("GET", url, media=ITEMS_TYPE)
        listed = json_of(response)
        for item in listed if isinstance(listed, list) else []:
            if isinstance(item, dict) and _is_ours(item, wanted):
                return _address(item)
        url = next_page(response, url)
    if url:
        raise TryAgain(f"the course's list of line items is longer than {MOST_PAGES} pages")
    return ""


def _is_ours(item: dict[str, Any], wanted: Wanted) -> bool:
    if item.get("resourceId") != wanted.resource_id:
        return False
    return item.get("tag") == TAG or item.get("resourceLinkId") == wanted.resource_link_id


def _made(service: Service, wanted: Wanted) -> str:
    if LINE_ITEM not in wanted.scopes:
        raise ServiceRefused("the platform does not let us make a line item, and there is none for this offer")
    item = {
        "label": wanted.label,
        "scoreMaximum": MAXIMUM,
        "resourceId": wanted.resource_id,
        "tag": TAG,
        "resourceLinkId": wanted.resource_link_id,
    }
    made = json_of(service.call("POST", wanted.lineitems_url, media=ITEM_TYPE, body=item))
    return _address(made if isinstance(made, dict) else {})


def _address(item: dict[str, Any]) -> str:
    settings: Settings = current_app.extensions["settings"]
    if url := service_url(item.get("id"), loopback=settings.development):
        return url
    raise ServiceRefused("the platform's line item has no address that we may call")
