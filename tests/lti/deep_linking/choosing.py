"""A teacher who begins to choose for a course, and the answer that the platform gets."""

from typing import Any
from urllib.parse import urlsplit

import jwt
from bs4 import BeautifulSoup

from tests.lti.platform import AGS, LTI, TEACHER, Platform
from tests.visitor import Visitor

DL = "https://purl.imsglobal.org/spec/lti-dl/claim/"
ASSESSMENT, RECOMMENDED = "Self-assessment: where you stand", "Recommended for you"
SETTINGS = DL + "deep_linking_settings"
DATA = {"course": 2, "op": 'a "quoted" <text>', "n": [1, None, 2.5]}


def return_url(platform: Platform) -> str:
    return f"{platform.url}/return?course=2&sesskey=abc"


def asks(platform: Platform, claims: dict[str, Any], **more: Any) -> None:
    """Make the claims of a launch those of a deep linking request, by Moodle's rules; ``None`` leaves out."""
    for name in (LTI + "resource_link", AGS):
        claims.pop(name, None)
    claims[LTI + "message_type"] = "LtiDeepLinkingRequest"
    claims[LTI + "launch_presentation"] = {"locale": "en"}
    settings = {
        "accept_types": ["ltiResourceLink"],
        "accept_presentation_document_targets": ["frame", "iframe", "window"],
        "accept_multiple": True,
        "deep_link_return_url": return_url(platform),
        "data": DATA,
    } | more
    claims[SETTINGS] = {name: value for name, value in settings.items() if value is not None}


def begin(platform: Platform, visitor: Visitor, roles: Any = None, *, status: int = 200, **more: Any) -> None:
    """Open the first page of a choosing; what was sent before is forgotten, as a frame without cookies does."""
    platform.launch(
        visitor,
        TEACHER if roles is None else roles,
        status=status,
        change=lambda claims: asks(platform, claims, **more),
    )
    visitor.client.delete_cookie("session")


def token_of(page: BeautifulSoup) -> str:
    found = page.select_one("input[name=token]")
    assert found is not None
    return str(found["value"])


def answer_on(page: BeautifulSoup) -> tuple[str, str]:
    """Where the answer on a page goes, and the message."""
    form = page.select_one("form#deep-linking-answer")
    assert form is not None, page.get_text(" ")
    message = form.select_one("input[name=JWT]")
    assert message is not None
    return str(form["action"]), str(message["value"])


def verified(visitor: Visitor, platform: Platform) -> dict[str, Any]:
    """The claims of the answer on the visitor's page, by our published keys and for this platform."""
    goes_to, message = answer_on(visitor.page)
    assert goes_to == return_url(platform)
    published = Visitor(visitor.client.application).client.get("/lti/jwks.json").get_json()
    keys = {key["kid"]: jwt.PyJWK(key) for key in published["keys"]}
    header = jwt.get_unverified_header(message)
    claims: dict[str, Any] = jwt.decode(
        message, keys[header["kid"]].key, algorithms=["RS256"], audience=platform.url, issuer=platform.client_id,
        options={"require": ["exp", "iat", "nonce", "iss", "aud"]},
    )  # fmt: skip
    return claims


def items(visitor: Visitor, platform: Platform) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = verified(visitor, platform)[DL + "content_items"]
    return found


def form_action(visitor: Visitor) -> str:
    """Where the policy of the visitor's page lets its forms go."""
    policy = visitor.response.headers["Content-Security-Policy"]
    parts = dict(part.strip().partition(" ")[::2] for part in policy.split(";"))
    return parts["form-action"]


def origin_of(platform: Platform) -> str:
    parts = urlsplit(platform.url)
    return f"{parts.scheme}://{parts.netloc}"


def basket(visitor: Visitor) -> list[str]:
    return [" ".join(heading.get_text().split()) for heading in visitor.page.select("#basket li h3")]


def add_offer(visitor: Visitor, slug: str, status: int = 200) -> None:
    do(visitor, f"add offer:{slug}", status)


def do(visitor: Visitor, step: str, status: int = 200, path: str = "/lti/choose", **more: Any) -> None:
    """Post a step with the token, as a button of the page does, and nothing else."""
    visitor.post(path, {"token": token_of(visitor.page), "do": step} | more, status)


def field(visitor: Visitor, name: str, number: int = 0) -> str:
    """The name of a field of the item at this place."""
    found = visitor.page.select(f"#basket [name$='-{name}']")
    return str(list(dict.fromkeys(str(one["name"]) for one in found))[number])


def errors(visitor: Visitor) -> list[tuple[str, str]]:
    return [(link.get_text(strip=True), str(link["href"])) for link in visitor.page.select(".nhsuk-error-summary li a")]
