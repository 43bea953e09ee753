"""Finding offers: words, choices, counts and pages, the same on both databases."""

import re
from urllib.parse import urlencode

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from sqlalchemy import select

from catalogue.extensions import db
from catalogue.offers.models import Offer, SearchWord
from catalogue.offers.rules import stems_of
from catalogue.transactions import run
from tests.visitor import Visitor

pytestmark = pytest.mark.both_databases

FACETS = ("dimension", "mode", "condition")


def page_of(visitor: Visitor, **asked: object) -> BeautifulSoup:
    return visitor.get("/offers?" + urlencode(asked, doseq=True))


def total(page: BeautifulSoup) -> int:
    heading = page.select_one("main h2")
    assert heading is not None
    return int(re.sub(r"\D", "", heading.get_text()))


def slugs(page: BeautifulSoup) -> list[str]:
    return [str(link["href"]).removeprefix("/offers/") for link in page.select(".app-offer-list h3 a")]


def everything(visitor: Visitor, **asked: object) -> list[str]:
    """The offers of all pages, in order, by following the link to the next."""
    page = page_of(visitor, **asked)
    found = slugs(page)
    while (onward := page.find("a", string="Next page")) is not None:
        page = visitor.get(str(onward["href"]))  # type: ignore[index]
        found += slugs(page)
        assert len(found) < 1000, "the pages go round in a circle"
    return found


def counts(page: BeautifulSoup, facet: str) -> dict[str, int]:
    return {
        str(box["value"]): int(re.findall(r"\((\d+)\)$", box.find_next("label").get_text(strip=True))[0])  # type: ignore[union-attr]
        for box in page.select(f"input[type=checkbox][name={facet}]")
    }


@pytest.mark.parametrize(
    ("word", "other"),
    [("MEETINGS", "meeting"), ("lead", "leading")],
)
def test_a_word_finds_what_its_other_forms_find(visitor: Visitor, word: str, other: str) -> None:
    found = everything(visitor, q=word)
    assert found
    assert set(found) & set(everything(visitor, q=other))


def test_meeting_finds_an_offer_that_says_meetings_alone(app: Flask, visitor: Visitor) -> None:
    def write() -> str:
        version = db.session.scalars(select(Offer).order_by(Offer.id).limit(1)).one().published
        version.title_stems, version.stems = " ", stems_of("Fewer zebras in meetings")
        db.session.add(SearchWord(word="zebras", stem="zebra"))
        return version.offer.slug

    with app.app_context():
        slug = run(write)
    assert everything(visitor, q="zebra meeting") == [slug]
    assert everything(visitor, q="the zebra") == [slug]
    assert everything(visitor, q="zebra elephants") == []


def test_every_word_must_be_there(visitor: Visitor) -> None:
    both = set(everything(visitor, q="meetings email"))
    assert both == set(everything(visitor, q="meetings")) & set(everything(visitor, q="email"))


@pytest.mark.parametrize("facet", FACETS)
def test_within_a_choice_any_will_do(visitor: Visitor, facet: str) -> None:
    first, second, *_ = counts(page_of(visitor), facet)
    either = set(everything(visitor, **{facet: [first, second]}))
    assert either == set(everything(visitor, **{facet: first})) | set(everything(visitor, **{facet: second}))
    assert either


def test_across_choices_all_must_hold(visitor: Visitor) -> None:
    page = page_of(visitor)
    dimension, mode, condition = (max(counts(page, facet).items(), key=lambda kv: kv[1])[0] for facet in FACETS)
    together = set(everything(visitor, dimension=dimension, mode=mode, condition=condition))
    assert together == (
        set(everything(visitor, dimension=dimension))
        & set(everything(visitor, mode=mode))
        & set(everything(visitor, condition=condition))
    )
    assert together


@pytest.mark.parametrize(
    ("asked", "facet"),
    [({"q": "team"}, "dimension"), ({"mode": "online"}, "mode")],
    ids=["a word", "the same choice"],
)
def test_counts_are_of_what_a_choice_then_shows(visitor: Visitor, asked: dict[str, str], facet: str) -> None:
    page = page_of(visitor, **asked)
    assert total(page) == len(everything(visitor, **asked))
    for value, count in counts(page, facet).items():
        assert total(page_of(visitor, **asked | {facet: value})) == count, value


@pytest.mark.parametrize("asked", [{}, {"mode": ["self-paced", "online"]}], ids=["all", "modes"])
def test_the_pages_show_each_offer_exactly_once(visitor: Visitor, asked: dict[str, object]) -> None:
    found = everything(visitor, **asked)
    assert len(found) == len(set(found)) == total(page_of(visitor, **asked))


def test_pages_hold_where_titles_are_the_same(app: Flask, visitor: Visitor) -> None:
    def same() -> None:
        for offer in db.session.scalars(select(Offer)):
            offer.published.title = "The same title"

    with app.app_context():
        run(same)
    found = everything(visitor)
    assert len(found) == len(set(found)) == total(page_of(visitor)) > 40


def test_pages_go_on_when_the_last_offer_of_a_page_is_gone(visitor: Visitor) -> None:
    for after in (0, 2**31 - 1, 2**31, 10**30, -5):
        assert slugs(page_of(visitor, after=after)), "an offer that is not there leads back to the start"


@pytest.mark.parametrize("asked", [{"q": "xylophone"}, {"dimension": "no-such"}, {"q": "team", "mode": "telepathy"}])
def test_where_nothing_is_found_the_page_leads_on(visitor: Visitor, asked: dict[str, str]) -> None:
    page = page_of(visitor, **asked)
    assert total(page) == 0
    main = page.select_one("main")
    assert main is not None
    assert main.find("a", href="/offers") is not None
    assert "Try fewer words or choices" in visitor.text()


@pytest.mark.parametrize("typed", ["%", "_____", "\\", "m_eting", "me%ings", "team%email"])
def test_signs_that_databases_match_with_are_only_signs(visitor: Visitor, typed: str) -> None:
    words = " ".join(re.findall(r"[a-z]+", typed))
    found = everything(visitor, q=typed)
    assert found == (everything(visitor, q=words) if words else [])


@pytest.mark.parametrize("typed", ["", "   "])
def test_no_words_are_no_search(visitor: Visitor, typed: str) -> None:
    page = page_of(visitor, q=typed)
    assert total(page) > 40
    assert "found" not in page.select_one("main h2").get_text()  # type: ignore[union-attr]


def test_what_is_typed_stays_in_the_box_and_on_the_next_page(visitor: Visitor) -> None:
    page = page_of(visitor, q='"quoted" & <b>', mode="online")
    box = page.select_one("input[name=q]")
    assert box is not None
    assert box["value"] == '"quoted" & <b>'
    page = page_of(visitor, mode=["online", "self-paced"])
    onward = page.find("a", string="Next page")
    assert onward is not None
    assert {"mode=online", "mode=self-paced"} <= set(str(onward["href"]).partition("?")[2].split("&"))  # type: ignore[index]
    assert [box["value"] for box in page.select("input[name=mode][checked]")] == ["online", "self-paced"]


def test_an_offer_that_is_retired_is_found_no_more(app: Flask, visitor: Visitor, learner: Visitor) -> None:
    slug = everything(visitor)[0]
    before = total(page_of(visitor))

    def retire() -> None:
        db.session.scalars(select(Offer).where(Offer.slug == slug)).one().published.state = "retired"  # type: ignore[assignment]

    with app.app_context():
        run(retire)
    assert slug not in everything(visitor)
    assert total(page_of(visitor)) == before - 1
    visitor.get(f"/offers/{slug}", status=404)
    learner.get(f"/offers/{slug}/enrol", status=404)


def test_a_search_needs_no_script(visitor: Visitor) -> None:
    visitor.get("/offers")
    visitor.press("Show offers", status=200, q="meetings")
    assert slugs(visitor.page) == slugs(page_of(visitor, q="meetings"))
