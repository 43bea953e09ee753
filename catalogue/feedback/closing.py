"""Closing a round: the report is made, once, and all that it was made of is deleted in the same transaction."""

import secrets
from collections import Counter

from sqlalchemy import delete

from catalogue.clock import now, today
from catalogue.errors import Refused
from catalogue.extensions import db
from catalogue.feedback import queries
from catalogue.feedback.actions import held
from catalogue.feedback.models import FeedbackRater, FeedbackRound, RoundState
from catalogue.feedback.report import Said, written
from catalogue.feedback.rules import REMIND_AFTER, Group
from catalogue.people import audit
from catalogue.people.rules import hash_token, new_token


def close(round_id: int, actor_key: str = "") -> tuple[FeedbackRound, str]:
    """Close it; returns it, with the token of the facilitator's link, or an empty string where there is none.

    Raises ``Refused`` where it is closed already.
    """
    here = held(round_id)
    if here.state != RoundState.OPEN:
        raise Refused("This round is closed already.")
    raters = list(here.raters)
    said = [
        Said(Group(one.relation), one.answers, one.importance, one.comments)
        for one in raters
        if one.sent_at is not None
    ]
    content = written(
        here.framework.key, today(), queries.asked_dimensions(here.framework_id),
        Counter(Group(one.relation) for one in raters), said,
        own=queries.own_means(here.person_id, here.framework_id), shuffle=secrets.SystemRandom().shuffle,
    )  # fmt: skip
    for one in raters:
        db.session.expunge(one)
    db.session.expire(here, ["raters"])
    db.session.execute(delete(FeedbackRater).where(FeedbackRater.round_id == here.id))
    here.closed_at = now()
    audit.record("feedback closed", f"feedback:{here.id}", actor_key)
    if not here.facilitator_email:
        here.state, here.released_at, here.report = RoundState.RELEASED, here.closed_at, content
        db.session.flush()
        return here, ""
    here.state, here.held_back = RoundState.CLOSED, content
    return here, _facilitators_link(here)


def _facilitators_link(here: FeedbackRound) -> str:
    token = new_token()
    here.facilitator_token_hash, here.facilitator_asked_at = hash_token(token), now()
    db.session.flush()
    return token


def ask_facilitator_again(here: FeedbackRound) -> str:
    """A new link for the facilitator; the old one ends.

    Raises ``Refused`` for more than one in a day, and where they have been erased.
    """
    if here.state != RoundState.CLOSED:
        raise Refused("The report waits for nobody.")
    if not here.facilitator_email:
        raise Refused("Your facilitator is not here any more. The report is released to you within the hour.")
    if here.facilitator_asked_at is not None and here.facilitator_asked_at > now() - REMIND_AFTER:
        raise Refused("They were written to less than a day ago. Try again tomorrow.")
    audit.record("feedback facilitator reminded", f"feedback:{here.id}", here.person.key)
    return _facilitators_link(here)


def release(here: FeedbackRound, by: str) -> bool:
    """The report is its person's from now on, unchanged; whether that is news. The round is held."""
    if here.state != RoundState.CLOSED:
        return False
    here.state, here.released_at = RoundState.RELEASED, now()
    here.report, here.held_back = here.held_back, None
    db.session.flush()
    audit.record("feedback report released", f"feedback:{here.id}", by=by)
    return True
