"""The pages on which offers are written, reviewed and published."""

from flask import Flask

from catalogue.pages import Task, add_admin_page
from catalogue.publishing.views import drafting, joining, mapping, people, reviewing, runs, seats, steps
from catalogue.publishing.views.common import publishing
from catalogue.publishing.views.jobs import register_publishing_jobs

__all__ = [
    "drafting", "joining", "mapping", "people", "publishing", "register_publishing", "reviewing", "runs", "seats",
    "steps",
]  # fmt: skip


def register_publishing(app: Flask) -> None:
    app.register_blueprint(publishing)
    add_admin_page(app, Task.OFFERS, "Review offers", "publishing.reviews")
    register_publishing_jobs(app)
