"""The practice platform launches by Moodle's rules."""

import json
import time

import pytest
from flask.testing import FlaskClient

from lti.practice.settings import AGS_SCOPES, PracticeSettings
from tests.lti.practice.tool import LTI, PRIYA, SAM, TINA, add_item, browser, claims_of, fields, request_of, start

AGS = "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"
NRPS = "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice"

# The claims of a resource link launch, as recorded from Moodle 4.5.
MOODLE_CLAIMS = {
    "nonce": None,
    "iat": None,
    "exp": None,
    "iss": None,
    "aud": None,
    "sub": None,
    "given_name": None,
    "family_name": None,
    "name": None,
    "email": None,
    LTI + "deployment_id": None,
    LTI + "target_link_uri": None,
    LTI + "lis": {"person_sourcedid", "course_section_sourcedid"},
    LTI + "roles": None,
    LTI + "context": {"id", "label", "title", "type"},
    LTI + "message_type": None,
    LTI + "resource_link": {"title", "description", "id"},
    "https://purl.imsglobal.org/spec/lti-bo/claim/basicoutcome": {
        "lis_result_sourcedid",
        "lis_outcome_service_url",
    },
    LTI + "ext": {"user_username", "lms"},
    LTI + "launch_presentation": {"locale", "document_target", "return_url"},
    LTI + "tool_platform": {"product_family_code", "version", "guid", "name", "description"},
    LTI + "version": None,
    LTI + "custom": {"target", "offer", "context_memberships_url"},
    AGS: {"scope", "lineitems", "lineitem"},
    NRPS: {"context_memberships_url", "service_versions"},
}


def test_initiation_has_what_moodle_sends(client: FlaskClient, settings: PracticeSettings) -> None:
    sent = start(client)
    assert set(sent) == {
        "iss",
        "target_link_uri",
        "login_hint",
        "lti_message_hint",
        "client_id",
        "lti_deployment_id",
    }
    assert sent["login_hint"] == SAM
    assert sent["target_link_uri"] == settings.tool_launch_url
    assert set(json.loads(sent["lti_message_hint"])) == {"launchid"}


def test_launch_has_moodles_claims(client: FlaskClient, settings: PracticeSettings) -> None:
    claims = claims_of(client, settings, link="3")
    assert set(claims) == set(MOODLE_CLAIMS)
    for name, keys in MOODLE_CLAIMS.items():
        assert keys is None or set(claims[name]) == keys, name
    assert claims["aud"] == "practice-client"
    assert claims["exp"] == claims["iat"] + 60
    assert claims["sub"] == SAM
    assert claims["nonce"] == "nonce-1"
    assert claims[LTI + "deployment_id"] == "1"
    assert claims[LTI + "version"] == "1.3.0"
    assert claims[LTI + "message_type"] == "LtiResourceLinkRequest"
    assert claims[LTI + "roles"] == ["http://purl.imsglobal.org/vocab/lis/v2/membership#Learner"]
    assert claims[LTI + "custom"]["offer"] == settings.offer_slug
    assert claims[AGS]["scope"] == list(AGS_SCOPES)
    assert claims[AGS]["lineitem"] == "http://localhost:9000/services/2/lineitems/2/lineitem?type_id=1"


def test_teacher_in_a_new_window(client: FlaskClient, settings: PracticeSettings) -> None:
    claims = claims_of(client, settings, person=TINA, target="window")
    assert claims[LTI + "roles"] == ["http://purl.imsglobal.org/vocab/lis/v2/membership#Instructor"]
    assert claims[LTI + "launch_presentation"]["document_target"] == "window"
    assert set(claims[LTI + "custom"]) == {"context_memberships_url"}


def test_get_request_is_answered_with_state_and_a_button(client: FlaskClient, settings: PracticeSettings) -> None:
    page = client.get("/auth", query_string=request_of(start(client))).text
    assert fields(page)["state"] == "state-1"
    assert f'action="{settings.tool_launch_url}"' in page
    assert "<button>Continue</button>" in page


def test_lineitem_claim_only_where_the_link_has_exactly_one(
    client: FlaskClient, settings: PracticeSettings, bearer: dict[str, str]
) -> None:
    assert "lineitem" not in claims_of(client, settings, link="2")[AGS]
    assert "lineitem" in claims_of(client, settings, link="1")[AGS]
    add_item(client, bearer, resourceLinkId="1")
    assert "lineitem" not in claims_of(client, settings, link="1")[AGS]


@pytest.mark.parametrize(
    "change",
    [
        {"redirect_uri": "http://127.0.0.1:8000/lti/launch?x=1"},
        {"redirect_uri": "https://elsewhere.example/"},
        {"nonce": None},
        {"nonce": ""},
        {"state": None},
        {"lti_message_hint": None},
        {"lti_message_hint": "{}"},
        {"lti_message_hint": "17"},
        {"lti_message_hint": '{"launchid":"ltilaunch1_0"}'},
        {"login_hint": PRIYA},
        {"client_id": "other"},
        {"scope": "openid email"},
        {"response_type": "code"},
        {"response_mode": "query"},
        {"prompt": "login"},
        {"prompt": None},
    ],
)
def test_request_that_is_not_in_order_is_refused(client: FlaskClient, change: dict[str, str | None]) -> None:
    answer = client.post("/auth", data=request_of(start(client), **change))
    assert answer.status_code == 400
    assert "id_token" not in fields(answer.text)


def test_hint_must_come_back_to_the_letter(client: FlaskClient) -> None:
    initiation = start(client)
    spaced = json.dumps(json.loads(initiation["lti_message_hint"]))
    assert spaced != initiation["lti_message_hint"]
    assert client.post("/auth", data=request_of(initiation, lti_message_hint=spaced)).status_code == 400


def test_launch_serves_once(client: FlaskClient) -> None:
    asked = request_of(start(client))
    assert client.post("/auth", data=asked).status_code == 200
    assert client.post("/auth", data=asked).status_code == 400


def test_launch_serves_nobody_else(client: FlaskClient, settings: PracticeSettings) -> None:
    asked = request_of(start(client, SAM))
    stranger = browser(settings)
    assert stranger.post("/auth", data=asked).status_code == 400
    stranger.post("/sign-in", data={"person": PRIYA})
    assert stranger.post("/auth", data=asked).status_code == 400
    assert stranger.post("/auth", data=asked | {"login_hint": PRIYA}).status_code == 400
    assert client.post("/auth", data=asked).status_code == 200


def test_launch_expires(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = request_of(start(client))
    later = time.time() + 301
    monkeypatch.setattr("lti.practice.store.time.time", lambda: later)
    assert client.post("/auth", data=asked).status_code == 400


def test_sign_in_cookie_reaches_a_cross_site_iframe(client: FlaskClient) -> None:
    cookie = client.post("/sign-in", data={"person": SAM}).headers["Set-Cookie"]
    assert "SameSite=None" in cookie
    assert "Secure" in cookie
    assert client.post("/sign-in", data={"person": SAM}, headers={"Origin": "https://x.example"}).status_code == 400
