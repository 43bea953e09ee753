"""Launches in a browser that keeps no cookies in a frame: the platform stores for us, else a new window."""

from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from sqlalchemy import func, select

from catalogue.extensions import db
from catalogue.transactions import run
from lti.models import Handover
from lti.models import Platform as Registered
from lti.platforms import actions
from tests.lti.platform import LTI, Platform
from tests.visitor import ORIGIN, Visitor

FRAME = {"Sec-Fetch-Dest": "iframe"}


def initiate(visitor: Visitor, platform: Platform, status: int, **more: str) -> None:
    """Begin a login in a frame of a browser that gives no cookie back."""
    visitor.client.get("/lti/login", query_string=platform.initiation(**more), base_url=ORIGIN, headers=FRAME)
    visitor.client = visitor.client.application.test_client()
    visitor.get("/lti/login", status, query_string=platform.initiation(probed="1", **more), headers=FRAME)


def kept(visitor: Visitor) -> dict[str, str]:
    """What the page has the platform keep, and what it asks the platform for."""
    asking = visitor.page.select_one("#platform-storage")
    assert asking is not None
    data = {name.removeprefix("data-"): str(value) for name, value in asking.attrs.items() if name.startswith("data-")}
    asked = {name: values[0] for name, values in parse_qs(urlsplit(data["onwards"]).query).items()}
    return data | asked


def post(visitor: Visitor, fields: dict[str, str], status: int, origin: str = ORIGIN.replace("https", "http")) -> None:
    answer = visitor.client.post("/lti/launch", data=fields, base_url=ORIGIN, headers={"Origin": origin})
    visitor._took(answer, status, "POST", "/lti/launch")


@pytest.fixture
def begun(visitor: Visitor, platform: Platform) -> dict[str, str]:
    initiate(visitor, platform, 200, lti_storage_target="_parent")
    return kept(visitor)


def launched(platform: Platform, begun: dict[str, str]) -> dict[str, str]:
    return {"id_token": platform.sign(platform.claims(begun["nonce"])), "state": begun["state"]}


def test_the_page_speaks_with_the_platforms_origin_alone(
    visitor: Visitor, platform: Platform, begun: dict[str, str]
) -> None:
    assert (begun["message"], begun["origin"], begun["frame"]) == ("lti.put_data", platform.url, "_parent")
    assert f"frame-ancestors {platform.url}" in visitor.response.headers["Content-Security-Policy"]
    assert visitor.page.select_one("script[src*=platform-storage]") is not None


def test_frames_of_a_platform_can_have_an_origin_of_their_own(app: Flask, visitor: Visitor, platform: Platform) -> None:
    def elsewhere() -> None:
        db.session.scalars(select(Registered)).one().frames_origin = "https://frames.example"

    with app.app_context():
        run(elsewhere)
    initiate(visitor, platform, 200, lti_storage_target="_parent")
    assert kept(visitor)["origin"] == "https://frames.example"
    assert "frame-ancestors https://frames.example" in visitor.response.headers["Content-Security-Policy"]


def test_what_the_platform_kept_lets_the_launch_go_on_in_a_new_window(
    visitor: Visitor, visitors: Callable[[], Visitor], platform: Platform, begun: dict[str, str]
) -> None:
    message = launched(platform, begun)
    post(visitor, message, 200, origin=platform.url)
    asking = visitor.page.select_one("form#platform-storage")
    assert asking is not None
    assert (asking["data-message"], asking["data-key"]) == ("lti.get_data", begun["key"])
    post(visitor, message | {"kept": begun["value"]}, 200)
    token = str(visitor.page.select("input[name=token]")[0]["value"])

    window = visitors()
    answer = window.client.post(
        "/lti/continue", data={"token": token}, base_url=ORIGIN, headers={"Origin": "http://127.0.0.1:8000"}
    )
    window._took(answer, 303, "POST", "/lti/continue")
    window.follow()
    assert "Sam Student" in window.page.get_text()
    assert "frame-ancestors 'none'" in window.response.headers["Content-Security-Policy"]


@pytest.mark.parametrize("value", ["", "guessed"])
def test_without_what_was_kept_nobody_gets_in(
    visitor: Visitor, platform: Platform, begun: dict[str, str], counts: Callable[[], dict[str, int]], value: str
) -> None:
    before = counts()
    post(visitor, launched(platform, begun) | {"kept": value}, 400)
    assert counts() == before


def test_another_site_cannot_say_what_was_kept(
    visitor: Visitor, platform: Platform, begun: dict[str, str], counts: Callable[[], dict[str, int]]
) -> None:
    before = counts()
    post(visitor, launched(platform, begun) | {"kept": begun["value"]}, 200, origin="https://attacker.example")
    assert visitor.page.select_one("input[name=token]") is None
    assert counts() == before


def test_without_storage_at_the_platform_a_new_window_is_offered(visitor: Visitor, platform: Platform) -> None:
    initiate(visitor, platform, 400)
    link = visitor.page.select_one("main a[target=_blank]")
    assert link is not None
    again = urlsplit(str(link["href"]))
    assert again.path == "/lti/login"
    assert parse_qs(again.query)["lti_message_hint"] == [platform.initiation()["lti_message_hint"]]


def handed_over(visitor: Visitor, platform: Platform, begun: dict[str, str]) -> str:
    post(visitor, launched(platform, begun) | {"kept": begun["value"]}, 200)
    return str(visitor.page.select("input[name=token]")[0]["value"])


def go_on(visitor: Visitor, token: str, status: int, origin: str = "http://127.0.0.1:8000") -> None:
    answer = visitor.client.post("/lti/continue", data={"token": token}, base_url=ORIGIN, headers={"Origin": origin})
    visitor._took(answer, status, "POST", "/lti/continue")


@pytest.mark.both_databases
def test_a_window_goes_on_once_from_our_own_page_alone(
    app: Flask, visitor: Visitor, visitors: Callable[[], Visitor], platform: Platform, begun: dict[str, str]
) -> None:
    token = handed_over(visitor, platform, begun)
    go_on(visitors(), token, 400, origin="https://attacker.example")
    go_on(visitors(), token, 303)
    go_on(visitors(), token, 400)
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Handover)) == 0


def test_a_window_of_a_suspended_platform_does_not_go_on(
    app: Flask, visitor: Visitor, visitors: Callable[[], Visitor], platform: Platform, begun: dict[str, str]
) -> None:
    token = handed_over(visitor, platform, begun)
    with app.app_context():
        run(lambda: actions.suspend(db.session.scalars(select(Registered)).one()))
    window = visitors()
    go_on(window, token, 400)
    window.get("/enrolments", 302)


def test_a_refusal_after_a_verified_message_shows_the_way_back(
    visitor: Visitor, platform: Platform, app: Flask
) -> None:
    def review(claims: dict[str, object]) -> None:
        claims[LTI + "message_type"] = "LtiDeepLinkingRequest"
        claims[LTI + "launch_presentation"] = {"return_url": f"{platform.url}/course/2"}
        claims["https://purl.imsglobal.org/spec/lti-dl/claim/deep_linking_settings"] = {
            "deep_link_return_url": f"{platform.url}/return",
            "accept_types": ["ltiResourceLink"],
            "accept_presentation_document_targets": ["iframe"],
        }

    platform.launch(visitor, status=403, change=review)
    assert "Only teachers can add to a course" in visitor.text()
    assert visitor.page.select_one(f'main a[href="{platform.url}/course/2"]') is not None
