"""The letter that brings the figures of a kept view: counts, and never who."""

from datetime import date
from urllib.parse import parse_qsl

from catalogue.mail import link_to, write_mail
from catalogue.pages import format_date
from catalogue.reports.models import Every, SavedView
from catalogue.reports.tracking.asked import Asked
from catalogue.reports.tracking.figures import figures_of
from catalogue.reports.tracking.forms import STATES
from catalogue.reports.tracking.words import named, said

WHEN = {Every.WEEK: "every Monday", Every.MONTH: "on the first of every month"}


def write_report(view: SavedView, asked: Asked, day: date) -> None:
    """In the present transaction. The name that its person gave it stays out: it may name somebody."""
    figures = figures_of(asked.sight, asked.filters, asked.by, day, parts=False)
    looked_for = [f"{label}: {shown}" for _name, label, shown in named(asked.filters, asked.choices, STATES)]
    text = "\n".join(
        [
            f"Completions on {format_date(day)}. {'; '.join(looked_for) or 'All that you see'}.",
            "",
            *said(figures),
            "",
            "Open it, signed in, to see more:",
            link_to("track.index", **dict(parse_qsl(view.query))),
            "",
            f"This comes {WHEN[Every(view.every or Every.WEEK)]}, because you asked for it. To stop it:",
            link_to("track.views"),
            "",
        ]
    )
    write_mail(view.person.email, f"Completions on {format_date(day)}", text)
