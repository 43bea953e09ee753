"""The certification cases of 1EdTech for LTI core, on the tool's side: each as a teacher and as a learner.

https://www.imsglobal.org/spec/lti/v1p3/cert/
"""

from collections.abc import Callable
from typing import Any

import pytest

from tests.lti.platform import AGS, LEARNER, LEFT_OUT, LTI, OTHER_KEY, TEACHER, Platform
from tests.visitor import Visitor

Counts = Callable[[], dict[str, int]]
Change = Callable[[dict[str, Any]], Any]
MEMBERSHIP = "http://purl.imsglobal.org/vocab/lis/v2/membership#"
INSTITUTION = "http://purl.imsglobal.org/vocab/lis/v2/institution/person#"
SYSTEM = "http://purl.imsglobal.org/vocab/lis/v2/system/person#"

both_roles = pytest.mark.parametrize("roles", [TEACHER, LEARNER], ids=["teacher", "learner"])


def without(*names: str) -> Change:
    def change(claims: dict[str, Any]) -> None:
        for name in names:
            del claims[name]

    return change


def having(name: str, value: Any) -> Change:
    return lambda claims: claims.update({name: value})


def kid(headers: dict[str, Any]) -> Callable[[Platform, dict[str, Any]], str]:
    return lambda platform, claims: platform.sign(claims, headers=headers)


WRONGLY_SIGNED = {
    "no kid": kid({}),
    "unknown kid": kid({"kid": "nobody's"}),
    "right kid, other key": lambda platform, claims: platform.sign(claims, OTHER_KEY),
}
WRONG_CLAIMS = {
    "wrong version": having(LTI + "version", "11.3"),
    "no version": without(LTI + "version"),
    "not an LTI message": lambda claims: [
        claims.pop(name) for name in list(claims) if name not in ("iss", "aud", "sub", "nonce", "iat", "exp")
    ],
    "several claims missing": without("aud", "iss", "sub", LTI + "deployment_id", LTI + "roles"),
    "iat and exp long past": lambda claims: claims.update(iat=11111, exp=22222),
    "no message type": without(LTI + "message_type"),
    "no roles": without(LTI + "roles"),
    "no deployment id": without(LTI + "deployment_id"),
    "no resource link": without(LTI + "resource_link"),
    "no resource link id": having(LTI + "resource_link", {"title": "no id"}),
    "no sub": without("sub"),
}


@both_roles
@pytest.mark.parametrize("case", WRONGLY_SIGNED)
def test_a_message_that_is_wrongly_signed_is_refused(
    visitor: Visitor, platform: Platform, counts: Counts, roles: list[str], case: str
) -> None:
    before = counts()
    platform.launch(visitor, roles, status=400, sign=WRONGLY_SIGNED[case])
    assert "We could not open Every Seat" in visitor.text()
    assert counts() == before


@both_roles
@pytest.mark.parametrize("case", WRONG_CLAIMS)
def test_a_message_with_wrong_claims_is_refused(
    visitor: Visitor, platform: Platform, counts: Counts, roles: list[str], case: str
) -> None:
    before = counts()
    platform.launch(visitor, roles, status=400, change=WRONG_CLAIMS[case])
    assert "What was wrong" in visitor.text()
    assert counts() == before


ROLES = {
    "one role": lambda roles: roles,
    "several roles": lambda roles: [*roles, INSTITUTION + "Staff", SYSTEM + "User", MEMBERSHIP + "Mentor"],
    "a short role": lambda roles: [roles[0].split("#")[1]],
    "an unknown role": lambda _roles: ["http://purl.imsglobal.org/vocab/lis/v2/unknown/unknown#Helper"],
    "an empty role": lambda _roles: [""],
    "no roles in the list": lambda _roles: [],
}


@both_roles
@pytest.mark.parametrize("case", ROLES)
def test_a_message_with_these_roles_is_accepted(
    visitor: Visitor, platform: Platform, roles: list[str], case: str
) -> None:
    platform.launch(visitor, ROLES[case](roles))
    visitor.follow()
    assert visitor.response.request.path == "/"
    visitor.get("/lti/course/1", 200 if roles == TEACHER and case in list(ROLES)[:3] else 404)


PERSONAL = ("name", "given_name", "family_name", "email")
SHARED = {
    "e-mail only": without("name", "given_name", "family_name"),
    "names only": without("email"),
    "no personal data": without(*PERSONAL),
    "e-mail without a context": without("name", "given_name", "family_name", LTI + "context"),
}


@both_roles
@pytest.mark.parametrize("case", SHARED)
def test_a_message_with_these_personal_data_is_accepted(
    visitor: Visitor, platform: Platform, roles: list[str], case: str
) -> None:
    platform.launch(visitor, roles, change=SHARED[case])
    visitor.follow()
    assert "frame-ancestors " + platform.url in visitor.response.headers["Content-Security-Policy"]


@both_roles
def test_a_message_without_optional_claims_is_accepted(visitor: Visitor, platform: Platform, roles: list[str]) -> None:
    optional = (LTI + "context", LTI + "launch_presentation", LTI + "custom", AGS, *PERSONAL)
    platform.launch(visitor, roles, change=without(*optional))
    visitor.follow()


@both_roles
def test_a_platform_that_is_marked_so_may_send_anonymous_launches(
    visitor: Visitor, platform: Platform, roles: list[str], allow_anonymous: Callable[[], None], counts: Counts
) -> None:
    allow_anonymous()
    before = counts()
    platform.launch(visitor, roles, sub=LEFT_OUT)
    platform.launch(visitor, roles, sub=LEFT_OUT)
    assert counts()["Person"] == before["Person"] + 2
