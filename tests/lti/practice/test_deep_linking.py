"""A teacher adds content from the tool, by Moodle's rules."""

import re
import time
from dataclasses import replace
from typing import Any

import pytest
from flask.testing import FlaskClient

from lti.practice.settings import PracticeSettings
from tests.lti.practice.tool import (
    DL,
    JO,
    LTI,
    OTHER_KEY,
    SAM,
    TINA,
    add_content,
    answer_of,
    browser,
    claims_at,
    claims_of,
    return_url,
    sign_in,
    start_at,
)

SELECT = "/launch/select/2/1"
AGS = "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"
OFFER = {
    "type": "ltiResourceLink",
    "title": "An offer",
    "text": "What it is about",
    "icon": {"url": "http://127.0.0.1:8000/icon.png", "width": 16, "height": 16},
    "custom": {"offer": "an-offer", "Kept As-Is": "$Unknown.variable"},
    "lineItem": {
        "scoreMaximum": 50,
        "label": "The offer",
        "resourceId": "an-offer",
        "tag": "completion",
        "submissionReview": {"reviewableStatus": ["Completed"], "custom": {"view": "submission"}},
    },
}


def link(title: str, **more: Any) -> dict[str, Any]:
    return {"type": "ltiResourceLink", "title": title} | more


def titles(client: FlaskClient) -> list[str]:
    return re.findall(r'<h2><a href="[^"]*">([^<]*)', client.get("/course").text)[3:]


def test_request_has_moodles_claims(client: FlaskClient, settings: PracticeSettings) -> None:
    initiation = start_at(client, SELECT, TINA)
    assert initiation["target_link_uri"] == settings.tool_launch_url
    claims = claims_at(client, settings, SELECT)
    assert claims[LTI + "message_type"] == "LtiDeepLinkingRequest"
    assert claims[LTI + "target_link_uri"] == settings.tool_launch_url
    assert LTI + "resource_link" not in claims
    assert "https://purl.imsglobal.org/spec/lti-bo/claim/basicoutcome" not in claims
    assert claims[LTI + "launch_presentation"] == {"locale": "en"}
    asked = claims[DL + "deep_linking_settings"]
    assert set(asked) == {
        "accept_types",
        "accept_presentation_document_targets",
        "accept_copy_advice",
        "accept_multiple",
        "accept_unsigned",
        "auto_create",
        "can_confirm",
        "deep_link_return_url",
        "title",
        "text",
    }
    assert asked["accept_types"] == ["ltiResourceLink"]
    assert asked["accept_multiple"] is True
    assert re.fullmatch(
        "http://localhost:9000/contentitem_return[?]course=2&id=1&sesskey=[0-9a-f]{32}", asked["deep_link_return_url"]
    )


def test_several_items_become_links_and_line_items(
    client: FlaskClient, settings: PracticeSettings, bearer: dict[str, str]
) -> None:
    page = add_content(client, settings, OFFER, link("Plain")).text
    assert "Added to the course" in page
    assert "An offer" in page
    assert '<a href="/course" target="_top">Go to the course</a>' in page
    assert titles(client) == ["An offer", "Plain"]
    course = client.get("/course").text
    assert "What it is about" in course
    assert 'src="http://127.0.0.1:8000/icon.png"' in course
    claims = claims_of(client, settings, link="4")
    assert claims[LTI + "resource_link"] == {"title": "An offer", "description": "What it is about", "id": "4"}
    custom = claims[LTI + "custom"]
    assert custom["offer"] == "an-offer"
    assert custom["Kept As-Is"] == custom["kept_as_is"] == "$Unknown.variable"
    item = client.get("/services/2/lineitems?type_id=1&resource_link_id=4", headers=bearer).get_json()[0]
    assert item == {
        "id": claims[AGS]["lineitem"],
        "label": "The offer",
        "scoreMaximum": 50,
        "resourceId": "an-offer",
        "tag": "completion",
        "resourceLinkId": "4",
        "ltiLinkId": "4",
        "submissionReview": OFFER["lineItem"]["submissionReview"],  # type: ignore[index]
    }
    assert "The offer (out of 50)" in client.get("/course/gradebook").text
    assert "lineitem" not in claims_of(client, settings, link="5")[AGS]
    assert client.delete(item["id"].removeprefix("http://localhost:9000"), headers=bearer).status_code == 403


def test_line_item_without_a_label_has_the_links_title(
    client: FlaskClient, settings: PracticeSettings, bearer: dict[str, str]
) -> None:
    add_content(client, settings, link("Titled", lineItem={"scoreMaximum": 5}))
    item = client.get("/services/2/lineitems?type_id=1&resource_link_id=4", headers=bearer).get_json()[0]
    assert item["label"] == "Titled"


def test_item_with_a_url_loses_its_tool(client: FlaskClient, settings: PracticeSettings) -> None:
    page = add_content(client, settings, link("Lost", url="https://tool.example/x", lineItem={"scoreMaximum": 5})).text
    assert "a web link: it does not launch a tool" in page
    course = client.get("/course").text
    assert '<a href="https://tool.example/x">Lost</a>' in course
    assert "A web link: it does not launch a tool." in course
    assert client.get("/launch/4").status_code == 404
    assert client.get("/course/links/4").status_code == 404
    assert len(client.get("/course/gradebook.json").get_json()["line_items"]) == 2


def test_nothing_chosen_is_said(client: FlaskClient, settings: PracticeSettings) -> None:
    claims = claims_at(client, settings, SELECT)
    page = client.post(return_url(claims), data=answer_of(settings, msg="<Until next time>")).text
    assert "Nothing was added" in page
    assert "&lt;Until next time&gt;" in page
    assert titles(client) == []


@pytest.mark.parametrize(
    "change",
    [
        {"iss": "other"},
        {"aud": "http://elsewhere.example"},
        {"aud": None},
        {"exp": 1},
        {"exp": None},
        {"iat": None},
        {"iat": 9999999999},
        {"nonce": None},
        {"nonce": ""},
        {"nonce": 3},
        {"message_type": "LtiResourceLinkRequest"},
        {"version": "1.1"},
        {"version": None},
        {"deployment_id": "2"},
        {"deployment_id": None},
        {"data": "never sent"},
        {"content_items": {}},
        {"content_items": ["x"]},
        {"kid": "unknown"},
        {"key": OTHER_KEY},
    ],
)
def test_answer_that_is_not_in_order_adds_nothing(
    client: FlaskClient, settings: PracticeSettings, change: dict[str, Any]
) -> None:
    url = return_url(claims_at(client, settings, SELECT))
    assert client.post(url, data=answer_of(settings, **({"content_items": [link("x")]} | change))).status_code == 400
    assert titles(client) == []
    assert client.post(url, data=answer_of(settings, link("Sound"))).status_code == 200
    assert titles(client) == ["Sound"]


@pytest.mark.parametrize(
    "item",
    [
        {"type": "link", "url": "https://x.example"},
        {"title": "No type"},
        link("x") | {"title": 3},
        link("x", custom={"key": "two\nlines"}),
        link("x", custom={"key": "ends\r"}),
        link("x", custom={"a\nb": "x"}),
        link("x", custom={"a=b": "x"}),
        link("x", custom={"key": 3}),
        link("x", custom=["x"]),
        link("x", lineItem={"label": "No maximum"}),
        link("x", lineItem={"scoreMaximum": 0}),
        link("x", lineItem={"scoreMaximum": 1, "submissionReview": {"custom": {"key": "two\nlines"}}}),
        link("x", url="javascript:alert(1)"),
        link("x", icon="x"),
    ],
)
def test_one_item_out_of_shape_and_none_is_added(
    client: FlaskClient, settings: PracticeSettings, item: dict[str, Any]
) -> None:
    assert add_content(client, settings, link("Sound"), item).status_code == 400
    assert titles(client) == []


def test_audience_may_be_a_list(client: FlaskClient, settings: PracticeSettings) -> None:
    url = return_url(claims_at(client, settings, SELECT))
    answer = answer_of(settings, link("x"), aud=["http://elsewhere.example", settings.url])
    assert client.post(url, data=answer).status_code == 200


def test_return_address_serves_once(client: FlaskClient, settings: PracticeSettings) -> None:
    url = return_url(claims_at(client, settings, SELECT))
    assert client.post(url, data=answer_of(settings, link("x"))).status_code == 200
    assert client.post(url, data=answer_of(settings, link("x"))).status_code == 400
    assert titles(client) == ["x"]


def test_answer_serves_once(client: FlaskClient, settings: PracticeSettings) -> None:
    urls = [return_url(claims_at(client, settings, SELECT)) for _ in range(2)]
    answer = answer_of(settings, link("x"))
    assert [client.post(url, data=answer).status_code for url in urls] == [200, 400]
    assert titles(client) == ["x"]


def test_return_address_expires(
    client: FlaskClient, settings: PracticeSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = return_url(claims_at(client, settings, SELECT))
    later = time.time() + 3601
    monkeypatch.setattr("lti.practice.store.time.time", lambda: later)
    assert client.post(url, data=answer_of(settings, link("x"))).status_code == 400


def test_return_is_for_the_browser_that_began(client: FlaskClient, settings: PracticeSettings) -> None:
    url = return_url(claims_at(client, settings, SELECT))
    stranger = browser(settings)
    assert stranger.post(url, data=answer_of(settings, link("x"))).status_code == 403
    sign_in(stranger, JO)
    assert stranger.post(url, data=answer_of(settings, link("x"))).status_code == 403
    changed = url.replace("course=2", "course=3")
    assert client.post(changed, data=answer_of(settings, link("x"))).status_code == 400
    assert client.post(url, data=answer_of(settings, link("x"))).status_code == 200


def test_data_that_was_sent_must_come_back(settings: PracticeSettings) -> None:
    settings = replace(settings, deep_linking_data="a/b+c=")
    client = browser(settings)
    claims = claims_at(client, settings, SELECT)
    assert claims[DL + "deep_linking_settings"]["data"] == "a/b+c="
    url = return_url(claims)
    assert client.post(url, data=answer_of(settings, link("x"))).status_code == 400
    assert client.post(url, data=answer_of(settings, link("x"), data="other")).status_code == 400
    assert client.post(url, data=answer_of(settings, link("x"), data="a/b+c=")).status_code == 200


def test_only_a_teacher_adds(client: FlaskClient) -> None:
    assert client.get("/courses/2/add/1").headers["Location"] == "/"
    sign_in(client, SAM)
    assert "Add from" not in client.get("/course").text
    assert client.get("/courses/2/add/1").status_code == 403
    assert client.get(SELECT).status_code == 403
    sign_in(client, TINA)
    assert '<a href="/courses/2/add/1">Add from Every Seat</a>' in client.get("/course").text
    assert f'<iframe src="{SELECT}"' in client.get("/courses/2/add/1").text
