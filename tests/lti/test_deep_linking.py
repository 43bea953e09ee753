"""A teacher chooses for a course inside the platform's frame, and the platform gets one signed answer."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs

import pytest
import time_machine
from flask import Flask
from sqlalchemy import func, select

from catalogue.clock import now
from catalogue.extensions import db
from catalogue.offers.models import Offer, OfferVersion, VersionState
from catalogue.offers.queries import PAGE
from catalogue.people.models import Person
from catalogue.transactions import run
from lti.models import Context, DeepLinking, Identity, LineItem, PlatformState, ResourceLink
from lti.models import Platform as Registered
from tests.catalogue.test_query_counts import more_offers, statements
from tests.lti.choosing import (
    DATA,
    DL,
    answer_on,
    asks,
    begin,
    form_action,
    items,
    origin_of,
    return_url,
    token_of,
    verified,
)
from tests.lti.platform import AGS, LEARNER, LTI, MEMBERSHIP, TEACHER, Platform
from tests.visitor import ORIGIN, Visitor

__all__ = ["statements"]

ASSESSMENT = "Self-assessment: where you stand"
RECOMMENDED = "Recommended for you"
MOST_STATEMENTS = 28


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


def basket(visitor: Visitor) -> list[str]:
    return [" ".join(heading.get_text().split()) for heading in visitor.page.select("#basket li h3")]


def add_offer(visitor: Visitor, slug: str, status: int = 200) -> None:
    do(visitor, f"add offer:{slug}", status)


def do(visitor: Visitor, step: str, status: int = 200, path: str = "/lti/choose", **more: Any) -> None:
    """Post a step with the token, as a button of the page does, and nothing else."""
    visitor.post(path, {"token": token_of(visitor.page), "do": step} | more, status)


def field(visitor: Visitor, name: str, number: int = 0) -> str:
    """The name of a field of the item at this place."""
    found = visitor.page.select(f"#basket [name$='-{name}']")
    return str(list(dict.fromkeys(str(one["name"]) for one in found))[number])


def errors(visitor: Visitor) -> list[tuple[str, str]]:
    return [(link.get_text(strip=True), str(link["href"])) for link in visitor.page.select(".nhsuk-error-summary li a")]


def retire(slug: str) -> None:
    offer = db.session.scalars(select(Offer).where(Offer.slug == slug)).one()
    offer.published.state = VersionState.RETIRED


def suspend_platform() -> None:
    db.session.scalars(select(Registered)).one().state = PlatformState.SUSPENDED


def suspend_person() -> None:
    identity = db.session.scalars(select(Identity)).one()
    db.session.get_one(Person, identity.person_id).suspended_at = now()


# choosing


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
    assert basket(teacher) == ["Offers: meeting; online; own pace"]
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
        offer = db.session.scalars(select(Offer).join(Offer.published).where(Offer.partners.any()).limit(1)).one()
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


# editing


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
        stepless = select(Offer.slug).join(Offer.published).where(~OfferVersion.steps.any()).limit(1)
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


# the answer


def test_cancelling_answers_that_nothing_was_chosen(teacher: Visitor, platform: Platform) -> None:
    teacher.press(f"Add {ASSESSMENT}", 200)
    teacher.press("Cancel", 200)
    claims = verified(teacher, platform)
    assert claims[DL + "content_items"] == []
    assert claims[DL + "data"] == DATA
    assert "Go back to the course" in teacher.text()


@pytest.mark.parametrize("data", ["csrftoken:c7fbba78", {"a": [1, {"b": None}]}, ["ü", 1.5], 0, False, ""])
def test_data_come_back_as_they_were_sent(visitor: Visitor, platform: Platform, data: Any) -> None:
    begin(platform, visitor, data=data)
    visitor.press("Cancel", 200)
    assert verified(visitor, platform)[DL + "data"] == data


def test_data_that_were_not_sent_do_not_come_back(visitor: Visitor, platform: Platform) -> None:
    begin(platform, visitor, data=None)
    visitor.press("Cancel", 200)
    assert DL + "data" not in verified(visitor, platform)


@pytest.mark.both_databases
def test_a_choosing_is_answered_once(teacher: Visitor) -> None:
    teacher.press(f"Add {ASSESSMENT}", 200)
    page = teacher.page
    teacher.press("Add to the course", 200)
    for path, step in (("/lti/choose/answer", "add"), ("/lti/choose/answer", "cancel"), ("/lti/choose", "show")):
        teacher.post(path, {"token": token_of(page), "do": step}, 409)
        assert "Your course has its answer already" in teacher.text()
        assert not teacher.page.select("form")


def test_two_answers_have_nonces_of_their_own_that_name_no_machine(visitor: Visitor, platform: Platform) -> None:
    nonces = set()
    for _ in range(2):
        begin(platform, visitor)
        visitor.press("Cancel", 200)
        nonces.add(verified(visitor, platform)["nonce"])
    assert len(nonces) == 2
    assert all(len(nonce) == 43 for nonce in nonces)


def test_the_answers_page_may_post_to_the_platform_alone_and_every_other_page_to_us(
    teacher: Visitor, platform: Platform
) -> None:
    def headers() -> str:
        assert "Set-Cookie" not in teacher.response.headers
        return teacher.response.headers["Content-Security-Policy"]

    teacher.press(f"Add {ASSESSMENT}", 200)
    assert f"frame-ancestors {origin_of(platform)}" in headers()
    assert form_action(teacher) == "'self'"
    teacher.press("Add to the course", 200)
    assert f"frame-ancestors {origin_of(platform)}" in headers()
    assert form_action(teacher) == origin_of(platform)
    assert {str(script["src"]) for script in teacher.page.select("script[src]")} > {"/static/deep-linking.js"}
    teacher.get("/offers")
    assert form_action(teacher) == "'self'"


def test_no_page_leads_out_of_the_frame_or_says_the_token_in_an_address(teacher: Visitor) -> None:
    teacher.press(f"Add {ASSESSMENT}", 200)
    token = token_of(teacher.page)
    for tag in teacher.page.select("[href], [src], [action], [formaction]"):
        address = " ".join(str(tag.get(name, "")) for name in ("href", "src", "action", "formaction"))
        assert token not in address
        leaves = tag.name == "a" and not str(tag["href"]).startswith("#")
        assert not leaves or tag["target"] == "_blank", tag


def test_a_browser_without_any_cookie_can_choose(app: Flask, platform: Platform, slugs: list[str]) -> None:
    visitor = Visitor(app)
    begin(platform, visitor)
    token = token_of(visitor.page)
    bare = Visitor(app)
    bare.post("/lti/choose", {"token": token, "do": f"add offer:{slugs[0]}"}, 200)
    bare.press("Add to the course", 200)
    assert len(items(bare, platform)) == 1


def test_addresses_opened_by_hand_say_where_to_begin(visitor: Visitor) -> None:
    for path in ("/lti/choose", "/lti/choose/answer"):
        visitor.get(path, 400)
        assert "Open Every Seat from your course" in visitor.text()


# who may


@pytest.mark.parametrize("roles", [LEARNER, [], ["Guest"], [MEMBERSHIP + "Mentor"]])
def test_whoever_teaches_nobody_is_refused_before_anything_is_written(
    visitor: Visitor, platform: Platform, counts: Callable[[], dict[str, int]], roles: list[str]
) -> None:
    before = counts()
    begin(platform, visitor, roles, status=403)
    assert "Only teachers can add to a course" in visitor.text()
    assert f"frame-ancestors {origin_of(platform)}" in visitor.response.headers["Content-Security-Policy"]
    assert counts() == before
    with visitor.client.application.app_context():
        assert db.session.scalar(select(func.count()).select_from(DeepLinking)) == 0


@pytest.mark.parametrize("roles", [TEACHER, ["Instructor"], [MEMBERSHIP + "ContentDeveloper"]])
def test_whoever_teaches_or_designs_may_choose(visitor: Visitor, platform: Platform, roles: list[str]) -> None:
    begin(platform, visitor, roles)
    assert "Choose for your course" in visitor.text()


def test_a_request_serves_once(visitor: Visitor, platform: Platform) -> None:
    asked = platform.log_in(visitor)
    claims = platform.claims(asked["nonce"], TEACHER)
    asks(platform, claims)
    posted = {"id_token": platform.sign(claims), "state": asked["state"]}
    visitor.post("/lti/launch", posted, 200)
    visitor.post("/lti/launch", posted, 400)


@pytest.mark.parametrize(
    "url",
    [
        "https://lms.example; script-src *", "https://lms.example,*/x", "https://lms.example' 'unsafe-inline'/x",
        "javascript:alert(1)", "https://user@lms.example/x", "http://", "//lms.example/x", None,
    ],
)  # fmt: skip
def test_an_address_to_answer_to_that_would_change_a_policy_or_is_none_is_refused(
    visitor: Visitor, platform: Platform, url: str | None
) -> None:
    begin(platform, visitor, deep_link_return_url=url, status=400)


# a copied course


def test_a_copied_course_opens_the_same_and_is_graded_in_its_own_gradebook(
    app: Flask, visitor: Visitor, visitors: Callable[[], Visitor], platform: Platform, slugs: list[str],
    complete: Callable[[str], int], deliver: Callable[[], list[tuple[str, str]]],
) -> None:  # fmt: skip
    begin(platform, visitor)
    add_offer(visitor, slugs[0])
    visitor.press("Add to the course", 200)
    [item] = items(visitor, platform)
    asked = item["lineItem"]

    def launch(learner: Visitor, link: str, course: str, history: str) -> None:
        made = platform.add_item(**asked, resourceLinkId=link)
        platform.launch(
            learner, sub=f"of {course}", custom=item["custom"] | {"context_history": history},
            resource_link={"id": link, "title": item["title"]}, context={"id": course, "title": course},
            change=lambda claims: claims[AGS].update(lineitem=made["id"]),
        )  # fmt: skip
        assert learner.response.headers["Location"] == f"/offers/{slugs[0]}"

    launch(visitors(), "10", "first", "")
    complete(slugs[0])
    launch(visitors(), "20", "copy", "first")
    complete(slugs[0])
    assert [state for state, _ in deliver()] == ["delivered", "delivered"]
    graded = {user: platform.items[number]["resourceLinkId"] for number, user in platform.scores}
    assert graded == {"of first": "10", "of copy": "20"}
    assert len(platform.items) == 2
    with app.app_context():
        courses = {course.context_id: course for course in db.session.scalars(select(Context))}
        assert courses["copy"].copied_from is courses["first"]
        assert courses["first"].copied_from is None
        assert db.session.scalar(select(func.count()).select_from(ResourceLink)) == 2
        assert not {row.url for row in db.session.scalars(select(LineItem))} & {"20"}


# tampering

OTHERS_TOKEN, OLD_TOKEN, USED_TOKEN = "another teacher's", "an old one", "a used one"
TAMPERINGS: dict[str, tuple[dict[str, Any], tuple[int, ...]]] = {
    "no token": ({"token": ""}, (410,)),
    "a guessed token": ({"token": "x" * 43}, (410,)),
    "a token with NUL": ({"token": "a\0b"}, (410,)),
    "a token that no encoding can write": ({"token": b"\xed\xa0\x80"}, (410,)),
    "a very long token": ({"token": "x" * 100_000}, (410,)),
    "an old token": ({"token": OLD_TOKEN}, (410,)),
    "a used token": ({"token": USED_TOKEN}, (409,)),
    "another return address": (
        {"return_url": "https://evil.example/", "deep_link_return_url": "https://e.example"},
        (200,),
    ),
    "another form action": ({"action": "https://evil.example/", "form_action": "https://evil.example"}, (200,)),
    "other data": ({"data": "forged"}, (200,)),
    "another deployment": ({"deployment_id": "2", LTI + "deployment_id": "2"}, (200,)),
    "another platform": ({"iss": "https://evil.example", "client_id": "client-2", "aud": "x"}, (200,)),
    "items of one's own": ({"content_items": '[{"type":"html","html":"<script>"}]'}, (200,)),
    "a basket of one's own": ({"basket": '[{"target":"offer","value":"x","title":"x"}]'}, (200,)),
    "a message of one's own": ({"JWT": "a.b.c", "id_token": "a.b.c"}, (200,)),
    "fields for an item that is not there": ({"item-0123456789ab-title": "x" * 300}, (200,)),
    "a place that is out of range": ({"item99-title": "x", "item--1-title": "x"}, (200,)),
    "the title too long": ({"TITLE": "x" * 201}, (422,)),
    "the title empty": ({"TITLE": ""}, (422,)),
    "the title with a line break": ({"TITLE": "one\r\nlineItem=two"}, (200,)),
    "the title with NUL": ({"TITLE": "one\0two"}, (200,)),
    "a script in the title": ({"TITLE": "</title><script>alert(1)</script>"}, (200,)),
    "a quote that would end an attribute": ({"TITLE": '" onfocus="alert(1)" x="'}, (200,)),
    "a script in the text": ({"TEXT": '<img src=x onerror="alert(1)">'}, (200,)),
    "the text too long": ({"TEXT": "x" * 1001}, (422,)),
    "a grading that there is not": ({"GRADING": "everything"}, (422,)),
    "a grading with a line break": ({"GRADING": "none\ncompletion"}, (422,)),
    "a slug that there is not": ({"do": "add offer:no-such-offer"}, (422,)),
    "a slug with NUL": ({"do": "add offer:no\0such"}, (422,)),
    "a page that there is not": ({"do": "add admin:"}, (422,)),
    "a step that there is not": ({"do": "answer https://evil.example"}, (200,)),
    "a key that is not in the basket": ({"do": "remove offer:no-such-offer"}, (200,)),
    "a page of results that is no number": ({"do": "next 1 OR 1=1", "after": "-1"}, (200,)),
    "a page of results out of range": ({"do": f"next {2**63}", "after": "9" * 5000}, (200,)),
    "filters with NUL": ({"q": "a\0b", "mode": "\0", "dimension": "\0", "condition": "x\0"}, (200,)),
}


@pytest.mark.parametrize("case", TAMPERINGS)
def test_a_tampered_form_changes_nothing_but_ones_own_choice(
    app: Flask, visitor: Visitor, platform: Platform, slugs: list[str], case: str
) -> None:
    """Whatever is posted: the answer goes to the address of the verified request, once, or is refused."""
    sent, statuses = TAMPERINGS[case]
    tokens = {}
    with time_machine.travel(now() - timedelta(hours=2), tick=True):
        begin(platform, visitor)
        tokens[OLD_TOKEN] = token_of(visitor.page)
    begin(platform, visitor)
    tokens[USED_TOKEN] = token_of(visitor.page)
    visitor.press("Cancel", 200)
    begin(platform, visitor)
    own = token_of(visitor.page)
    add_offer(visitor, slugs[0])
    names = {name.upper(): field(visitor, name) for name in ("title", "text", "grading")}
    fields: dict[str, Any] = {
        "token": own, "do": "keep",
        names["TITLE"]: "Mine", names["TEXT"]: "", names["GRADING"]: "completion",
    }  # fmt: skip
    fields |= {names.get(name, name): value for name, value in sent.items()}
    fields["token"] = tokens.get(fields["token"], fields["token"])

    for path in ("/lti/choose", "/lti/choose/answer"):
        answer = visitor.client.post(path, data=fields, base_url=ORIGIN)
        visitor._took(answer, answer.status_code, "POST", path)
        expected = (*statuses, 200) if path.endswith("answer") and sent.keys() == {"do"} else statuses
        assert answer.status_code in expected, visitor.text()[:300]
        assert "evil.example" not in answer.headers["Content-Security-Policy"]
        assert not visitor.page.select("main script, main [onerror], main [onfocus], main img[src=x]")
        if answer.status_code != 200 or path == "/lti/choose":
            assert not visitor.page.select("#deep-linking-answer")
            continue
        claims = verified(visitor, platform)
        assert claims[DL + "data"] == DATA
        assert claims[LTI + "deployment_id"] == "1"
        [item] = claims[DL + "content_items"]
        assert item["custom"]["offer"] == slugs[0]
        assert not {"url", "html"} & set(item)
        assert not any(sign in value for value in item["custom"].values() for sign in "\r\n\0")
        assert not any(sign in item["title"] for sign in "\r\n\0")
        assert visitor.client.post(path, data=fields, base_url=ORIGIN).status_code == 409
    with app.app_context():
        held = [row for row in db.session.scalars(select(DeepLinking)) if row.return_url != return_url(platform)]
        assert held == []


@pytest.mark.parametrize("meanwhile", [suspend_platform, suspend_person])
@pytest.mark.parametrize("path", ["/lti/choose", "/lti/choose/answer"])
def test_a_suspension_ends_a_choosing_at_once(
    teacher: Visitor, change: Callable[[Any], None], meanwhile: Callable[[], None], path: str
) -> None:
    page = teacher.page
    teacher.press(f"Add {ASSESSMENT}", 200)
    change(meanwhile)
    teacher.post(path, {"token": token_of(page), "do": "show"}, 403)
    assert not teacher.page.select("main form")


def test_two_teachers_choose_apart(
    visitors: Callable[[], Visitor], platform: Platform, slugs: list[str], titles: list[str]
) -> None:
    one, other = visitors(), visitors()
    begin(platform, one)
    platform.launch(other, TEACHER, status=200, sub="9", change=lambda claims: asks(platform, claims))
    add_offer(one, slugs[0])
    add_offer(other, slugs[1])
    assert (basket(one), basket(other)) == ([titles[0]], [titles[1]])
    one.press("Add to the course", 200)
    other.press("Add to the course", 200)
    assert [item["title"] for item in items(other, platform)] == [titles[1]]


def test_an_answer_goes_only_to_the_platform_that_asked(visitors: Callable[[], Visitor], platform: Platform) -> None:
    visitor = visitors()
    elsewhere = f"{platform.url}/other/return"
    begin(platform, visitor, deep_link_return_url=elsewhere)
    visitor.press("Cancel", 200)
    assert answer_on(visitor.page)[0] == elsewhere


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
