"""Our own keys: changed without anybody noticing, and of no use to whoever steals the database."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
import time_machine
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from flask import Flask
from huey import Huey
from sqlalchemy import select

from catalogue.extensions import db
from catalogue.settings import Settings
from lti import keys
from lti.models import SigningKey
from tests.catalogue.test_command_line import everyseat
from tests.lti.platform import Platform
from tests.visitor import Visitor

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
DAY = timedelta(days=1)
FIRST, SECOND = "f" * 32, "s" * 32
Deliver = Callable[[], list[tuple[str, str]]]
Complete = Callable[[str], int]


@pytest.fixture
def clock() -> Any:
    with time_machine.travel(NOON, tick=False) as travelling:
        yield travelling


@pytest.fixture
def rotate(app: Flask) -> Callable[..., str]:
    """The command; what it says."""

    def command(*words: str, status: int = 0) -> str:
        result = everyseat("keys", "rotate", *words, make=lambda: app)
        assert result.exit_code == status, result.output
        return str(result.output)

    return command


@pytest.fixture
def encrypt_with(app: Flask, settings: Settings) -> Callable[..., None]:
    """Set the secrets, as after a restart with other settings."""

    def change(encryption_keys: str, secret_key: str = "") -> None:
        given = {"encryption_keys": encryption_keys, "secret_key": secret_key}
        app.extensions["settings"] = settings.model_copy(update=given)

    return change


def signing(app: Flask) -> str:
    with app.app_context():
        return keys.signing_key()[0]


def every_day(app: Flask) -> None:
    huey: Huey = app.extensions["huey"]
    (task,) = [task for task in huey._registry.periodic_tasks if task.name == "look after keys"]
    huey.execute(task)


def published(visitor: Visitor) -> list[str]:
    return [key["kid"] for key in key_set(visitor)["keys"]]


def key_set(visitor: Visitor) -> dict[str, Any]:
    visitor.get("/lti/jwks.json")
    return json.loads(visitor.response.data)  # type: ignore[no-any-return]


def verify(assertion: str, known: dict[str, Any]) -> None:
    """As a platform does; raises ``KeyError`` for a key that is not in the set it knows."""
    kid = jwt.get_unverified_header(assertion)["kid"]
    key = jwt.PyJWKSet.from_dict(known)[kid]
    jwt.decode(assertion, key, algorithms=["RS256"], options={"verify_aud": False, "verify_exp": False})


# Rotating


@pytest.mark.both_databases
def test_the_command_says_what_signs_when(app: Flask, rotate: Callable[..., str], clock: Any) -> None:
    first = signing(app)
    said = rotate()
    assert "A new key is published." in said
    assert f"{first}: signs now, until 3 March 2026, midday; published until 4 March 2026, midday" in said
    assert ": signs from 3 March 2026, midday" in said
    clock.shift(timedelta(hours=23))
    again = rotate()
    assert "A new key waits to sign already; none was added." in again
    assert again.count("\n") == 3
    clock.shift(timedelta(hours=2))
    said = rotate()
    assert f"{first}: signs no more; published until 4 March 2026, midday" in said


@pytest.mark.both_databases
def test_a_platform_that_keeps_our_old_key_set_verifies_for_a_day(
    app: Flask, visitor: Visitor, platform: Platform, slugs: list[str], complete: Complete, deliver: Deliver,
    rotate: Callable[..., str],
) -> None:  # fmt: skip
    """And from then on one that has fetched it on that day."""
    now = datetime.now(UTC)
    with time_machine.travel(now, tick=True):
        platform.launch(visitor)
        complete(slugs[0])
        old = key_set(visitor)
        rotate()
    with time_machine.travel(now + timedelta(hours=23), tick=True):
        assert deliver() == [("delivered", "")]
        verify(platform.token_requests[-1]["client_assertion"], old)
        newer = key_set(visitor)
    with time_machine.travel(now + timedelta(hours=25), tick=True):
        platform.tokens.clear()
        platform.launch(visitor, sub="5")
        complete(slugs[1])
        assert deliver()[-1] == ("delivered", "")
        assertion = platform.token_requests[-1]["client_assertion"]
        verify(assertion, newer)
        with pytest.raises(KeyError):
            verify(assertion, old)
        assert published(visitor) == [key["kid"] for key in newer["keys"]]


@pytest.mark.both_databases
def test_a_key_that_is_old_is_rotated_by_itself_and_the_retired_one_destroyed(
    app: Flask, visitor: Visitor, clock: Any
) -> None:
    first = signing(app)
    clock.shift(keys.ROTATED_EVERY - timedelta(hours=1))
    every_day(app)
    assert published(visitor) == [first]
    clock.shift(timedelta(hours=1))
    every_day(app)
    every_day(app)
    second, _ = published(visitor)
    assert (signing(app), published(visitor)) == (first, [second, first])
    clock.shift(DAY)
    every_day(app)
    assert (signing(app), published(visitor)) == (second, [second, first])
    assert "PRIVATE" in opened(app, first)
    clock.shift(DAY)
    every_day(app)
    assert published(visitor) == [second]
    with app.app_context():
        assert db.session.scalars(select(SigningKey.kid)).all() == [second]


def opened(app: Flask, kid: str) -> str:
    with app.app_context():
        return keys._opened(db.session.scalars(select(SigningKey).where(SigningKey.kid == kid)).one())


def test_without_a_key_there_is_nothing_to_look_after(app: Flask) -> None:
    every_day(app)
    with app.app_context():
        assert db.session.scalars(select(SigningKey)).all() == []


@pytest.mark.both_databases
def test_two_workers_at_once_add_one_key(app: Flask, visitor: Visitor, clock: Any) -> None:
    signing(app)
    clock.shift(keys.ROTATED_EVERY)

    def look_after(_number: int) -> None:
        with app.app_context():
            keys.look_after()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(look_after, range(4)))
    assert len(published(visitor)) == 2


@pytest.mark.both_databases
@pytest.mark.parametrize("back", [timedelta(hours=1), timedelta(days=30)], ids=["an hour", "a month"])
def test_with_the_clock_set_back_something_still_signs_that_is_published(
    app: Flask, visitor: Visitor, rotate: Callable[..., str], clock: Any, back: timedelta
) -> None:
    first = signing(app)
    clock.shift(-back)
    assert (signing(app), published(visitor)) == (first, [first])
    clock.shift(back)
    rotate()
    clock.shift(DAY)
    second = signing(app)
    clock.shift(-back)
    assert signing(app) == first
    assert set(published(visitor)) == {first, second}
    clock.shift(back + DAY)
    every_day(app)
    clock.shift(-back - DAY)
    assert (signing(app), published(visitor)) == (second, [second])


@pytest.mark.both_databases
def test_a_key_made_while_the_clock_was_a_year_ahead_does_not_stop_the_next(
    app: Flask, rotate: Callable[..., str], clock: Any
) -> None:
    first = signing(app)
    clock.shift(timedelta(days=365))
    rotate()
    clock.shift(timedelta(days=-365))
    assert "A new key is published." in rotate()
    assert signing(app) == first
    clock.shift(DAY)
    with app.app_context():
        newest = db.session.scalars(select(SigningKey.kid).order_by(SigningKey.number.desc())).first()
    assert signing(app) == newest


# At rest


def dump(app: Flask) -> str:
    """All that stands in the database."""
    with app.app_context():
        rows = [row for table in db.metadata.sorted_tables for row in db.session.execute(select(table))]
        return "\n".join(str(tuple(row)) for row in rows)


@pytest.mark.both_databases
@pytest.mark.parametrize("secrets", ["", FIRST], ids=["the secret key", "secrets of their own"])
def test_a_dump_of_the_database_holds_no_private_key(
    app: Flask, rotate: Callable[..., str], encrypt_with: Callable[..., None], secrets: str
) -> None:
    encrypt_with(secrets)
    rotate()
    rotate()
    held = dump(app)
    with app.app_context():
        ring = keys.published()
        pems = [keys._opened(key) for key in ring]
    assert pems
    for key, pem in zip(ring, pems, strict=True):
        assert key.kid in held
        numbers = load_pem_private_key(pem.encode(), None).private_numbers()  # type: ignore[union-attr]
        secret_parts = [str(numbers.d), f"{numbers.d:x}", f"{numbers.p:x}", *pem.splitlines()]  # type: ignore[union-attr]
        assert not [part for part in secret_parts if part in held]


@pytest.mark.both_databases
def test_a_new_secret_is_put_in_front_and_the_old_one_taken_away(
    app: Flask, encrypt_with: Callable[..., None], rotate: Callable[..., str]
) -> None:
    kid = signing(app)
    encrypt_with(FIRST)
    assert signing(app) == kid, "stored under the secret key before, and readable still"
    rotate()
    encrypt_with(FIRST, secret_key="x" * 32)
    assert signing(app) == kid, "encrypted anew: the secret key does not matter any more"
    encrypt_with(f"{SECOND},{FIRST}", secret_key="x" * 32)
    rotate()
    encrypt_with(SECOND, secret_key="x" * 32)
    assert signing(app) == kid
    encrypt_with(FIRST, secret_key="x" * 32)
    with pytest.raises(keys.KeysLocked):
        signing(app)


@pytest.mark.both_databases
def test_keys_that_no_secret_opens_are_said_to_be_so_and_can_be_given_up(
    app: Flask, visitor: Visitor, encrypt_with: Callable[..., None], rotate: Callable[..., str], clock: Any
) -> None:
    encrypt_with(FIRST)
    lost = signing(app)
    encrypt_with(SECOND)
    with app.app_context(), pytest.raises(keys.KeysLocked, match="EVERYSEAT_ENCRYPTION_KEYS"):
        keys.signing_key()
    said = rotate(status=1)
    assert "set EVERYSEAT_ENCRYPTION_KEYS, or EVERYSEAT_SECRET_KEY, back" in said
    assert "everyseat keys rotate --now" in said
    assert published(visitor) == [lost], "nothing was changed"
    assert ": signs now\n" in rotate("--now")
    assert signing(app) != lost
    assert published(visitor) == [signing(app)]


# Leaked


@pytest.mark.both_databases
def test_a_key_that_leaked_is_published_no_longer_and_another_signs_at_once(
    app: Flask, visitor: Visitor, rotate: Callable[..., str], clock: Any
) -> None:
    leaked = signing(app)
    rotate()
    assert len(published(visitor)) == 2
    said = rotate("--now")
    assert "What was signed lately may be refused, until platforms have fetched our key set anew." in said
    assert leaked not in said
    assert signing(app) != leaked
    assert published(visitor) == [signing(app)]
    with app.app_context():
        assert db.session.scalars(select(SigningKey.kid)).all() == [signing(app)]


def test_without_any_key_one_that_signs_at_once_is_the_first(app: Flask, rotate: Callable[..., str]) -> None:
    assert ": signs now\n" in rotate("--now")
