"""What is odd, unfit or slow on a platform's side, and how often one address may ask."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event, Semaphore
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from catalogue.extensions import db
from catalogue.settings import Settings
from everyseat import create_app
from lti.models import Deployment
from lti.platforms.registration import read_asked, read_configuration
from tests.lti.platform import LEFT_OUT, Answer
from tests.lti.registering import TOOL_CONFIGURATION, Registering
from tests.lti.registration.conftest import Waiting, frame_ancestors
from tests.visitor import Visitor


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
