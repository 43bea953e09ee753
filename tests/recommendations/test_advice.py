"""Advice, through the front door: within limits, different for different people, and changed by what they say of it."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from sqlalchemy import select

from catalogue.assessments.models import Assessment
from catalogue.clock import today
from catalogue.enrolments.actions import enrol
from catalogue.enrolments.models import CompletedBy, Completion
from catalogue.extensions import db
from catalogue.frameworks.models import Seat
from catalogue.offers.models import Offer
from catalogue.offers.queries import joinable_runs
from catalogue.people.models import Person
from catalogue.recommendations.models import Because, SetAside
from catalogue.transactions import run
from tests.assessments.closed import closed_assessment
from tests.visitor import Visitor

Somebody = Callable[[str, int], Visitor]


@pytest.fixture
def somebody(app: Flask, add_person: Callable[..., int], sign_in: Callable[[int], Visitor]) -> Somebody:
    """Somebody of that name, with a finished assessment at a level throughout."""

    def made(name: str, level: int = 0) -> Visitor:
        person_id = add_person(name)
        with app.app_context():
            run(lambda: closed_assessment(person_id, level))
        return sign_in(person_id)

    return made


def advised(page: BeautifulSoup) -> list[str]:
    """The slugs of what is recommended, in its order."""
    return [str(link["href"]).rsplit("/", 1)[-1] for link in page.select(".app-offer-list h3 a")]


def offers(app: Flask, slugs: list[str]) -> list[Offer]:
    with app.app_context():
        found = {offer.slug: offer for offer in db.session.scalars(select(Offer).where(Offer.slug.in_(slugs)))}
        for offer in found.values():  # what is looked at later
            db.session.refresh(offer, ["published", "runs", "provider"])
    return [found[slug] for slug in slugs]


def test_what_is_not_for_me_is_left_out_for_me_alone_until_i_bring_it_back(somebody: Somebody, ask) -> None:
    me, other = somebody("Me", 0), somebody("Other", 0)
    slug = advised(me.get("/recommendations?hours=60&pounds=9000"))[0]
    me.get(f"/recommendations/{slug}/not-for-me?hours=60&pounds=9000")
    me.press("Leave it out", status=422)
    assert "Choose why it is not for you" in me.text()
    me.press("Leave it out", because="time")
    assert "hours=60&pounds=9000" in me.response.headers["Location"]
    assert slug not in advised(me.follow())
    assert "Not for you, as you said" in me.text()
    assert slug in advised(other.get("/recommendations?hours=60&pounds=9000"))
    assert ask(lambda: db.session.scalars(select(SetAside.because)).all()) == [Because.TIME]
    title = next(link.get_text(strip=True) for link in me.page.select(f"main li a[href='/offers/{slug}']"))
    me.press(f"Bring it back : {title}")
    assert slug in advised(me.follow())
    assert "Not for you, as you said" not in me.text()


@pytest.mark.both_databases
def test_said_twice_the_newer_reason_stands(somebody: Somebody, ask) -> None:
    me = somebody("Me", 0)
    slug = advised(me.get("/recommendations"))[0]
    for because in ("kind", "level"):
        me.get(f"/recommendations/{slug}/not-for-me")
        me.press("Leave it out", because=because)
    assert ask(lambda: db.session.scalars(select(SetAside.because)).all()) == [Because.LEVEL]


def test_money_and_providers_limit_what_is_recommended(somebody: Somebody, app: Flask) -> None:
    me = somebody("Me", 0)
    everything = offers(app, advised(me.get("/recommendations?hours=200")))
    dear = max(everything, key=lambda offer: offer.published.price_pence or 0)
    assert dear.published.price_pence, "the catalogue has something that costs"
    for offer in offers(app, advised(me.get("/recommendations?hours=200&pounds=0"))):
        assert not offer.published.price_pence
    one_each = offers(app, advised(me.get("/recommendations?hours=200&one_each=y")))
    assert len({offer.provider_id for offer in one_each}) == len(one_each) < len(everything)
    assert me.page.select_one("details[open] #one_each[checked]")
    assert "whoever offers it" in me.text()


def test_who_wants_to_be_done_by_a_day_gets_what_ends_by_then(somebody: Somebody, app: Flask) -> None:
    me, day = somebody("Me", 0), today() + timedelta(days=20)
    found = offers(app, advised(me.get(f"/recommendations?hours=200&done_by={day}")))
    assert found
    for offer in found:
        assert offer.published.self_paced or any(each.ends_on <= day for each in joinable_runs(offer))
    later = advised(me.get("/recommendations?hours=200"))
    assert len(later) > len(found), "some begin later"


@pytest.mark.parametrize(
    ("typed", "field", "said"),
    [
        ("pounds=lots", "pounds", "Enter a number of pounds, like 250"),
        ("pounds=-1", "pounds", "Pounds must be between 0 and 100,000"),
        ("pounds=NaN", "pounds", "Enter a number of pounds, like 250"),
        ("done_by=2020-01-01", "done_by", "Enter a day that is still to come"),
        ("done_by=tomorrow", "done_by", "Enter a real date"),
    ],
)
def test_a_limit_that_makes_no_sense_is_said_where_it_was_typed(
    somebody: Somebody, typed: str, field: str, said: str
) -> None:
    me = somebody("Me", 0)
    page = me.get(f"/recommendations?hours=12&{typed}", status=422)
    assert said in page.select_one(f"#{field}-error").get_text()
    assert page.select_one("details[open]")


def test_people_with_other_seats_and_gaps_are_advised_otherwise_and_told_why(
    app: Flask, add_person: Callable[..., int], sign_in: Callable[[int], Visitor]
) -> None:
    def assessed(name: str, seat: str, levels: list[int]) -> Visitor:
        person_id = add_person(name)

        def make() -> None:
            made = db.session.get_one(Assessment, closed_assessment(person_id))
            made.seat_id = db.session.scalars(select(Seat.id).where(Seat.key == seat)).one()
            for result, level in zip(made.results, levels, strict=True):
                result.level = level

        with app.app_context():
            run(make)
        return sign_in(person_id)

    receptionist = assessed("Rita", "receptionist", [0, 0, 1, 2, 1, 1, 1, 1, 0])
    executive = assessed("Eve", "chief-executive", [3, 3, 1, 1, 1, 3, 3, 3, 3])
    sets = [advised(each.get("/recommendations?hours=12")) for each in (receptionist, executive)]
    assert sets[0]
    assert sets[1]
    assert set(sets[0]) != set(sets[1])
    dimensions = [
        {one.get_text(strip=True) for one in each.page.select(".app-move__dimension")}
        for each in (receptionist, executive)
    ]
    assert dimensions[0] != dimensions[1], "each is told which of their own gaps it closes"


def needs_first(change, slug: str, first: str) -> None:
    """From now on an offer asks for another to be completed first."""

    def made() -> None:
        there = {each.slug: each for each in db.session.scalars(select(Offer).where(Offer.slug.in_([slug, first])))}
        there[slug].published.prerequisite_offers.append(there[first])

    change(made)


def test_what_has_to_be_completed_first_comes_first_and_is_named(somebody: Somebody, change) -> None:
    me = somebody("Me", 0)
    *_, first, slug = advised(me.get("/recommendations?hours=24"))
    needs_first(change, slug, first)
    found = advised(me.get("/recommendations?hours=60"))
    assert found.index(first) < found.index(slug)
    listed = me.page.select(".app-offer-list > li")[found.index(slug)]
    assert "first: you can join this one only then" in listed.get_text()
    assert listed.select_one(f"a[href='/offers/{first}']")
    assert not listed.select_one(f"a[href='/offers/{slug}/enrol']")
    assert f"/offers/{slug}" in str(me.page.select(".app-offer-list > li")[found.index(first)])


def test_without_what_comes_first_an_offer_is_not_recommended_either(somebody: Somebody, change) -> None:
    me = somebody("Me", 0)
    *_, first, slug = advised(me.get("/recommendations?hours=24"))
    needs_first(change, slug, first)
    me.get(f"/recommendations/{first}/not-for-me?hours=24")
    me.press("Leave it out", because="time")
    assert not {first, slug} & set(advised(me.get("/recommendations?hours=24")))
    other = somebody("Other", 0)
    other.get(f"/offers/{slug}")
    assert "With what you have to complete first" in other.text() or "It is in the set" in other.text()


def test_a_prerequisite_that_is_about_something_else_comes_too_and_one_that_is_done_does_not(
    somebody: Somebody, change, ask
) -> None:
    me = somebody("Me", 4)
    slug = advised(somebody("Other", 0).get("/recommendations?hours=6"))[0]

    def one_gap_and_a_prerequisite_beside_it() -> str:
        """Only what the offer is about is open, and what it needs is about nothing."""
        assessment = db.session.scalars(select(Assessment).order_by(Assessment.id)).first()
        offer = db.session.scalars(select(Offer).where(Offer.slug == slug)).one()
        opened = {mapping.dimension.key for mapping in offer.published.mappings}
        for result in assessment.results:
            result.level = 0 if result.dimension.key in opened else 4
        away = next(
            each for each in db.session.scalars(select(Offer).join(Offer.published).order_by(Offer.id))
            if each.published.self_paced and not each.published.seats
            and not opened & {mapping.dimension.key for mapping in each.published.mappings}
        )  # fmt: skip
        offer.published.prerequisite_offers.append(away)
        return away.slug

    away = change(one_gap_and_a_prerequisite_beside_it)
    found = advised(me.get("/recommendations?hours=200"))
    assert found.index(away) < found.index(slug)
    assert "By itself it closes nothing of your gap. It comes first because" in me.text()

    def completed() -> None:
        person_id = db.session.scalars(select(Assessment.person_id).order_by(Assessment.id)).first()
        offer = db.session.scalars(select(Offer).where(Offer.slug == away)).one()
        enrolment = enrol(db.session.get_one(Person, person_id), offer, None)
        db.session.add(
            Completion(
                enrolment_id=enrolment.id, person_id=person_id, offer_id=offer.id, by=CompletedBy.PROVIDER,
                by_person_id=person_id,
            )
        )  # fmt: skip

    change(completed)
    found = advised(me.get("/recommendations?hours=200"))
    assert slug in found
    assert away not in found


def test_each_thing_that_would_change_the_answer_is_said_with_an_address_that_asks_for_it(somebody: Somebody) -> None:
    me = somebody("Me", 0)

    def closes(address: str) -> int:
        me.get(address)
        return int(me.text().split("This closes ")[1].split("%")[0])

    for limits, link, kept, gone in (
        ("hours=8&pounds=0", "Show the set of 12 hours", "pounds=0", "hours=8&"),
        ("hours=24&pounds=0&one_each=y", "Show the set of any providers", "pounds=0", "one_each"),
        ("hours=24&pounds=0&one_each=y", "Show the set without a limit of money", "one_each=y", "pounds"),
    ):
        before = closes(f"/recommendations?{limits}")
        said = {" ".join(one.get_text().split()): str(one["href"]) for one in me.page.select("main .app-what-ifs a")}
        assert kept in said[link]
        assert gone not in said[link]
        assert closes(said[link]) > before


def test_what_was_set_aside_is_missed_where_it_would_close_more(somebody: Somebody) -> None:
    me = somebody("Me", 0)
    for slug in advised(me.get("/recommendations?hours=24"))[:3]:
        me.get(f"/recommendations/{slug}/not-for-me?hours=24")
        me.press("Leave it out", because="time")
    me.get("/recommendations?hours=24")
    assert "With what you have left out as not for you, you would close" in me.text()
