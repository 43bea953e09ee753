"""What every test stands on: a database of its own, already migrated and seeded, and a visitor at the front door."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask_migrate import upgrade
from jinja2.bccache import Bucket, BytecodeCache

from catalogue.app import create_app as create_catalogue
from catalogue.extensions import db, limiter
from catalogue.people import actions
from catalogue.people.models import Person, Role
from catalogue.resources import resource_dir
from catalogue.seeding.load import load
from catalogue.settings import Settings
from catalogue.transactions import run
from everyseat import create_app
from tests import databases
from tests.visitor import Visitor

PASSWORD = "a password for the tests"


class Compiled(BytecodeCache):
    """Templates are compiled once for all the applications that tests make."""

    def __init__(self) -> None:
        self.code: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self.code:
            bucket.bytecode_from_string(self.code[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self.code[bucket.key] = bucket.bytecode_to_string()


Flask.jinja_options = {"bytecode_cache": Compiled()}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test marked ``both_databases`` runs on SQLite and on PostgreSQL; any other on SQLite."""
    if "database" in metafunc.fixturenames:
        both = metafunc.definition.get_closest_marker("both_databases")
        metafunc.parametrize("database", ["sqlite", "postgresql"] if both else ["sqlite"], scope="session")


def _fill(url: str, folder: Path) -> None:
    app = create_app(Settings(env="development", database_url=url, instance=folder))
    with app.app_context():
        upgrade()
        run(lambda: load(resource_dir("seed"), demo=True))
        db.session.remove()
        db.engine.dispose()


@pytest.fixture(autouse=True)
def _push_request_context() -> None:
    """In place of pytest-flask's own, which keeps one context open, so that two visitors would share a sign-in."""


@pytest.fixture(scope="session")
def template(database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[databases.Template]:
    """A migrated and seeded database of the kind asked for, from which each test's own is copied."""
    with databases.template(database, tmp_path_factory.mktemp("template"), _fill) as made:
        yield made


@pytest.fixture
def database_url(template: databases.Template, tmp_path: Path) -> Iterator[str]:
    with template.copy(tmp_path) as url:
        yield url


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    return Settings(env="development", database_url=database_url, instance=tmp_path)


@pytest.fixture
def app(settings: Settings, request: pytest.FixtureRequest) -> Iterator[Flask]:
    """The whole service; ``catalogue_alone`` marks the tests that run it without learning platforms."""
    make = create_catalogue if request.node.get_closest_marker("catalogue_alone") else create_app
    app = make(settings)
    app.config.update(TESTING=True, PROPAGATE_FAULTS=True)
    limiter.enabled = bool(request.node.get_closest_marker("limited"))
    uncommitted: list[Any] = []

    @app.teardown_request
    def nothing_uncommitted(_error: BaseException | None) -> None:
        uncommitted.extend([*db.session.new, *db.session.dirty, *db.session.deleted])

    yield app
    with app.app_context():
        db.session.remove()
        db.engine.dispose()
    assert not uncommitted, f"a request ended with changes that were not committed: {uncommitted}"


@pytest.fixture
def visitor(app: Flask) -> Visitor:
    """Somebody who is not signed in."""
    return Visitor(app)


@pytest.fixture
def add_person(app: Flask) -> Callable[..., int]:
    """Make a person with a local account; returns their id."""
    count = iter(range(1, 10_000))

    def add(name: str = "", *roles: Role, organisation_id: int | None = None) -> int:
        name = name or f"Person {next(count)}"
        email = f"{name.lower().replace(' ', '.')}@test.example"

        def make() -> int:
            account = actions.add_account(email, name)
            for role in roles:
                actions.grant(account.person, role, organisation_id)
            return account.person_id

        with app.app_context():
            return run(make)

    return add


@pytest.fixture
def sign_in(app: Flask) -> Callable[[int], Visitor]:
    """A visitor whose browser is signed in as this person."""

    def sign(person_id: int) -> Visitor:
        with app.app_context():
            token = run(lambda: actions.begin_sign_in(db.session.get_one(Person, person_id), "password"))
        return Visitor(app, token)

    return sign


@pytest.fixture
def learner(add_person: Callable[..., int], sign_in: Callable[[int], Visitor]) -> Visitor:
    return sign_in(add_person("Lena Learner"))


@pytest.fixture
def administrator(add_person: Callable[..., int], sign_in: Callable[[int], Visitor]) -> Visitor:
    return sign_in(add_person("Adam Administrator", Role.ADMINISTRATOR))
