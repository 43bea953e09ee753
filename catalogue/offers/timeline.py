"""A programme as its page shows it: steps in order and in groups, and the same as a picture.

The picture is drawn for a phone: a bar for each step, as long as it takes, with the number that it has in the list
beside it. What tells the kinds apart is not colour alone. There is no style and no script in it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from html import escape

from markupsafe import Markup

from catalogue.clock import LONDON
from catalogue.offers.models import OfferVersion, Run, Step, StepGroup
from catalogue.offers.rules import in_sections

BLUE, PINK, BLACK, GREY = "#005eb8", "#ae2573", "#212b32", "#768692"
WIDTH, NARROWEST, BAR, GAP = 360.0, 26.0, 26, 8


@dataclass(frozen=True, slots=True)
class Part:
    number: int
    step: Step

    @property
    def can_be_opened(self) -> bool:
        """Whether it is another offer that anybody may find."""
        version = self.step.offer.published if self.step.offer else None
        return version is not None and not version.members_only


@dataclass(frozen=True, slots=True)
class Section:
    """A step on its own, or those of a group."""

    group: StepGroup | None
    parts: tuple[Part, ...]

    @property
    def choose(self) -> int:
        """How many of them are to be done."""
        return (self.group.choose if self.group else None) or len(self.parts)

    @property
    def elective(self) -> bool:
        return self.choose < len(self.parts)


def sections_of(version: OfferVersion) -> list[Section]:
    """In the order in which they are read, numbered through."""
    sections, number = [], 0
    for group, steps in in_sections(version.steps, lambda step: step.group):
        parts = tuple(Part(number + place, step) for place, step in enumerate(steps, 1))
        sections.append(Section(group, parts))
        number += len(steps)
    return sections


def picture(sections: Sequence[Section], run: Run | None) -> Markup:
    """An SVG: the steps below each other as sections, then the days of a run with its sessions where there is one."""
    longest = max((sum(part.step.minutes for part in section.parts) for section in sections), default=1)
    pieces: list[str] = []
    top = 4.0
    for section in sections:
        pieces += _section(section, longest, top)
        top += BAR + GAP
    if run is not None and run.sessions:
        pieces += _days(run, top + 6)
        top += 46
    title = "The steps as bars, as long as they take, with their numbers in the list"
    return Markup(  # noqa: S704 numbers, and words that are escaped
        f'<svg class="app-timeline" role="img" viewBox="0 0 {WIDTH:.0f} {top:.0f}" font-family="Arial, sans-serif" '
        f'font-size="14" aria-label="{escape(title)}">{"".join(pieces)}</svg>'
    )


def _section(section: Section, longest: int, top: float) -> Iterator[str]:
    room = WIDTH - GAP * (len(section.parts) - 1) - NARROWEST * len(section.parts)
    left = 0.0
    for part in section.parts:
        width = NARROWEST + max(room, 0) * part.step.minutes / longest
        left, width = min(left, WIDTH - 4), min(width, max(WIDTH - left, 4))
        yield from _bar(part, section.elective, left, top, width)
        left += width + GAP


def _bar(part: Part, elective: bool, left: float, top: float, width: float) -> Iterator[str]:
    dashes = ' stroke-dasharray="6 4"' if elective else ""
    own = part.step.offer is None
    fill, line, ink = (BLUE, BLUE, "#ffffff") if own else ("#ffffff", PINK if elective else BLUE, BLACK)
    yield (
        f'<rect x="{left + 1:.1f}" y="{top + 1:.1f}" width="{width - 2:.1f}" height="{BAR - 2}" fill="{fill}" '
        f'stroke="{line}" stroke-width="2"{dashes}/>'
        f'<text x="{left + width / 2:.1f}" y="{top + BAR / 2 + 5:.1f}" fill="{ink}" text-anchor="middle">'
        f"{part.number}</text>"
    )


def _days(run: Run, top: float) -> Iterator[str]:
    """A line from the first day to the last, with a square for each session."""
    first, last = run.starts_on, run.ends_on
    yield f'<line x1="8" y1="{top + 8}" x2="{WIDTH - 8}" y2="{top + 8}" stroke="{GREY}" stroke-width="2"/>'
    for session in run.sessions:
        x = _across(session.starts_at.astimezone(LONDON).date(), first, last)
        yield f'<rect x="{x - 6:.1f}" y="{top + 2}" width="12" height="12" fill="{BLACK}"/>'
    for day, x, anchor in ((first, 0.0, "start"), (last, WIDTH, "end")):
        said = f"{day.day} {day:%b %Y}"
        yield f'<text x="{x:.0f}" y="{top + 34}" fill="{BLACK}" text-anchor="{anchor}">{said}</text>'


def _across(day: date, first: date, last: date) -> float:
    share = (day - first).days / max((last - first).days, 1)
    return 8 + (WIDTH - 16) * min(max(share, 0), 1)
