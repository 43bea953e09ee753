"""A platform has itself connected: what it is told and asked, and what is kept of it."""

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from catalogue.extensions import db
from catalogue.people.models import AuditEvent
from lti.models import Deployment, PlatformState
from lti.platforms import actions
from lti.platforms.registration import our_registration
from tests.lti.platform import LEFT_OUT, SCOPES, TOOL
from tests.lti.registering import MEMBERS, TOKEN, TOOL_CONFIGURATION, Registering
from tests.lti.registration.conftest import Waiting, frame_ancestors
from tests.visitor import Visitor


def test_opening_the_window_says_who_asks_and_does_nothing(
    visitor: Visitor, moodle: Registering, kept: Waiting
) -> None:
    visitor.get("/lti/register", query_string=moodle.window)
    assert f"The learning platform at {moodle.url.removeprefix('http://')} asks to be connected" in visitor.text()
    assert frame_ancestors(visitor) == moodle.url
    assert (moodle.calls, kept()) == ([], [])


@pytest.mark.both_databases
def test_a_platform_registers_itself_and_waits_for_approval(
    visitor: Visitor, moodle: Registering, kept: Waiting, app: Flask
) -> None:
    moodle.connect(visitor)
    assert "An administrator of Every Seat approves the platform" in visitor.text()
    (platform,) = kept()
    assert (platform.issuer, platform.client_id, platform.state) == (moodle.url, "client-1", PlatformState.PENDING)
    assert (platform.jwks_url, platform.auth_url, platform.token_url) == tuple(
        f"{moodle.url}/{name}" for name in ("certs", "auth", "token")
    )
    assert platform.organisation_id is None
    with app.app_context():
        assert db.session.scalars(select(Deployment.deployment_id)).all() == ["1"]
        audited = select(AuditEvent.subject).where(AuditEvent.action == "platform registered")
        assert db.session.scalars(audited).all() == [platform.via]


def test_the_registration_holds_what_a_platform_needs(visitor: Visitor, moodle: Registering) -> None:
    moodle.connect(visitor)
    (sent,) = moodle.registered
    tool = sent.pop(TOOL_CONFIGURATION)
    assert sent == {
        "application_type": "web",
        "response_types": ["id_token"],
        "grant_types": ["implicit", "client_credentials"],
        "initiate_login_uri": f"{TOOL}/lti/login",
        "redirect_uris": [f"{TOOL}/lti/launch"],
        "client_name": "Every Seat",
        "jwks_uri": f"{TOOL}/lti/jwks.json",
        "logo_uri": f"{TOOL}/static/everyseat-icon.svg",
        "token_endpoint_auth_method": "private_key_jwt",
        "scope": sent["scope"],
    }
    assert set(sent["scope"].split()) == {*SCOPES, MEMBERS}
    assert tool.pop("description")
    assert tool == {
        "domain": "127.0.0.1:8000",
        "target_link_uri": f"{TOOL}/lti/launch",
        "custom_parameters": {"context_history": "$Context.id.history"},
        "claims": ["iss", "sub", "name", "given_name", "family_name", "email"],
        "messages": [
            {"type": "LtiResourceLinkRequest", "target_link_uri": f"{TOOL}/lti/launch"},
            {
                "type": "LtiDeepLinkingRequest", "target_link_uri": f"{TOOL}/lti/launch",
                "label": "Choose from Every Seat", "placements": ["ContentArea"],
            },
        ],
    }  # fmt: skip
    assert moodle.authorization == [f"Bearer {TOKEN}"]
    visitor.get("/static/everyseat-icon.svg")


def test_only_what_a_platform_offers_is_asked_of_it() -> None:
    some = our_registration("https://everyseat.example", {SCOPES[0], "openid"}, {"LtiSubmissionReviewRequest"})
    assert some["scope"] == SCOPES[0]
    assert some[TOOL_CONFIGURATION]["domain"] == "everyseat.example"
    messages = [message["type"] for message in some[TOOL_CONFIGURATION]["messages"]]
    assert messages == ["LtiResourceLinkRequest", "LtiDeepLinkingRequest", "LtiSubmissionReviewRequest"]
    assert set(our_registration(TOOL, None, ())["scope"].split()) == {*SCOPES, MEMBERS}


def test_the_last_page_tells_the_platform_alone_that_it_is_over(visitor: Visitor, moodle: Registering) -> None:
    moodle.connect(visitor)
    place = visitor.page.select_one("#platform-close")
    assert place is not None
    assert place["data-origin"] == moodle.url == frame_ancestors(visitor)
    assert visitor.page.select_one("script[src$='platform-close.js'][nonce]")
    script = visitor.client.get("/static/platform-close.js").text
    assert "org.imsglobal.lti.close" in script
    assert '*"' not in script


def test_a_platform_need_give_no_token(visitor: Visitor, moodle: Registering) -> None:
    visitor.get("/lti/register", query_string={"openid_configuration": moodle.window["openid_configuration"]})
    visitor.press("Connect", 400)  # this one wants it
    assert moodle.authorization == [None]


def test_a_platform_that_names_no_deployment_offers_it_with_its_first_launch(
    visitor: Visitor, moodle: Registering, administrator: Visitor
) -> None:
    moodle.answers = {TOOL_CONFIGURATION: LEFT_OUT}
    moodle.connect(visitor)
    assert "Your platform named no deployment" in visitor.text()
    administrator.get("/admin/platforms/1")
    administrator.press("Approve", name="Test Moodle", organisation="same-name")
    moodle.launch(visitor, status=400)
    administrator.get("/admin/platforms/1")
    administrator.press("Accept deployment 1")
    moodle.launch(visitor)


def test_it_needs_no_cookie_and_no_sign_in(app: Flask, moodle: Registering, kept: Waiting) -> None:
    Visitor(app).post("/lti/register", moodle.window, 200)
    assert len(kept()) == 1


def test_a_registration_address_that_somebody_opens_by_hand_explains_itself(visitor: Visitor) -> None:
    visitor.get("/lti/register", 400)
    assert "The address of the platform’s configuration is missing" in visitor.text()
    assert frame_ancestors(visitor) == "'none'"


def test_a_registration_counts_once(visitor: Visitor, moodle: Registering, kept: Waiting) -> None:
    moodle.connect(visitor)
    moodle.connect(visitor, 400)
    assert "answered with an error (401)" in visitor.text()
    assert len(kept()) == 1


@pytest.mark.both_databases
def test_a_registration_that_is_known_is_left_as_it_is(
    visitor: Visitor, moodle: Registering, kept: Waiting, administrator: Visitor
) -> None:
    moodle.connect(visitor)
    moodle.registered.clear()
    moodle.says = {"token_endpoint": f"{moodle.url}/other"}
    moodle.connect(visitor, 409)
    assert "knows this registration already" in visitor.text()
    assert "It waits to be approved" in visitor.text()
    (platform,) = kept()
    assert platform.token_url == f"{moodle.url}/token"


def test_where_our_own_side_fails_the_page_says_that_the_platform_has_registered_us(
    visitor: Visitor, moodle: Registering, kept: Waiting, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_given: object) -> None:
        raise OperationalError("INSERT", {}, Exception("disk full"))

    monkeypatch.setattr(actions, "add_pending", fail)
    moodle.connect(visitor, 503)
    assert "Your platform has registered Every Seat, and Every Seat could not keep its side" in visitor.text()
    assert "delete what this left behind" in visitor.text()
    assert kept() == []


def test_what_a_platform_calls_itself_is_no_markup(visitor: Visitor, moodle: Registering, app: Flask) -> None:
    window = moodle.window | {"registration_token": '"><script>alert(1)</script>'}
    visitor.get("/lti/register", query_string=window)
    assert not [script for script in visitor.page.select("script") if "alert" in script.get_text()]
    field = visitor.page.select_one("input[name=registration_token]")
    assert field is not None
    assert field["value"] == window["registration_token"]
