"""The whole service: the catalogue, and LTI on top of it."""

from flask import Flask

from catalogue.app import create_app as create_catalogue
from catalogue.cli import command_line
from catalogue.settings import Settings
from lti import register_lti
from lti.cli import add_lti_commands


def create_app(settings: Settings | None = None) -> Flask:
    """The application. Raises ``pydantic.ValidationError`` where a setting is missing or unfit."""
    app = create_catalogue(settings or Settings())
    register_lti(app)
    return app


def main() -> None:
    """The console script ``everyseat``."""
    cli = command_line(create_app)
    add_lti_commands(cli)
    cli()


if __name__ == "__main__":
    main()
