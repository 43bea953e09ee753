"""Pure decisions on joining and leaving: dates, answers, and what is said where it cannot be."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta

from catalogue.clock import in_london
from catalogue.enrolments.models import ACTIVE, ON_IT, EnrolmentState
from catalogue.offers.models import Mode, OfferVersion, RunState
from catalogue.offers.rules import JOINABLE

ANSWER_WITHIN = timedelta(days=14)
"""For whoever is nominated, and for a line manager: a fortnight, and not longer than until the run begins."""


def run_state(state: RunState, *, free: bool) -> RunState:
    """Open where somebody for whom no seat is kept could have a place at once, else full; another stays as it is."""
    if state not in JOINABLE:
        return state
    return RunState.OPEN if free else RunState.FULL


def why_not(mode: str, run_state: str | None, starts_on: date | None, today: date, apply_by: date | None = None) -> str:
    """Why an offer cannot be joined in this way, in plain words; an empty string where it can."""
    if mode == Mode.SELF_PACED:
        return ""
    if starts_on is None:
        return "Choose one of the dates."
    why = ""
    if run_state == RunState.CANCELLED:
        why = "This run has been cancelled."
    elif run_state not in JOINABLE:
        why = "This run does not take people at the moment."
    elif starts_on < today:
        why = "This run has begun already."
    elif apply_by is not None and apply_by < today:
        why = f"The last day to apply for this run was {said(apply_by)}."
    return f"{why} Choose another date." if why else ""


def not_for(missing: Sequence[str], plan_part: str | None, seat: tuple[int | None, Mapping[int, str]] | None) -> str:
    """Why an offer is not for somebody, in plain words; an empty string where it is.

    ``missing`` are titles of offers to complete first; ``plan_part`` and ``seat`` (the one chosen, and the seats by
    id that it is for) are none where the offer does not ask for them.
    """
    if missing:
        return f"Complete this first: {'; '.join(missing)}."
    if plan_part is not None and not plan_part.strip():
        return "This is for people who answer for part of their system's plan. Say which part you answer for."
    if seat is not None and seat[0] not in seat[1]:
        return f"This is only for people in these seats: {', '.join(seat[1].values())}. Choose yours."
    return ""


def asks_them(version: OfferVersion) -> bool:
    """Whether an offer asks something of people that nobody can answer for them."""
    return bool(version.approval_needed or version.for_plan_leads or version.for_seats_only)


def answer_by(today: date, starts_on: date | None) -> date:
    """The last day on which an answer counts."""
    last = today + ANSWER_WITHIN
    return max(today, min(last, starts_on)) if starts_on is not None else last


def why_not_until(last: date, today: date, starts_on: date) -> str:
    """Why this cannot be the last day on which an answer counts, in plain words; an empty string where it can."""
    if today <= last <= starts_on:
        return ""
    return f"The last day to answer is today at the earliest, and {said(starts_on)}, when it begins, at the latest."


def can_withdraw(state: EnrolmentState, withdraw_by: date | None, today: date) -> bool:
    """Whether somebody can leave by themselves: a place only until its day, anything else always."""
    if state in ON_IT:
        return withdraw_by is None or today <= withdraw_by
    return state in ACTIVE


def waits_in_vain(state: EnrolmentState, since: datetime, completed_at: datetime) -> bool:
    """Whether somebody who waits for a place has completed the offer elsewhere since they asked, by the day.

    Who had completed it before that, and asked for a place all the same, wants to take it again.
    """
    return state == EnrolmentState.WAITLISTED and in_london(completed_at).date() >= in_london(since).date()


def too_late_to_withdraw(withdraw_by: date) -> str:
    return (
        f"The last day to withdraw by yourself was {said(withdraw_by)}. "
        "Ask the provider: they can take you off the list of people who come."
    )


def said(day: date) -> str:
    """ "2 November 2026"."""
    return f"{day.day} {day:%B %Y}"


def too_few_places(free: int, chosen: int) -> str:
    """Why so many people cannot be given a place together."""
    places = {0: "There is no free place", 1: "There is 1 free place"}.get(free, f"There are {free} free places")
    return f"{places} and you chose {chosen}."


def too_few_for_all(taken: int, kept: int) -> str:
    """Why a run cannot have so few places."""
    total = taken + kept
    if not kept:
        return f"There are {taken} of them taken already. Enter {total} or more."
    return f"There are {taken} of them taken already and {kept} kept for others. Enter {total} or more."


def overlaps(first: tuple[date, date], second: tuple[date, date]) -> bool:
    """Whether two spans of days, ends included, share a day."""
    return first[0] <= second[1] and second[0] <= first[1]
