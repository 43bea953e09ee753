"""The pages on what somebody plans to do, and what is done on its day."""

from flask import Flask

from catalogue.plans.jobs import register_plan_jobs
from catalogue.plans.listening import listen
from catalogue.plans.sharing_views import shared_plans, sharing
from catalogue.plans.views import plans


def register_plans(app: Flask) -> None:
    for pages in (plans, sharing, shared_plans):
        app.register_blueprint(pages)
    register_plan_jobs(app)
    listen()
