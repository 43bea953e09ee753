"""The life cycle of a draft, as a table: what may be done in which state, by whom, and what follows."""

from datetime import date
from enum import StrEnum

from catalogue.publishing.models import DraftState


class Act(StrEnum):
    WRITE = "write"
    SUBMIT = "submit"
    TAKE_BACK = "take back"
    DISCARD = "discard"
    ASK = "ask for changes"
    APPROVE = "approve"
    PUBLISH = "publish"
    FAIL = "fail to publish"


class Part(StrEnum):
    """What somebody is to an offer."""

    ANSWERS = "answers for it"  # partner of its provider, or administrator
    WRITES = "writes it"  # editor of its provider, or collaborator on it
    DECIDES = "decides on it"  # reviewer from elsewhere
    CLOCK = "the day has come"


WRITERS = frozenset({Part.ANSWERS, Part.WRITES})
DOERS: dict[Act, frozenset[Part]] = {
    Act.WRITE: WRITERS,
    Act.SUBMIT: frozenset({Part.ANSWERS}),
    Act.TAKE_BACK: frozenset({Part.ANSWERS}),
    Act.DISCARD: frozenset({Part.ANSWERS}),
    Act.ASK: frozenset({Part.DECIDES}),
    Act.APPROVE: frozenset({Part.DECIDES}),
    Act.PUBLISH: frozenset({Part.CLOCK}),
    Act.FAIL: frozenset({Part.CLOCK}),
}
_WRITTEN = {DraftState.DRAFT, DraftState.CHANGES_REQUESTED}
_NEXT: dict[tuple[DraftState, Act], DraftState | None] = {
    **{(state, Act.WRITE): state for state in _WRITTEN},
    **{(state, Act.SUBMIT): DraftState.SUBMITTED for state in _WRITTEN},
    **{(state, Act.DISCARD): None for state in _WRITTEN},
    (DraftState.SUBMITTED, Act.TAKE_BACK): DraftState.DRAFT,
    (DraftState.APPROVED, Act.TAKE_BACK): DraftState.DRAFT,
    (DraftState.SUBMITTED, Act.ASK): DraftState.CHANGES_REQUESTED,
    (DraftState.APPROVED, Act.ASK): DraftState.CHANGES_REQUESTED,
    (DraftState.SUBMITTED, Act.APPROVE): DraftState.APPROVED,
    (DraftState.APPROVED, Act.PUBLISH): None,
    (DraftState.APPROVED, Act.FAIL): DraftState.CHANGES_REQUESTED,
}
UNDER_REVIEW = (DraftState.SUBMITTED, DraftState.APPROVED)


def can(act: Act, state: DraftState, parts: set[Part]) -> bool:
    """Whether somebody who is all this to an offer may do it to a draft in this state."""
    return (state, act) in _NEXT and bool(DOERS[act] & parts)


def after(state: DraftState, act: Act) -> DraftState | None:
    """The state that follows; none where the draft is gone. Raises ``KeyError`` where it cannot be done."""
    return _NEXT[state, act]


def why_not(state: DraftState, act: Act) -> str:
    """Why this cannot be done to a draft, in plain words; an empty string where it can."""
    if (state, act) in _NEXT:
        return ""
    if act in (Act.ASK, Act.APPROVE):
        return "This offer is not waiting for a decision any more. Somebody has decided, or it was taken back."
    return {
        DraftState.SUBMITTED: "This offer is with a reviewer. Take it back first, if you want to change it.",
        DraftState.APPROVED: "This offer is approved and waits for its day. Take it back first, to change it.",
    }.get(state, "This offer has not been submitted.")


def is_due(publish_on: date | None, today: date) -> bool:
    """Whether what is approved is to be published: at once where no day was chosen."""
    return publish_on is None or publish_on <= today


def why_not_dates(publish_on: date | None, retire_on: date | None, today: date) -> str:
    """Why an offer cannot be published on one day and retired on the other; an empty string where it can."""
    if retire_on is not None and retire_on <= max(today, publish_on or today):
        return "It must be retired on a day after it is published, and after today."
    return ""
