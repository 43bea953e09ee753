"""What imports add to the service: their pages, and what workers do for them."""

from flask import Flask

from catalogue.interchange import actions, feed_pages, importing, pulling
from catalogue.interchange.import_pages import imports
from catalogue.jobs import register_daily, register_work
from catalogue.pages import Task, add_admin_page
from catalogue.transactions import run

__all__ = ["feed_pages", "register_imports"]


def register_imports(app: Flask) -> None:
    app.register_blueprint(imports)
    add_admin_page(app, Task.OFFERS, "Import offers from a file", "imports.start")
    add_admin_page(app, Task.OFFERS, "Offers that are pulled once a day", "imports.feeds")
    register_work(app, actions.IMPORT, importing.work_on, importing.due)
    register_work(app, actions.PULL, pulling.pull, pulling.due)
    register_daily(app, "forget old imports", lambda: run(actions.forget_old_imports))
