"""A report as PDF: the same words and figures as on the page."""

from dataclasses import asdict

from catalogue.credentials.papers import words
from catalogue.feedback.models import FeedbackRound
from catalogue.feedback.showing import Shown
from catalogue.pages import format_date
from catalogue.printing import printed


def report(here: FeedbackRound, shown: Shown) -> bytes:
    return printed(
        "feedback/report",
        {
            "name": words(here.person.name, "No name given"),
            "framework": here.framework.label,
            "notice": here.framework.notice,
            "closed_on": format_date(shown.closed_on),
            "before": format_date(shown.before_closed_on) if shown.before_closed_on else "",
            "groups": shown.groups,
            "parts": shown.parts,
            "withheld": shown.withheld,
            "rows": [asdict(row) for row in shown.rows],
            "blind_spots": [row.name for row in shown.blind_spots],
            "hidden_strengths": [row.name for row in shown.hidden_strengths],
            "widest": [row.name for row in shown.widest],
            "comments": [{**one, "said": [_lines(said) for said in one["said"]]} for one in shown.comments],
        },
    )


def _lines(said: str) -> str:
    return "\n".join(words(line) for line in said.splitlines())
