"""The connection to a platform is tried out, on its page or by a command, and what was found is said plainly."""

import re
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from flask import Flask
from flask.cli import FlaskGroup
from sqlalchemy import select

from catalogue.extensions import db
from catalogue.transactions import run
from lti import keys
from lti.cli import add_lti_commands
from lti.models import Platform as Registered
from lti.platforms import checks
from tests.catalogue.servers import Server, whole
from tests.lti.platform import KEY, Answer, Platform, jwk, serving
from tests.lti.registering import Registering
from tests.visitor import Visitor

Check = Callable[..., dict[str, str]]


@pytest.fixture
def check(administrator: Visitor) -> Check:
    """Press the button; by what was tried, what was found. Every result stands in the page."""

    def press() -> dict[str, str]:
        administrator.get("/admin/platforms/1")
        administrator.press("Check connection", 200)
        listed = administrator.page.select("#checked li")
        texts = [" ".join(item.get_text(" ").split()) for item in listed]
        names = {"key set": "The platform’s key set", "token": "A service token", "clock": "Its clock"}
        return {name: text for name, words in names.items() for text in texts if words in text}

    return press


@pytest.fixture
def moved(app: Flask) -> Callable[..., None]:
    """Give the platform other addresses."""

    def change(**addresses: str) -> None:
        def act() -> None:
            platform = db.session.scalars(select(Registered)).one()
            for name, address in addresses.items():
                setattr(platform, name, address)

        with app.app_context():
            run(act)

    return change


@pytest.fixture
def command(app: Flask) -> Callable[..., Result]:
    group: click.Group = FlaskGroup(create_app=lambda: app, add_default_commands=False, load_dotenv=False)
    add_lti_commands(group)
    return lambda *words: CliRunner().invoke(group, words)


def test_a_platform_that_works_is_said_to(check: Check, platform: Platform) -> None:
    found = check()
    assert all(text.startswith("Fine") for text in found.values()), found
    assert "with 1 key for signing" in found["key set"]
    assert "The platform gave us one: it knows our key" in found["token"]
    assert "agrees with ours" in found["clock"]
    assert [asked["scope"] for asked in platform.token_requests] == [
        "https://purl.imsglobal.org/spec/lti-ags/scope/score"
    ]


def test_what_was_found_is_the_first_thing_that_is_said(
    check: Check, platform: Platform, administrator: Visitor
) -> None:
    """In the page's title, and in a banner where whoever pressed the button lands."""
    for faults, said in (
        ([], "3 of 3 work"),
        ([("/token", (401, {}, b""))], "1 of 3 does not work"),
        ([("/token", (401, {}, b"")), ("/certs", (404, {}, b""))], "2 of 3 do not work"),
    ):
        platform.faults = list(faults)
        check()
        title, banner = administrator.page.title, administrator.page.select_one("#checked[role=alert][tabindex='-1']")
        assert title is not None
        assert title.get_text() == f"{said} – Test Moodle – Every Seat"
        assert banner is not None
        assert said in banner.get_text()
        assert administrator.page.select("form[action$='/check#checked']")
    administrator.get("/admin/platforms/1")
    assert administrator.page.title is not None
    assert administrator.page.title.get_text() == "Test Moodle – Every Seat"


def test_a_token_is_asked_for_each_time(check: Check, platform: Platform) -> None:
    check()
    check()
    assert len(platform.token_requests) == 2


def test_nothing_is_open_in_the_database_while_the_platform_is_asked(
    check: Check, platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[bool] = []
    asking = checks.Hurried.request

    def request(self: Any, *sent: Any, **more: Any) -> Any:
        seen.append(db.session.registry.has() and db.session().in_transaction())
        return asking(self, *sent, **more)

    monkeypatch.setattr(checks.Hurried, "request", request)
    check()
    assert seen == [False, False]


KEY_SETS: dict[str, tuple[Answer, str]] = {
    "gone": ((404, {}, b"no"), "There is nothing at that address (404)"),
    "elsewhere": ((301, {"Location": "/x"}, b""), "It sends us on to another address (301)"),
    "broken": ((500, {}, b""), "It answered that something is wrong with it (500)"),
    "kept out": ((403, {}, b""), "It refused to answer (403)"),
    "a page": ((200, {}, b"<html>"), "something that is not a key set"),
    "a list": ((200, {}, []), "something that is not a key set"),
    "nested": ((200, {}, b"[" * 100_000), "something that is not a key set"),
    "empty": ((200, {}, {"keys": []}), "no key for signing that we can use"),
    "encryption": ((200, {}, {"keys": [jwk(KEY, "1") | {"use": "enc"}]}), "no key for signing that we can use"),
    "large": ((200, {}, b" " * 300_000), "larger than 262144 bytes"),
}


@pytest.mark.parametrize("case", KEY_SETS)
def test_what_is_wrong_with_a_key_set_is_said(check: Check, platform: Platform, case: str) -> None:
    answer, words = KEY_SETS[case]
    platform.faults = [("/certs", answer)]
    found = check()
    assert found["key set"].startswith("Not working")
    assert words in found["key set"]
    assert "nobody can launch" in found["key set"]
    assert found["token"].startswith("Fine")


TOKENS: dict[str, tuple[Answer, str]] = {
    "invalid_client": ((400, {}, {"error": "invalid_client"}), "must have http://127.0.0.1:8000/lti/jwks.json"),
    "401": ((401, {}, b""), "It does not accept our key (401)"),
    "blocked": ((400, {}, b"Error: The URL is blocked."), "may not call Every Seat"),
    "invalid_scope": ((400, {}, {"error": "invalid_scope"}), "does not let us send grades"),
    "another error": ((400, {}, {"error": "unsupported_grant_type"}), "with “unsupported_grant_type”"),
    "an odd error": ((400, {}, {"error": ["x"]}), "It refused to answer (400)"),
    "gone": ((404, {}, b"no"), "There is nothing at that address (404)"),
    "a page": ((200, {}, b"<html>sign in</html>"), "It answered with a page"),
    "an error page": ((503, {}, b"<HTML>"), "It answered with a page, and not with a token (503)"),
    "elsewhere": ((302, {"Location": "/x"}, b""), "It sends us on to another address (302)"),
    "no token": ((200, {}, {"expires_in": 3600}), "something that is not a token"),
    "a list": ((200, {}, []), "something that is not a token"),
    "broken": ((500, {}, b"oh"), "something is wrong with it (500)"),
}


@pytest.mark.parametrize("case", TOKENS)
def test_what_is_wrong_with_the_token_is_said(check: Check, platform: Platform, case: str) -> None:
    answer, words = TOKENS[case]
    platform.faults = [("/token", answer)]
    found = check()
    assert found["token"].startswith("Not working")
    assert words in found["token"]
    assert "no grades go back" in found["token"]
    assert found["key set"].startswith("Fine")


def test_keys_of_ours_that_cannot_be_read_are_said_to_be(
    check: Check, platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    def locked() -> tuple[str, str]:
        raise keys.KeysLocked("The signing keys were stored under another secret.")

    monkeypatch.setattr(keys, "signing_key", locked)
    assert "It was not asked. The signing keys were stored under another secret." in check()["token"]


def test_why_nothing_answers_is_said(check: Check, platform: Platform, moved: Callable[..., None]) -> None:
    moved(jwks_url="http://nowhere.invalid/certs", token_url="http://127.0.0.1:1/token")
    found = check()
    assert "Its name was not found" in found["key set"]
    assert "It refused the connection" in found["token"]
    assert "clock" not in found
    moved(jwks_url="https://10.0.0.1/certs", token_url="https://10.0.0.1/token")
    assert all("Every Seat does not call it" in text for text in check().values())


def hang(client: socket.socket) -> None:
    while client.recv(65536):  # headers and form may come one after the other
        pass


def test_a_platform_that_hangs_is_waited_for_only_so_long(
    check: Check, platform: Platform, moved: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checks, "WITHIN", 0.3)
    server = Server(hang)
    moved(jwks_url=server.url, token_url=server.url)
    found = check()
    assert "It did not answer in time" in found["key set"]
    assert "It did not answer in time" in found["token"]
    server.close()


def test_a_platform_that_hangs_up_is_said_to(check: Check, platform: Platform, moved: Callable[..., None]) -> None:
    server = Server(lambda _client: None)
    moved(jwks_url=server.url, token_url=server.url)
    found = check()
    assert "broke the connection off" in found["key set"]
    assert "broke the connection off" in found["token"]
    server.close()


@pytest.fixture
def over_tls(tmp_path: Path) -> Iterator[Server]:
    """A server whose certificate nobody vouches for."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    moment, day = datetime.now(UTC), timedelta(days=1)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(KEY.public_key())
        .serial_number(1)
        .not_valid_before(moment - day)
        .not_valid_after(moment + day)
        .sign(KEY, SHA256())
    )
    file = tmp_path / "server.pem"
    secret = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file.write_bytes(secret + certificate.public_bytes(Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)

    class OverTls(Server):
        def _talk(self, client: socket.socket) -> None:
            with suppress(OSError):
                context.wrap_socket(client, server_side=True).close()

    server = OverTls()
    yield server
    server.close()


def test_what_is_wrong_with_a_secure_connection_is_said(
    check: Check, platform: Platform, moved: Callable[..., None], over_tls: Server
) -> None:
    plain = Server(lambda client: client.sendall(whole(b"{}")))
    moved(jwks_url=over_tls.url.replace("http:", "https:"), token_url=plain.url.replace("http:", "https:"))
    found = check()
    assert "Its certificate is not one that we can trust" in found["key set"]
    assert "A secure connection could not be made" in found["token"]
    plain.close()


@pytest.mark.parametrize(("ahead", "words"), [(58, ""), (-58, ""), (300, "ahead of"), (-7200, "behind")])
def test_clocks_that_differ_by_more_than_a_minute_are_said_to(
    check: Check, platform: Platform, ahead: int, words: str
) -> None:
    platform.clock = ahead
    found = check()["clock"]
    if words:
        assert re.search(rf"It is (\d+) seconds {words} ours", found)
        assert "Launches fail beyond 60 seconds" in found
    else:
        assert "agrees with ours" in found


def test_an_answer_that_a_cache_has_kept_does_not_make_a_clock_slow(check: Check, platform: Platform) -> None:
    platform.clock = -500
    platform.faults = [("/certs", (200, {"Age": "500"}, {"keys": platform.keys}))]
    assert "agrees with ours" in check()["clock"]


def test_an_answer_without_a_time_is_no_fault(check: Check, platform: Platform, moved: Callable[..., None]) -> None:
    server = Server(lambda client: client.sendall(whole(b"{}")))
    moved(jwks_url=server.url)
    assert "did not say what time it is" in check()["clock"]
    server.close()


def test_the_command_says_the_same_and_its_exit_code_tells(command: Callable[..., Result], platform: Platform) -> None:
    fine = command("platforms", "check", "Test Moodle")
    assert fine.exit_code == 0
    assert fine.output.count("Fine: ") == 3
    platform.faults = [("/token", (400, {}, {"error": "invalid_scope"}))]
    wrong = command("platforms", "check", "1")
    assert wrong.exit_code == 1
    assert "Not working: A service token" in wrong.output
    assert "grade sync and column management" in wrong.output


def test_a_platform_that_nobody_has_approved_is_asked_for_no_token(
    check: Check, command: Callable[..., Result], visitor: Visitor
) -> None:
    """What we sign for it could be used where it has its client ID from."""
    with serving(Registering()) as stranger:
        assert isinstance(stranger, Registering)
        stranger.connect(visitor)
        found = check()
        assert "It was not asked for: the token is tried once it is approved." in found["token"]
        assert "with 1 key for signing" in found["key set"]
        assert "agrees with ours" in found["clock"]
        assert command("platforms", "check", "1").exit_code == 0
        assert stranger.token_requests == []


def test_only_administrators_check(learner: Visitor, platform: Platform) -> None:
    learner.post("/admin/platforms/1/check", {"csrf_token": learner.csrf_token()}, 404)
    assert platform.calls == []
