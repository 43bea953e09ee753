"""Narrowing down, counting, and who finds what."""

import re
from collections.abc import Callable
from datetime import timedelta
from urllib.parse import urlencode

import pytest
from flask import Flask
from sqlalchemy import select

from catalogue.clock import today
from catalogue.extensions import db
from catalogue.frameworks.actions import add_framework
from catalogue.frameworks.content import next_version
from catalogue.frameworks.queries import content_of, newest_version
from catalogue.offers.facets import facets
from catalogue.offers.filters import FACETS, Filters
from catalogue.offers.models import Offer, Run, RunState
from catalogue.offers.queries import matching, search
from catalogue.people.models import Person, Role
from catalogue.systems.models import Membership
from catalogue.transactions import run
from tests.offers.conftest import Described, add, organisation
from tests.visitor import Visitor

OFFERS = (
    Described("short", "A short one", more={"hours": 0.5, "price_pounds": None}),
    Described("long", "A long one", more={"hours": 60, "price_pounds": 900, "seats": ["ward-manager"]}),
    Described("local", "For one place", more={"hours": 8, "price_pounds": 50, "systems": ["devon"]}),
    Described("inside", "Of our own", "On the Lazarus merger.", {"members_only": True, "mode": "in-person"}),
    Described("alone", "On one's own", more={"mode": "self-paced", "mapping": [
        {"dimension": "care", "from": "insufficient", "to": "strong", "strength": "touches"}]}),
)  # fmt: skip


def add_runs() -> None:
    day = today()
    offers = {offer.slug: offer for offer in db.session.scalars(select(Offer))}
    for slug, days, state, place in (
        ("short", 10, RunState.OPEN, "Leeds"), ("long", 80, RunState.FULL, "York"),
        ("local", -5, RunState.OPEN, "Exeter"), ("inside", 150, RunState.OPEN, "Leeds"),
    ):  # fmt: skip
        starts_on = day + timedelta(days=days)
        db.session.add(Run(offer=offers[slug], key="1", starts_on=starts_on, ends_on=starts_on, place=place,
                           places=5, state=state))  # fmt: skip


@pytest.fixture
def catalogue(app: Flask, nothing_else: Callable[..., None]) -> None:
    nothing_else(*OFFERS)
    with app.app_context():
        run(add_runs)


def found(person: Person | None = None, **chosen: tuple[str, ...]) -> set[str]:
    return {offer.slug for offer in search(Filters(**chosen), person).offers}  # type: ignore[arg-type]


@pytest.mark.both_databases
@pytest.mark.usefixtures("catalogue")
def test_each_field_finds_what_it_says(app: Flask) -> None:
    with app.app_context():
        assert found() == {"short", "long", "local", "alone"}
        assert found(length=("hour",)) == {"short"}
        assert found(length=("day", "longer")) == {"long", "local"}
        assert found(price=("not-known",)) == {"short"}
        assert found(price=("free", "to-100")) == {"local", "alone"}
        assert found(price=("over-500",)) == {"long"}
        assert found(starts=("month",)) == {"short"}
        assert found(starts=("half-year",)) == {"short", "long"}
        assert found(starts=("any-time",)) == {"alone"}
        assert found(free=("yes",)) == {"short", "alone"}, "a run that is full, or over, has no free place"
        assert found(place=("Leeds", "Exeter")) == {"short"}, "a run that has begun is nowhere any more"
        assert found(seat=("ward-manager",)) == {"short", "long", "local", "alone"}
        assert found(seat=("porter",)) == {"short", "local", "alone"}, "what names other seats is not for this one"
        assert found(system=("devon",)) == {"short", "long", "local", "alone"}
        assert found(system=("dorset",)) == {"short", "long", "alone"}
        assert found(step=("strong",)) == {"alone"}
        assert found(step=("proficient",)) == {"short", "long", "local", "alone"}
        assert found(dimension=("team",), step=("strong",)) == set(), "one mapping has to do both"
        assert found(provider=("nhs-leadership-academy",)) == {"short", "long", "local", "alone"}
        assert found(length=("no such",)) == found(provider=("nobody",)) == found(step=("zenith",)) == set()
        assert found(seat=("throne",)) == found(system=("atlantis",)) == set()


@pytest.mark.both_databases
@pytest.mark.usefixtures("catalogue")
def test_every_count_is_what_the_choice_then_shows(app: Flask, add_person: Callable[..., int]) -> None:
    person_id = add_person("Rita", Role.REVIEWER)
    with app.app_context():
        person = db.session.get_one(Person, person_id)
        for who in (None, person):
            for filters in (Filters(), Filters(q="one"), Filters(free=("yes",), seat=("porter",), step=("strong",))):
                for facet in facets(filters, who):
                    for choice in facet.choices:
                        narrowed = {name: getattr(filters, name) for name in FACETS} | {facet.name: (choice.value,)}
                        asked = Filters(q=filters.q, **narrowed)
                        there = len(db.session.scalars(matching(asked, who)).all())
                        assert there == choice.count == search(asked, who).total, (filters, facet.name, choice)


@pytest.mark.both_databases
@pytest.mark.usefixtures("catalogue")
def test_what_is_for_members_only_is_there_for_them_alone(
    app: Flask, add_person: Callable[..., int], sign_in: Callable[[int], Visitor], visitor: Visitor, learner: Visitor
) -> None:
    with app.app_context():
        academy = organisation("nhs-leadership-academy").id
    member, partner = add_person("Mia Member"), add_person("Pat", Role.PARTNER, organisation_id=academy)
    with app.app_context():
        run(lambda: db.session.add(Membership(person_id=member, organisation_id=academy)))
    for one in (sign_in(member), sign_in(partner), sign_in(add_person("Rita", Role.REVIEWER))):
        one.get("/offers")
        assert "Of our own" in one.text()
        one.get("/offers?q=Lazarus")
        assert "Of our own" in one.text()
        one.get("/offers/inside")
        one.get("/offers/inside/enrol")
    for stranger in (visitor, learner):
        for near in ("Lazaru", "Lazarsu", "Lasarus"):
            stranger.get(f"/offers?q={near}")
            assert "We looked for" not in stranger.text(), "a word that stands in nothing of theirs"
        stranger.get("/offers?q=our+own&sort=soonest")
        assert "Of our own" not in stranger.text()
        assert "in-person" not in {str(box["value"]) for box in stranger.page.select("input[name=mode]")}
        stranger.get("/offers?view=calendar&month=" + f"{today() + timedelta(days=150):%Y-%m}")
        assert "Of our own" not in stranger.text()
        stranger.get("/offers/inside", status=404)
        stranger.get("/offers/alone")
        assert "Of our own" not in stranger.text()
    learner.get("/offers/inside/enrol", status=404)


@pytest.mark.both_databases
@pytest.mark.usefixtures("catalogue")
def test_soonest_first_goes_by_the_next_date(app: Flask) -> None:
    with app.app_context():
        order = [offer.slug for offer in search(Filters(sort="soonest"), None).offers]
    assert order[:2] == ["short", "long"]
    assert set(order[2:]) == {"local", "alone"}


@pytest.mark.both_databases
@pytest.mark.parametrize("asked", [{"sort": "soonest"}, {"q": "lead"}, {"q": "team", "sort": "title"}])
def test_pages_of_every_order_show_each_offer_once(app: Flask, asked: dict[str, str]) -> None:
    with app.app_context():
        pages, after = [search(Filters(**asked), None)], ""
        while after := pages[-1].next_after:
            pages.append(search(Filters(**asked), None, after))
            assert len(pages) < 50
        slugs = [offer.slug for page in pages for offer in page.offers]
    assert len(slugs) == len(set(slugs)) == pages[0].total


ODD = [
    "\0", "\ud800", "9" * 5000, "(" * 3000, '"', "*", "a:b", "NEAR(", "^", "-", "AND OR NOT", "'; DROP TABLE offer",
    "🎈",
]  # fmt: skip
BROKEN_CURSORS = (
    "bm90IGpzb24", "W10", "WyJhIiwgMV0", "WzFlOTk5LCAiYSIsIDFd", "W251bGwsICJhIiwgMV0", "WyJhIiwgOTk5OTk5OTk5OTk5XQ"
)  # fmt: skip


def test_nothing_that_is_typed_is_a_fault(visitor: Visitor) -> None:
    for typed in ODD:
        for name in ("q", "after", "sort", "view", "month", "dimension", "price", "starts", "free", "step"):
            answer = visitor.client.get(
                "/offers?" + urlencode({name: typed}, errors="surrogatepass"), base_url="https://127.0.0.1:8000"
            )
            assert answer.status_code in (200, 400, 414), (name, typed[:20], answer.status_code)
    for after in BROKEN_CURSORS:
        visitor.get(f"/offers?after={after}")
        visitor.get(f"/offers?q=team&after={after}")
        visitor.get(f"/offers?sort=soonest&after={after}")


def test_a_word_read_as_another_is_said(visitor: Visitor) -> None:
    visitor.get("/offers?q=meatings")
    assert "No offer says “meatings”. We looked for meetings" in visitor.text()


@pytest.mark.usefixtures("catalogue")
def test_the_calendar_shows_the_runs_of_what_is_looked_for(visitor: Visitor) -> None:
    month = f"{today() + timedelta(days=10):%Y-%m}"
    visitor.get(f"/offers?view=calendar&month={month}")
    assert "A short one" in visitor.text()
    assert "5 places free" in visitor.text()
    visitor.get(f"/offers?view=calendar&month={month}&length=longer")
    assert "A short one" not in visitor.page.select_one("main table, main p").get_text()  # type: ignore[union-attr]
    onward = [str(link["href"]) for link in visitor.page.select("nav[aria-label=Months] a")]
    assert len(onward) == 4
    assert all("length=longer" in href for href in onward)
    for odd in ("2026-13", "1999-12", "2099-12", "", "x"):
        visitor.get(f"/offers?view=calendar&month={odd}")


def test_a_search_is_saved_found_again_and_removed_by_its_owner_alone(
    app: Flask, learner: Visitor, administrator: Visitor, visitor: Visitor
) -> None:
    learner.get("/offers?q=meetings&mode=online&mode=self-paced&sort=soonest&junk=1")
    learner.press("Save this search", name="For my team")
    learner.follow()
    assert "Your search “For my team” is saved." in learner.text()
    link = learner.page.find("a", string="For my team")
    assert str(link["href"]) == "/offers?q=meetings&mode=online&mode=self-paced&sort=soonest"  # type: ignore[index]
    learner.get("/offers?q=email")
    learner.press("Save this search", name="", status=422)
    assert "Give the search a name" in learner.text()
    learner.press("Save this search", name="For my team")
    learner.follow()
    assert len(learner.page.select(".app-offer-list li")) == 1, "the name names one search"
    remove = str(learner.page.select_one("form[action*=remove]")["action"])  # type: ignore[index]
    administrator.get("/offers/saved")
    assert "You have saved no search yet" in administrator.text()
    administrator.post(remove, {"csrf_token": administrator.csrf_token()}, status=404)
    visitor.get("/offers/saved", status=302)
    learner.press("Remove For my team")
    learner.follow()
    assert "You have saved no search yet" in learner.text()


def test_an_offer_leads_on_to_what_is_similar_and_to_what_comes_next(
    app: Flask, nothing_else: Callable[..., None], visitor: Visitor
) -> None:
    step = {"dimension": "team", "strength": "builds"}
    nothing_else(
        Described("this", "This one", more={"mapping": [step | {"from": "essential", "to": "proficient"}]}),
        Described("alike", "One like it", more={"mapping": [step | {"from": "essential", "to": "strong"}]}),
        Described("after", "One for afterwards", more={"mapping": [step | {"from": "proficient", "to": "strong"}]}),
        Described("else", "Another thing", more={"mapping": [
            {"dimension": "care", "from": "essential", "to": "proficient", "strength": "builds"}]}),
    )  # fmt: skip
    visitor.get("/offers/this")
    lists = {
        heading.get_text(): [link.get_text() for link in heading.find_next("ul").select("a")]  # type: ignore[union-attr]
        for heading in visitor.page.select("main h2")
        if heading.get_text() in ("Similar offers", "What comes next")
    }
    assert lists == {"What comes next": ["One for afterwards"], "Similar offers": ["One like it"]}
    assert "Fewer than 10 people have completed it" in visitor.text()


def test_what_is_similar_and_next_is_found_across_versions_of_a_framework(
    app: Flask, nothing_else: Callable[..., None], visitor: Visitor
) -> None:
    step = {"dimension": "team", "from": "essential", "to": "proficient", "strength": "builds"}
    nothing_else(Described("early", "Mapped to the first version", more={"mapping": [step]}))

    def again() -> None:
        add_framework(next_version(content_of(newest_version("healthcare-leadership-model"))))  # type: ignore[arg-type]
        add(Described("late", "Mapped to the second version", more={"mapping": [
            step | {"framework": "healthcare-leadership-model"}]}))  # fmt: skip

    with app.app_context():
        run(again)
    visitor.get("/offers/late")
    assert "Mapped to the first version" in visitor.text()


def test_the_page_of_an_offer_says_what_it_is_worth_to_whom_looks(learner: Visitor) -> None:
    from tests.assessments.test_assessing import assess

    assess(learner, agreement=1)
    learner.get("/recommendations")
    best = str(learner.page.select_one(".app-offer-list h3 a")["href"])  # type: ignore[index]
    learner.get(best)
    assert re.search(r"It is in the set that closes most of your gap in 12 hours.* and adds \d+% to it", learner.text())


@pytest.mark.both_databases
def test_a_run_is_full_when_its_last_place_is_taken_and_open_again_when_one_is_free(
    app: Flask, nothing_else: Callable[..., None], add_person: Callable[..., int], sign_in: Callable[[int], Visitor]
) -> None:
    nothing_else(Described("one", "One place"))

    def one_place() -> int:
        offer = db.session.scalars(select(Offer).where(Offer.slug == "one")).one()
        day = today() + timedelta(days=9)
        offer.runs.append(Run(key="1", starts_on=day, ends_on=day, place="Hull", places=1))
        db.session.flush()
        return offer.runs[0].id

    def free() -> set[str]:
        with app.app_context():
            return found(free=("yes",))

    with app.app_context():
        run_id = run(one_place)
    assert free() == {"one"}
    first, second = sign_in(add_person("First")), sign_in(add_person("Second"))
    paths = []
    for who in (first, second):
        who.get(f"/offers/one/enrol?run={run_id}")
        who.press("Confirm")
        paths.append(who.response.headers["Location"].partition("?")[0])
        assert free() == set()
    first.get(f"{paths[0]}/withdraw")
    first.press("Yes, withdraw", why="work")
    assert free() == set(), "the place went to whom it was promised"
    second.get(f"{paths[1]}/withdraw")
    second.press("Yes, withdraw", why="work")
    assert free() == {"one"}
