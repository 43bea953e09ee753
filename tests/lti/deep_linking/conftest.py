"""A teacher at the first page of a choosing."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from catalogue.extensions import db
from catalogue.offers.models import Offer, OfferVersion
from catalogue.transactions import run
from tests.lti.deep_linking.choosing import (
    begin,
)
from tests.lti.platform import Platform
from tests.visitor import Visitor


@pytest.fixture
def slugs(app: Flask) -> list[str]:
    """Offers of one provider that can be taken step by step."""
    stepwise = select(Offer.slug).join(Offer.published).where(OfferVersion.steps.any(), ~Offer.partners.any())
    with app.app_context():
        return list(db.session.scalars(stepwise.order_by(Offer.id).limit(2)))


@pytest.fixture
def titles(app: Flask, slugs: list[str]) -> list[str]:
    """Of the offers in ``slugs``."""
    with app.app_context():
        return [db.session.scalars(select(Offer).where(Offer.slug == slug)).one().published.title for slug in slugs]


@pytest.fixture
def change(app: Flask) -> Callable[[Callable[[], Any]], None]:
    """Change something behind the teacher's back."""

    def changes(action: Callable[[], Any]) -> None:
        with app.app_context():
            run(action)

    return changes


@pytest.fixture
def teacher(visitor: Visitor, platform: Platform) -> Visitor:
    """On the first page of their choosing."""
    begin(platform, visitor)
    return visitor
