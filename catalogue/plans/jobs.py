"""What happens on its day: reminders."""

from flask import Flask

from catalogue.jobs import on_its_day, register_hourly
from catalogue.plans import reminding
from catalogue.plans.letters import write_assess_again, write_commitments_due


def register_plan_jobs(app: Flask) -> None:
    register_hourly(app, "plans", keep_days)


def keep_days() -> None:
    """Do all that is due, each in a transaction of its own."""
    for reassessment_id in reminding.due_to_assess():
        on_its_day(lambda reassessment_id=reassessment_id: _assess_again(reassessment_id))  # type: ignore[misc]
    for person_id in reminding.due_to_remind():
        on_its_day(lambda person_id=person_id: _remind(person_id))  # type: ignore[misc]


def _assess_again(reassessment_id: int) -> None:
    reassessment = reminding.take_reassessment(reassessment_id)
    if reassessment is not None:
        write_assess_again(reassessment.person)


def _remind(person_id: int) -> None:
    commitments = reminding.take_commitments(person_id)
    if commitments:
        write_commitments_due(commitments[0].person, commitments)
