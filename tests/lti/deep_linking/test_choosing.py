"""A teacher chooses for a course inside the platform's frame."""

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

import pytest
from flask import Flask
from sqlalchemy import func, select

from catalogue.extensions import db
from catalogue.offers.models import Offer, OfferVersion, VersionState
from catalogue.offers.queries import PAGE
from catalogue.transactions import run
from tests.catalogue.query_counts.asking import more_offers
from tests.catalogue.query_counts.conftest import statements
from tests.lti.deep_linking.choosing import (
    ASSESSMENT,
    DATA,
    DL,
    RECOMMENDED,
    add_offer,
    basket,
    begin,
    do,
    errors,
    field,
    items,
    token_of,
    verified,
)
from tests.lti.platform import LTI, Platform
from tests.visitor import Visitor

__all__ = ["statements"]

MOST_STATEMENTS = 41


def retire(slug: str) -> None:
    offer = db.session.scalars(select(Offer).where(Offer.slug == slug)).one()
    offer.published.state = VersionState.RETIRED


@pytest.mark.both_databases
def test_a_teacher_chooses_several_things_and_the_platform_gets_them_in_order(
    teacher: Visitor, platform: Platform, slugs: list[str], titles: list[str]
) -> None:
    assert "LTI Launch Test Course" in teacher.text()
    assert "Nothing yet" in teacher.text()
    teacher.press(f"Add {RECOMMENDED}", 200)
    teacher.press(f"Add {ASSESSMENT}", 200)
    add_offer(teacher, slugs[0])
    assert basket(teacher) == [RECOMMENDED, ASSESSMENT, titles[0]]
    teacher.press(f"Move up {ASSESSMENT}", 200)
    teacher.press("Add to the course", 200)
    claims = verified(teacher, platform)
    assert [item["title"] for item in claims[DL + "content_items"]] == [ASSESSMENT, RECOMMENDED, titles[0]]
    assert claims[LTI + "message_type"] == "LtiDeepLinkingResponse"
    assert claims[LTI + "version"] == "1.3.0"
    assert claims[LTI + "deployment_id"] == "1"
    assert claims[DL + "data"] == DATA
    assert claims["exp"] - claims["iat"] <= 600


def test_an_item_says_all_that_a_course_needs_and_has_no_url(
    teacher: Visitor, platform: Platform, slugs: list[str], titles: list[str]
) -> None:
    add_offer(teacher, slugs[0])
    teacher.press("Add to the course", 200)
    [item] = items(teacher, platform)
    assert item.pop("text")
    assert item == {
        "type": "ltiResourceLink",
        "title": titles[0],
        "icon": {"url": "http://127.0.0.1:8000/static/everyseat-icon.svg", "width": 48, "height": 48},
        "custom": {
            "target": "offer", "offer": slugs[0], "grade": "completion", "context_history": "$Context.id.history",
        },
        "lineItem": {
            "label": titles[0], "scoreMaximum": 100, "resourceId": f"offer:{slugs[0]}", "tag": "completion",
            "submissionReview": {"reviewableStatus": ["InProgress", "Submitted", "Completed"]},
        },
    }  # fmt: skip
    assert teacher.client.get("/static/everyseat-icon.svg").status_code == 200


def test_pages_that_lead_to_many_offers_are_not_graded(teacher: Visitor, platform: Platform) -> None:
    teacher.press(f"Add {ASSESSMENT}", 200)
    assert "Not in the gradebook" in teacher.text()
    teacher.press("Add to the course", 200)
    [item] = items(teacher, platform)
    assert item["custom"] == {"target": "assessment", "grade": "none", "context_history": "$Context.id.history"}
    assert "lineItem" not in item


def test_the_list_as_it_was_narrowed_down_is_one_link(teacher: Visitor, platform: Platform, visitor: Visitor) -> None:
    do(teacher, "show", q="meetings; feedback & more", mode=["online", "self-paced"])
    teacher.post(
        "/lti/choose",
        {"token": token_of(teacher.page), "do": "show", "q": "meeting", "mode": ["online", "self-paced"]},
        200,
    )
    assert teacher.page.select_one("#q")["value"] == "meeting"  # type: ignore[index]
    heading = teacher.page.select_one("#list h3")
    assert heading is not None
    found = int(heading.get_text().split()[0])
    teacher.post(
        "/lti/choose",
        {"token": token_of(teacher.page), "do": "add offers", "q": "meeting", "mode": ["online", "self-paced"]},
        200,
    )
    assert basket(teacher) == ["Offers: “meeting”; Online; At your own pace"]
    teacher.press("Add to the course", 200)
    [item] = items(teacher, platform)
    assert parse_qs(item["custom"]["filters"]) == {"q": ["meeting"], "mode": ["online", "self-paced"]}
    platform.launch(visitor, custom=item["custom"])
    visitor.follow()
    assert f"{found} offers found" in visitor.text()


def test_a_list_that_no_link_can_hold_is_refused_in_words(teacher: Visitor) -> None:
    do(teacher, "add offers", 422, q="ä" * 150)
    assert "more than one link can hold" in teacher.text()
    assert basket(teacher) == []


def test_an_offer_by_several_providers_is_called_a_programme(app: Flask, teacher: Visitor) -> None:
    with app.app_context():
        offer = db.session.scalars(
            select(Offer).join(Offer.published).where(Offer.partners.any()).order_by(Offer.id).limit(1)
        ).one()
        slug, title = offer.slug, offer.published.title
    do(teacher, "show", q=title)
    listed = teacher.page.select_one(f"#offer-{slug} h4")
    assert listed is not None
    assert "Programme" in listed.get_text()
    add_offer(teacher, slug)
    assert basket(teacher) == [f"{title} Programme"]


def test_adding_the_same_twice_changes_nothing(teacher: Visitor, slugs: list[str]) -> None:
    for _ in range(2):
        add_offer(teacher, slugs[0])
        do(teacher, "add assessment:")
    assert len(basket(teacher)) == 2
    listed = teacher.page.select_one("#page-assessment")
    assert listed is not None
    assert "In your basket" in listed.get_text()


def test_what_was_chosen_can_be_removed_and_put_in_order(teacher: Visitor, slugs: list[str], titles: list[str]) -> None:
    add_offer(teacher, slugs[0])
    add_offer(teacher, slugs[1])
    do(teacher, f"down offer:{slugs[0]}")
    assert basket(teacher) == [titles[1], titles[0]]
    do(teacher, f"down offer:{slugs[0]}")
    do(teacher, f"up offer:{slugs[1]}")
    assert basket(teacher) == [titles[1], titles[0]]
    for _ in range(2):  # a page that was reloaded
        do(teacher, f"remove offer:{slugs[1]}")
    assert basket(teacher) == [titles[0]]


def test_a_course_that_takes_one_thing_gets_one_and_the_page_says_so(
    visitor: Visitor, platform: Platform, slugs: list[str], titles: list[str]
) -> None:
    begin(platform, visitor, accept_multiple=None)
    visitor.press(f"Add {ASSESSMENT}", 200)
    assert "choosing another takes its place" in visitor.text()
    visitor.press(f"Choose this instead {RECOMMENDED}", 200)
    assert f"“{RECOMMENDED}” takes the place of “{ASSESSMENT}”" in visitor.text()
    add_offer(visitor, slugs[0])
    assert basket(visitor) == [titles[0]]
    visitor.press("Add to the course", 200)
    assert [item["title"] for item in items(visitor, platform)] == [titles[0]]


def test_what_is_shown_of_offers_pages_through_them_all_and_stays_when_something_is_added(
    app: Flask, teacher: Visitor
) -> None:
    with app.app_context():
        published = select(func.count()).select_from(OfferVersion).where(OfferVersion.state == "published")
        count = db.session.scalar(published) or 0
    shown = {str(li["id"]) for li in teacher.page.select("[id^=offer-]")}
    assert len(shown) == PAGE
    teacher.press("Next page of offers", 200)
    second = {str(li["id"]) for li in teacher.page.select("[id^=offer-]")}
    assert not second & shown
    teacher.press(f"Add {ASSESSMENT}", 200)
    assert {str(li["id"]) for li in teacher.page.select("[id^=offer-]")} == second
    pages = 2
    while any("Next page" in button.get_text() for button in teacher.page.select("button")):
        teacher.press("Next page of offers", 200)
        shown |= {str(li["id"]) for li in teacher.page.select("[id^=offer-]")}
        pages += 1
    assert len(shown | second) == count
    assert pages == -(-count // PAGE)
    teacher.press("First page of offers", 200)
    teacher.press("Next page of offers", 200)
    teacher.press("Show offers", 200, q="meeting")
    heading = teacher.page.select_one("#list h3")
    assert heading is not None
    assert "for “meeting”" in heading.get_text()
    assert not teacher.page.select("button[value=first]"), "another search begins with its first page"


def test_title_text_and_grading_are_the_teachers(
    teacher: Visitor, platform: Platform, slugs: list[str], titles: list[str]
) -> None:
    add_offer(teacher, slugs[0])
    typed = {
        field(teacher, "title"): "  Week 1:\tread <b>this</b> ",
        field(teacher, "text"): "First line\r\nsecond & \0last",
        field(teacher, "grading"): "progress",
    }
    teacher.press(f"Save changes to {titles[0]}", 200, **typed)
    assert basket(teacher) == ["Week 1: read <b>this</b>"]
    assert "Your changes are saved" in teacher.text()
    assert "for each step that is done" in teacher.text()
    teacher.press("Add to the course", 200)
    [item] = items(teacher, platform)
    assert (item["title"], item["text"]) == ("Week 1: read <b>this</b>", "First line\nsecond &  last")
    assert item["lineItem"]["label"] == "Week 1: read <b>this</b>"
    assert item["custom"]["grade"] == "progress"


def test_what_was_typed_last_goes_with_the_answer(teacher: Visitor, platform: Platform, slugs: list[str]) -> None:
    add_offer(teacher, slugs[0])
    teacher.press("Add to the course", 200, **{
        field(teacher, "title"): "Last words", field(teacher, "text"): "", field(teacher, "grading"): "none",
    })  # fmt: skip
    [item] = items(teacher, platform)
    assert item["title"] == "Last words"
    assert not {"text", "lineItem", "url"} & set(item)
    assert item["custom"]["grade"] == "none"


def test_an_edit_is_kept_whatever_button_is_pressed(teacher: Visitor, slugs: list[str]) -> None:
    add_offer(teacher, slugs[0])
    teacher.press(f"Add {ASSESSMENT}", 200, **{field(teacher, "title"): "Mine"})
    assert basket(teacher) == ["Mine", ASSESSMENT]
    teacher.press("Show offers", 200, **{field(teacher, "title"): "Still mine"}, q="meeting")
    assert basket(teacher) == ["Still mine", ASSESSMENT]


def test_an_offer_without_steps_is_not_graded_by_its_steps(app: Flask, teacher: Visitor, platform: Platform) -> None:
    with app.app_context():
        stepless = select(Offer.slug).join(Offer.published).where(~OfferVersion.steps.any()).order_by(Offer.id).limit(1)
        slug = db.session.scalars(stepless).one()
    add_offer(teacher, slug)
    assert [one["value"] for one in teacher.page.select("#basket input[type=radio]")] == ["completion", "none"]
    teacher.press("Add to the course", 422, **{field(teacher, "grading"): "progress"})
    assert errors(teacher)


def test_where_a_course_takes_no_grades_nothing_is_said_of_them(
    visitor: Visitor, platform: Platform, slugs: list[str]
) -> None:
    begin(platform, visitor, accept_lineitem=False)
    add_offer(visitor, slugs[0])
    assert not visitor.page.select("#basket input[type=radio]")
    name = field(visitor, "title").replace("title", "grading")
    visitor.press("Add to the course", 200, **{name: "completion"})
    [item] = items(visitor, platform)
    assert "lineItem" not in item
    assert item["custom"]["grade"] == "none"


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("title", "x" * 201, "The title must have 200 characters or fewer"),
        ("title", "", "Enter a title"),
        ("title", " \n\0", "Enter a title"),
        ("text", "x" * 1001, "The text must have 1000 characters or fewer"),
    ],
)
def test_what_is_wrong_is_said_where_it_was_typed_and_all_that_was_typed_stays(
    teacher: Visitor, slugs: list[str], titles: list[str], name: str, value: str, said: str
) -> None:
    add_offer(teacher, slugs[0])
    do(teacher, "add assessment:")
    wrong, right = field(teacher, name), field(teacher, "title", 1)
    teacher.press("Add to the course", 422, **{wrong: value, right: "Kept", "q": "meeting"})
    assert errors(teacher) == [(said, f"#{wrong}")]
    assert teacher.page.title is not None
    assert teacher.page.title.get_text(strip=True).startswith("Error: ")
    held = teacher.page.select_one(f"#{wrong}")
    assert held is not None
    assert held.find_parent("details").has_attr("open")  # type: ignore[union-attr]
    assert (held.get("value") or held.get_text()).strip() == value.replace("\0", " ").strip()
    assert teacher.page.select_one(f"#{right}")["value"] == "Kept"  # type: ignore[index]
    assert teacher.page.select_one("#q")["value"] == "meeting"  # type: ignore[index]
    assert basket(teacher) == [titles[0], ASSESSMENT], "nothing was changed yet"


def test_what_has_a_fault_can_be_removed(teacher: Visitor, slugs: list[str], titles: list[str]) -> None:
    add_offer(teacher, slugs[0])
    teacher.press(f"Remove {titles[0]}", 200, **{field(teacher, "title"): ""})
    assert basket(teacher) == []


def test_an_offer_that_was_retired_meanwhile_is_named_and_the_rest_goes_after_its_removal(
    teacher: Visitor, platform: Platform, slugs: list[str], titles: list[str], change: Callable[[Any], None]
) -> None:
    add_offer(teacher, slugs[0])
    add_offer(teacher, slugs[1])
    change(lambda: retire(slugs[0]))
    teacher.press("Add to the course", 422)
    assert errors(teacher)[0][0] == f"“{titles[0]}” is no longer in the catalogue. Remove it, then add the rest"
    teacher.press(f"Remove {titles[0]}", 200)
    teacher.press("Add to the course", 200)
    assert [item["title"] for item in items(teacher, platform)] == [titles[1]]


def test_a_basket_holds_no_more_than_a_course_takes_at_once(app: Flask, teacher: Visitor) -> None:
    with app.app_context():
        many = db.session.scalars(select(Offer.slug).join(Offer.published).order_by(Offer.id).limit(31)).all()
    for slug in many[:30]:
        add_offer(teacher, slug)
    add_offer(teacher, many[30], 422)
    assert "30" in errors(teacher)[0][0]
    assert len(basket(teacher)) == 30


def test_the_page_asks_a_fixed_number_of_times(
    app: Flask, teacher: Visitor, statements: Callable[[], Any], slugs: list[str]
) -> None:
    add_offer(teacher, slugs[0])
    with statements() as few:
        do(teacher, f"add offer:{slugs[1]}")
    with app.app_context():
        run(lambda: more_offers(25))
        others = db.session.scalars(select(Offer.slug).join(Offer.published).order_by(Offer.id).limit(25)).all()
    for slug in others:
        add_offer(teacher, slug)
    with statements() as most:
        do(teacher, "add offer:copy-3")
    assert len(most) <= len(few), "\n".join(most)
    assert len(few) <= MOST_STATEMENTS, "\n".join(few)
