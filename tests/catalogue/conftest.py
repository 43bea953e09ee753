"""Servers to call, another side to deliver to, and a copy of the shipped data to load."""

import shutil
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from flask import Flask
from sqlalchemy import select

from catalogue import cli, outbox
from catalogue.egress import Client, Rules
from catalogue.extensions import db
from catalogue.offers.models import OfferVersion
from catalogue.resources import resource_dir
from catalogue.systems.models import Organisation
from tests.catalogue.deliveries import Post
from tests.catalogue.servers import Answer, Server


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    servers: list[Server] = []

    def start(answer: Answer | None = None) -> Server:
        servers.append(Server(answer))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


@pytest.fixture
def canary(serve: Callable[..., Server]) -> Server:
    return serve()


@pytest.fixture
def development() -> Client:
    return Client(Rules(loopback=True))


@pytest.fixture
def context(app: Flask) -> Iterator[None]:
    with app.app_context():
        yield


@pytest.fixture
def woken(app: Flask) -> list[int]:
    """Whom the web has asked the worker to deliver."""
    ids: list[int] = []

    def wake(delivery_ids: list[int], wait: timedelta) -> None:
        if not wait:
            ids.extend(delivery_ids)

    outbox.wake_with(app, wake)
    return ids


@pytest.fixture
def post(app: Flask) -> Post:
    other_side = Post()
    outbox.register_kind(app, "note", other_side)
    return other_side


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of ``seed/`` that the command then loads."""
    copy = tmp_path / "seed"
    shutil.copytree(resource_dir("seed"), copy)
    monkeypatch.setattr(cli, "resource_dir", lambda _name: copy)
    return copy


@pytest.fixture
def seed(app: Flask) -> Callable[..., Result]:
    def load(status: int = 0) -> Result:
        result = CliRunner().invoke(cli.command_line(lambda: app), ["seed"])
        assert result.exit_code == status, result.output
        return result

    return load


@pytest.fixture
def rows(app: Flask) -> Callable[[], dict[str, set[tuple[Any, ...]]]]:
    """What stands in every table, by its primary key, and the content of each offer's version."""

    def read() -> dict[str, set[tuple[Any, ...]]]:
        with app.app_context():
            found = {
                table.name: {tuple(row) for row in db.session.execute(select(*table.primary_key))}
                for table in db.metadata.sorted_tables
            }
            contents = select(OfferVersion.id, OfferVersion.state, OfferVersion.title, OfferVersion.content_hash)
            names = select(Organisation.key, Organisation.name)
            return found | {
                "contents": {tuple(row) for row in db.session.execute(contents)},
                "names": {tuple(row) for row in db.session.execute(names)},
            }

    return read
