"""A tool registers itself, by Moodle's rules; a teacher activates it and deploys it again."""

import re
import time
from typing import Any

import pytest
from flask.testing import FlaskClient

from lti.practice.settings import LINE_ITEM, LINE_ITEM_READ, MEMBERS_READ, PracticeSettings
from tests.lti.practice.tool import (
    CONFIGURATION,
    DL,
    LTI,
    OTHER_KEY,
    SAM,
    TINA,
    answer_of,
    ask_token,
    assertion,
    claims_at,
    claims_of,
    fields,
    register,
    registration_token,
    return_url,
    sign_in,
)


def activated(client: FlaskClient, settings: PracticeSettings, **changes: Any) -> str:
    """The client id of a tool that is registered and active; its deployment is 2."""
    client_id: str = register(client, settings, **changes).get_json()["client_id"]
    assert client.post(f"/tools/{client_id}/activate").headers["Location"] == "/tools"
    return client_id


def test_frame_gets_the_configuration_and_a_token(client: FlaskClient) -> None:
    sign_in(client, TINA)
    page = client.get("/tools").text
    assert re.search('name="registration_url"[^>]* value="http://127.0.0.1:[0-9]+/lti/register"', page)
    opened = client.post("/tools/registrations", data={"registration_url": "https://tool.example/register?x=1"})
    shown = client.get(opened.headers["Location"])
    configuration = "http%3A%2F%2Flocalhost%3A9000%2Fopenid-configuration"
    assert f'src="https://tool.example/register?x=1&amp;openid_configuration={configuration}&amp;' in shown.text
    assert 'data-origins="https://tool.example"' in shown.text
    assert re.search("frame-src [^;]* https://tool.example;", shown.headers["Content-Security-Policy"])


@pytest.mark.parametrize("url", ["", "javascript:alert(1)", "http://tool.example/register", "//x", "http://[x"])
def test_registration_url_must_be_sound(client: FlaskClient, url: str) -> None:
    sign_in(client, TINA)
    assert client.post("/tools/registrations", data={"registration_url": url}).status_code == 400


def test_configuration_names_what_can_be_registered(client: FlaskClient) -> None:
    found = client.get("/openid-configuration").get_json()
    assert found["registration_endpoint"] == "http://localhost:9000/openid-registration"
    supported = found["https://purl.imsglobal.org/spec/lti-platform-configuration"]
    assert supported["messages_supported"] == [
        {"type": "LtiResourceLinkRequest"},
        {"type": "LtiDeepLinkingRequest", "placements": ["ContentArea"]},
        {"type": "LtiSubmissionReviewRequest"},
    ]
    assert "Context.id.history" in supported["variables"]


def test_registration_is_answered_as_by_moodle(client: FlaskClient, settings: PracticeSettings) -> None:
    answer = register(client, settings)
    assert answer.status_code == 200
    body = answer.get_json()
    other = settings.tool_url + "/other"
    assert re.fullmatch("[0-9a-f]{16}", body.pop("client_id"))
    assert body == {
        "response_types": ["id_token"],
        "jwks_uri": f"{other}/jwks.json",
        "initiate_login_uri": f"{other}/login",
        "grant_types": ["client_credentials", "implicit"],
        "redirect_uris": [f"{other}/launch"],
        "application_type": "web",
        "token_endpoint_auth_method": "private_key_jwt",
        "client_name": "Other tool",
        "logo_uri": "",
        "scope": f"{LINE_ITEM} {LINE_ITEM_READ}",
        CONFIGURATION: {
            "version": "1.3.0",
            "deployment_id": "2",
            "target_link_uri": f"{other}/launch",
            "domain": settings.tool_url.removeprefix("http://"),
            "description": "",
            "messages": [{"type": "LtiDeepLinkingRequest", "target_link_uri": f"{other}/launch"}],
            "claims": ["sub", "iss"],
        },
    }


@pytest.mark.parametrize(
    "change",
    [
        {"initiate_login_uri": None},
        {"initiate_login_uri": "http://tool.example/login"},
        {"initiate_login_uri": "https://x;script-src 'unsafe-inline'/login"},
        {"jwks_uri": None},
        {"jwks_uri": "ftp://127.0.0.1/keys"},
        {"client_name": ""},
        {"redirect_uris": []},
        {"redirect_uris": None},
        {"redirect_uris": "http://127.0.0.1/launch"},
        {"redirect_uris": ["http://tool.example/launch"]},
        {"response_types": ["code"]},
        {"token_endpoint_auth_method": "client_secret_basic"},
        {"application_type": "native"},
        {"domain": "127.0.0.1"},
        {"domain": None},
        {"target_link_uri": None},
        {"target_link_uri": "https://elsewhere.example/launch"},
        {"messages": ["LtiDeepLinkingRequest"]},
        {"messages": [{"type": "LtiDeepLinkingRequest", "target_link_uri": "http://x.example"}]},
        {"claims": "name"},
        {"custom_parameters": {"key": "two\nlines"}},
    ],
)
def test_registration_out_of_shape(client: FlaskClient, settings: PracticeSettings, change: dict[str, Any]) -> None:
    token = registration_token(client)
    answer = register(client, settings, token, **change)
    assert (answer.status_code, answer.get_json()["error"]) == (400, "invalid_client_metadata")
    assert "Pending" not in client.get("/tools").text
    assert register(client, settings, token).status_code == 200


def test_token_serves_once_and_for_an_hour(
    client: FlaskClient, settings: PracticeSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert register(client, settings, "unknown").status_code == 401
    assert client.post("/openid-registration", json={}).status_code == 401
    used, late = registration_token(client), registration_token(client)
    assert register(client, settings, used).status_code == 200
    assert register(client, settings, used).status_code == 401
    later = time.time() + 3601
    monkeypatch.setattr("lti.practice.store.time.time", lambda: later)
    assert register(client, settings, late).status_code == 401


def test_pending_tool_does_nothing_until_activated(client: FlaskClient, settings: PracticeSettings) -> None:
    client_id = register(client, settings).get_json()["client_id"]
    page = client.get("/tools").text
    assert "Pending" in page
    assert client_id in page
    assert "Other tool" not in client.get("/course").text
    assert client.get("/launch/select/2/2").status_code == 400
    signed = assertion(settings, key=OTHER_KEY, iss=client_id, sub=client_id)
    assert ask_token(client, signed, LINE_ITEM).get_json()["error"] == "invalid_client"
    client.post(f"/tools/{client_id}/activate")
    assert "Pending" not in client.get("/tools").text
    course = client.get("/course").text
    assert '<a href="/courses/2/add/1">Add from Every Seat</a>' in course
    assert '<a href="/courses/2/add/2">Add from Other tool</a>' in course


def test_registered_tool_launches_with_what_it_was_granted(client: FlaskClient, settings: PracticeSettings) -> None:
    client_id = activated(client, settings, custom_parameters={"history": "$Context.id.history", "course": "2"})
    claims = claims_at(client, settings, "/launch/select/2/2")
    assert claims["aud"] == client_id
    assert claims[LTI + "deployment_id"] == "2"
    assert claims[LTI + "target_link_uri"] == f"{settings.tool_url}/other/launch"
    assert not {"name", "given_name", "family_name", "email"} & set(claims)
    assert claims["https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"]["scope"] == [LINE_ITEM, LINE_ITEM_READ]
    assert "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice" not in claims
    assert claims[LTI + "custom"] == {"history": "", "course": "2"}
    items = [{"type": "ltiResourceLink", "custom": {"course": "own"}}]
    url = return_url(claims)
    sound: dict[str, Any] = {"iss": client_id, "deployment_id": "2", "content_items": items}
    assert client.post(url, data=answer_of(settings, **sound)).status_code == 400
    assert client.post(url, data=answer_of(settings, key=OTHER_KEY, **sound)).status_code == 200
    launched = claims_of(client, settings, link="4")
    assert launched["aud"] == client_id
    assert launched[LTI + "resource_link"]["title"] == "Other tool"
    assert launched[LTI + "custom"] == {"history": "", "course": "own"}


def test_one_name_asked_for_is_the_whole_name(client: FlaskClient, settings: PracticeSettings) -> None:
    activated(client, settings, claims=["name", "email", "phone_number"])
    claims = claims_at(client, settings, "/launch/select/2/2")
    assert (claims["name"], claims["family_name"]) == ("Tina Teacher", "Teacher")
    assert claims["email"] == "tina.teacher@practice.example"


def test_deep_linking_has_its_own_address_where_the_tool_says_so(
    client: FlaskClient, settings: PracticeSettings
) -> None:
    choose = f"{settings.tool_url}/other/choose"
    activated(
        client,
        settings,
        redirect_uris=[f"{settings.tool_url}/other/launch", choose],
        messages=[{"type": "LtiDeepLinkingRequest", "target_link_uri": choose}],
    )
    sign_in(client, TINA)
    assert fields(client.get("/launch/select/2/2").text)["target_link_uri"] == choose
    assert claims_at(client, settings, "/launch/select/2/2")[LTI + "target_link_uri"] == choose


def test_tools_reach_nothing_of_each_other(
    client: FlaskClient, settings: PracticeSettings, bearer: dict[str, str]
) -> None:
    client_id = activated(client, settings, scope=" ".join([LINE_ITEM, MEMBERS_READ]))
    signed = assertion(settings, iss=client_id, sub=client_id)
    assert ask_token(client, signed, LINE_ITEM).get_json()["error"] == "invalid_client"
    signed = assertion(settings, key=OTHER_KEY, iss=client_id, sub=client_id)
    answer = ask_token(client, signed, LINE_ITEM, LINE_ITEM_READ, MEMBERS_READ).get_json()
    assert answer["scope"] == f"{LINE_ITEM} {MEMBERS_READ}"
    other = {"Authorization": f"Bearer {answer['access_token']}"}
    assert client.get("/services/2/lineitems?type_id=2", headers=other).get_json() == []
    assert client.get("/services/2/lineitems?type_id=1", headers=other).status_code == 400
    assert client.get("/services/2/lineitems/1/lineitem?type_id=2", headers=other).status_code == 404
    assert client.get("/services/2/lineitems?type_id=2", headers=bearer).status_code == 400
    members = "/services/CourseSection/2/bindings/{}/memberships"
    assert client.get(members.format(1), headers=other).status_code == 404
    assert set(client.get(members.format(2), headers=other).get_json()["members"][0]) == {
        "status",
        "roles",
        "user_id",
        "lis_person_sourcedid",
        "ext_user_username",
    }


def test_further_deployment_of_a_tool(client: FlaskClient, settings: PracticeSettings, bearer: dict[str, str]) -> None:
    sign_in(client, TINA)
    client.post("/tools/practice-client/deployments")
    assert "<dd>1, 2</dd>" in client.get("/tools").text
    course = client.get("/course").text
    assert "Add from Every Seat (deployment 1)" in course
    assert "Add from Every Seat (deployment 2)" in course
    claims = claims_at(client, settings, "/launch/select/2/2")
    assert claims[LTI + "deployment_id"] == "2"
    item = {"type": "ltiResourceLink", "title": "x", "lineItem": {"scoreMaximum": 1}}
    assert DL + "deep_linking_settings" in claims
    client.post(return_url(claims), data=answer_of(settings, item, deployment_id="2"))
    assert claims_of(client, settings, link="4")[LTI + "deployment_id"] == "2"
    found = client.get("/services/2/lineitems?type_id=2", headers=bearer).get_json()
    assert [one["resourceLinkId"] for one in found] == ["4"]


def test_only_a_teacher_sees_to_tools(client: FlaskClient, settings: PracticeSettings) -> None:
    client_id = register(client, settings).get_json()["client_id"]
    sign_in(client, SAM)
    assert "Learning tools" not in client.get("/course").text
    assert client.get("/tools").status_code == 403
    for path in ("registrations", f"{client_id}/activate", f"{client_id}/deployments"):
        assert client.post(f"/tools/{path}").status_code == 403
    sign_in(client, TINA)
    assert client.post(f"/tools/{client_id}/activate", headers={"Origin": settings.tool_url}).status_code == 400
    assert client.post("/tools/unknown/activate").status_code == 404
    assert "Pending" in client.get("/tools").text
