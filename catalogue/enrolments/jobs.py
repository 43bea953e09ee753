"""What happens on its day: seats released, answers that did not come, and reminders."""

from flask import Flask

from catalogue.enrolments import allocations, approving, nominating, reminding
from catalogue.enrolments.letters import (
    write_answer_to_lead,
    write_confirmations,
    write_decision,
    write_nomination_ended,
    write_reminder,
)
from catalogue.jobs import on_its_day, register_hourly


def register_enrolment_jobs(app: Flask) -> None:
    register_hourly(app, "seats, answers and reminders", keep_days)


def keep_days() -> None:
    """Do all that is due: each in a transaction of its own, so that none keeps another from its day."""
    for approval_id in approving.due():
        on_its_day(lambda approval_id=approval_id: _lapse_approval(approval_id))  # type: ignore[misc]
    for enrolment_id in nominating.due():
        on_its_day(lambda enrolment_id=enrolment_id: _lapse_nomination(enrolment_id))  # type: ignore[misc]
    for run_id in allocations.due():
        on_its_day(lambda run_id=run_id: write_confirmations(allocations.release(run_id)))  # type: ignore[misc]
    for enrolment_id, kind in reminding.due():
        on_its_day(lambda enrolment_id=enrolment_id, kind=kind: _remind(enrolment_id, kind))  # type: ignore[misc]


def _lapse_approval(approval_id: int) -> None:
    decided = approving.lapse(approval_id)
    if decided is not None:
        write_decision(decided.approval)
        write_confirmations(decided.promoted)


def _lapse_nomination(enrolment_id: int) -> None:
    lapsed = nominating.lapse(enrolment_id)
    if lapsed is not None:
        enrolment, promoted = lapsed
        write_nomination_ended(enrolment)
        write_answer_to_lead(enrolment)
        write_confirmations(promoted)


def _remind(enrolment_id: int, kind: str) -> None:
    enrolment = reminding.take(enrolment_id, kind)
    if enrolment is not None:
        write_reminder(enrolment, kind)
