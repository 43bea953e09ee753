"""The feedback of the demonstration: a round that is over, with 14 raters, and one that is open; all invented."""

from collections.abc import Iterable, Sequence
from datetime import timedelta

from catalogue.clock import now, today
from catalogue.extensions import db
from catalogue.feedback import actions, closing
from catalogue.feedback.actions import Named
from catalogue.feedback.letters import write_invitation
from catalogue.feedback.models import FeedbackRater, FeedbackRound
from catalogue.feedback.queries import asked_dimensions
from catalogue.feedback.rules import Group
from catalogue.people.models import Person

ASKED = ((Group.MANAGER, 1), (Group.PEERS, 6), (Group.REPORTS, 5), (Group.OTHERS, 2))
ASKED_NOW = ((Group.MANAGER, 1), (Group.PEERS, 5), (Group.REPORTS, 4))
ANSWERED_NOW = {Group.PEERS: 3, Group.REPORTS: 2}
OVER_DAYS_AGO = 200
SEEN = {1: 1, 3: -2, 7: 1}
"""The dimensions, by place, in which others see more than she does herself, or less."""
WELL = (
    "Stays calm when the ward is full, and so do we.", "Thanks people by name, and says what for.",
    "Listens first. I have changed my mind in her office more than once.", "Knows the figures and explains them.",
)  # fmt: skip
MORE = (
    "Tell us earlier what the board is thinking.", "Let the deputies run the meeting now and then.",
    "Say no to some of what comes from outside.",
)  # fmt: skip


def add_finished_feedback(person: Person) -> None:
    """A round that was closed some months ago, in the present transaction: what is left of it is its report."""
    here = actions.open_round(person, today() + timedelta(days=21))
    raters = [rater for rater, _token in _asked(here, ASKED)]
    for number, rater in enumerate(raters):
        _answer(rater, number)
    closing.close(here.id, person.key)
    closed_at = now() - timedelta(days=OVER_DAYS_AGO)
    here.opened_at, here.closed_at, here.released_at = closed_at - timedelta(days=21), closed_at, closed_at
    here.closes_on = closed_at.date()
    here.report = {**(here.report or {}), "closed_on": here.closes_on.isoformat()}
    db.session.flush()


def add_open_feedback(person: Person) -> None:
    """A round in which some have answered; whoever has not has a letter with their link."""
    here = actions.open_round(person, today() + timedelta(days=18))
    answered = dict.fromkeys(Group, 0)
    for number, (rater, token) in enumerate(_asked(here, ASKED_NOW)):
        group = Group(rater.relation)
        if answered[group] < ANSWERED_NOW.get(group, 0):
            answered[group] += 1
            _answer(rater, number)
        else:
            write_invitation(here, rater.email, token)
    db.session.flush()


def _asked(here: FeedbackRound, groups: Iterable[tuple[Group, int]]) -> Sequence[tuple[FeedbackRater, str]]:
    tokens = [
        actions.ask(here, group, Named(f"Example {group} {number + 1}", f"{group}.{number + 1}@demo.example"))
        for group, count in groups
        for number in range(count)
    ]
    db.session.refresh(here, ["raters"])
    return list(zip(here.raters, tokens, strict=True))


def _answer(rater: FeedbackRater, number: int) -> None:
    """The same every time: each of the groups sees something else, and the line manager the least."""
    places = list(enumerate(asked_dimensions(rater.round.framework_id)))
    leaning = {Group.MANAGER: 2, Group.PEERS: 3, Group.REPORTS: 3, Group.OTHERS: 2}[Group(rater.relation)]
    rater.knows_named = rater.relation == Group.MANAGER
    rater.answers = {
        str(statement): max(0, min(4, leaning + SEEN.get(place, 0) + (number + position) % 3 - 1))
        for place, dimension in places
        for position, statement in enumerate(dimension.statements)
    }
    rater.importance = {str(dimension.id): 2 + (place + number % 2) % 3 for place, dimension in places}
    rater.comments = {
        name: words[number % (2 * len(words))]
        for name, words in (("well", WELL), ("more", MORE))
        if number % (2 * len(words)) < len(words)
    }
    rater.sent_at = now()
