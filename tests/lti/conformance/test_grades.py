"""Assignment and grade services, with a token that a library grants once it has verified what we signed.

https://www.imsglobal.org/spec/lti-ags/v2p0 and https://www.imsglobal.org/spec/security/v1p0/#securing_web_services
"""

from collections.abc import Callable

import jwt
import pytest

from tests.lti.platform import SCOPES
from tests.lti.signers import LibraryPlatform
from tests.visitor import Visitor


@pytest.fixture(autouse=True)
def tool_keys(visitor: Visitor, platform: LibraryPlatform) -> None:
    visitor.get("/lti/jwks.json")
    platform.tool_keys = visitor.response.get_json()


def test_after_a_learners_launch_a_line_item_is_made_and_a_score_posted(
    visitor: Visitor, platform: LibraryPlatform, slugs: list[str], complete: Callable[[str], int],
    deliver: Callable[[], list[tuple[str, str]]],
) -> None:  # fmt: skip
    platform.launch(visitor, "learner")
    complete(slugs[0])
    assert deliver() == [("delivered", "")]
    [item] = platform.items.values()
    assert (item["resourceId"], item["resourceLinkId"], item["scoreMaximum"]) == (f"offer:{slugs[0]}", "1", 100)
    [score] = platform.posted
    assert (score["userId"], score["scoreGiven"], score["scoreMaximum"]) == ("4", 100, 100)
    assert (score["activityProgress"], score["gradingProgress"]) == ("Completed", "FullyGraded")
    [asked] = platform.token_requests
    assert set(asked["scope"].split()) <= set(SCOPES)
    assertion = jwt.decode(asked["client_assertion"], options={"verify_signature": False})
    assert (assertion["iss"], assertion["sub"]) == ("client-1", "client-1")
    assert f"{platform.url}/token" in assertion["aud"]
