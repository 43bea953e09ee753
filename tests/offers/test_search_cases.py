"""What a search finds and what stands first: the same table for both databases."""

from collections.abc import Callable

import pytest
from flask import Flask

from catalogue.offers.filters import Filters
from catalogue.offers.queries import search
from tests.offers.conftest import Described

pytestmark = pytest.mark.both_databases

OFFERS = (
    Described("meetings", "Meetings that end on time", "Start and finish meetings as planned."),
    Described("email", "Taming e-mail", "Fewer emails, with a point. Also of use in meetings."),
    Described("feedback", "Giving feedback", "Say what you saw, and what it did to you."),
    Described("appraisal", "Appraisals worth having", "Prepare, hold and follow up appraisals. Feedback included."),
    Described("coaching", "Coaching skills for managers", "Ask more, tell less."),
    Described("mentoring", "Mentoring in midwifery", "For midwives who guide newly qualified colleagues."),
    Described("huddle", "The ten-minute huddle", "A short meeting of the whole ward, every morning."),
    Described("improvement", "Quality improvement, step by step", "Plan, do, study, act: run charts and small tests."),
    Described("runcharts", "Run charts", "Tell signal from noise in your figures."),
    Described("budget", "Budgets for beginners", "Read a budget statement and question it."),
    Described("finance", "Financial planning across a system", "Budgets of many organisations, in one plan."),
    Described("inclusion", "Inclusive recruitment", "Hire fairly. Équité and inclusion from advert to offer."),
    Described("wellbeing", "Caring for the people who care", "Wellbeing of staff: rest, breaks and debriefing."),
    Described("conflict", "Difficult conversations", "Handle conflict between colleagues before it grows."),
    Described("negotiation", "Negotiating with partners", "Reach agreements that last with councils and charities."),
    Described("vision", "Sharing a vision", "Tell a story that people want to be part of."),
    Described("systems", "Leading across systems", "Work with organisations that do not report to you."),
    Described("safety", "Patient safety walk-rounds", "See with your own eyes, and listen."),
    Described("data", "Data for decisions", "Gather, question and show data. Charts that do not mislead."),
    Described("delegation", "Delegating well", "Hand over work, and the authority to do it."),
    Described("covid19", "Lessons of COVID19", "What changed in 2020, and what should stay."),
    Described("time", "Managing your time", "Priorities, breaks and saying no."),
)

# What is typed, what is found (in any order), and which of them stands first.
CASES: tuple[tuple[str, set[str], str], ...] = (
    # Words and their forms
    ("meetings", {"meetings", "email", "huddle"}, "meetings"),
    ("meeting", {"meetings", "email", "huddle"}, "meetings"),
    ("MEETING", {"meetings", "email", "huddle"}, "meetings"),
    ("meet", {"meetings", "email", "huddle"}, "meetings"),
    ("feedback", {"feedback", "appraisal"}, "feedback"),
    ("appraisal", {"appraisal"}, "appraisal"),
    ("appraisals", {"appraisal"}, "appraisal"),
    ("coach", {"coaching"}, "coaching"),
    ("coaching", {"coaching"}, "coaching"),
    ("mentoring", {"mentoring"}, "mentoring"),
    ("midwife", {"mentoring"}, "mentoring"),
    ("midwives", {"mentoring"}, "mentoring"),
    ("budget", {"budget", "finance"}, "budget"),
    ("budgets", {"budget", "finance"}, "budget"),
    ("negotiating", {"negotiation"}, "negotiation"),
    ("negotiate", {"negotiation"}, "negotiation"),
    ("delegate", {"delegation"}, "delegation"),
    ("delegating", {"delegation"}, "delegation"),
    ("sharing", {"vision"}, "vision"),
    ("charts", {"runcharts", "improvement", "data"}, "runcharts"),
    ("chart", {"runcharts", "improvement", "data"}, "runcharts"),
    ("breaks", {"wellbeing", "time"}, ""),
    ("organisations", {"finance", "systems"}, ""),
    ("2020", {"covid19"}, "covid19"),
    ("covid19", {"covid19"}, "covid19"),
    # A title that says it stands before a text that does
    ("inclusion", {"inclusion"}, "inclusion"),
    ("system", {"systems", "finance"}, ""),
    ("conversation", {"conflict"}, "conflict"),
    ("data", {"data"}, "data"),
    ("run charts", {"runcharts", "improvement"}, "runcharts"),
    # Several words, in any order; the commonest do not count
    ("email meetings", {"email"}, "email"),
    ("meetings email", {"email"}, "email"),
    ("the meetings", {"meetings", "email", "huddle"}, "meetings"),
    ("how to meet", {"meetings", "email", "huddle"}, "meetings"),
    ("appraisal feedback", {"appraisal"}, "appraisal"),
    ("budget system", {"finance"}, "finance"),
    ("colleagues conflict", {"conflict"}, "conflict"),
    ("meetings budget", set(), ""),
    # Signs are only signs
    ("e-mail", {"email"}, "email"),
    ("ten-minute", {"huddle"}, "huddle"),
    ('"run charts"', {"runcharts", "improvement"}, "runcharts"),
    ("meetings*", {"meetings", "email", "huddle"}, "meetings"),
    ("title_stems:meet", set(), ""),
    ("(budget) & planning!", {"finance"}, "finance"),
    ("budget:*", {"budget", "finance"}, "budget"),
    ("NEAR(run charts)", set(), ""),
    ("équité", {"inclusion"}, "inclusion"),
    ("equite", {"inclusion"}, "inclusion"),
    ("%", set(), ""),
    ("the and of", set(), ""),
    # The beginning of a word
    ("meetin", {"meetings", "email", "huddle"}, "meetings"),
    ("apprai", {"appraisal"}, "appraisal"),
    ("negot", {"negotiation"}, "negotiation"),
    ("mid", {"mentoring"}, "mentoring"),
    ("wellb", {"wellbeing"}, "wellbeing"),
    ("improvem", {"improvement"}, "improvement"),
    ("hud", {"huddle"}, "huddle"),
    ("budg sys", {"finance"}, "finance"),
    ("zz", set(), ""),
    # Slips
    ("meatings", {"meetings", "email", "huddle"}, "meetings"),
    ("meetngs", {"meetings", "email", "huddle"}, "meetings"),
    ("feedbcak", {"feedback", "appraisal"}, "feedback"),
    ("budgte", {"budget", "finance"}, "budget"),
    ("apraisal", {"appraisal"}, "appraisal"),
    ("coachign", {"coaching"}, "coaching"),
    ("negociating", {"negotiation"}, "negotiation"),
    ("delagating", {"delegation"}, "delegation"),
    ("improvment", {"improvement"}, "improvement"),
    ("hudle", {"huddle"}, "huddle"),
    ("wellbieng", {"wellbeing"}, "wellbeing"),
    ("meatings emial", {"email"}, "email"),
    ("xylophone", set(), ""),
    ("abc", set(), ""),
)


def test_there_are_at_least_sixty_cases() -> None:
    assert len({typed for typed, _found, _first in CASES}) == len(CASES) >= 60


def test_each_search_finds_what_it_should_and_puts_the_best_first(
    app: Flask, nothing_else: Callable[..., None]
) -> None:
    nothing_else(*OFFERS)
    wrong = []
    with app.app_context():
        for typed, expected, first in CASES:
            page = search(Filters(q=typed), None)
            slugs = [offer.slug for offer in page.offers]
            if set(slugs) != expected or page.total != len(expected) or (first and slugs[0] != first):
                wrong.append(f"{typed!r}: {slugs}, not {sorted(expected)} with {first or 'any'} first")
    assert not wrong, "\n".join(wrong)
