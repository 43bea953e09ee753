"""A small catalogue of its own, in which it is known what should be found."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from catalogue.extensions import db
from catalogue.offers.actions import add_offer, publish
from catalogue.offers.content import OfferContent
from catalogue.offers.models import Offer, OfferVersion, VersionState
from catalogue.offers.references import References
from catalogue.systems.models import Organisation
from catalogue.transactions import run


@dataclass(frozen=True)
class Described:
    """An offer to be, with what matters of it; the rest is filled in."""

    key: str
    title: str
    summary: str = "Learn it with others."
    more: dict[str, Any] = field(default_factory=dict)

    @property
    def content(self) -> OfferContent:
        plain: dict[str, Any] = {
            "title": self.title,
            "summary": self.summary,
            "outcomes": ["Do it on your own"],
            "description": "Said at length.",
            "mode": "online",
            "hours": 2.0,
            "price_pounds": 0.0,
            "conditions": ["learning"],
            "mapping": [{"dimension": "team", "from": "essential", "to": "proficient", "strength": "builds"}],
        }
        return OfferContent.model_validate(plain | self.more)


def organisation(key: str) -> Organisation:
    return db.session.scalars(select(Organisation).where(Organisation.key == key)).one()


def add(described: Described, provider: str = "nhs-leadership-academy") -> Offer:
    """Within a transaction, publish one; its slug is its key."""
    offer = add_offer(organisation(provider), described.key, described.key)
    publish(offer, described.content, References())
    return offer


@pytest.fixture
def nothing_else(app: Flask) -> Callable[..., None]:
    """Take what is shipped out of the catalogue, and put in what is described."""

    def put(*described: Described) -> None:
        def change() -> None:
            for version in db.session.scalars(select(OfferVersion)):
                version.state = VersionState.RETIRED
            db.session.flush()
            for one in described:
                add(one)

        with app.app_context():
            run(change)

    return put
