"""Frameworks on the command line."""

import json
import tomllib
from pathlib import Path

import click
from flask import current_app
from flask.cli import with_appcontext
from pydantic import ValidationError

from catalogue.errors import Refused
from catalogue.frameworks.actions import add_framework
from catalogue.frameworks.case import VERSIONS
from catalogue.frameworks.case.queries import described
from catalogue.frameworks.case.read import LARGEST, NoFramework, read
from catalogue.frameworks.case.write import Package
from catalogue.frameworks.content import FrameworkContent
from catalogue.frameworks.models import Framework
from catalogue.frameworks.queries import versions_of
from catalogue.transactions import run


@click.group()
def frameworks() -> None:
    """Frameworks as data."""


@frameworks.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@with_appcontext
def import_framework(file: Path) -> None:
    """Add the version in FILE: a CASE package (1.0 or 1.1), or a file of the kind in seed/frameworks.

    It stays closed to strangers until an administrator opens it.
    """
    try:
        content = _content(file).model_copy(update={"open": False})
        name, version, dimensions = run(lambda: _named(add_framework(content)))
    except (NoFramework, Refused) as fault:
        raise click.ClickException(f"nothing was changed: {file.name}: {fault}") from fault
    click.echo(f"{name}, version {version}, is there, with {dimensions} dimensions.")


def _named(framework: Framework) -> tuple[str, str, int]:
    return framework.name, framework.version, len(framework.dimensions)


def _content(file: Path) -> FrameworkContent:
    if file.stat().st_size > LARGEST:
        raise NoFramework(f"It is larger than {LARGEST // 1024 // 1024} MB")
    text = file.read_bytes()
    if text.lstrip()[:1] == b"{":
        return read(text)
    try:
        return FrameworkContent.model_validate(tomllib.loads(text.decode()))
    except ValidationError as faults:
        first = faults.errors()[0]
        where = ", ".join(str(step) for step in first["loc"])
        raise NoFramework(f"{where}: {first['msg'].removeprefix('Value error, ')}") from faults
    except ValueError as fault:
        raise NoFramework(f"It is neither JSON nor TOML: {fault}") from fault


@frameworks.command("export")
@click.argument("key")
@click.option("--format", "form", type=click.Choice(["case"]), default="case", show_default=True)
@click.option("--case-version", type=click.Choice(list(VERSIONS.values())), default="1.1", show_default=True)
@click.option("--version", "number", default="", help="Of the framework; the newest where left out.")
@with_appcontext
def export_framework(key: str, form: str, case_version: str, number: str) -> None:
    """Print the framework called KEY as a CASE package."""
    found = [one for one in versions_of(key) if not number or one.version == number]
    if not found:
        raise click.ClickException(f"there is no {key}{' ' + number if number else ''}")
    path = next(path for path, name in VERSIONS.items() if name == case_version)
    base = current_app.extensions["settings"].public_url.rstrip("/") + f"/ims/case/{path}"
    package = Package(described(found[:1])[0], base, case_version)
    click.echo(json.dumps(package.whole(), ensure_ascii=False, indent=2))
