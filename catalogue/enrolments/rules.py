"""Pure decisions on places and progress."""

from datetime import date

from catalogue.enrolments.models import EnrolmentState
from catalogue.offers.models import Mode, RunState
from catalogue.offers.rules import JOINABLE


def free_places(places: int, booked: int) -> int:
    return max(0, places - booked)


def state_for(places: int, booked: int, waiting: int) -> EnrolmentState:
    """Booked while there is a place and nobody waits for one; else on the waiting list."""
    if booked < places and not waiting:
        return EnrolmentState.BOOKED
    return EnrolmentState.WAITLISTED


def why_not(mode: str, run_state: str | None, starts_on: date | None, today: date) -> str:
    """Why an offer cannot be joined in this way, in plain words; an empty string where it can."""
    if mode == Mode.SELF_PACED:
        return ""
    if starts_on is None:
        return "Choose one of the dates."
    if run_state == RunState.CANCELLED:
        return "This run has been cancelled. Choose another date."
    if run_state not in JOINABLE:
        return "This run does not take people at the moment. Choose another date."
    if starts_on < today:
        return "This run has begun already. Choose another date."
    return ""


def too_few_places(free: int, chosen: int) -> str:
    """Why so many people cannot be given a place together."""
    places = {0: "There is no free place", 1: "There is 1 free place"}.get(free, f"There are {free} free places")
    return f"{places} and you chose {chosen}."


def overlaps(first: tuple[date, date], second: tuple[date, date]) -> bool:
    """Whether two spans of days, ends included, share a day."""
    return first[0] <= second[1] and second[0] <= first[1]
