"""What is done here when something happens below: within its transaction."""

from catalogue.assessments.models import Assessment
from catalogue.assessments.signals import assessed
from catalogue.plans.actions import assessed_again


def listen() -> None:
    assessed.connect(_assessed)


def _assessed(_sender: object, *, assessment: Assessment) -> None:
    assessed_again(assessment.person_id)
