"""A platform has itself connected, and nobody can come from it until an administrator approves it."""

import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event, Semaphore
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

from catalogue.clock import now
from catalogue.extensions import db
from catalogue.people.models import AuditEvent, Person, SignIn
from catalogue.settings import Settings
from catalogue.systems.models import Membership, Organisation
from everyseat import create_app
from lti.models import Deployment, Platform, PlatformState, Refusal
from lti.platforms import actions
from lti.platforms.registration import our_registration, read_asked, read_configuration
from tests.lti.platform import LEFT_OUT, SCOPES, TOOL, Answer, serving
from tests.lti.platform import Platform as OtherPlatform
from tests.lti.registering import MEMBERS, TOKEN, TOOL_CONFIGURATION, Registering
from tests.visitor import Visitor

Waiting = Callable[[], list[Platform]]


@pytest.fixture
def moodle() -> Iterator[Registering]:
    with serving(Registering()) as platform:
        assert isinstance(platform, Registering)
        yield platform


@pytest.fixture
def kept(app: Flask) -> Waiting:
    """Every platform that is known."""

    def all_of_them() -> list[Platform]:
        with app.app_context():
            return list(db.session.scalars(select(Platform).order_by(Platform.id)))

    return all_of_them


def frame_ancestors(visitor: Visitor) -> str:
    found = re.search("frame-ancestors ([^;]*)", visitor.response.headers["Content-Security-Policy"])
    assert found
    return found[1]


def test_opening_the_window_says_who_asks_and_does_nothing(
    visitor: Visitor, moodle: Registering, kept: Waiting
) -> None:
    visitor.get("/lti/register", query_string=moodle.window)
    assert f"The learning platform at {moodle.url.removeprefix('http://')} asks to be connected" in visitor.text()
    assert frame_ancestors(visitor) == moodle.url
    assert (moodle.calls, kept()) == ([], [])


@pytest.mark.both_databases
def test_a_platform_registers_itself_and_waits_for_approval(
    visitor: Visitor, moodle: Registering, kept: Waiting, app: Flask
) -> None:
    moodle.connect(visitor)
    assert "An administrator of Every Seat approves the platform" in visitor.text()
    (platform,) = kept()
    assert (platform.issuer, platform.client_id, platform.state) == (moodle.url, "client-1", PlatformState.PENDING)
    assert (platform.jwks_url, platform.auth_url, platform.token_url) == tuple(
        f"{moodle.url}/{name}" for name in ("certs", "auth", "token")
    )
    assert platform.organisation_id is None
    with app.app_context():
        assert db.session.scalars(select(Deployment.deployment_id)).all() == ["1"]
        audited = select(AuditEvent.subject).where(AuditEvent.action == "platform registered")
        assert db.session.scalars(audited).all() == [platform.via]


def test_the_registration_holds_what_a_platform_needs(visitor: Visitor, moodle: Registering) -> None:
    moodle.connect(visitor)
    (sent,) = moodle.registered
    tool = sent.pop(TOOL_CONFIGURATION)
    assert sent == {
        "application_type": "web",
        "response_types": ["id_token"],
        "grant_types": ["implicit", "client_credentials"],
        "initiate_login_uri": f"{TOOL}/lti/login",
        "redirect_uris": [f"{TOOL}/lti/launch"],
        "client_name": "Every Seat",
        "jwks_uri": f"{TOOL}/lti/jwks.json",
        "logo_uri": f"{TOOL}/static/everyseat-icon.svg",
        "token_endpoint_auth_method": "private_key_jwt",
        "scope": sent["scope"],
    }
    assert set(sent["scope"].split()) == {*SCOPES, MEMBERS}
    assert tool.pop("description")
    assert tool == {
        "domain": "127.0.0.1:8000",
        "target_link_uri": f"{TOOL}/lti/launch",
        "custom_parameters": {"context_history": "$Context.id.history"},
        "claims": ["iss", "sub", "name", "given_name", "family_name", "email"],
        "messages": [
            {"type": "LtiResourceLinkRequest", "target_link_uri": f"{TOOL}/lti/launch"},
            {
                "type": "LtiDeepLinkingRequest", "target_link_uri": f"{TOOL}/lti/launch",
                "label": "Choose from Every Seat", "placements": ["ContentArea"],
            },
        ],
    }  # fmt: skip
    assert moodle.authorization == [f"Bearer {TOKEN}"]
    visitor.get("/static/everyseat-icon.svg")


def test_only_what_a_platform_offers_is_asked_of_it() -> None:
    some = our_registration("https://everyseat.example", {SCOPES[0], "openid"}, {"LtiSubmissionReviewRequest"})
    assert some["scope"] == SCOPES[0]
    assert some[TOOL_CONFIGURATION]["domain"] == "everyseat.example"
    messages = [message["type"] for message in some[TOOL_CONFIGURATION]["messages"]]
    assert messages == ["LtiResourceLinkRequest", "LtiDeepLinkingRequest", "LtiSubmissionReviewRequest"]
    assert set(our_registration(TOOL, None, ())["scope"].split()) == {*SCOPES, MEMBERS}


def test_the_last_page_tells_the_platform_alone_that_it_is_over(visitor: Visitor, moodle: Registering) -> None:
    moodle.connect(visitor)
    place = visitor.page.select_one("#platform-close")
    assert place is not None
    assert place["data-origin"] == moodle.url == frame_ancestors(visitor)
    assert visitor.page.select_one("script[src$='platform-close.js'][nonce]")
    script = visitor.client.get("/static/platform-close.js").text
    assert "org.imsglobal.lti.close" in script
    assert '*"' not in script


def test_a_platform_need_give_no_token(visitor: Visitor, moodle: Registering) -> None:
    visitor.get("/lti/register", query_string={"openid_configuration": moodle.window["openid_configuration"]})
    visitor.press("Connect", 400)  # this one wants it
    assert moodle.authorization == [None]


def test_a_platform_that_names_no_deployment_offers_it_with_its_first_launch(
    visitor: Visitor, moodle: Registering, administrator: Visitor
) -> None:
    moodle.answers = {TOOL_CONFIGURATION: LEFT_OUT}
    moodle.connect(visitor)
    assert "Your platform named no deployment" in visitor.text()
    administrator.get("/admin/platforms/1")
    administrator.press("Approve", name="Test Moodle", organisation="same-name")
    moodle.launch(visitor, status=400)
    administrator.get("/admin/platforms/1")
    administrator.press("Accept deployment 1")
    moodle.launch(visitor)


def test_it_needs_no_cookie_and_no_sign_in(app: Flask, moodle: Registering, kept: Waiting) -> None:
    Visitor(app).post("/lti/register", moodle.window, 200)
    assert len(kept()) == 1


def test_a_registration_address_that_somebody_opens_by_hand_explains_itself(visitor: Visitor) -> None:
    visitor.get("/lti/register", 400)
    assert "The address of the platform’s configuration is missing" in visitor.text()
    assert frame_ancestors(visitor) == "'none'"


@pytest.mark.parametrize(
    "url",
    [
        "", "ftp://moodle.example/c", "javascript:alert(1)", "//moodle.example/c", "https://user@moodle.example/c",
        "https://moodle.example;script-src */", "https://a b/", "https://moodle.example/\r\nX: 1", "https://[::1",
        "https://moodle.example:0/", "https://moodle.example/\0", "https://x.example/" + "a" * 9000,
    ],
)  # fmt: skip
def test_an_address_that_is_none_of_a_platform_is_refused(visitor: Visitor, kept: Waiting, url: str) -> None:
    visitor.get("/lti/register", 400, query_string={"openid_configuration": url})
    visitor.post("/lti/register", {"openid_configuration": url}, 400)
    assert "was not connected" in visitor.text()
    assert kept() == []


@pytest.mark.parametrize("token", ["a\r\nX-Evil: 1", "a\nb", "日本", "a\0b", "x" * 8001, "tab\there"])
def test_a_token_that_no_header_can_carry_is_refused(visitor: Visitor, moodle: Registering, token: str) -> None:
    visitor.post("/lti/register", moodle.window | {"registration_token": token}, 400)
    assert "registration token is none that can be sent back" in visitor.text()
    assert moodle.calls == []


def test_a_platform_registers_itself_and_no_other(visitor: Visitor, moodle: Registering, kept: Waiting) -> None:
    for name in ("issuer", "registration_endpoint"):
        for other in (
            "https://moodle.riverside.example",
            "http://127.0.0.1:1/x",
            moodle.url.replace("127.0.0.1", "localhost"),
        ):
            moodle.says = {name: other}
            moodle.connect(visitor, 400)
            assert f"another host than its own as {name}" in visitor.text()
    assert {path for _method, path in moodle.calls} == {"/openid-configuration"}
    assert kept() == []


def test_an_issuer_may_have_a_path(visitor: Visitor, moodle: Registering, kept: Waiting) -> None:
    moodle.says = {"issuer": f"{moodle.url}/moodle"}
    moodle.connect(visitor)
    assert kept()[0].issuer == f"{moodle.url}/moodle"


NAMES = ("issuer", "registration_endpoint", "jwks_uri", "authorization_endpoint", "token_endpoint")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "value", [LEFT_OUT, None, 7, True, [], {}, "", "moodle", "ftp://x/", "http://x/\ud800", "http://x/" + "a" * 1000]
)
def test_a_configuration_with_an_address_missing_or_unfit_is_refused(
    visitor: Visitor, moodle: Registering, kept: Waiting, name: str, value: Any
) -> None:
    moodle.says = {name: value}
    moodle.connect(visitor, 400)
    assert f"as {name}" in visitor.text()
    assert (moodle.registered, kept()) == ([], [])


@pytest.mark.parametrize(
    "says",
    [
        {"scopes_supported": "all"}, {"scopes_supported": [7, None, {}]}, {"scopes_supported": None},
        {"https://purl.imsglobal.org/spec/lti-platform-configuration": 7},
        {"https://purl.imsglobal.org/spec/lti-platform-configuration": {"messages_supported": {"a": 1}}},
        {"https://purl.imsglobal.org/spec/lti-platform-configuration": {"messages_supported": ["x", 7, {"type": []}]}},
    ],
)  # fmt: skip
def test_what_is_odd_and_not_needed_is_passed_over(visitor: Visitor, moodle: Registering, says: dict[str, Any]) -> None:
    moodle.says = says
    moodle.connect(visitor)


DEEP = b"[" * 100_000
FAULTS: dict[str, Answer] = {
    "an error": (500, {}, {"error": "oh"}),
    "a refusal": (403, {}, b"<html>"),
    "nothing": (200, {}, b""),
    "no JSON": (200, {}, b"<html>not JSON</html>"),
    "half of it": (200, {}, b'{"issuer": "http://'),
    "nested": (200, {}, DEEP),
    "a number too long": (200, {}, b"1" * 10_000),
    "no text": (200, {}, b"\xff\xfe\x00"),
    "a list": (200, {}, []),
    "a string": (200, {}, "x"),
    "null": (200, {}, b"null"),
    "too large": (200, {}, b" " * (256 * 1024 + 1)),
    "an encoding of its own": (
        200,
        {"Content-Type": "application/json; charset=undefined", "Content-Encoding": "gzip"},
        b"x",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("path", ["/openid-configuration", "/openid-registration"])
def test_an_answer_that_is_none_gives_a_page_that_says_so(
    visitor: Visitor, moodle: Registering, kept: Waiting, fault: str, path: str
) -> None:
    moodle.faults = [(path, FAULTS[fault])]
    visitor.get("/lti/register", query_string=moodle.window)
    if path == "/openid-registration":  # the configuration is read before
        moodle.answer = faulty(moodle, FAULTS[fault])  # type: ignore[method-assign]
    visitor.press("Connect", 400)
    assert "The platform was not connected" in visitor.text()
    assert frame_ancestors(visitor) == moodle.url
    assert kept() == []


def faulty(moodle: Registering, answer: Answer) -> Callable[..., Answer]:
    """Only what it answers to the registration."""
    moodle.faults = []
    whole = moodle.answer
    return lambda method, *sent: answer if method == "POST" else whole(method, *sent)


def test_a_redirect_is_not_followed(visitor: Visitor, moodle: Registering) -> None:
    moodle.faults = [("/openid-configuration", (302, {"Location": f"{moodle.url}/elsewhere"}, {}))]
    moodle.connect(visitor, 400)
    assert "sent us on to another address, where we do not follow" in visitor.text()
    assert [path for _method, path in moodle.calls] == ["/openid-configuration"]


def test_a_platform_that_is_down_is_not_told_apart_from_an_address_that_we_do_not_call(
    visitor: Visitor, moodle: Registering
) -> None:
    moodle.up = False
    moodle.connect(visitor, 400)
    down = visitor.text()
    for url in ("https://10.0.0.1/c", "https://169.254.169.254/c", "https://[fd00::1]/c", "http://192.168.1.1/c"):
        visitor.post("/lti/register", {"openid_configuration": url}, 400)
        assert visitor.text() == down


def test_in_production_only_https_addresses_are_asked(database_url: str, tmp_path: Any, moodle: Registering) -> None:
    settings = Settings(
        env="production", secret_key="x" * 40, database_url=database_url, instance=tmp_path,
        public_url="https://everyseat.example",
    )  # fmt: skip
    visitor = Visitor(create_app(settings))
    visitor.get("/lti/register", 400, query_string=moodle.window)
    visitor.post("/lti/register", moodle.window, 400)
    over_tls = {"openid_configuration": moodle.window["openid_configuration"].replace("http:", "https:")}
    visitor.post("/lti/register", over_tls, 400)
    assert moodle.calls == []
    asked = read_asked({"openid_configuration": "https://moodle.example/c"}, development=False)
    said = dict.fromkeys(NAMES, "https://moodle.example/x")
    read_configuration(asked, said, development=False)
    with pytest.raises(Exception, match="jwks_uri"):
        read_configuration(asked, said | {"jwks_uri": "http://moodle.example/x"}, development=False)


@pytest.mark.parametrize("client_id", [LEFT_OUT, None, 7, "", " ", "x" * 256, "a\nb", "a\0", "\ud800", ["x"]])
def test_an_answer_without_a_client_id_is_refused_and_says_what_may_be_left_there(
    visitor: Visitor, moodle: Registering, kept: Waiting, client_id: Any
) -> None:
    moodle.answers = {"client_id": client_id}
    moodle.connect(visitor, 400)
    assert "delete what this left behind" in visitor.text()
    assert kept() == []


@pytest.mark.parametrize("deployment", [7, None, "", "x" * 256, "a\0", [], {}])
def test_a_deployment_id_that_is_none_is_left_for_the_first_launch(
    visitor: Visitor, moodle: Registering, app: Flask, deployment: Any
) -> None:
    moodle.answers = {TOOL_CONFIGURATION: {"deployment_id": deployment}}
    moodle.connect(visitor)
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Deployment)) == 0


def test_a_registration_counts_once(visitor: Visitor, moodle: Registering, kept: Waiting) -> None:
    moodle.connect(visitor)
    moodle.connect(visitor, 400)
    assert "answered with an error (401)" in visitor.text()
    assert len(kept()) == 1


@pytest.mark.both_databases
def test_a_registration_that_is_known_is_left_as_it_is(
    visitor: Visitor, moodle: Registering, kept: Waiting, administrator: Visitor
) -> None:
    moodle.connect(visitor)
    moodle.registered.clear()
    moodle.says = {"token_endpoint": f"{moodle.url}/other"}
    moodle.connect(visitor, 409)
    assert "knows this registration already" in visitor.text()
    assert "It waits to be approved" in visitor.text()
    (platform,) = kept()
    assert platform.token_url == f"{moodle.url}/token"


def test_adding_a_pending_platform_by_hand_is_no_way_round_its_approval(
    visitor: Visitor, moodle: Registering, administrator: Visitor, kept: Waiting
) -> None:
    moodle.connect(visitor)
    administrator.get("/admin/platforms/add")
    administrator.press("Add platform", 422, **moodle.registration, organisation="same-name")
    assert "waits for approval" in administrator.text()
    assert kept()[0].state == PlatformState.PENDING


def test_only_so_many_wait_and_declining_one_makes_room(
    visitor: Visitor, moodle: Registering, kept: Waiting, administrator: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(actions, "MOST_PENDING", 2)
    for number in range(3):
        moodle.client_id = f"client-{number}"
        moodle.registered.clear()
        moodle.connect(visitor, 200 if number < 2 else 409)
    assert "An administrator has to approve or decline some" in visitor.text()
    assert len(moodle.registered) == 0, "the platform was asked all the same"
    visitor.post("/lti/login", moodle.initiation(client_id="client-1"), 403)
    administrator.get("/admin/platforms/2")
    administrator.press("Decline and forget it")
    assert [platform.client_id for platform in kept()] == ["client-0"]
    moodle.connect(visitor)


def test_of_one_host_only_so_many_wait(visitor: Visitor, moodle: Registering, kept: Waiting) -> None:
    for number in range(4):
        moodle.client_id = f"client-{number}"
        moodle.registered.clear()
        moodle.connect(visitor, 200 if number < 3 else 409)
    assert len(moodle.registered) == 0, "the platform was asked all the same"
    moodle.url = moodle.url.replace("127.0.0.1", "localhost")
    moodle.connect(visitor)
    assert len(kept()) == 4


@pytest.mark.both_databases
def test_what_nobody_has_approved_for_two_weeks_is_forgotten_when_another_comes(
    visitor: Visitor, moodle: Registering, kept: Waiting, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(actions, "MOST_PENDING_OF_A_HOST", 1)
    moodle.connect(visitor)
    visitor.post("/lti/login", moodle.initiation(), 403)
    moodle.client_id = "client-2"
    moodle.registered.clear()
    with time_machine.travel(now() + timedelta(days=13)):
        moodle.connect(visitor, 409)
        assert [platform.client_id for platform in kept()] == ["client-1"]
    with time_machine.travel(now() + timedelta(days=15)):
        moodle.connect(visitor)
    assert [platform.client_id for platform in kept()] == ["client-2"]
    with app.app_context():
        assert db.session.scalars(select(Refusal.platform_id)).all() == [None]
        assert db.session.scalar(select(func.count()).where(AuditEvent.action == "platform forgotten")) == 1


def test_platforms_that_take_their_time_hold_two_threads_at_most(
    app: Flask, visitor: Visitor, moodle: Registering, kept: Waiting
) -> None:
    asked, goes_on, answer = Semaphore(0), Event(), moodle.answer

    def slowly(*sent: Any) -> Answer:
        asked.release()
        goes_on.wait(5)
        return answer(*sent)

    moodle.answer = slowly  # type: ignore[method-assign]
    with ThreadPoolExecutor(2) as pool:
        for _ in range(2):
            pool.submit(app.test_client().post, "/lti/register", data=moodle.window)
        assert asked.acquire(timeout=5)
        assert asked.acquire(timeout=5)
        visitor.post("/lti/register", moodle.window, 503)
        assert "Others are being connected just now. Try again in a minute." in visitor.text()
        goes_on.set()
    assert len(kept()) == 1
    moodle.registered.clear()
    moodle.client_id = "client-2"
    moodle.connect(visitor)


@pytest.mark.limited
@pytest.mark.parametrize(
    ("addresses", "another"),
    [
        ([f"2001:db8::{number:x}:1" for number in range(10)], "2001:db8:0:1::1"),
        (["::ffff:192.0.2.7"] * 10, "::ffff:192.0.2.8"),
    ],
)
def test_whoever_has_a_network_of_addresses_is_one(app: Flask, addresses: list[str], another: str) -> None:
    def ask(address: str) -> int:
        url = {"openid_configuration": "https://10.0.0.1/"}
        return app.test_client().post("/lti/register", data=url, environ_base={"REMOTE_ADDR": address}).status_code

    assert [ask(address) for address in addresses] == [400] * 10
    assert ask(addresses[0][:-1] + "7") == 429
    assert ask(another) == 400


@pytest.mark.limited
def test_one_address_can_have_us_call_platforms_only_so_often(visitor: Visitor) -> None:
    for _ in range(10):
        visitor.post("/lti/register", {"openid_configuration": "https://10.0.0.1/"}, 400)
    visitor.post("/lti/register", {"openid_configuration": "https://10.0.0.1/"}, 429)
    assert frame_ancestors(visitor) == "https://10.0.0.1"
    visitor.get("/lti/register", query_string={"openid_configuration": "https://10.0.0.1/"})


def test_where_our_own_side_fails_the_page_says_that_the_platform_has_registered_us(
    visitor: Visitor, moodle: Registering, kept: Waiting, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_given: object) -> None:
        raise OperationalError("INSERT", {}, Exception("disk full"))

    monkeypatch.setattr(actions, "add_pending", fail)
    moodle.connect(visitor, 503)
    assert "Your platform has registered Every Seat, and Every Seat could not keep its side" in visitor.text()
    assert "delete what this left behind" in visitor.text()
    assert kept() == []


TAKEN: dict[str, dict[str, str]] = {
    "client ID": {"client_id": "CLIENT-1"},
    "access token URL": {"token_endpoint": "/token"},
    "key set URL": {"jwks_uri": "/certs"},
}


@pytest.mark.parametrize("taken", TAKEN)
def test_a_stranger_who_has_what_is_another_platforms_is_refused(
    visitor: Visitor, moodle: Registering, kept: Waiting, platform: OtherPlatform, taken: str
) -> None:
    """Else what we sign for the stranger could be used at the other platform: one key of ours signs for both."""
    said = dict(TAKEN[taken])
    moodle.client_id = said.pop("client_id", "client-2")
    moodle.says = {name: f"{platform.url}{path}".replace("http:", "HTTP:") for name, path in said.items()}
    moodle.connect(visitor, 409)
    assert f"Another platform is registered with this {taken}; an administrator can add yours" in visitor.text()
    assert len(kept()) == 1


def test_one_that_waits_is_not_approved_with_what_is_another_platforms(
    visitor: Visitor, moodle: Registering, kept: Waiting, administrator: Visitor,
    register: Callable[[OtherPlatform], int],
) -> None:  # fmt: skip
    moodle.connect(visitor)
    register(OtherPlatform(url="https://moodle.riverside.example", client_id=moodle.client_id))
    administrator.get("/admin/platforms/1")
    administrator.press("Approve", 409, name="Riverside Moodle", organisation="same-name")
    assert "Another platform is registered with this client ID" in administrator.text()
    assert kept()[0].state == PlatformState.PENDING
    administrator.get("/admin/platforms/1")
    administrator.press("Decline and forget it")
    administrator.get("/admin/platforms/add")
    administrator.press("Add platform", **moodle.registration, organisation="same-name")
    moodle.launch(visitor)


def test_nobody_is_kept_out_by_one_that_only_waits(visitor: Visitor, moodle: Registering, kept: Waiting) -> None:
    """Anybody could have one registered that names a platform's addresses before the platform does."""
    with serving(Registering(client_id="client-2")) as stranger:
        assert isinstance(stranger, Registering)
        stranger.says = {"token_endpoint": f"{moodle.url}/token"}
        stranger.connect(visitor)
        moodle.connect(visitor)
    assert len(kept()) == 2


def test_addresses_on_another_host_than_the_issuers_are_named_before_it_is_approved(
    visitor: Visitor, moodle: Registering, administrator: Visitor
) -> None:
    moodle.connect(visitor)
    administrator.get("/admin/platforms/1")
    assert "Not all of it is on its own host" not in administrator.text()
    moodle.client_id = "client-2"
    moodle.registered.clear()
    moodle.says = {
        "token_endpoint": "https://elsewhere.example/token", "jwks_uri": moodle.url.replace("127.0.0.1", "localhost"),
    }  # fmt: skip
    moodle.connect(visitor)
    administrator.get("/admin/platforms/2")
    said = administrator.text()
    before, _, _ = said.partition("Decline and forget it")
    assert "Important: Not all of it is on its own host" in before
    assert "Its access token URL is on https://elsewhere.example" in before
    assert "Its public key set URL is on http://localhost:" in before
    assert "Its authentication request URL" not in said


@pytest.mark.both_databases
def test_nobody_comes_before_it_is_approved_and_then_they_do(
    visitor: Visitor, moodle: Registering, administrator: Visitor, app: Flask
) -> None:
    moodle.connect(visitor)
    visitor.post("/lti/login", moodle.initiation(), 403)
    assert "waiting to be approved" in visitor.text()
    administrator.get("/admin/platforms")
    assert "Waiting for approval" in administrator.text()
    administrator.get("/admin/platforms/1")
    administrator.press("Approve", 422, name="Riverside Moodle")
    assert "Choose an organisation" in administrator.text()
    visitor.post("/lti/login", moodle.initiation(), 403)
    administrator.press("Approve", 422, name="", organisation="same-name")
    assert "Enter the name" in administrator.text()
    administrator.press("Approve", name="Riverside Moodle", organisation="example-riverside-trust")
    administrator.follow()
    assert "The platform is approved" in administrator.text()
    assert "Working" in administrator.text()
    moodle.launch(visitor)
    visitor.get("/enrolments")
    with app.app_context():
        key = select(Organisation.key).join(Membership).join(Person).join(SignIn).where(SignIn.via == "platform:1")
        assert db.session.scalars(key).all() == ["example-riverside-trust"]
        audited = db.session.scalars(select(AuditEvent).where(AuditEvent.action == "platform approved")).one()
        assert audited.detail == {"organisation": "example-riverside-trust"}
        assert audited.actor_key


def test_all_that_is_wrong_with_an_approval_is_said_at_once(
    visitor: Visitor, moodle: Registering, administrator: Visitor, kept: Waiting
) -> None:
    moodle.connect(visitor)
    administrator.get("/admin/platforms/1")
    administrator.press("Approve", 422, name=" ")
    summary = administrator.page.select_one(".nhsuk-error-summary")
    assert summary is not None
    assert "Enter the name" in summary.get_text()
    assert "Choose an organisation" in summary.get_text()
    assert kept()[0].state == PlatformState.PENDING


def test_approving_can_make_an_organisation_of_the_name_that_was_chosen(
    visitor: Visitor, moodle: Registering, administrator: Visitor, kept: Waiting, app: Flask
) -> None:
    moodle.connect(visitor)
    administrator.get("/admin/platforms/1")
    administrator.press("Approve", name="Riverside Moodle", organisation="same-name")
    with app.app_context():
        made = db.session.scalars(select(Organisation).join(Platform)).one()
        assert (made.key, made.name) == ("riverside-moodle", "Riverside Moodle")
    assert kept()[0].name == "Riverside Moodle"


def test_a_platform_is_approved_once_and_only_what_waits_is_declined(
    visitor: Visitor, moodle: Registering, administrator: Visitor, kept: Waiting
) -> None:
    moodle.connect(visitor)
    token = administrator.csrf_token()
    for path in ("suspend", "activate"):
        administrator.post(f"/admin/platforms/1/{path}", {"csrf_token": token}, 409)
    approval = {"csrf_token": token, "name": "X", "organisation": "same-name"}
    administrator.post("/admin/platforms/1/approve", approval | {"organisation": "nobody"}, 422)
    administrator.post("/admin/platforms/1/approve", approval)
    administrator.post("/admin/platforms/1/approve", approval | {"organisation": "example-riverside-trust"}, 409)
    administrator.post("/admin/platforms/1/decline", {"csrf_token": token}, 409)
    assert kept()[0].state == PlatformState.ACTIVE


def test_what_a_platform_calls_itself_is_no_markup(visitor: Visitor, moodle: Registering, app: Flask) -> None:
    window = moodle.window | {"registration_token": '"><script>alert(1)</script>'}
    visitor.get("/lti/register", query_string=window)
    assert not [script for script in visitor.page.select("script") if "alert" in script.get_text()]
    field = visitor.page.select_one("input[name=registration_token]")
    assert field is not None
    assert field["value"] == window["registration_token"]
