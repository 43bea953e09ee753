"""Sending kept views on their day: each once, to whoever still has the right to what it shows."""

from urllib.parse import parse_qsl

import structlog
from flask import Flask
from sqlalchemy import select
from werkzeug.datastructures import MultiDict

from catalogue.clock import now, today
from catalogue.errors import NotThere
from catalogue.extensions import db
from catalogue.jobs import register_hourly
from catalogue.people import audit
from catalogue.reports.models import Every, SavedView
from catalogue.reports.tracking.asked import asked_of
from catalogue.reports.tracking.letters import write_report
from catalogue.reports.tracking.rules import next_day
from catalogue.transactions import run

log = structlog.get_logger()


def register_tracking_jobs(app: Flask) -> None:
    register_hourly(app, "send reports that are due", send_due)


def send_due() -> None:
    """Each in a transaction of its own, so that none keeps another from its day."""
    due = select(SavedView.id).where(SavedView.next_on <= today()).order_by(SavedView.id)
    for view_id in db.session.scalars(due).all():
        try:
            run(lambda view_id=view_id: send(view_id))  # type: ignore[misc]
        except Exception:
            log.error("could not write a report", view=view_id, exc_info=True)


def send(view_id: int) -> None:
    """Write a view's letter if it is due, and set when it is due again; end it where the right to it has ended.

    The view is held until the commit: a second worker waits, and finds it done.
    """
    view = db.session.scalar(
        select(SavedView)
        .where(SavedView.id == view_id, SavedView.next_on <= today())
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if view is None or view.every is None:
        return
    try:
        asked = asked_of(view.person, MultiDict(parse_qsl(view.query)))
    except NotThere:
        asked = None
    if asked is None or asked.faults or not view.person.email:
        view.every = view.next_on = None
        audit.record("report ended", view.person.key, view=view.id)
        return
    write_report(view, asked, today())
    view.next_on, view.sent_at = next_day(Every(view.every), today()), now()
