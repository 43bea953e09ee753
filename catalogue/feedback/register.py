"""The pages on 360 feedback, and what is done on its day."""

from flask import Flask

from catalogue.feedback.jobs import register_feedback_jobs
from catalogue.feedback.rating_views import facilitators, raters
from catalogue.feedback.views import feedback


def register_feedback(app: Flask) -> None:
    for pages in (feedback, raters, facilitators):
        app.register_blueprint(pages)
    register_feedback_jobs(app)
