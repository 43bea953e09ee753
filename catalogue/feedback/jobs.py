"""What happens on its day: reminders, rounds that close, reports that are released, and what systems are told."""

from flask import Flask

from catalogue.feedback import queries
from catalogue.feedback.grouping import make_group_reports
from catalogue.feedback.telling import close_and_tell, release_and_tell, remind_and_tell
from catalogue.jobs import on_its_day, register_daily, register_hourly
from catalogue.transactions import run


def register_feedback_jobs(app: Flask) -> None:
    register_hourly(app, "feedback", keep_days)
    register_daily(app, "feedback of systems", lambda: run(make_group_reports))


def keep_days() -> None:
    """Do all that is due, each in a transaction of its own."""
    for round_id in queries.due_to_close():
        on_its_day(lambda round_id=round_id: close_and_tell(round_id))  # type: ignore[misc]
    for round_id in queries.due_to_remind():
        on_its_day(lambda round_id=round_id: remind_and_tell(round_id))  # type: ignore[misc]
    for round_id in queries.due_to_release():
        on_its_day(lambda round_id=round_id: release_and_tell(round_id, "time"))  # type: ignore[misc]
