"""What a rater does, by their link alone: say that they know who sees what, answer, send, or decline.

Nothing of it is an event in the audit trail: who answered, and when, is for nobody to know.
"""

from collections.abc import Mapping

from sqlalchemy import select

from catalogue.clock import now
from catalogue.errors import Refused
from catalogue.extensions import db
from catalogue.feedback import queries
from catalogue.feedback.actions import held, takes_answers
from catalogue.feedback.models import FeedbackRater, FeedbackRound
from catalogue.feedback.rules import Group


def over(rater: FeedbackRater) -> str:
    """Why nothing can be answered by this link any more, in a word; an empty string where it can."""
    if rater.sent_at is not None:
        return "sent"
    if rater.declined_at is not None:
        return "declined"
    return "" if takes_answers(rater.round) else "closed"


def begun(rater: FeedbackRater) -> bool:
    """Whether they may see the statements: a line manager, once they know that they can be told from the others."""
    return rater.relation != Group.MANAGER or rater.knows_named


def answering(token: str) -> FeedbackRater:
    """The rater, held together with their round, so that neither closes meanwhile; raises ``Refused`` where it has."""
    found = queries.rater_by_token(token)
    here = held(found.round_id)
    rater = db.session.scalar(
        select(FeedbackRater)
        .where(FeedbackRater.id == found.id)
        .with_for_update(of=FeedbackRater)
        .execution_options(populate_existing=True)
    )
    if rater is None or not _open(rater, here):
        raise Refused("Nothing can be answered by this link any more.")
    return rater


def _open(rater: FeedbackRater, here: FeedbackRound) -> bool:
    return rater.sent_at is None and rater.declined_at is None and takes_answers(here)


def begin(token: str) -> None:
    """A line manager knows that what they say is told as theirs."""
    answering(token).knows_named = True


def save(token: str, dimension_id: int, answers: Mapping[int, int | None], importance: int | None) -> None:
    """Keep answers by statement id (0 to 4, None for "cannot say"); what is not named stays as it is."""
    rater = answering(token)
    if not begun(rater):
        raise Refused("Say first that you know who sees what.")
    rater.answers = {**rater.answers, **{str(key): value for key, value in answers.items()}}
    if importance is not None:
        rater.importance = {**rater.importance, str(dimension_id): importance}


def comment(token: str, comments: Mapping[str, str]) -> None:
    rater = answering(token)
    if not begun(rater):
        raise Refused("Say first that you know who sees what.")
    rater.comments = dict(comments)


def send(token: str) -> None:
    """Once, for good. Raises ``Refused`` while something is not answered."""
    if queries.rater_by_token(token).sent_at is not None:
        return
    rater = answering(token)
    left = [step.dimension.name for step in queries.steps(rater) if not step.complete]
    if left:
        raise Refused(f"Not everything is answered yet: {', '.join(left)}. Your answers so far are saved.")
    rater.sent_at = now()


def decline(token: str) -> None:
    """They answer nothing, and what they had saved goes. Nobody is told."""
    if queries.rater_by_token(token).declined_at is not None:
        return
    rater = answering(token)
    rater.declined_at = now()
    rater.answers, rater.importance, rater.comments = {}, {}, {}
