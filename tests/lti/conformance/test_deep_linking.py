"""Deep linking, with requests of two libraries, and answers that each checks by its own rules.

LTI Deep Linking 2.0: https://www.imsglobal.org/spec/lti-dl/v2p0
"""

import warnings
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from flask import Flask
from lti1p3platform.deep_linking import LtiDeepLinking as Lti1p3DeepLinking
from sqlalchemy import func, select

from catalogue.extensions import db
from lti.models import DeepLinking
from tests.lti.conformance.conftest import Refuses
from tests.lti.deep_linking.choosing import (
    ASSESSMENT,
    DATA,
    DL,
    RECOMMENDED,
    answer_on,
    form_action,
    origin_of,
    return_url,
    token_of,
)
from tests.lti.platform import AGS, LTI, TOOL
from tests.lti.signers import ConsumerXBlock, LibraryPlatform, Lti1p3Platform
from tests.visitor import Visitor

with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
    from lti_consumer.lti_1p3.deep_linking import LtiDeepLinking as XBlockDeepLinking

Begin = Callable[..., None]
Checked = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def begin(visitor: Visitor, platform: LibraryPlatform) -> Begin:
    """Send a deep linking request with the settings that the library itself makes."""

    def request(claims: dict[str, Any], data: Any) -> None:
        for name in (LTI + "resource_link", AGS):
            claims.pop(name, None)
        made: dict[str, Any] = (
            XBlockDeepLinking(f"{TOOL}/lti/launch", return_url(platform)).get_lti_deep_linking_launch_claim(
                title="", extra_data=data
            )
            if isinstance(platform, ConsumerXBlock)
            else Lti1p3DeepLinking(return_url(platform)).get_lti_deep_linking_launch_claim(extra_data=data)
        )
        claims.update(made | {LTI + "message_type": "LtiDeepLinkingRequest"})

    def begins(who: str, status: int = 200, data: Any = None) -> None:
        platform.launch(visitor, who, status=status, change=lambda claims: request(claims, data))

    return begins


@pytest.fixture
def checked(visitor: Visitor, platform: LibraryPlatform) -> Checked:
    """The items of the answer on the visitor's page, as the library takes them."""

    def check() -> list[dict[str, Any]]:
        goes_to, message = answer_on(visitor.page)
        assert goes_to == return_url(platform)
        assert form_action(visitor) == origin_of(platform)
        platform.tool_keys = Visitor(visitor.client.application).client.get("/lti/jwks.json").get_json()
        if isinstance(platform, ConsumerXBlock):
            consumer = platform._consumer()
            consumer.enable_deep_linking(f"{TOOL}/lti/launch", return_url(platform))
            return list(consumer.check_and_decode_deep_linking_token(message))
        assert isinstance(platform, Lti1p3Platform)
        return list(platform._configuration().validate_deeplinking_resp({"JWT": message}))

    return check


def said(visitor: Visitor) -> dict[str, Any]:
    claims: dict[str, Any] = jwt.decode(answer_on(visitor.page)[1], options={"verify_signature": False})
    return claims


def test_a_teacher_adds_several_items(visitor: Visitor, begin: Begin, checked: Checked) -> None:
    begin("teacher")
    visitor.press(f"Add {ASSESSMENT}", 200)
    visitor.press(f"Add {RECOMMENDED}", 200)
    visitor.press("Add this list as a link", 200)
    visitor.press("Add to the course", 200)
    assert [(item["type"], item["title"]) for item in checked()] == [
        ("ltiResourceLink", ASSESSMENT), ("ltiResourceLink", RECOMMENDED), ("ltiResourceLink", "Find offers"),
    ]  # fmt: skip


def test_a_graded_item_has_a_line_item(visitor: Visitor, begin: Begin, checked: Checked, slugs: list[str]) -> None:
    begin("teacher")
    visitor.post("/lti/choose", {"token": token_of(visitor.page), "do": f"add offer:{slugs[0]}"}, 200)
    visitor.press("Add to the course", 200)
    [item] = checked()
    assert item["lineItem"]["resourceId"] == f"offer:{slugs[0]}"
    assert item["lineItem"]["scoreMaximum"] == 100


def test_data_is_echoed(visitor: Visitor, begin: Begin, checked: Checked) -> None:
    begin("teacher", data=DATA)
    visitor.press(f"Add {ASSESSMENT}", 200)
    visitor.press("Add to the course", 200)
    assert len(checked()) == 1
    assert said(visitor)[DL + "data"] == DATA


def test_data_that_was_not_sent_is_left_out(visitor: Visitor, begin: Begin, checked: Checked) -> None:
    begin("teacher")
    visitor.press("Cancel", 200)
    assert checked() == []
    assert DL + "data" not in said(visitor)


def test_cancelling_answers_without_items(visitor: Visitor, begin: Begin, checked: Checked) -> None:
    begin("teacher", data=DATA)
    visitor.press(f"Add {ASSESSMENT}", 200)
    visitor.press("Cancel", 200)
    assert checked() == []
    assert said(visitor)[DL + "data"] == DATA


def test_the_answer_names_who_it_is_from_and_for(
    visitor: Visitor, platform: LibraryPlatform, begin: Begin, checked: Checked
) -> None:
    begin("teacher")
    visitor.press("Cancel", 200)
    assert checked() == []
    claims = said(visitor)
    assert claims["iss"] == platform.client_id
    assert claims["aud"] in (platform.url, [platform.url])
    assert claims[LTI + "deployment_id"] == platform.deployment
    assert claims[LTI + "message_type"] == "LtiDeepLinkingResponse"
    assert claims[LTI + "version"] == "1.3.0"
    assert claims["nonce"]
    assert 0 < claims["exp"] - claims["iat"] <= 600


def test_a_learner_is_refused(app: Flask, visitor: Visitor, begin: Begin, refuses: Refuses) -> None:
    with refuses(visitor):
        begin("learner", 403)
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(DeepLinking)) == 0
