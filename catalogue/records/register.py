"""Completions from elsewhere as a part of the service."""

from flask import Flask

from catalogue.jobs import register_hourly
from catalogue.pages import Task, add_admin_page
from catalogue.records.alternate import AlternateSyntax
from catalogue.records.file_views import completions
from catalogue.records.importing import forget_files
from catalogue.records.views import xapi
from catalogue.transactions import run


def register_records(app: Flask) -> None:
    app.register_blueprint(xapi)
    app.wsgi_app = AlternateSyntax(app.wsgi_app, app.config["MAX_CONTENT_LENGTH"])  # type: ignore[method-assign]
    app.register_blueprint(completions)
    add_admin_page(app, Task.OUTCOMES, "Completions from files of other systems", "completions.start")
    register_hourly(app, "forget files with completions", lambda: run(forget_files))
