"""Figures in words, as a page and a letter say them."""

from catalogue.pages import format_date, listed, plural
from catalogue.reports.tracking.figures import Figures
from catalogue.reports.tracking.filters import Filters
from catalogue.reports.tracking.forms import LABELS
from catalogue.reports.tracking.queries import Choices
from catalogue.reports.tracking.rules import Outcome

FEW = "fewer than 10"


def percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.0f}%"


def said(figures: Figures) -> list[str]:
    """Sentences: how many, what has become of them, and how long it took; nothing about any one person."""
    if figures.people is None:
        return _said_of_offers(figures)
    if not figures.enrolments:
        return ["Nobody is on what this looks at."]
    counts = [
        f"{figures.counts[outcome]:,} {outcome.value}" for outcome in Outcome if figures.counts.get(outcome)
    ]  # fmt: skip
    sentences = [
        f"{plural(figures.enrolments, 'enrolment')} by {plural(figures.people, 'person', 'people')}: {listed(counts)}."
    ]
    if figures.ended:
        rates = figures.rates
        sentences.append(
            f"Of {figures.ended:,} that have ended, {percent(rates.completion)} were completed, "
            f"{percent(rates.drop_out)} withdrawn, and {percent(rates.no_show)} ended with not coming."
        )
    if figures.days:
        lower, median, upper = figures.days
        sentences.append(
            f"Half of those who completed took {plural(median, 'day')} or less; "
            f"the middle half took {lower:,} to {upper:,}."
        )
    return sentences


def _said_of_offers(figures: Figures) -> list[str]:
    counts = [f"{count:,} {outcome.value}" for outcome in Outcome if (count := figures.counts.get(outcome))]
    if figures.others:
        counts.append(f"{figures.others:,} of other outcomes together")
    told = f"People on your offers: {listed(counts)}." if counts else ""
    left_out = "" if figures.whole else f"Of groups of {FEW} people nothing is told."
    return [sentence for sentence in (told, left_out) if sentence] or ["Nobody is on what this looks at."]


def named(filters: Filters, choices: Choices, states: dict[str, str]) -> list[tuple[str, str, str]]:
    """Each filter that is set: its name, its label, and its value in words."""
    words = []
    for name, value in filters.as_query.items():
        if name in ("since", "until"):
            day = filters.since if name == "since" else filters.until
            shown = format_date(day) if day else value
        else:
            shown = states[value] if name == "state" else choices.name(name, value) or value
        words.append((name, LABELS[name], shown))
    return words
