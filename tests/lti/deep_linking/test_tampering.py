"""Who may choose, and what an attacker would post."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import func, select

from catalogue.clock import now
from catalogue.extensions import db
from catalogue.people.models import Person
from lti.models import DeepLinking, Identity, PlatformState
from lti.models import Platform as Registered
from tests.lti.deep_linking.choosing import (
    ASSESSMENT,
    DATA,
    DL,
    add_offer,
    answer_on,
    asks,
    basket,
    begin,
    field,
    items,
    origin_of,
    return_url,
    token_of,
    verified,
)
from tests.lti.platform import LEARNER, LTI, MEMBERSHIP, TEACHER, Platform
from tests.visitor import ORIGIN, Visitor


def suspend_platform() -> None:
    db.session.scalars(select(Registered)).one().state = PlatformState.SUSPENDED


def suspend_person() -> None:
    identity = db.session.scalars(select(Identity)).one()
    db.session.get_one(Person, identity.person_id).suspended_at = now()


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
