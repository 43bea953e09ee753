"""The pages on joining, and what is done on its day."""

from flask import Flask

from catalogue.enrolments.approval_views import approvals
from catalogue.enrolments.bulk_views import lists
from catalogue.enrolments.calendar_views import own_dates
from catalogue.enrolments.jobs import register_enrolment_jobs
from catalogue.enrolments.nomination_views import nominations
from catalogue.enrolments.views import enrolments


def register_enrolments(app: Flask) -> None:
    for pages in (enrolments, approvals, nominations, lists, own_dates):
        app.register_blueprint(pages)
    register_enrolment_jobs(app)
