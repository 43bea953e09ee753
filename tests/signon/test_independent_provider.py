"""The same against a provider that somebody else wrote, in a process of its own, over the network."""

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from sqlalchemy import select

from catalogue.extensions import db
from catalogue.people.models import Person, StaffIdentity
from catalogue.signon import actions
from catalogue.signon.rules import Settings
from tests.conftest import Ask
from tests.journeys.service import free_port
from tests.people.door import is_signed_in
from tests.visitor import Visitor

PATIENCE = 60  # seconds


@pytest.fixture(scope="module")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    port, log = free_port(), tmp_path_factory.mktemp("provider") / "log"
    address = f"http://127.0.0.1:{port}"
    words = ["-p", str(port), "--require-nonce", "true", "--user-claims", '{"sub": "nia", "name": "Nia Nurse"}']
    with log.open("wb") as said:
        process = subprocess.Popen([sys.executable, "-m", "oidc_provider_mock", *words], stdout=said, stderr=said)
    try:
        wait_for(f"{address}/.well-known/openid-configuration", process, log)
        yield address
    finally:
        process.terminate()
        process.wait(timeout=20)


def wait_for(address: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        assert process.poll() is None, log.read_text()
        try:
            requests.get(address, timeout=2)
        except requests.RequestException:
            time.sleep(0.1)
        else:
            return
    raise AssertionError(log.read_text())


@pytest.fixture
def registered(issuer: str, change: Ask) -> str:
    client = requests.post(
        f"{issuer}/oauth2/clients",
        json={"redirect_uris": ["http://127.0.0.1:8000/sign-in/from/mock"]},
        timeout=10,
    ).json()
    given = Settings("mock", "Mock", issuer, client["client_id"], client["client_secret"])
    change(lambda: actions.add_provider(given, None, ""))
    return issuer


def back_from(address: str, **typed: str) -> str:
    """What somebody types there; returns where the browser is sent back to."""
    answer = requests.post(address, data=typed, allow_redirects=False, timeout=10)
    assert answer.status_code == 302, answer.text
    return answer.headers["Location"].removeprefix("http://127.0.0.1:8000")


def test_somebody_signs_in_and_is_known_the_next_time(registered: str, visitor: Visitor, ask: Ask) -> None:
    for _ in range(2):
        visitor.get("/sign-in/with/mock?next=/enrolments", status=302)
        back = back_from(visitor.response.headers["Location"], sub="nia")
        visitor.get(back, status=302)
        assert visitor.response.headers["Location"] == "/enrolments"
        assert is_signed_in(visitor)
        visitor.get("/")
        visitor.press("Sign out")
    assert ask(lambda: db.session.scalars(select(Person.name)).all()) == ["Nia Nurse"]
    assert ask(lambda: db.session.scalars(select(StaffIdentity.subject)).all()) == ["nia"]


def test_a_code_counts_once_there_too(registered: str, visitor: Visitor) -> None:
    visitor.get("/sign-in/with/mock", status=302)
    with visitor.client.session_transaction(base_url="https://127.0.0.1:8000") as session:
        kept = session["single_sign_on"]
    back = back_from(visitor.response.headers["Location"], sub="nia")
    visitor.get(back, status=302)
    visitor.get("/")
    visitor.press("Sign out")
    with visitor.client.session_transaction(base_url="https://127.0.0.1:8000") as session:
        session["single_sign_on"] = kept
    visitor.get(back, status=403)
    assert not is_signed_in(visitor)


def test_whoever_declines_there_is_not_signed_in(registered: str, visitor: Visitor) -> None:
    visitor.get("/sign-in/with/mock", status=302)
    address = visitor.response.headers["Location"]
    back = back_from(address, action="deny")
    visitor.get(back, status=403)
    assert not is_signed_in(visitor)


def test_a_check_finds_it_well(registered: str, administrator: Visitor) -> None:
    administrator.get("/admin/sign-on/mock")
    administrator.press("Check connection", status=200)
    assert "What can be tried works" in administrator.text()
