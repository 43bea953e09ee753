"""The pages on what is recommended, to somebody and to a group, and what is worked out at night."""

from flask import Flask

from catalogue.recommendations.group_views import advice
from catalogue.recommendations.jobs import register_advice_jobs
from catalogue.recommendations.views import recommendations


def register_recommendations(app: Flask) -> None:
    for pages in (recommendations, advice):
        app.register_blueprint(pages)
    register_advice_jobs(app)
