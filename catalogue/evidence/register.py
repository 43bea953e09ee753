"""The page on evidence of effect, and what is done each night."""

from flask import Flask

from catalogue.evidence.jobs import register_evidence_jobs
from catalogue.evidence.views import evidence


def register_evidence(app: Flask) -> None:
    app.register_blueprint(evidence)
    register_evidence_jobs(app)
