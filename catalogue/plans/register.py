"""The pages on what somebody plans to do."""

from flask import Flask

from catalogue.plans.views import plans


def register_plans(app: Flask) -> None:
    app.register_blueprint(plans)
