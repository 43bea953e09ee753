"""Badges as a part of the service: what they hear of completions, and their pages."""

from flask import Flask

from catalogue.credentials import actions
from catalogue.credentials.views import credentials
from catalogue.enrolments.signals import completed, voided
from catalogue.jobs import register_hourly


def register_credentials(app: Flask) -> None:
    app.register_blueprint(credentials)
    completed.connect(actions.issue)
    voided.connect(actions.revoke)
    register_hourly(app, "catch up with badges", actions.catch_up)
