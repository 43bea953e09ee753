"""Pages that show the records of other people: that somebody was shown one is in the audit trail before it is sent.

Pages whose subject hangs on what is asked of them note it themselves (``audit.record_reading``).
"""

from collections.abc import Mapping

from flask import Flask, Response, current_app, request
from flask_login import current_user

from catalogue.people import audit

LONGEST = 100  # what the subject of an event holds
Readings = Mapping[str, tuple[str, str]]
"""By endpoint: what is read, and about what, with what the address of the page names."""

READINGS: Readings = {
    "attendance.register": ("register", "offer:{slug}"),
    "attendance.session": ("register", "run:{run_id}"),
    "attendance.printed": ("register", "run:{run_id}"),
    "attendance.template": ("register", "run:{run_id}"),
    "people_admin.index": ("people", "people"),
    "people_admin.person": ("person", "{key}"),
    "systems.people": ("people of an organisation", "organisation:{key}"),
    "systems.member": ("people of an organisation", "organisation:{key}"),
}


def register_readings(app: Flask, readings: Readings = READINGS) -> None:
    app.extensions["readings"] = dict(readings)
    app.after_request(_note)


def add_readings(app: Flask, readings: Readings) -> None:
    """Those of whoever stands on top of the catalogue."""
    app.extensions["readings"].update(readings)


def _note(response: Response) -> Response:
    reading = _reading() if response.status_code == 200 else None
    if reading is not None:
        what, subject = reading
        named = subject.format(**(request.view_args or {}))[:LONGEST]
        if named != current_user.person.key:
            audit.record_reading(what, named, current_user.person.key)
    return response


def _reading() -> tuple[str, str] | None:
    if request.method != "GET" or request.endpoint not in current_app.extensions["readings"]:
        return None
    found: tuple[str, str] = current_app.extensions["readings"][request.endpoint]
    return found if current_user.is_authenticated else None
