"""The command, and a platform to add with it."""

import json
from collections.abc import Callable
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result
from flask import Flask
from flask.cli import FlaskGroup

from lti.cli import add_lti_commands

GIVEN = {
    "--name": "Riverside Moodle",
    "--issuer": "https://moodle.riverside.example/path/",
    "--client-id": "abc123",
    "--deployment": "1",
    "--jwks-url": "https://moodle.riverside.example/mod/lti/certs.php",
    "--auth-url": "https://moodle.riverside.example/mod/lti/auth.php",
    "--token-url": "https://moodle.riverside.example/mod/lti/token.php",
}
Run = Callable[..., Result]


@pytest.fixture
def command(app: Flask) -> Run:
    group: click.Group = FlaskGroup(create_app=lambda: app, add_default_commands=False, load_dotenv=False)
    add_lti_commands(group)

    return lambda *words: CliRunner().invoke(group, words)


def options(**changed: str) -> list[str]:
    given = GIVEN | {f"--{name.replace('_', '-')}": value for name, value in changed.items()}
    return [word for pair in given.items() for word in pair]


def listed(command: Run) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(command("platforms", "list", "--json").stdout)
    return found
