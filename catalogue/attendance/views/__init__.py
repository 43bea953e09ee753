"""The pages of registers, and what attendance adds to the service besides."""

from flask import Flask

from catalogue.attendance.days import keep_run_states
from catalogue.attendance.listening import listen
from catalogue.attendance.views import files, people, registers, sessions
from catalogue.attendance.views.common import attendance
from catalogue.jobs import register_hourly

__all__ = ["files", "people", "register_attendance", "registers", "sessions"]


def register_attendance(app: Flask) -> None:
    app.register_blueprint(attendance)
    listen()
    register_hourly(app, "keep the states of runs", _hourly)


def _hourly() -> None:
    keep_run_states()
