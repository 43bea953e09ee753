"""Offers that somebody plans to take: put on the plan, shown once, and become an enrolment."""

from collections.abc import Callable

import pytest
from sqlalchemy import func, select

from catalogue.enrolments.models import Enrolment
from catalogue.extensions import db
from catalogue.offers.models import Offer
from catalogue.plans.models import PlannedOffer
from tests.conftest import Ask
from tests.enrolments.conftest import SELF_PACED
from tests.plans.conftest import SOON
from tests.visitor import Visitor

TITLE = "The ten-minute huddle"


def rows(table: type) -> int:
    return db.session.scalar(select(func.count()).select_from(table)) or 0


@pytest.mark.both_databases
def test_an_offer_is_planned_dated_and_becomes_the_enrolment(planner: Visitor, ask: Ask) -> None:
    title = planner.get(f"/offers/{SELF_PACED}").select_one("h1").get_text().split("\n")[0].removesuffix(" Example")
    title = title.strip()
    planner.press(f"Put on my plan : {title}")
    planner.follow()
    assert f"{title} is on your plan" in planner.text()
    assert "On your plan" in planner.text()
    planner.get("/enrolments")
    assert "0 of 1 done" in planner.text()
    assert "Planned, no day set" in planner.text()
    planner.get(f"/plan/offers/{SELF_PACED}/day")
    planner.press("Save", by=SOON)
    assert "Join by" in planner.follow().get_text()
    planner.post(f"/plan/offers/{SELF_PACED}", {"csrf_token": planner.csrf_token()})
    assert "Join by" in planner.follow().get_text(), "put there again, it keeps its day"
    planner.get(f"/offers/{SELF_PACED}/enrol")
    planner.press("Confirm")
    planner.get("/enrolments")
    assert len([a for a in planner.page.select("main h3 a") if a.get_text() == title]) == 1
    assert "At your own pace" in planner.text()
    planner.get("/enrolments/1/withdraw")
    planner.press("Yes, withdraw", why="other")
    assert "Nothing is on your plan yet" in planner.follow().get_text(), "who withdraws has nothing to do"
    planner.get(f"/offers/{SELF_PACED}")
    planner.press(f"Put on my plan : {title}")
    planner.get("/enrolments")
    assert title in planner.text()
    assert ask(lambda: (rows(PlannedOffer), rows(Enrolment))) == (1, 1)


@pytest.mark.both_databases
def test_posted_twice_it_is_there_once_and_off_it_is_off(planner: Visitor, ask: Ask) -> None:
    token = planner.csrf_token()
    for _ in range(2):
        planner.post(f"/plan/offers/{SELF_PACED}", {"csrf_token": token})
    assert ask(lambda: rows(PlannedOffer)) == 1
    for _ in range(2):
        planner.post(f"/plan/offers/{SELF_PACED}/take-off", {"csrf_token": token})
    assert ask(lambda: rows(PlannedOffer)) == 0
    assert "Nothing is on your plan yet" in planner.follow().get_text()


def test_what_is_recommended_is_put_on_the_plan_from_there_and_stays_recommended(planner: Visitor) -> None:
    planner.get("/recommendations?hours=12")
    before = [str(a["href"]) for a in planner.page.select(".app-offer-list h3 a")]
    button = next(b for b in planner.page.select("main form button") if b.get_text().startswith("Put on my plan"))
    planner.press(" ".join(button.get_text(" ").split()))
    assert "/recommendations?hours=12" in planner.response.headers["Location"]
    planner.follow()
    assert [str(a["href"]) for a in planner.page.select(".app-offer-list h3 a")] == before
    assert "On your plan" in planner.text()


def test_it_leads_nowhere_else(planner: Visitor) -> None:
    for target in ("https://evil.example/", "//evil.example", "/\\evil.example"):
        planner.post(f"/plan/offers/{SELF_PACED}", {"csrf_token": planner.csrf_token(), "next": target})
        assert planner.response.headers["Location"] == "/enrolments"


def test_what_cannot_be_planned_is_said(planner: Visitor, ask: Ask, change: Ask) -> None:
    token = planner.csrf_token()
    planner.post("/plan/offers/nothing-of-this-name", {"csrf_token": token}, status=404)
    planner.get(f"/plan/offers/{SELF_PACED}/day")
    planner.press("Save", 422, by="2020-01-01")
    assert "still to come, or leave it empty" in planner.text()
    planner.get(f"/offers/{SELF_PACED}/enrol")
    planner.press("Confirm")
    planner.post(f"/plan/offers/{SELF_PACED}", {"csrf_token": token})
    assert ask(lambda: rows(PlannedOffer)) == 0, "they are on it already"


def test_an_offer_that_is_retired_can_still_be_taken_off(planner: Visitor, change: Ask) -> None:
    planner.post(f"/plan/offers/{SELF_PACED}", {"csrf_token": planner.csrf_token()})

    def retire() -> None:
        offer = db.session.scalars(select(Offer).where(Offer.slug == SELF_PACED)).one()
        offer.published.state = "retired"  # type: ignore[assignment]

    change(retire)
    planner.get("/enrolments")
    assert "not in the catalogue any more" in planner.text()
    planner.get("/home")
    planner.get("/enrolments")
    planner.press("Take off my plan : An offer that is not in the catalogue any more")
    assert "Nothing is on your plan" in planner.follow().get_text()


def test_who_is_not_signed_in_sees_no_button(visitor: Visitor, sign_in: Callable[[int], Visitor]) -> None:
    visitor.get(f"/offers/{SELF_PACED}")
    assert "Put on my plan" not in visitor.text()
