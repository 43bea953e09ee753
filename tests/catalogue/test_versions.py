"""Data that was edited becomes the next version, and what people hold on to stays."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import select

from catalogue.extensions import db
from catalogue.frameworks.models import Framework
from catalogue.offers.models import Mapping, Offer, OfferVersion, VersionState
from tests.assessments.test_assessing import assess
from tests.catalogue.seed_files import HUDDLE, MODEL, edit
from tests.visitor import Visitor


def versions(slug: str) -> list[OfferVersion]:
    return list(
        db.session.scalars(
            select(OfferVersion).join(OfferVersion.offer).where(Offer.slug == slug).order_by(OfferVersion.number)
        )
    )


@pytest.mark.both_databases
def test_an_edited_offer_becomes_the_next_version_and_the_first_stays(
    app: Flask, folder: Path, seed: Callable[..., Result], learner: Visitor, visitor: Visitor
) -> None:
    learner.get(f"/offers/{HUDDLE}/enrol")
    learner.press("Confirm")
    mine = learner.response.headers["Location"].partition("?")[0]
    with app.app_context():
        title = versions(HUDDLE)[0].title
    edit(folder / "example_offers.toml", f'title = "{title}"', 'title = "The huddle, written anew"')
    seed()
    seed()
    with app.app_context():
        first, second = versions(HUDDLE)
        assert (first.number, first.state, first.title) == (1, VersionState.RETIRED, title)
        assert (second.number, second.state) == (2, VersionState.PUBLISHED)
        assert second.title == "The huddle, written anew"
        assert len(first.steps) == len(second.steps) > 0
        assert len(first.mappings) == len(second.mappings) > 0
    visitor.get(f"/offers/{HUDDLE}")
    assert "The huddle, written anew" in visitor.text()
    visitor.get("/offers?q=written+anew")
    assert HUDDLE in visitor.response.text
    learner.get(mine)
    assert title in learner.text(), "whoever is on an offer keeps the version they enrolled on"


@pytest.mark.both_databases
def test_a_framework_file_that_changed_under_its_number_is_refused(
    folder: Path, seed: Callable[..., Result], rows: Callable[[], dict[str, set[tuple[Any, ...]]]]
) -> None:
    before = rows()
    edit(folder / MODEL, "Looking away when something is wrong", "Looking at the floor when something is wrong")
    said = seed(status=1).output
    assert "healthcare-leadership-model.toml: version: 1.0 has been loaded with other content" in said
    assert rows() == before


@pytest.mark.both_databases
def test_with_a_new_version_of_the_framework_offers_are_mapped_to_it(
    app: Flask, folder: Path, seed: Callable[..., Result], learner: Visitor
) -> None:
    result = assess(learner, agreement=1)
    shutil.copy(folder / MODEL, folder / "frameworks/z-next.toml")
    edit(folder / "frameworks/z-next.toml", 'version = "1.0"', 'version = "2.0"')
    seed()
    with app.app_context():
        newest = db.session.scalars(select(Framework).where(Framework.version == "2.0")).one()
        mapped = db.session.scalars(
            select(Mapping).join(Mapping.version).where(OfferVersion.state == VersionState.PUBLISHED)
        ).all()
        assert {mapping.dimension.framework_id for mapping in mapped} == {newest.id}
        assert {version.number for version in versions(HUDDLE)} == {1, 2}
    learner.get(result)
    assert len(learner.page.select("table tbody tr")) == 9
    learner.get("/recommendations")
    assess(learner, agreement=1)
    learner.get("/recommendations")
    assert re.search(r"closes \d+% of your gap", learner.text())
