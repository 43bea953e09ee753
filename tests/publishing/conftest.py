"""A provider with its people, a reviewer from elsewhere, and looking into the service's database."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from sqlalchemy import select

from catalogue.extensions import db
from catalogue.offers.models import Offer
from catalogue.outbox import Delivery
from catalogue.people.models import Role
from tests.conftest import Ask
from tests.visitor import Visitor

SELF_PACED, WITH_RUNS = "ten-minute-huddle", "running-meetings-people-value"


@dataclass
class Work:
    """The people of these tests, an offer with runs, and a self-paced one of another provider."""

    partner: Visitor
    editor: Visitor
    reviewer: Visitor
    other: Visitor
    """The partner of another provider: that of the self-paced offer."""
    provider_id: int
    provider_key: str
    offer_id: int
    self_paced_id: int

    @property
    def at(self) -> str:
        return f"/publish/offers/{self.offer_id}"


def offer_at(slug: str) -> Offer:
    return db.session.scalars(select(Offer).where(Offer.slug == slug)).one()


def letters() -> list[tuple[str, str, str]]:
    """Every message that has been written: to whom, its subject and its text."""
    payloads = db.session.scalars(select(Delivery.payload).where(Delivery.kind == "mail").order_by(Delivery.id))
    return [(payload["to"], payload["subject"], payload["text"]) for payload in payloads]


@pytest.fixture
def work(ask: Ask, add_person: Callable[..., int], sign_in: Callable[[int], Visitor]) -> Work:
    def find() -> tuple[int, str, int, int, int]:
        offer, self_paced = offer_at(WITH_RUNS), offer_at(SELF_PACED)
        return offer.provider_id, offer.provider.key, offer.id, self_paced.id, self_paced.provider_id

    provider_id, key, offer_id, self_paced_id, other_id = ask(find)
    return Work(
        sign_in(add_person("Pia Partner", Role.PARTNER, organisation_id=provider_id)),
        sign_in(add_person("Edgar Editor", Role.EDITOR, organisation_id=provider_id)),
        sign_in(add_person("Rita Reviewer", Role.REVIEWER)),
        sign_in(add_person("Olga Other", Role.PARTNER, organisation_id=other_id)),
        provider_id, key, offer_id, self_paced_id,
    )  # fmt: skip


def draft_whole_offer(visitor: Visitor, title: str = "A new offer on huddles") -> str:
    """Draft a self-paced offer through its pages; returns its address."""
    visitor.get("/publish/new")
    visitor.press("Start the draft", title=title)
    at = str(visitor.response.headers["Location"])
    visitor.get(f"{at}/about")
    visitor.press(
        "Save", summary="What it is in short.", outcomes="Run a huddle\nEnd it on time",
        description="It is **good** for you.",
    )  # fmt: skip
    page = visitor.get(f"{at}/for-whom")
    condition = page.select_one("input[name=conditions]")
    assert condition is not None
    visitor.press("Save", conditions=condition["value"])
    visitor.get(f"{at}/time")
    visitor.press("Save", mode="self-paced", hours="1.5", price_pounds="0")
    page = visitor.get(f"{at}/mapping")
    link = page.select_one("main a[href*='/mapping/']")
    assert link is not None
    page = visitor.get(str(link["href"]))
    levels = [str(field["value"]) for field in page.select("input[name=to]")]
    visitor.press("Save", start=page.select_one("input[name=start]")["value"], to=levels[-1], strength="builds")  # type: ignore[index]
    visitor.get(f"{at}/steps/new")
    visitor.press("Save", title="Read this", minutes="10", text="Read it *twice*.")
    return at
