"""The shipped data can be loaded again at any time, with a framework of any size, and says whose words it is."""

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup
from click.testing import Result
from flask import Flask
from sqlalchemy import func, select

from catalogue.clock import in_london, now
from catalogue.enrolments.queries import days_of
from catalogue.extensions import db
from catalogue.frameworks.models import Framework, RoleTarget, Seat
from catalogue.offers.models import Offer, Run
from catalogue.pages import format_date
from catalogue.resources import resource_dir
from catalogue.seeding.load_offers import working_day
from catalogue.transactions import run
from tests.assessments.test_assessing import answer_all, choose_seat, dimension_pages
from tests.catalogue.seed_files import HUDDLE, SECOND
from tests.visitor import Visitor


@pytest.mark.both_databases
@pytest.mark.usefixtures("folder")
def test_loading_again_changes_nothing(
    seed: Callable[..., Result], rows: Callable[[], dict[str, set[tuple[Any, ...]]]]
) -> None:
    before = rows()
    for _ in range(2):
        seed()
        assert rows() == before
    assert len(before["offer_version"]) == len(before["offer"]) > 60


def ask_for_the_second() -> None:
    """Every seat asks for the first level of the second framework."""
    framework = db.session.scalars(select(Framework).where(Framework.key == "three-by-two")).one()
    for seat in db.session.scalars(select(Seat)):
        for dimension in framework.dimensions:
            db.session.add(RoleTarget(seat_id=seat.id, dimension_id=dimension.id, level=1, importance=2))


@pytest.mark.both_databases
def test_a_framework_of_any_size_can_be_loaded_and_assessed(
    app: Flask, folder: Path, seed: Callable[..., Result], learner: Visitor
) -> None:
    (folder / "frameworks/three-by-two.toml").write_text(SECOND, encoding="utf-8")
    assert "3 frameworks" in seed().output
    learner.get("/assessments/before-you-start")
    assert "Healthcare Leadership Model" in learner.text(), "until a seat has a target in it, it is not used"
    with app.app_context():
        run(ask_for_the_second)
    learner.get("/assessments/before-you-start")
    assert "A framework with three dimensions" in learner.text()
    choose_seat(learner)
    paths = dimension_pages(learner)
    assert len(paths) == 3
    assert "0 of 9 questions" in learner.text()
    for path, agreement in zip(paths, (4, 3, 1), strict=True):
        page = learner.get(path)
        learner.press("Save and go on", **answer_all(page, agreement))
    learner.get("/assessments/answer")
    learner.press("Finish and see your result")
    page = learner.follow()
    shown = [" ".join(row.get_text(" ").split()) for row in page.select("table tbody tr")]
    assert len(shown) == 3
    assert [level in row for level, row in zip(("Shining", "Shining", "Not yet"), shown, strict=True)] == [True] * 3
    assert "From the middle outwards: Not yet, There, Shining" in learner.text()
    picture = page.select_one("img.app-radar")
    assert picture is not None
    learner.get(str(picture["src"]))
    svg = BeautifulSoup(learner.response.text, "html.parser")
    assert len(str(svg.select("polygon")[0]["points"]).split()) == 3
    for path in (
        "/",
        "/recommendations",
        "/offers",
        f"/offers/{HUDDLE}",
        "/about",
        "/assessments",
        "/assessments/start",
    ):
        learner.get(path)


def test_bodies_that_have_ended_show_when_and_who_followed(app: Flask, visitor: Visitor) -> None:
    today = in_london(now()).date()
    with app.app_context():
        ended = [
            (offer.slug, format_date(body.ended_on), body.name, body.successor)
            for offer in db.session.scalars(select(Offer))
            for body in (offer.provider, *offer.partners)
            if body.ended_on is not None and body.ended(today)
        ]
    assert len(ended) >= 3
    for slug, day, name, successor in ended:
        visitor.get(f"/offers/{slug}")
        assert f"{name} (ended {day}; followed by {successor})" in visitor.text().replace("( ", "("), slug


def test_the_notice_and_the_page_name_whose_words_these_are(app: Flask, visitor: Visitor) -> None:
    notice = (resource_dir("seed") / "NOTICE.md").read_text(encoding="utf-8")
    visitor.get("/about")
    with app.app_context():
        framework = db.session.scalars(select(Framework).where(Framework.key == "healthcare-leadership-model")).one()
        for words in (framework.name, framework.owner, framework.label):
            assert words in notice
            assert words in visitor.text()
        assert framework.notice in visitor.text()
        assert db.session.scalar(select(func.count()).select_from(Offer).where(Offer.example)) or 0
    for owner in ("NHS Leadership Academy", "NHS Improvement", "NHS Institute for Innovation and Improvement"):
        assert owner in notice
    assert "not the NHS instrument, not validated" in notice
    assert "is not part of the NHS" in visitor.response.text


@pytest.mark.parametrize("later", range(7))
def test_what_is_at_a_weekend_is_moved_to_the_monday_after_it(later: int) -> None:
    day = date(2026, 11, 2) + timedelta(days=later)  # from a Monday on
    assert working_day(day) == (date(2026, 11, 9) if later > 4 else day)


def test_nobody_of_the_demonstration_meets_at_a_weekend(app: Flask) -> None:
    with app.app_context():
        runs = db.session.scalars(select(Run).where(Run.key != "demonstration-under-way"))  # that meets today
        days = [day for one in runs for first, last in days_of(one, one.sessions) for day in (first, last)]
    assert len(days) > 100
    assert not [day for day in days if day.weekday() > 4]
