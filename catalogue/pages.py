"""The Jinja environment, the NHS components, and how things are written on a page."""

import re
from collections.abc import Callable, Iterator
from datetime import date, datetime, time
from decimal import Decimal
from enum import StrEnum
from typing import Any

import flask_wtf.form
import nh3
from flask import Flask, request
from jinja2 import ChainableUndefined, ChoiceLoader, PackageLoader
from markdown_it import MarkdownIt
from markupsafe import Markup
from wtforms.i18n import DummyTranslations

from catalogue.clock import in_london, today
from catalogue.security import csp_nonce, frame_origin

_markdown = MarkdownIt("commonmark", {"html": False})
TAGS = {"p", "ul", "ol", "li", "strong", "em", "a", "h3", "h4", "blockquote", "br", "code"}
SCHEMES = {"http", "https", "mailto"}

COMPONENTS = (
    "back-link", "button", "card", "checkboxes", "error-summary", "file-upload", "footer", "header", "input",
    "notification-banner", "panel", "password-input", "radios", "select", "tag", "task-list", "textarea",
)  # fmt: skip
"""The NHS components that pages use, each under its macro's name: ``taskList({...})``."""


CHOOSE = {
    "Not a valid choice.": "Choose one from the list",
    "Invalid Choice: could not coerce.": "Choose one from the list",
    "Invalid choice(s): one or more data inputs could not be coerced.": "Choose from the list",
    "'%(value)s' is not a valid choice for this field.": "Choose from the list",
}
"""What lists of any form say of a choice that is none, in place of the words of WTForms."""


class PlainWords(DummyTranslations):
    def gettext(self, string: str) -> str:
        return CHOOSE.get(string, string)

    def ngettext(self, singular: str, plural: str, n: int) -> str:
        return CHOOSE.get(singular, singular if n == 1 else plural)


def register_pages(app: Flask) -> None:
    flask_wtf.form.translations = PlainWords()  # which every form asks
    env = app.jinja_env
    env.autoescape = True  # Flask decides by the file's ending, and leaves .jinja files out
    env.undefined = ChainableUndefined  # the NHS components count on it
    env.loader = ChoiceLoader([env.loader, PackageLoader("nhsuk_frontend_jinja")]) if env.loader else None
    env.trim_blocks = env.lstrip_blocks = True
    env.filters.update(
        date=format_date, dates=format_dates, time=format_time, clock=format_clock, span=format_span,
        pounds=format_pounds, hours=format_hours,
        plural=plural, markdown=render_markdown, listed=listed, error_list=error_list,
    )  # fmt: skip
    for component in COMPONENTS:
        macros = env.get_template(f"nhsuk/components/{component}/macro.jinja").module
        name = re.sub("-(.)", lambda match: match[1].upper(), component)
        env.globals[name] = getattr(macros, name)
    app.extensions["admin_pages"], app.extensions["places"] = {task: [] for task in Task}, []
    env.globals.update(
        csp_nonce=csp_nonce, frame_origin=frame_origin, today=today,
        admin_pages=lambda: app.extensions["admin_pages"],
        more_places=lambda: [
            {"text": text, "href": href, "current": href == request.path}
            for text, address in app.extensions["places"]
            if (href := address())
        ],
    )  # fmt: skip


class Task(StrEnum):
    """The headings of the administrators' page, in their order."""

    PEOPLE = "People and organisations"
    OFFERS = "Offers and frameworks"
    OUTCOMES = "What people need, and what they have done"
    PLATFORMS = "Learning platforms"
    PRIVACY = "Privacy and audit"


def add_admin_page(app: Flask, task: Task, text: str, endpoint: str) -> None:
    """Name a page on the administrators' page: how what stands on top of the catalogue gets there."""
    app.extensions["admin_pages"][task].append({"text": text, "endpoint": endpoint})


def add_place(app: Flask, text: str, address: Callable[[], str]) -> None:
    """Add a place to the navigation of those for whom ``address`` gives one, and not an empty string."""
    app.extensions["places"].append((text, address))


def format_date(day: date | datetime) -> str:
    """2026-11-02 is "2 November 2026"; a moment is shown by its day in London."""
    if isinstance(day, datetime):
        day = in_london(day).date()
    return f"{day.day} {day:%B %Y}"


def format_dates(first: date, last: date) -> str:
    """A span, saying the month and the year once where they are the same."""
    if first == last:
        return format_date(first)
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day} to {format_date(last)}"
    if first.year == last.year:
        return f"{first.day} {first:%B} to {format_date(last)}"
    return f"{format_date(first)} to {format_date(last)}"


def format_clock(moment: time | datetime) -> str:
    """13:00 is "1pm", 09:30 "9:30am"; a moment is shown as it is in London."""
    local = in_london(moment).time() if isinstance(moment, datetime) else moment
    if local in (time(0), time(12)):
        return "midday" if local.hour else "midnight"
    minutes = f":{local:%M}" if local.minute else ""
    return f"{local:%-I}{minutes}{'am' if local.hour < 12 else 'pm'}"


def format_time(moment: datetime) -> str:
    return f"{format_date(moment)}, {format_clock(moment)}"


def format_span(first: datetime, last: datetime) -> str:
    """Some hours, in London: "2 November 2026, 9:30am to 4pm"."""
    return f"{format_date(first)}, {format_clock(first)} to {format_clock(last)}"


def format_pounds(pence: int | None) -> str:
    """0 is "Free"; whole pounds go without pence; none is a price that we do not know."""
    if pence is None:
        return "Ask the provider"
    if pence == 0:
        return "Free"
    return f"£{pence // 100:,}" if pence % 100 == 0 else f"£{pence / 100:,.2f}"


def format_hours(hours: Decimal | float) -> str:
    """Under an hour in minutes, else in hours, with no needless decimals."""
    minutes = round(float(hours) * 60)
    if minutes < 60:
        return plural(minutes, "minute")
    figure = f"{float(hours):.2f}".rstrip("0").rstrip(".")
    return f"{figure} hour" if figure == "1" else f"{figure} hours"


def plural(count: int, one: str, many: str = "") -> str:
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def listed(things: list[str]) -> str:
    """ "a", "a and b", "a, b and c"."""
    return things[0] if len(things) == 1 else f"{', '.join(things[:-1])} and {things[-1]}" if things else ""


def render_markdown(text: str) -> Markup:
    """Text from partners: Markdown without HTML, then sanitised. Links go to the web or to a mailbox, pictures go."""
    cleaned = nh3.clean(
        _markdown.render(text), tags=TAGS, url_schemes=SCHEMES, link_rel="noopener noreferrer nofollow"
    )  # fmt: skip
    return Markup(cleaned)  # noqa: S704


def error_list(form: Any) -> list[dict[str, str]]:
    """What an NHS error summary shows: the first message of each field, as beside the field, linked to it."""
    return [{"text": str(field.errors[0]), "href": f"#{field.id}"} for field in _single(form) if field.errors]


def _single(fields: Any) -> Iterator[Any]:
    """Every field that takes one answer, those of lists and of parts of the form too."""
    for field in fields:
        if hasattr(field, "entries"):
            yield from _single(field.entries)
        elif hasattr(field, "form"):
            yield from _single(field.form)
        else:
            yield field
