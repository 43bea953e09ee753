"""The code after the password: who gives one, that it counts once, and what helps when the telephone is lost."""

import re
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pyotp
import pytest
import time_machine
from click.testing import CliRunner, Result
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from catalogue import cli
from catalogue.clock import now
from catalogue.extensions import db
from catalogue.outbox import Delivery
from catalogue.people import actions, authenticators
from catalogue.people.models import Account, Authenticator, Person, Role, SignIn
from catalogue.people.rules import STEP, matching_step, step_of
from catalogue.settings import Settings
from catalogue.transactions import run
from tests.conftest import PASSWORD, Ask
from tests.people.door import EMAIL, enter, is_signed_in
from tests.visitor import Visitor

SECRET = pyotp.random_base32()
NOON = datetime(2026, 11, 26, 12, 0, 5, tzinfo=UTC)
OTHER_CLIENT = {"REMOTE_ADDR": "203.0.113.5"}


def code_at(moment: datetime, secret: str = SECRET) -> str:
    return pyotp.TOTP(secret).generate_otp(step_of(moment))


@pytest.fixture
def clock() -> "time_machine.Traveller":  # type: ignore[misc]
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def adam(ada: int, change: Ask) -> int:
    """An administrator with a password and an authenticator whose secret is known; returns their id."""

    def give() -> None:
        actions.grant(db.session.get_one(Person, ada), Role.ADMINISTRATOR)
        db.session.add(Authenticator(person_id=ada, secret_encrypted=authenticators.seal(SECRET)))

    change(give)
    return ada


def give_code(visitor: Visitor, code: str, status: int = 302) -> None:
    visitor.get("/sign-in/code")
    visitor.press("Continue", status=status, code=code)


def key_on(visitor: Visitor) -> str:
    shown = visitor.page.select_one(".app-token")
    assert shown is not None
    return shown.get_text()


# The rule


@given(st.integers(1_577_836_800, 2_208_988_800), st.integers(-200, 200), st.integers(-3, 3))
def test_a_code_counts_in_its_step_and_the_two_beside_it_and_after_the_last_one(
    when: int, seconds: int, last: int
) -> None:
    moment = datetime.fromtimestamp(when, UTC)
    made = moment + timedelta(seconds=seconds)
    step, present = step_of(made), step_of(moment)
    last_step = present + last
    found = matching_step(SECRET, code_at(made), moment, last_step)
    if abs(step - present) <= 1 and step > last_step:
        assert found is not None
        assert last_step < found <= present + 1
    elif found is not None:  # one in some hundred thousand: the same figures in another step
        assert code_at(datetime.fromtimestamp(found * STEP, UTC)) == code_at(made)


@pytest.mark.parametrize(
    ("seconds", "code"),
    [(59, "287082"), (1111111109, "081804"), (1111111111, "050471"), (1234567890, "005924"), (2000000000, "279037")],
)
def test_codes_are_those_of_the_standard(seconds: int, code: str) -> None:
    """RFC 6238, appendix B, to its last six figures."""
    secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    assert matching_step(secret, code, datetime.fromtimestamp(seconds, UTC), 0) == seconds // STEP


@pytest.mark.parametrize("typed", ["", "0", "x" * 40, "１２３４５６", "\ud800", "12345"])
def test_what_is_no_code_matches_no_step(typed: str) -> None:
    assert matching_step(SECRET, typed, NOON, 0) is None


# An administrator signs in

KINDS: dict[str, dict[str, object]] = {
    "of everything": {},
    "of an organisation": {"organisation_id": 1},
    "of a system": {"system_id": 1},
    "from tomorrow": {"starts_on": (NOON + timedelta(days=400)).date()},
}


@pytest.mark.parametrize("kind", KINDS)
def test_an_administrator_of_any_kind_sets_up_an_authenticator_before_they_are_in(
    ada: int, visitor: Visitor, change: Ask, ask: Ask, kind: str
) -> None:
    change(lambda: actions.grant(db.session.get_one(Person, ada), Role.ADMINISTRATOR, **KINDS[kind]))
    visitor.get("/sign-in?next=/enrolments")
    visitor.press("Sign in", email=EMAIL, password=PASSWORD)
    assert visitor.response.headers["Location"] == "/sign-in/set-up"
    visitor.follow()
    assert visitor.page.select_one("main svg path") is not None
    assert "style=" not in str(visitor.page.select_one("main svg")), "the policy for contents would drop it"
    key = key_on(visitor)
    visitor.press("Continue", status=422, code="000000")
    assert "The code is not right" in visitor.text()
    assert key_on(visitor) == key
    assert not is_signed_in(visitor)
    assert ask(lambda: db.session.scalars(select(SignIn)).all()) == []
    visitor.press("Continue", status=200, code=pyotp.TOTP(key).now())
    codes = [code.get_text() for code in visitor.page.select(".app-codes code")]
    assert len(set(codes)) == 10
    assert is_signed_in(visitor)
    kept = ask(lambda: db.session.scalars(select(Authenticator)).one())
    assert key not in kept.secret_encrypted
    assert not set(codes) & set(kept.recovery_hashes)
    link = visitor.page.find("a", string=re.compile("I have kept them"))
    assert link is not None
    assert link["href"] == "/enrolments"  # type: ignore[index]


def test_a_key_that_another_browser_was_shown_opens_nothing(
    ada: int, visitor: Visitor, another: Callable[[], Visitor], change: Ask
) -> None:
    """Whoever knows the password first and looks at the key does not know the key that is then set up."""
    change(lambda: actions.grant(db.session.get_one(Person, ada), Role.ADMINISTRATOR))
    thief = another()
    keys = []
    for browser in (thief, visitor):
        enter(browser)
        browser.follow()
        keys.append(key_on(browser))
    assert keys[0] != keys[1]
    visitor.press("Continue", status=200, code=pyotp.TOTP(keys[1]).now())
    thief.press("Continue", status=409, code=pyotp.TOTP(keys[0]).now())
    assert not is_signed_in(thief)


@pytest.mark.usefixtures("clock")
def test_nobody_is_signed_in_until_the_code_is_given(adam: int, visitor: Visitor, ask: Ask) -> None:
    enter(visitor)
    assert visitor.response.headers["Location"] == "/sign-in/code"
    visitor.get("/admin", status=302)
    give_code(visitor, code_at(NOON - timedelta(minutes=2)), status=422)
    assert ask(lambda: db.session.scalars(select(SignIn)).all()) == []
    give_code(visitor, f" {code_at(NOON)[:3]} {code_at(NOON)[3:]} ")
    visitor.get("/admin")


def test_a_code_counts_once(
    adam: int, visitor: Visitor, another: Callable[[], Visitor], clock: "time_machine.Traveller"
) -> None:
    enter(visitor)
    give_code(visitor, code_at(NOON))
    thief = another()
    enter(thief)
    give_code(thief, code_at(NOON), status=422)
    give_code(thief, code_at(NOON - timedelta(seconds=30)), status=422)
    clock.shift(30)
    give_code(thief, code_at(NOON), status=422)
    give_code(thief, code_at(NOON + timedelta(seconds=30)))
    assert is_signed_in(thief)


@pytest.mark.both_databases
def test_a_code_that_comes_twice_at_once_lets_one_in(app: Flask, adam: int) -> None:
    let_in: list[bool] = []
    code, ready = pyotp.TOTP(SECRET).now(), threading.Barrier(6)

    def come() -> None:
        with app.app_context():
            ready.wait()
            let_in.append(run(lambda: authenticators.accept(db.session.get_one(Person, adam), code)))

    threads = [threading.Thread(target=come) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(let_in) == [False] * 5 + [True]


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize("between", ["another password", "a suspension", "ten minutes", "no administrator any more"])
def test_what_happens_between_password_and_code_counts(
    adam: int, visitor: Visitor, change: Ask, between: str, clock: "time_machine.Traveller"
) -> None:
    enter(visitor)
    change(lambda: actions.grant(actions.add_person("Another"), Role.ADMINISTRATOR))

    def act() -> None:
        person = db.session.get_one(Person, adam)
        if between == "another password":
            db.session.scalars(select(Account).where(Account.person_id == adam)).one().password_hash = "changed"
        elif between == "a suspension":
            actions.suspend(person)
        elif between == "no administrator any more":
            actions.end_grant(person.all_grants[0])

    change(act)
    visitor.get("/sign-in/code")
    if between == "ten minutes":
        clock.shift(600)
    visitor.press("Continue", code=code_at(now()))
    assert is_signed_in(visitor) == (between == "no administrator any more")


def test_whoever_becomes_an_administrator_is_signed_out_where_no_code_was_given(
    ada: int, visitor: Visitor, change: Ask
) -> None:
    enter(visitor)
    platform = change(lambda: actions.begin_sign_in(db.session.get_one(Person, ada), "platform:7"))
    change(lambda: actions.grant(db.session.get_one(Person, ada), Role.ADMINISTRATOR))
    assert not is_signed_in(visitor)
    assert is_signed_in(Visitor(visitor.client.application, platform)), "a platform answers for its own"


# Limits


@pytest.mark.limited
def test_guessing_codes_is_limited_and_the_victim_is_not_locked_out(
    adam: int, visitor: Visitor, another: Callable[[], Visitor]
) -> None:
    enter(visitor)
    for _ in range(10):
        give_code(visitor, "000000", status=422)
    give_code(visitor, pyotp.TOTP(SECRET).now(), status=429)
    victim = another()
    victim.client.environ_base.update(OTHER_CLIENT)
    enter(victim)
    give_code(victim, pyotp.TOTP(SECRET).now())
    assert is_signed_in(victim)


@pytest.mark.limited
def test_who_knows_the_password_cannot_try_all_codes_from_many_addresses(
    adam: int, another: Callable[[], Visitor], change: Ask
) -> None:
    for number in range(7):
        guesser = another()
        guesser.client.environ_base.update({"REMOTE_ADDR": f"203.0.113.{number}"})
        enter(guesser)
        for _ in range(10 if number < 6 else 1):
            give_code(guesser, "000000", status=422 if number < 6 else 429)
    owner = another()
    change(lambda: actions.add_account(EMAIL, password="another password"))
    enter(owner, password="another password")
    give_code(owner, pyotp.TOTP(SECRET).now())
    assert is_signed_in(owner), "a new password has tries of its own"


# Recovery codes, and one's own page


def set_up_own(visitor: Visitor) -> tuple[str, list[str]]:
    """The key and the recovery codes of somebody who has turned it on for themselves."""
    visitor.get("/your-authenticator")
    visitor.press("Set it up")
    visitor.follow()
    key = key_on(visitor)
    visitor.press("Continue", status=200, code=pyotp.TOTP(key).now())
    return key, [code.get_text() for code in visitor.page.select(".app-codes code")]


def test_anybody_may_turn_it_on_and_off(
    ada: int, visitor: Visitor, another: Callable[[], Visitor], clock: "time_machine.Traveller"
) -> None:
    enter(visitor)
    key, _codes = set_up_own(visitor)
    second = another()
    enter(second)
    assert second.response.headers["Location"] == "/sign-in/code"
    clock.shift(30)
    visitor.get("/your-authenticator")
    visitor.press("Take it away", status=422, code="000000")
    visitor.press("Take it away", code=pyotp.TOTP(key).now())
    assert not is_signed_in(visitor)
    enter(visitor)
    assert is_signed_in(visitor)


def test_a_recovery_code_lets_in_once(ada: int, visitor: Visitor, another: Callable[[], Visitor]) -> None:
    enter(visitor)
    _key, codes = set_up_own(visitor)
    lost = another()
    enter(lost)
    give_code(lost, codes[3].upper().replace("-", " "))
    assert is_signed_in(lost)
    lost.get("/your-authenticator")
    assert "9 recovery codes left" in lost.text()
    thief = another()
    enter(thief)
    give_code(thief, codes[3], status=422)
    lost.press("Make new recovery codes", status=200, code=codes[4])
    renewed = [code.get_text() for code in lost.page.select(".app-codes code")]
    assert not set(renewed) & set(codes)
    give_code(thief, codes[5], status=422)
    give_code(thief, renewed[0])
    assert is_signed_in(thief)


# Resetting


@pytest.fixture
def command(app: Flask) -> Callable[..., Result]:
    return lambda *words: CliRunner().invoke(cli.command_line(lambda: app), words)


def test_another_administrator_resets_it_and_the_person_is_told(
    adam: int, administrator: Visitor, visitor: Visitor, ask: Ask
) -> None:
    enter(visitor)
    give_code(visitor, pyotp.TOTP(SECRET).now())
    key = ask(lambda: db.session.get_one(Person, adam).key)
    visitor.post(f"/admin/people/{key}/reset-authenticator", {"csrf_token": visitor.csrf_token()}, status=409)
    administrator.get(f"/admin/people/{key}")
    administrator.press("Reset the authenticator : Ada Brown")
    assert not is_signed_in(visitor)
    told = ask(lambda: db.session.scalars(select(Delivery).where(Delivery.kind == "mail")).one().payload)
    assert told["to"] == EMAIL
    assert "authenticator was reset" in told["subject"]
    enter(visitor)
    assert visitor.response.headers["Location"] == "/sign-in/set-up"


def test_a_command_resets_it(adam: int, visitor: Visitor, command: Callable[..., Result]) -> None:
    assert "signed out everywhere" in command("users", "reset-authenticator", EMAIL).output
    assert command("users", "reset-authenticator", EMAIL).exit_code == 1
    assert "there is no account" in command("users", "reset-authenticator", "nobody@test.example").output
    enter(visitor)
    assert visitor.response.headers["Location"] == "/sign-in/set-up"


def test_in_development_a_command_makes_codes_that_count(
    adam: int, another: Callable[[], Visitor], command: Callable[..., Result], clock: "time_machine.Traveller"
) -> None:
    for _ in range(2):  # a second one within the same step is the next step's
        visitor = another()
        enter(visitor)
        give_code(visitor, command("users", "code", EMAIL).output.strip())
        assert is_signed_in(visitor)


def test_elsewhere_no_command_makes_a_code(app: Flask, adam: int, command: Callable[..., Result]) -> None:
    app.extensions["settings"] = Settings(secret_key="x" * 40, public_url="https://everyseat.example")
    result = command("users", "code", EMAIL)
    assert result.exit_code == 1
    assert "development only" in result.output
