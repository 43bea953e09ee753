"""What certification does not ask for, and an attacker or a careless platform sends."""

from collections.abc import Callable

import pytest

from tests.lti.conformance.conftest import Refuses
from tests.lti.platform import LTI, OTHER_KEY, TOOL, Platform, jwk, serving
from tests.lti.signers import Change, LibraryPlatform, Sign, having, without
from tests.visitor import Visitor


def headed(**more: object) -> Sign:
    return lambda platform, claims: platform.sign(claims, headers={"kid": platform.kid} | more)


FORGED: dict[str, Sign] = {
    "alg none": lambda platform, claims: platform.sign_with("none", claims),
    "HS256": lambda platform, claims: platform.sign_with("HS256", claims),
    "jku": headed(jku="https://evil.example/keys"),
    "jwk": lambda platform, claims: platform.sign(
        claims, OTHER_KEY, {"kid": platform.kid, "jwk": jwk(OTHER_KEY, platform.kid)}
    ),
    "x5u": headed(x5u="https://evil.example/cert"),
    "crit": headed(crit=["exp"]),
}


@pytest.mark.parametrize("case", FORGED)
def test_a_forged_signature_is_refused(
    visitor: Visitor, platform: LibraryPlatform, who: str, refuses: Refuses, case: str
) -> None:
    with refuses(visitor):
        platform.launch(visitor, who, status=400, sign=FORGED[case])


def test_a_key_set_that_a_message_names_itself_is_not_fetched(
    visitor: Visitor, platform: LibraryPlatform, who: str, refuses: Refuses
) -> None:
    with serving(Platform(keys=[jwk(OTHER_KEY, "theirs")])) as theirs:
        header = {"kid": "theirs", "jku": f"{theirs.url}/certs"}
        with refuses(visitor):
            platform.launch(
                visitor, who, status=400, sign=lambda _platform, claims: platform.sign(claims, OTHER_KEY, header)
            )
    assert theirs.calls == []


def test_another_issuers_key_is_refused(
    visitor: Visitor, platform: LibraryPlatform, who: str, refuses: Refuses, register: Callable[[Platform], int]
) -> None:
    """Both are registered, and each is trusted for its own messages alone."""
    with serving(type(platform)(client_id="client-2", key=OTHER_KEY)) as other:
        register(other)
        with refuses(visitor):
            platform.launch(visitor, who, status=400, sign=lambda _platform, claims: other.sign(claims))
        asked = platform.log_in(visitor)
        with refuses(visitor):
            visitor.post("/lti/launch", other.message(asked | {"client_id": "client-2"}, who), 400)


WRONG_CLAIMS: dict[str, Change] = {
    "no exp": without("exp"),
    "no iat": without("iat"),
    "no nonce": without("nonce"),
    "azp another": having("azp", "client-2"),
    "audience another": having("aud", "client-2"),
    "audience list without us": having("aud", ["client-2", "client-3"]),
    "audience list, us first, no azp": lambda claims: [claims.pop("azp"), claims.update(aud=["client-1", "client-2"])],
    "audience list, us second, no azp": lambda claims: [claims.pop("azp"), claims.update(aud=["client-2", "client-1"])],
    "audience list, us first, azp another": lambda claims: claims.update(aud=["client-1", "client-2"], azp="client-2"),
    "audience list, us second, azp another": lambda claims: claims.update(aud=["client-2", "client-1"], azp="client-2"),
    "issuer another": having("iss", "https://other.example"),
    "target not ours": having(LTI + "target_link_uri", "https://evil.example/lti/launch"),
    "target almost ours": having(LTI + "target_link_uri", f"{TOOL}@evil.example/"),
    "target left out": without(LTI + "target_link_uri"),
    "roles a text": having(LTI + "roles", "Instructor"),
    "roles an object": having(LTI + "roles", {"Instructor": True}),
    "roles of numbers": having(LTI + "roles", [1]),
    "roles null": having(LTI + "roles", None),
}


@pytest.mark.parametrize("case", WRONG_CLAIMS)
def test_claims_that_do_not_hold_are_refused(
    visitor: Visitor, platform: LibraryPlatform, who: str, refuses: Refuses, case: str
) -> None:
    with refuses(visitor):
        platform.launch(visitor, who, status=400, change=WRONG_CLAIMS[case])


AUTHORISING: dict[str, Change] = {
    "audience a text, no azp": without("azp"),
    "audience a text, azp us": having("azp", "client-1"),
    "audience list of us alone": lambda claims: [claims.pop("azp"), claims.update(aud=["client-1"])],
    "audience list, us first, azp us": having("aud", ["client-1", "client-2"]),
    "audience list, us second, azp us": having("aud", ["client-2", "client-1"]),
}


@pytest.mark.parametrize("case", AUTHORISING)
def test_audiences_that_authorise_us_are_accepted(
    visitor: Visitor, platform: LibraryPlatform, who: str, case: str
) -> None:
    platform.launch(visitor, who, change=AUTHORISING[case])


def test_a_replayed_message_is_refused(visitor: Visitor, platform: LibraryPlatform, who: str, refuses: Refuses) -> None:
    posted = platform.message(platform.log_in(visitor), who)
    visitor.post("/lti/launch", posted, 303)
    with refuses(visitor):
        visitor.post("/lti/launch", posted, 400)
    again = platform.log_in(visitor)
    with refuses(visitor):
        visitor.post("/lti/launch", posted | {"state": again["state"]}, 400)


def test_a_reused_nonce_is_refused(visitor: Visitor, platform: LibraryPlatform, who: str, refuses: Refuses) -> None:
    asked = platform.log_in(visitor)
    visitor.post("/lti/launch", platform.message(asked, who), 303)
    again = platform.log_in(visitor)
    with refuses(visitor):
        visitor.post("/lti/launch", platform.message(again | {"nonce": asked["nonce"]}, who), 400)


def test_states_swapped_between_two_browsers_are_refused(
    visitors: Callable[[], Visitor], platform: LibraryPlatform, who: str, refuses: Refuses
) -> None:
    mine, theirs = visitors(), visitors()
    my_message = platform.message(platform.log_in(mine), who)
    their_message = platform.message(platform.log_in(theirs), who)
    with refuses(theirs):
        theirs.post("/lti/launch", my_message, 400)
    with refuses(theirs):
        theirs.post("/lti/launch", my_message | {"state": their_message["state"]}, 400)
    with refuses(mine):
        mine.post("/lti/launch", their_message, 400)
    mine.post("/lti/launch", my_message, 303)
