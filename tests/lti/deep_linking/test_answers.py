"""The platform gets one signed answer, and a copied course keeps what it says."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from catalogue.extensions import db
from lti.models import Context, LineItem, ResourceLink
from tests.lti.deep_linking.choosing import (
    ASSESSMENT,
    DATA,
    DL,
    add_offer,
    begin,
    form_action,
    items,
    origin_of,
    token_of,
    verified,
)
from tests.lti.platform import AGS, Platform
from tests.visitor import ORIGIN, Visitor


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


@pytest.mark.both_databases
def test_of_ten_answers_at_the_same_moment_one_is_given(app: Flask, teacher: Visitor) -> None:
    teacher.press(f"Add {ASSESSMENT}", 200)
    token = token_of(teacher.page)

    def answers(_number: int) -> int:
        sent = {"token": token, "do": "send"}
        return Visitor(app).client.post("/lti/choose/answer", data=sent, base_url=ORIGIN).status_code

    with ThreadPoolExecutor(10) as pool:
        assert sorted(pool.map(answers, range(10))) == [200] + [409] * 9


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
