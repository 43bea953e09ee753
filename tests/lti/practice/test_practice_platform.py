"""The practice platform keeps Moodle's rules. Tokens and assertions are made with PyJWT directly."""

import json
import re
import stat
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from dataclasses import replace
from html import unescape
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from flask.testing import FlaskClient
from jwt.algorithms import RSAAlgorithm

from lti.practice.app import create_practice_platform
from lti.practice.settings import (
    AGS_SCOPES,
    LINE_ITEM,
    LINE_ITEM_READ,
    MEMBERS_READ,
    PEOPLE,
    RESULT_READ,
    SCORE,
    Person,
    PracticeSettings,
)

LTI = "https://purl.imsglobal.org/spec/lti/claim/"
AGS = "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"
NRPS = "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice"
ITEM_TYPE = "application/vnd.ims.lis.v2.lineitem+json"
ITEMS_TYPE = "application/vnd.ims.lis.v2.lineitemcontainer+json"
SCORE_TYPE = "application/vnd.ims.lis.v1.score+json"
TINA, SAM, PRIYA, JO = (person.id for person in PEOPLE)
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)

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


@pytest.fixture(scope="module")
def tool_url() -> Iterator[str]:
    """A tool that is nothing but its key set."""

    class KeySet(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            key = RSAAlgorithm.to_jwk(KEY.public_key(), as_dict=True) | {"kid": "tool-1", "alg": "RS256"}
            self.send_response(200 if self.path == "/lti/jwks.json" else 404)
            self.end_headers()
            self.wfile.write(json.dumps({"keys": [key]}).encode())

        def log_message(self, *args: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), KeySet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def settings(tool_url: str, tmp_path: Path) -> PracticeSettings:
    return PracticeSettings(tool_url=tool_url, folder=tmp_path / "practice")


@pytest.fixture
def client(settings: PracticeSettings) -> FlaskClient:
    return browser(settings)


def browser(settings: PracticeSettings) -> FlaskClient:
    return create_practice_platform(settings).test_client()


def fields(page: str) -> dict[str, str]:
    """The hidden fields of the form that sends a person on."""
    found = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', page)
    return {name: unescape(value) for name, value in found}


def start(client: FlaskClient, person: str = SAM, link: str = "1", target: str = "iframe") -> dict[str, str]:
    client.post("/sign-in", data={"person": person})
    return fields(client.get(f"/launch/{link}?target={target}").text)


def request_of(initiation: dict[str, str], **changes: str | None) -> dict[str, str]:
    """The authentication request that a sound tool makes of an initiation, with changes."""
    sound: dict[str, str | None] = {
        "scope": "openid",
        "response_type": "id_token",
        "response_mode": "form_post",
        "prompt": "none",
        "client_id": initiation["client_id"],
        "redirect_uri": initiation["target_link_uri"],
        "login_hint": initiation["login_hint"],
        "lti_message_hint": initiation["lti_message_hint"],
        "state": "state-1",
        "nonce": "nonce-1",
    }
    return {name: value for name, value in (sound | changes).items() if value is not None}


def claims_of(client: FlaskClient, settings: PracticeSettings, **how: str) -> dict[str, Any]:
    """Launch, and verify what comes as a tool would."""
    answer = client.post("/auth", data=request_of(start(client, **how)))
    assert answer.status_code == 200, answer.text
    token = fields(answer.text)["id_token"]
    keys = jwt.PyJWKSet.from_dict(client.get("/certs").get_json())
    header = jwt.get_unverified_header(token)
    assert set(header) == {"typ", "alg", "kid"}
    return jwt.decode(token, keys[header["kid"]], algorithms=["RS256"], audience="practice-client", issuer=settings.url)


def assertion(settings: PracticeSettings, key: Any = KEY, kid: str = "tool-1", **changes: Any) -> str:
    now = int(time.time())
    claims = {
        "iss": settings.client_id,
        "sub": settings.client_id,
        "aud": settings.token_url,
        "iat": now,
        "exp": now + 60,
        "jti": uuid.uuid4().hex,
    } | changes
    claims = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode(claims, key, algorithm="RS256", headers={"kid": kid})


def ask_token(client: FlaskClient, signed: str, *scopes: str, **changes: str) -> Any:
    return client.post(
        "/token",
        data={
            "grant_type": "client_credentials",
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": signed,
            "scope": " ".join(scopes),
        }
        | changes,
    )


@pytest.fixture
def bearer(client: FlaskClient, settings: PracticeSettings) -> dict[str, str]:
    """A token for everything, as a header."""
    return bearer_for(client, settings, *AGS_SCOPES, MEMBERS_READ)


def bearer_for(client: FlaskClient, settings: PracticeSettings, *scopes: str) -> dict[str, str]:
    answer = ask_token(client, assertion(settings), *scopes).get_json()
    return {"Authorization": f"Bearer {answer['access_token']}"}


def post_score(client: FlaskClient, bearer: dict[str, str], item: int = 1, **changes: Any) -> int:
    body = {
        "userId": SAM,
        "timestamp": "2026-05-01T10:00:00+00:00",
        "activityProgress": "Completed",
        "gradingProgress": "FullyGraded",
        "scoreGiven": 8,
        "scoreMaximum": 10,
    } | changes
    body = {name: value for name, value in body.items() if value is not None}
    url = f"/services/2/lineitems/{item}/lineitem/scores?type_id=1"
    return client.post(url, data=json.dumps(body), content_type=SCORE_TYPE, headers=bearer).status_code


def cell(client: FlaskClient, person: str = SAM, item: int = 1) -> Any:
    learners = client.get("/course/gradebook.json").get_json()["learners"]
    return next(one for one in learners if one["id"] == person)["grades"][str(item)]


# Launches


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


# Tokens


def test_token_is_moodles(client: FlaskClient, settings: PracticeSettings) -> None:
    answer = ask_token(client, assertion(settings), SCORE, "https://unknown.example/scope", RESULT_READ)
    assert answer.status_code == 200
    body = answer.get_json()
    assert re.fullmatch(r"[0-9a-f]{32}", body.pop("access_token"))
    assert body == {"token_type": "Bearer", "expires_in": 3600, "scope": f"{SCORE} {RESULT_READ}"}


def test_token_only_for_granted_scopes(settings: PracticeSettings) -> None:
    client = browser(replace(settings, granted_scopes=(SCORE,)))
    answer = ask_token(client, assertion(settings), SCORE, MEMBERS_READ)
    assert answer.get_json()["scope"] == SCORE
    refused = ask_token(client, assertion(settings), MEMBERS_READ)
    assert (refused.status_code, refused.get_json()["error"]) == (400, "invalid_scope")


@pytest.mark.parametrize(
    "change",
    [
        {"aud": "http://localhost:9000"},
        {"iss": "other"},
        {"sub": "other"},
        {"exp": 1},
        {"exp": None},
        {"iat": None},
        {"jti": None},
        {"iat": 9999999999},
        {"kid": "unknown"},
        {"key": OTHER_KEY},
    ],
)
def test_assertion_is_verified(client: FlaskClient, settings: PracticeSettings, change: dict[str, Any]) -> None:
    answer = ask_token(client, assertion(settings, **change), SCORE)
    assert (answer.status_code, answer.get_json()["error"]) == (400, "invalid_client")


def test_assertion_serves_once(client: FlaskClient, settings: PracticeSettings) -> None:
    signed = assertion(settings)
    assert ask_token(client, signed, SCORE).status_code == 200
    assert ask_token(client, signed, SCORE).status_code == 400


def test_assertion_with_url_safe_letters(client: FlaskClient, settings: PracticeSettings) -> None:
    signed = assertion(settings, jti="~~~???>>>" + uuid.uuid4().hex)
    assert re.search("[-_]", signed.split(".")[1])
    assert ask_token(client, signed, SCORE).status_code == 200


def test_token_request_without_its_parts(client: FlaskClient, settings: PracticeSettings) -> None:
    assert client.post("/token", data={}).get_json()["error"] == "invalid_request"
    wrong = ask_token(client, assertion(settings), SCORE, grant_type="password")
    assert wrong.get_json()["error"] == "unsupported_grant_type"
    assert ask_token(client, "not.a.jwt", SCORE).get_json()["error"] == "invalid_client"


def test_unreachable_key_set_is_a_refusal(settings: PracticeSettings) -> None:
    client = browser(replace(settings, tool_url="http://127.0.0.1:9"))
    assert ask_token(client, assertion(settings), SCORE).get_json()["error"] == "invalid_client"


SERVICES = [
    ("GET", "/services/2/lineitems?type_id=1", {LINE_ITEM, LINE_ITEM_READ}),
    ("POST", "/services/2/lineitems?type_id=1", {LINE_ITEM}),
    ("GET", "/services/2/lineitems/1/lineitem?type_id=1", {LINE_ITEM, LINE_ITEM_READ}),
    ("PUT", "/services/2/lineitems/1/lineitem?type_id=1", {LINE_ITEM}),
    ("DELETE", "/services/2/lineitems/1/lineitem?type_id=1", {LINE_ITEM}),
    ("POST", "/services/2/lineitems/1/lineitem/scores?type_id=1", {SCORE}),
    ("GET", "/services/2/lineitems/1/lineitem/results?type_id=1", {RESULT_READ}),
    ("GET", "/services/CourseSection/2/bindings/1/memberships", {MEMBERS_READ}),
]


@pytest.mark.parametrize(("method", "url", "enough"), SERVICES)
def test_each_service_asks_for_its_scope(
    client: FlaskClient, settings: PracticeSettings, method: str, url: str, enough: set[str]
) -> None:
    assert client.open(url, method=method).status_code == 401
    unknown = {"Authorization": "Bearer 0123"}
    assert client.open(url, method=method, headers=unknown).status_code == 401
    too_little = bearer_for(client, settings, *({*AGS_SCOPES, MEMBERS_READ} - enough))
    assert client.open(url, method=method, headers=too_little).status_code == 403
    for scope in enough:
        answer = client.open(url, method=method, headers=bearer_for(client, settings, scope))
        assert answer.status_code not in (401,)
        assert "access token" not in answer.text


def test_expired_token(client: FlaskClient, bearer: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    later = time.time() + 3601
    monkeypatch.setattr("lti.practice.store.time.time", lambda: later)
    assert client.get("/services/2/lineitems?type_id=1", headers=bearer).status_code == 401


def test_no_user_agent_no_answer(client: FlaskClient) -> None:
    assert client.get("/certs", headers={"User-Agent": ""}).status_code == 403
    assert client.get("/certs").status_code == 200


# Line items


def add_item(client: FlaskClient, bearer: dict[str, str], **body: Any) -> dict[str, Any]:
    values = {"label": "Own", "scoreMaximum": 10} | body
    answer = client.post(
        "/services/2/lineitems?type_id=1", data=json.dumps(values), content_type=ITEM_TYPE, headers=bearer
    )
    assert answer.status_code == 201, answer.text
    return dict(answer.get_json())


def labels(client: FlaskClient, bearer: dict[str, str], **query: str) -> list[str]:
    answer = client.get("/services/2/lineitems", query_string={"type_id": "1"} | query, headers=bearer)
    assert answer.content_type == ITEMS_TYPE
    return [item["label"] for item in answer.get_json()]


def test_line_items_of_the_platform(client: FlaskClient, bearer: dict[str, str]) -> None:
    found = client.get("/services/2/lineitems?type_id=1", headers=bearer).get_json()
    assert [item["resourceLinkId"] for item in found] == ["1", "3"]
    assert found[1] == {
        "id": "http://localhost:9000/services/2/lineitems/2/lineitem?type_id=1",
        "label": "Offer: Meetings that finish on time",
        "scoreMaximum": 100,
        "resourceId": "",
        "tag": "",
        "resourceLinkId": "3",
        "ltiLinkId": "3",
    }


def test_line_item_filters(client: FlaskClient, bearer: dict[str, str]) -> None:
    add_item(client, bearer, label="A", resourceId="r", tag="t")
    add_item(client, bearer, label="B", resourceId="r", tag="u", resourceLinkId="2")
    assert labels(client, bearer, resource_id="r") == ["A", "B"]
    assert labels(client, bearer, tag="u") == ["B"]
    assert labels(client, bearer, resource_id="r", tag="t") == ["A"]
    assert labels(client, bearer, resource_link_id="2") == ["B"]
    assert labels(client, bearer, resource_link_id="9") == []
    assert len(labels(client, bearer, limit="1")) == 4


def test_line_item_changes_and_goes(client: FlaskClient, bearer: dict[str, str]) -> None:
    made = add_item(client, bearer, tag="t")
    url = made["id"].removeprefix("http://localhost:9000")
    post_score(client, bearer, 3)
    changed = client.put(
        url, data=json.dumps({"label": "New", "scoreMaximum": 50}), content_type=ITEM_TYPE, headers=bearer
    )
    assert changed.get_json() == made | {"label": "New", "scoreMaximum": 50, "tag": ""}
    assert cell(client, item=3)["points"] == 40
    assert client.get(url, headers=bearer).get_json() == changed.get_json()
    assert client.delete(url, headers=bearer).status_code == 204
    assert client.get(url, headers=bearer).status_code == 404


def test_the_platforms_own_line_item_stays(client: FlaskClient, bearer: dict[str, str]) -> None:
    assert client.delete("/services/2/lineitems/1/lineitem?type_id=1", headers=bearer).status_code == 403


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ([], 400),
        ({"scoreMaximum": 10}, 400),
        ({"label": "x"}, 400),
        ({"label": "x", "scoreMaximum": 0}, 400),
        ({"label": "x", "scoreMaximum": "10"}, 400),
        ({"label": "x", "scoreMaximum": 10, "tag": 3}, 400),
        ({"label": "x", "scoreMaximum": 10, "resourceLinkId": "99"}, 403),
    ],
)
def test_line_item_out_of_shape(client: FlaskClient, bearer: dict[str, str], body: Any, status: int) -> None:
    url = "/services/2/lineitems?type_id=1"
    answer = client.post(url, data=json.dumps(body), content_type=ITEM_TYPE, headers=bearer)
    assert answer.status_code == status


def test_addresses_and_media_types(client: FlaskClient, bearer: dict[str, str]) -> None:
    for url, status in {
        "/services/3/lineitems?type_id=1": 404,
        "/services/2/lineitems": 400,
        "/services/2/lineitems?type_id=2": 400,
        "/services/2/lineitems/99/lineitem?type_id=1": 404,
        "/services/CourseSection/2/bindings/2/memberships": 404,
    }.items():
        assert client.get(url, headers=bearer).status_code == status, url
    url = "/services/2/lineitems?type_id=1"
    assert client.post(url, json={"label": "x", "scoreMaximum": 1}, headers=bearer).status_code == 400
    assert client.get(url, headers=bearer | {"Accept": "application/json"}).status_code == 400
    assert client.get(url, headers=bearer | {"Accept": ITEMS_TYPE}).status_code == 200


# Scores and results


def test_score_is_scaled_to_the_line_item(client: FlaskClient, bearer: dict[str, str]) -> None:
    assert post_score(client, bearer, comment="Done") == 200
    assert cell(client)["points"] == 80
    assert cell(client)["comment"] == "Done"


def test_score_not_later_in_whole_seconds_conflicts(client: FlaskClient, bearer: dict[str, str]) -> None:
    assert post_score(client, bearer) == 200
    for stamp in ("2026-05-01T10:00:00+00:00", "2026-05-01T10:00:00.9Z", "2026-05-01T09:59:59Z"):
        assert post_score(client, bearer, timestamp=stamp, scoreGiven=1) == 409
    assert cell(client)["points"] == 80
    assert post_score(client, bearer, timestamp="2026-05-01T10:00:01Z", scoreGiven=9) == 200
    assert cell(client)["points"] == 90


def test_later_is_told_by_the_moment_not_by_the_text(client: FlaskClient, bearer: dict[str, str]) -> None:
    assert post_score(client, bearer, timestamp="2026-05-01T10:00:00+01:00") == 200
    assert post_score(client, bearer, timestamp="2026-05-01T09:30:00Z") == 200


@pytest.mark.parametrize(
    "change",
    [
        {"userId": None},
        {"userId": TINA},
        {"userId": "99"},
        {"userId": 4},
        {"timestamp": None},
        {"timestamp": "yesterday"},
        {"timestamp": "2026-05-01T10:00:00"},
        {"activityProgress": None},
        {"activityProgress": "Finished"},
        {"gradingProgress": None},
        {"gradingProgress": "Graded"},
        {"scoreGiven": "8"},
        {"scoreGiven": True},
        {"scoreGiven": -1},
        {"scoreMaximum": None},
        {"scoreMaximum": 0},
        {"comment": 3},
    ],
)
def test_score_out_of_shape(client: FlaskClient, bearer: dict[str, str], change: dict[str, Any]) -> None:
    assert post_score(client, bearer, **change) == 400
    assert cell(client) is None


@pytest.mark.parametrize("change", [{"gradingProgress": "Pending"}, {"scoreGiven": None, "scoreMaximum": None}])
def test_score_that_is_not_fully_graded_clears(
    client: FlaskClient, bearer: dict[str, str], change: dict[str, Any]
) -> None:
    post_score(client, bearer)
    assert post_score(client, bearer, timestamp="2026-05-01T10:00:01Z", **change) == 200
    assert cell(client)["points"] is None
    assert post_score(client, bearer, timestamp="2026-05-01T10:00:01Z") == 409


def test_results_leave_a_grade_of_nought_out(client: FlaskClient, bearer: dict[str, str]) -> None:
    post_score(client, bearer, comment="Well done")
    post_score(client, bearer, userId=PRIYA, scoreGiven=0)
    url = "/services/2/lineitems/1/lineitem"
    ours = f"http://localhost:9000{url}"
    full = {
        "id": f"{ours}/results?type_id=1&user_id={SAM}",
        "userId": SAM,
        "resultScore": 80,
        "resultMaximum": 100,
        "comment": "Well done",
        "scoreOf": f"{ours}?type_id=1",
        "timestamp": "2026-05-01T10:00:00+00:00",
    }
    bare = {"id": f"{ours}/results?type_id=1&user_id={PRIYA}", "userId": PRIYA}
    assert client.get(f"{url}/results?type_id=1", headers=bearer).get_json() == [full, bare]
    one = client.get(f"{url}/results?type_id=1&user_id={SAM}", headers=bearer)
    assert one.get_json() == [full]


# Names and roles


def test_members_have_short_roles_and_no_one_who_left(settings: PracticeSettings) -> None:
    client = browser(replace(settings, people=(*PEOPLE, Person("7", "Lee", "Gone", active=False))))
    bearer = bearer_for(client, settings, MEMBERS_READ)
    body = client.get("/services/CourseSection/2/bindings/1/memberships", headers=bearer).get_json()
    assert set(body) == {"id", "context", "members"}
    assert [one["user_id"] for one in body["members"]] == [TINA, SAM, PRIYA, JO]
    assert body["members"][1] == {
        "status": "Active",
        "roles": ["Learner"],
        "user_id": SAM,
        "lis_person_sourcedid": "sis-sam.ward",
        "name": "Sam Ward",
        "given_name": "Sam",
        "family_name": "Ward",
        "email": "sam.ward@practice.example",
        "ext_user_username": "sam.ward",
    }


def test_members_come_in_pages(client: FlaskClient, bearer: dict[str, str]) -> None:
    url: str | None = "/services/CourseSection/2/bindings/1/memberships?limit=3"
    seen: list[list[str]] = []
    while url:
        answer = client.get(url, headers=bearer)
        seen.append([one["user_id"] for one in answer.get_json()["members"]])
        found = re.fullmatch(r'<http://localhost:9000(.+)>; rel="next"', answer.headers.get("Link", ""))
        url = found[1] if found else None
    assert seen == [[TINA, SAM, PRIYA], [JO]]


def test_members_of_one_role(client: FlaskClient, bearer: dict[str, str]) -> None:
    url = "/services/CourseSection/2/bindings/1/memberships?role=Instructor"
    assert [one["user_id"] for one in client.get(url, headers=bearer).get_json()["members"]] == [TINA]


# State and pages


def test_restart_loses_nothing(client: FlaskClient, settings: PracticeSettings, bearer: dict[str, str]) -> None:
    post_score(client, bearer)
    add_item(client, bearer, label="Kept")
    asked = request_of(start(client))
    keys = client.get("/certs").get_json()
    again = browser(settings)
    assert again.get("/certs").get_json() == keys
    assert labels(again, bearer)[-1] == "Kept"
    assert len(labels(again, bearer)) == 3
    assert cell(again)["points"] == 80
    again.post("/sign-in", data={"person": SAM})
    assert again.post("/auth", data=asked).status_code == 200


def test_key_is_for_its_owner_alone(client: FlaskClient, settings: PracticeSettings) -> None:
    for file in settings.folder.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file
    assert "d" not in client.get("/certs").get_json()["keys"][0]


def test_pages(client: FlaskClient, settings: PracticeSettings) -> None:
    assert client.get("/course").headers["Location"] == "/"
    home = client.get("/").text
    assert "This is a practice platform: it stands in for Moodle or Totara." in home
    assert all(person.name in home for person in PEOPLE)
    page = client.post("/sign-in", data={"person": SAM}, follow_redirects=True).text
    assert "You are Sam Ward, learner" in page
    assert all(link.title in page for link in settings.links)
    framed = client.get("/course/links/1")
    assert '<iframe src="/launch/1?target=iframe"' in framed.text
    assert "/launch/1?target=window" in framed.text
    assert f"frame-src 'self' {settings.tool_url}" in framed.headers["Content-Security-Policy"]
    assert client.get("/course/links/9").status_code == 404
    assert client.get("/launch/9").status_code == 404


def test_gradebook_shows_the_grade(client: FlaskClient, bearer: dict[str, str]) -> None:
    post_score(client, bearer, userId=JO, scoreGiven=7.25, comment="<b>Good</b>")
    page = client.get("/course/gradebook").text
    assert "<strong>72.5</strong>" in page
    assert "&lt;b&gt;Good&lt;/b&gt;" in page
    assert "1 May 2026, 11:00:00" in page


def test_return_page_escapes_what_the_tool_says(client: FlaskClient) -> None:
    page = client.get("/return", query_string={"lti_errormsg": "<script>"}).text
    assert "&lt;script&gt;" in page


def test_configuration_names_the_endpoints(client: FlaskClient, settings: PracticeSettings) -> None:
    found = client.get("/openid-configuration").get_json()
    assert found["issuer"] == settings.url
    for name, path in {
        "token_endpoint": "/token",
        "jwks_uri": "/certs",
        "authorization_endpoint": "/auth",
    }.items():
        assert found[name] == settings.url + path


def test_command_says_what_is_missing() -> None:
    """In a process of its own, in which the library can't be imported."""
    program = (
        "import sys; sys.modules['lti1p3platform'] = None;"
        "from lti.practice.cli import practice_platform; practice_platform([])"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 1
    assert "Install everyseat[practice]" in ended.stderr
