"""The certification cases of 1EdTech for LTI core, on the tool's side.

https://www.imsglobal.org/spec/lti/v1p3/cert/
"""

from collections.abc import Callable

import pytest

from tests.lti.conformance.conftest import Refuses
from tests.lti.platform import AGS, LEARNER, LTI, NRPS, OTHER_KEY, TEACHER
from tests.lti.signers import Change, LibraryPlatform, Sign, having, without
from tests.visitor import Visitor

MEMBERSHIP = "http://purl.imsglobal.org/vocab/lis/v2/membership#"
INSTITUTION = "http://purl.imsglobal.org/vocab/lis/v2/institution/person#"
SYSTEM = "http://purl.imsglobal.org/vocab/lis/v2/system/person#"
SECURITY = ("iss", "aud", "azp", "sub", "nonce", "iat", "exp")

WRONGLY_SIGNED: dict[str, Sign] = {
    "no kid": lambda platform, claims: platform.sign(claims, headers={}),
    "unknown kid": lambda platform, claims: platform.sign(claims, headers={"kid": "nobody's"}),
    "right kid, other key": lambda platform, claims: platform.sign(claims, OTHER_KEY),
}
WRONG_CLAIMS: dict[str, Change] = {
    "wrong version": having(LTI + "version", "11.3"),
    "no version": without(LTI + "version"),
    "not an LTI message": lambda claims: [claims.pop(name) for name in list(claims) if name not in SECURITY],
    "several claims missing": without("aud", "iss", "sub", LTI + "deployment_id", LTI + "roles"),
    "iat and exp long past": lambda claims: claims.update(iat=11111, exp=22222),
    "no message type": without(LTI + "message_type"),
    "no roles": without(LTI + "roles"),
    "no deployment id": without(LTI + "deployment_id"),
    "no resource link": without(LTI + "resource_link"),
    "no resource link id": having(LTI + "resource_link", {"title": "no id"}),
    "no sub": without("sub"),
}


@pytest.mark.parametrize("case", WRONGLY_SIGNED)
def test_a_message_that_is_wrongly_signed_is_refused(
    visitor: Visitor, platform: LibraryPlatform, who: str, refuses: Refuses, case: str
) -> None:
    with refuses(visitor):
        platform.launch(visitor, who, status=400, sign=WRONGLY_SIGNED[case])


@pytest.mark.parametrize("case", WRONG_CLAIMS)
def test_a_message_with_wrong_claims_is_refused(
    visitor: Visitor, platform: LibraryPlatform, who: str, refuses: Refuses, case: str
) -> None:
    with refuses(visitor):
        platform.launch(visitor, who, status=400, change=WRONG_CLAIMS[case])


def test_an_unknown_deployment_is_refused_and_offered_to_the_administrator(
    visitor: Visitor, administrator: Visitor, platform: LibraryPlatform, who: str, refuses: Refuses
) -> None:
    with refuses(visitor):
        platform.launch(visitor, who, status=400, change=having(LTI + "deployment_id", "77"))
    assert "Accept deployment 77" in administrator.text()


def test_an_unknown_deployment_is_not_offered_where_the_signature_is_wrong(
    visitor: Visitor, administrator: Visitor, platform: LibraryPlatform, who: str, refuses: Refuses
) -> None:
    with refuses(visitor):
        platform.launch(
            visitor, who, status=400, change=having(LTI + "deployment_id", "77"),
            sign=lambda _platform, claims: platform.sign(claims, OTHER_KEY),
        )  # fmt: skip
    assert "Accept deployment" not in administrator.text()


def test_a_message_in_the_librarys_own_words_is_accepted(
    visitor: Visitor, platform: LibraryPlatform, who: str, counts: Callable[[], dict[str, int]]
) -> None:
    before = counts()
    platform.launch(visitor, who)
    made = {name: count - before[name] for name, count in counts().items()}
    assert [made[name] for name in ("Person", "Identity", "ResourceLink", "Context")] == [1, 1, 1, 1]
    visitor.follow()
    visitor.get("/lti/course/1", 200 if who == "teacher" else 404)


ROLES: dict[str, Callable[[list[str]], list[str]]] = {
    "one role": lambda roles: roles,
    "several roles": lambda roles: [*roles, INSTITUTION + "Staff", SYSTEM + "User", MEMBERSHIP + "Mentor"],
    "a short role": lambda roles: [roles[0].split("#")[1]],
    "an unknown role": lambda _roles: ["http://purl.imsglobal.org/vocab/lis/v2/unknown/unknown#Helper"],
    "an empty role": lambda _roles: [""],
    "no roles in the list": lambda _roles: [],
}
TELLING = list(ROLES)[:3]


@pytest.mark.parametrize("case", ROLES)
def test_a_message_with_these_roles_is_accepted(
    visitor: Visitor, platform: LibraryPlatform, who: str, case: str
) -> None:
    platform.launch(visitor, who, roles=ROLES[case](TEACHER if who == "teacher" else LEARNER))
    visitor.follow()
    assert visitor.response.request.path == "/"
    visitor.get("/lti/course/1", 200 if who == "teacher" and case in TELLING else 404)


SHARED = {
    "e-mail only": {"name": None},
    "names only": {"email": None},
    "no personal data": {"name": None, "email": None},
    "e-mail without a context": {"name": None, "in_course": False},
}


@pytest.mark.parametrize("case", SHARED)
def test_a_message_with_these_personal_data_is_accepted(
    visitor: Visitor, platform: LibraryPlatform, who: str, case: str
) -> None:
    platform.launch(visitor, who, **SHARED[case])
    visitor.follow()
    assert "frame-ancestors " + platform.url in visitor.response.headers["Content-Security-Policy"]


def test_a_message_without_optional_claims_is_accepted(visitor: Visitor, platform: LibraryPlatform, who: str) -> None:
    optional = without("azp", LTI + "launch_presentation", LTI + "custom", AGS, NRPS)
    platform.launch(visitor, who, name=None, email=None, in_course=False, change=optional)
    visitor.follow()


def test_a_platform_that_is_marked_so_may_send_anonymous_launches(
    visitor: Visitor, platform: LibraryPlatform, who: str,
    allow_anonymous: Callable[[], None], counts: Callable[[], dict[str, int]],
) -> None:  # fmt: skip
    allow_anonymous()
    before = counts()
    platform.launch(visitor, who, change=without("sub"))
    platform.launch(visitor, who, change=without("sub"))
    assert counts()["Person"] == before["Person"] + 2
