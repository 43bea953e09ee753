"""What every test stands on: a database of its own, already migrated and seeded, and a visitor at the front door."""

import gc
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from flask import Flask
from flask_migrate import upgrade
from jinja2.bccache import Bucket, BytecodeCache
from sqlalchemy import func, select

from catalogue.app import create_app as create_catalogue
from catalogue.extensions import db
from catalogue.people import actions
from catalogue.people.models import AuditEvent, Person, Role
from catalogue.resources import resource_dir
from catalogue.seeding.load import load
from catalogue.settings import Settings
from catalogue.transactions import run
from everyseat import create_app
from tests import databases
from tests.applications import Application
from tests.drills import pytest_terminal_summary  # noqa: F401 prints the figures at the end
from tests.quick_secrets import QUICK_TO_HASH, PrivateKeys
from tests.visitor import Visitor

MEMORY = Path("/dev/shm")
ROOM = 2 * 1024**3  # bytes
Ask = Callable[[Callable[[], Any]], Any]
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


def pytest_configure() -> None:
    """Each test has a folder of its own; where there is memory for them, nobody has to wait for a disk."""
    if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))


def pytest_collection_finish() -> None:
    """What is there by now stays: the collector of garbage need not look through it again and again."""
    gc.collect()
    gc.freeze()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that start the service or build it take longest: they come first, so that nobody waits for the last."""
    items.sort(key=lambda item: not {"journeys", "faults", "test_packaging.py"} & {*item.path.parts})


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


@pytest.fixture(scope="session", autouse=True)
def private_keys() -> Iterator[PrivateKeys]:
    """Where what runs in this process has its private keys from; passwords are quick to hash too."""
    keys = PrivateKeys(rsa.generate_private_key)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rsa, "generate_private_key", keys.give)
        patch.setattr(actions, "_hasher", QUICK_TO_HASH)
        yield keys


@pytest.fixture(autouse=True)
def _new_private_keys(private_keys: PrivateKeys) -> None:
    private_keys.begin()


@pytest.fixture(scope="session")
def templates(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], databases.Template]]:
    """A migrated and seeded database of each kind that is asked for, made once."""
    with ExitStack() as opened:

        @cache
        def of_kind(kind: str) -> databases.Template:
            return opened.enter_context(databases.template(kind, tmp_path_factory.mktemp("template"), _fill))

        yield of_kind


@pytest.fixture
def template(database: str, templates: Callable[[str], databases.Template]) -> databases.Template:
    """The one that the test's own database is like."""
    return templates(database)


@pytest.fixture
def database_url(template: databases.Template, tmp_path: Path) -> Iterator[str]:
    with template.copy(tmp_path) as url:
        yield url


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    return Settings(env="development", database_url=database_url, instance=tmp_path)


@pytest.fixture(scope="session")
def applications() -> dict[tuple[str, bool], Application]:
    """Those that tests have asked for, by kind of database, and whether they go without learning platforms."""
    return {}


@pytest.fixture
def app(
    applications: dict[tuple[str, bool], Application], database: str, settings: Settings, request: pytest.FixtureRequest
) -> Iterator[Flask]:
    """The whole service; ``catalogue_alone`` marks the tests that run it without learning platforms."""
    alone = bool(request.node.get_closest_marker("catalogue_alone"))
    if (database, alone) not in applications:
        applications[database, alone] = Application(create_catalogue if alone else create_app, settings)
    limited = bool(request.node.get_closest_marker("limited"))
    with applications[database, alone].on(settings, limited=limited) as app:
        yield app


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


@pytest.fixture
def ask(app: Flask) -> Ask:
    """Ask the database something; the answer is read before its session ends."""

    def question(reading: Callable[[], Any]) -> Any:
        with app.app_context():
            return reading()

    return question


@pytest.fixture
def change(app: Flask) -> Ask:
    """Change something, in a transaction of its own."""

    def act(action: Callable[[], Any]) -> Any:
        with app.app_context():
            return run(action)

    return act


def events_but_readings() -> int:
    """How many audit events there are of what was done; that somebody was shown a page is not counted."""
    wanted = select(func.count()).select_from(AuditEvent).where(AuditEvent.action.not_like("% read"))
    return db.session.scalar(wanted) or 0
