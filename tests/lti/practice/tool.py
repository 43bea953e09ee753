"""What a sound tool does at the practice platform. Tokens and assertions are made with PyJWT directly."""

import json
import re
import time
import uuid
from html import unescape
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from flask.testing import FlaskClient

from lti.practice.app import create_practice_platform
from lti.practice.settings import PEOPLE, PracticeSettings

ITEM_TYPE = "application/vnd.ims.lis.v2.lineitem+json"
ITEMS_TYPE = "application/vnd.ims.lis.v2.lineitemcontainer+json"
SCORE_TYPE = "application/vnd.ims.lis.v1.score+json"
TINA, SAM, PRIYA, JO = (person.id for person in PEOPLE)
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
LTI = "https://purl.imsglobal.org/spec/lti/claim/"
DL = "https://purl.imsglobal.org/spec/lti-dl/claim/"
CONFIGURATION = "https://purl.imsglobal.org/spec/lti-tool-configuration"


def browser(settings: PracticeSettings) -> FlaskClient:
    return create_practice_platform(settings).test_client()


def fields(page: str) -> dict[str, str]:
    """The hidden fields of the form that sends a person on."""
    found = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', page)
    return {name: unescape(value) for name, value in found}


def start(client: FlaskClient, person: str = SAM, link: str = "1", target: str = "iframe") -> dict[str, str]:
    return start_at(client, f"/launch/{link}?target={target}", person)


def start_at(client: FlaskClient, url: str, person: str) -> dict[str, str]:
    sign_in(client, person)
    return fields(client.get(url).text)


def sign_in(client: FlaskClient, person: str) -> None:
    client.post("/sign-in", data={"person": person})


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
    return verified(client, settings, start(client, **how))


def claims_at(client: FlaskClient, settings: PracticeSettings, url: str, person: str = TINA) -> dict[str, Any]:
    return verified(client, settings, start_at(client, url, person))


def verified(client: FlaskClient, settings: PracticeSettings, initiation: dict[str, str]) -> dict[str, Any]:
    answer = client.post("/auth", data=request_of(initiation))
    assert answer.status_code == 200, answer.text
    token = fields(answer.text)["id_token"]
    keys = jwt.PyJWKSet.from_dict(client.get("/certs").get_json())
    header = jwt.get_unverified_header(token)
    assert set(header) == {"typ", "alg", "kid"}
    audience = initiation["client_id"]
    return jwt.decode(token, keys[header["kid"]], algorithms=["RS256"], audience=audience, issuer=settings.url)


def return_url(claims: dict[str, Any]) -> str:
    """Where the answer to a deep linking request goes, as a path."""
    url: str = claims[DL + "deep_linking_settings"]["deep_link_return_url"]
    return url.removeprefix("http://localhost:9000")


def answer_of(
    settings: PracticeSettings, *items: dict[str, Any], key: Any = KEY, kid: str = "tool-1", **changes: Any
) -> dict[str, str]:
    """A sound deep linking response as the form that carries it, with changes; None leaves a claim out."""
    now = int(time.time())
    names = {
        "message_type": LTI + "message_type",
        "version": LTI + "version",
        "deployment_id": LTI + "deployment_id",
        "content_items": DL + "content_items",
        "data": DL + "data",
        "msg": DL + "msg",
    }
    sound: dict[str, Any] = {
        "iss": settings.client_id,
        "aud": settings.url,
        "iat": now,
        "exp": now + 60,
        "nonce": uuid.uuid4().hex,
        "message_type": "LtiDeepLinkingResponse",
        "version": "1.3.0",
        "deployment_id": "1",
        "content_items": list(items),
    }
    claims = {names.get(name, name): value for name, value in (sound | changes).items() if value is not None}
    return {"JWT": jwt.encode(claims, key, algorithm="RS256", headers={"kid": kid})}


def add_content(client: FlaskClient, settings: PracticeSettings, *items: dict[str, Any], course: str = "2") -> Any:
    """What a teacher does: open the tool to choose, and come back with these."""
    claims = claims_at(client, settings, f"/launch/select/{course}/1")
    return client.post(return_url(claims), data=answer_of(settings, *items))


def registration_of(settings: PracticeSettings, **changes: Any) -> dict[str, Any]:
    """What a sound tool sends to be registered, with changes; those of the tool configuration by their names."""
    base = settings.tool_url + "/other"
    body: dict[str, Any] = {
        "application_type": "web",
        "response_types": ["id_token"],
        "grant_types": ["implicit", "client_credentials"],
        "initiate_login_uri": f"{base}/login",
        "redirect_uris": [f"{base}/launch"],
        "client_name": "Other tool",
        "jwks_uri": f"{base}/jwks.json",
        "token_endpoint_auth_method": "private_key_jwt",
        "scope": " ".join([*settings.granted_scopes[:2], "https://unknown.example/scope"]),
    }
    configuration: dict[str, Any] = {
        "domain": settings.tool_url.removeprefix("http://"),
        "target_link_uri": f"{base}/launch",
        "claims": ["iss", "sub"],
        "messages": [{"type": "LtiDeepLinkingRequest"}, {"type": "LtiResourceLinkRequest"}, {"type": "Unknown"}],
    }
    for name, value in changes.items():
        (configuration if name in (*configuration, "custom_parameters") else body)[name] = value
    return body | {CONFIGURATION: configuration}


def registration_token(client: FlaskClient) -> str:
    """A teacher opens the page that shows the tool's own, with a token."""
    sign_in(client, TINA)
    opened = client.post("/tools/registrations", data={"registration_url": "http://127.0.0.1:8000/lti/register"})
    page = client.get(opened.headers["Location"]).text
    found = re.search('registration_token=([^&"]+)', page)
    assert found
    return found[1]


def register(client: FlaskClient, settings: PracticeSettings, token: str | None = None, **changes: Any) -> Any:
    token = token or registration_token(client)
    body = registration_of(settings, **changes)
    return client.post("/openid-registration", json=body, headers={"Authorization": f"Bearer {token}"})


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


def bearer_for(client: FlaskClient, settings: PracticeSettings, *scopes: str) -> dict[str, str]:
    answer = ask_token(client, assertion(settings), *scopes).get_json()
    return {"Authorization": f"Bearer {answer['access_token']}"}


def post_score(client: FlaskClient, bearer: dict[str, str], item: int = 1, course: str = "2", **changes: Any) -> int:
    body = {
        "userId": SAM,
        "timestamp": "2026-05-01T10:00:00+00:00",
        "activityProgress": "Completed",
        "gradingProgress": "FullyGraded",
        "scoreGiven": 8,
        "scoreMaximum": 10,
    } | changes
    body = {name: value for name, value in body.items() if value is not None}
    url = f"/services/{course}/lineitems/{item}/lineitem/scores?type_id=1"
    return client.post(url, data=json.dumps(body), content_type=SCORE_TYPE, headers=bearer).status_code


def cell(client: FlaskClient, person: str = SAM, item: int = 1) -> Any:
    learners = client.get("/course/gradebook.json").get_json()["learners"]
    return next(one for one in learners if one["id"] == person)["grades"][str(item)]


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
