"""The practice platform gives tokens by Moodle's rules, and each service asks for its scope."""

import re
import time
import uuid
from dataclasses import replace
from typing import Any

import pytest
from flask.testing import FlaskClient

from lti.practice.settings import (
    AGS_SCOPES,
    LINE_ITEM,
    LINE_ITEM_READ,
    MEMBERS_READ,
    RESULT_READ,
    SCORE,
    PracticeSettings,
)
from tests.lti.practice.tool import OTHER_KEY, ask_token, assertion, bearer_for, browser


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


FOUND = (200, "")
NOTHING_SENT = (400, "Content-Type must be")
NOT_THE_TOOLS = (403, "only the platform deletes it")
SERVICES = [
    ("GET", "/services/2/lineitems?type_id=1", {LINE_ITEM, LINE_ITEM_READ}, FOUND),
    ("POST", "/services/2/lineitems?type_id=1", {LINE_ITEM}, NOTHING_SENT),
    ("GET", "/services/2/lineitems/1/lineitem?type_id=1", {LINE_ITEM, LINE_ITEM_READ}, FOUND),
    ("PUT", "/services/2/lineitems/1/lineitem?type_id=1", {LINE_ITEM}, NOTHING_SENT),
    ("DELETE", "/services/2/lineitems/1/lineitem?type_id=1", {LINE_ITEM}, NOT_THE_TOOLS),
    ("POST", "/services/2/lineitems/1/lineitem/scores?type_id=1", {SCORE}, NOTHING_SENT),
    ("GET", "/services/2/lineitems/1/lineitem/results?type_id=1", {RESULT_READ}, FOUND),
    ("GET", "/services/CourseSection/2/bindings/1/memberships", {MEMBERS_READ}, FOUND),
]
"""With the scopes of which one is enough, and what comes of a request that has no body then: its status, and why."""


@pytest.mark.parametrize(("method", "url", "enough", "then"), SERVICES)
def test_each_service_asks_for_its_scope(
    client: FlaskClient, settings: PracticeSettings, method: str, url: str, enough: set[str], then: tuple[int, str]
) -> None:
    status, reason = then
    assert client.open(url, method=method).status_code == 401
    unknown = {"Authorization": "Bearer 0123"}
    assert client.open(url, method=method, headers=unknown).status_code == 401
    too_little = bearer_for(client, settings, *({*AGS_SCOPES, MEMBERS_READ} - enough))
    refused = client.open(url, method=method, headers=too_little)
    assert (refused.status_code, "lacks the scope" in refused.text) == (403, True)
    for scope in enough:
        answer = client.open(url, method=method, headers=bearer_for(client, settings, scope))
        assert answer.status_code == status
        assert reason in answer.text


def test_expired_token(client: FlaskClient, bearer: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    later = time.time() + 3601
    monkeypatch.setattr("lti.practice.store.time.time", lambda: later)
    assert client.get("/services/2/lineitems?type_id=1", headers=bearer).status_code == 401


def test_no_user_agent_no_answer(client: FlaskClient) -> None:
    assert client.get("/certs", headers={"User-Agent": ""}).status_code == 403
    assert client.get("/certs").status_code == 200
