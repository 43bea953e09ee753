"""What an operator can set, and what is refused before anything is served."""

import re
import stat
from pathlib import Path

import pytest
from flask import Flask, request
from pydantic import ValidationError

from catalogue.app import create_app, flask_config
from catalogue.security import public
from catalogue.settings import DEVELOPMENT_SECRET, SHORTEST_SECRET, Settings
from tests.visitor import ORIGIN

SECRET = "s" * SHORTEST_SECRET
PUBLIC_URL = "https://everyseat.example"


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(f"EVERYSEAT_{name.upper()}", raising=False)


@pytest.mark.parametrize("secret", ["", "short", "s" * (SHORTEST_SECRET - 1), DEVELOPMENT_SECRET])
def test_a_secret_that_is_missing_or_short_or_known_is_refused(secret: str) -> None:
    with pytest.raises(ValidationError, match="EVERYSEAT_SECRET_KEY is missing or short"):
        Settings(secret_key=secret, public_url=PUBLIC_URL)


def test_production_is_what_one_gets_without_asking() -> None:
    assert not Settings(secret_key=SECRET, public_url=PUBLIC_URL).development
    with pytest.raises(ValidationError, match="EVERYSEAT_SECRET_KEY"):
        Settings()


def test_development_needs_no_secret() -> None:
    assert Settings(env="development").signing_secret == DEVELOPMENT_SECRET
    assert Settings(env="development", secret_key="my own").signing_secret == "my own"


@pytest.mark.parametrize("given", ["short", f"{SECRET},short", f"{SECRET},", f",{SECRET}", f"{SECRET};short, "])
def test_secrets_to_encrypt_with_are_long_or_refused(given: str) -> None:
    with pytest.raises(ValidationError, match="EVERYSEAT_ENCRYPTION_KEYS must be secrets of at least 32"):
        Settings(env="development", encryption_keys=given)


def test_stored_keys_are_encrypted_with_the_newest_secret_and_the_secret_key_comes_last() -> None:
    older, newer = "o" * SHORTEST_SECRET, "n" * SHORTEST_SECRET
    assert Settings(env="development", secret_key=SECRET).encryption_secrets == (SECRET,)
    given = Settings(env="development", secret_key=SECRET, encryption_keys=f"{newer}, {older}")
    assert given.encryption_secrets == (newer, older, SECRET)


@pytest.mark.parametrize(
    "url", ["http://everyseat.example", "everyseat.example", "", "ftp://everyseat.example", "https://", "https:///x"]
)
def test_the_public_address_is_https_in_production(url: str) -> None:
    with pytest.raises(ValidationError, match="EVERYSEAT_PUBLIC_URL"):
        Settings(secret_key=SECRET, public_url=url)


def test_every_setting_is_read_from_its_variable(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    given = {
        "ENV": "production", "SECRET_KEY": SECRET, "PUBLIC_URL": PUBLIC_URL, "MAIL_FROM": "us@everyseat.example",
        "DATABASE_URL": "postgresql://db.example/everyseat", "JOBS_URL": "redis://jobs.example/1",
        "MAIL_URL": "smtps://mail.example", "INSTANCE": str(tmp_path), "PROXIES": "1",
        "ENCRYPTION_KEYS": f"{'n' * SHORTEST_SECRET},{'o' * SHORTEST_SECRET}",
    }  # fmt: skip
    for name, value in given.items():
        monkeypatch.setenv(f"EVERYSEAT_{name}", value)
    settings = Settings()
    assert {name.upper() for name in Settings.model_fields} == set(given)
    for name, value in given.items():
        assert str(getattr(settings, name.lower())) == value


@pytest.mark.parametrize(
    ("written", "used"),
    [
        ("postgres://user:word@db.example:5432/seats", "postgresql+psycopg://user:word@db.example:5432/seats"),
        ("postgresql://db.example/seats?sslmode=require", "postgresql+psycopg://db.example/seats?sslmode=require"),
        ("postgresql+psycopg://db.example/seats", "postgresql+psycopg://db.example/seats"),
        ("sqlite:////srv/seats.sqlite", "sqlite:////srv/seats.sqlite"),
    ],
)
def test_addresses_of_databases_may_be_spelled_in_any_way(written: str, used: str) -> None:
    assert Settings(env="development", database_url=written).database == used


@pytest.mark.parametrize("name", ["database_url", "jobs_url", "mail_url"])
def test_an_address_of_an_unknown_kind_is_refused_by_name(name: str) -> None:
    with pytest.raises(ValidationError, match=f"EVERYSEAT_{name.upper()} must start with one of"):
        Settings(env="development", **{name: "mysql://somewhere"})  # type: ignore[arg-type]


def test_everything_not_said_lies_in_the_instance_folder(tmp_path: Path) -> None:
    settings = Settings(env="development", instance=tmp_path / "not there yet")
    folder = tmp_path / "not there yet"
    assert settings.database == f"sqlite:///{folder}/everyseat.sqlite"
    assert settings.jobs == f"sqlite:///{folder}/jobs.sqlite"
    assert settings.mail == f"file://{str(folder).replace(' ', '%20')}/mail"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert Settings(env="development").instance == Path("instance")


def test_every_setting_is_in_the_readme() -> None:
    readme = (Path(__file__).resolve().parents[2] / "README.md").read_text()
    named = set(re.findall(r"^\| `EVERYSEAT_([A-Z_]+)` \|", readme, re.MULTILINE))
    assert named == {name.upper() for name in Settings.model_fields}


def test_settings_do_not_change() -> None:
    with pytest.raises(ValidationError):
        Settings(env="development").secret_key = SECRET  # type: ignore[misc]


def test_limits_are_counted_in_a_redis_where_there_is_one(tmp_path: Path) -> None:
    alone = Settings(env="development", instance=tmp_path)
    shared = Settings(env="development", instance=tmp_path, jobs_url="redis://jobs.example/1")
    assert flask_config(alone)["RATELIMIT_STORAGE_URI"] == "memory://"
    assert flask_config(shared)["RATELIMIT_STORAGE_URI"] == "redis://jobs.example/1"


@pytest.mark.parametrize(
    ("proxies", "client"), [(0, "127.0.0.1"), (1, "203.0.113.9"), (2, "198.51.100.7")],
    ids=["none is trusted", "one", "two"],
)  # fmt: skip
def test_the_clients_address_is_what_our_own_proxies_say(tmp_path: Path, proxies: int, client: str) -> None:
    app: Flask = create_app(Settings(env="development", instance=tmp_path, proxies=proxies))
    app.add_url_rule("/who", view_func=public(lambda: str(request.remote_addr)), endpoint="who")
    forwarded = {"X-Forwarded-For": "192.0.2.66, 198.51.100.7, 203.0.113.9", "X-Forwarded-Host": "evil.example"}
    assert app.test_client().get("/who", headers=forwarded, base_url=ORIGIN).text == client
