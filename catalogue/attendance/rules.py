"""Pure decisions: what is still needed to complete an offer, how a run stands by its dates, whose mark is kept."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import Enum

from catalogue.offers.models import RunState


@dataclass(frozen=True, slots=True)
class Part:
    """Steps (titles by id) of which ``choose`` are to be done: one step by itself, or those of a group."""

    steps: Mapping[int, str]
    choose: int
    title: str = ""

    def done(self, steps: frozenset[int]) -> int:
        """How many of them count; more than are asked for count no more."""
        return min(self.choose, len(self.steps.keys() & steps))


@dataclass(frozen=True, slots=True)
class Asked:
    """All that completing an offer takes."""

    parts: tuple[Part, ...] = ()
    sessions: int = 0
    reassessment: bool = False
    takes_part: str = ""  # who has to say that somebody took part; nobody, where steps or sessions say it
    begins_on: date | None = None  # of the run: nothing is completed before

    @property
    def total(self) -> int:
        return sum(part.choose for part in self.parts) + self.sessions + bool(self.reassessment) + bool(self.takes_part)


@dataclass(frozen=True, slots=True)
class Done:
    steps: frozenset[int] = frozenset()
    attended: int = 0
    reassessed: bool = False
    took_part: bool = False


def asked(
    parts: tuple[Part, ...], *, sessions_needed: int | None, sessions: int, reassessment: bool, self_paced: bool,
    provider: str, begins_on: date | None,
) -> Asked:  # fmt: skip
    """What an offer asks for; ``sessions`` is how many its run has, and nobody has to attend more of them.

    Where neither steps nor sessions say that somebody took part, the provider does.
    """
    needed = min(sessions_needed or 0, sessions)
    says = "" if parts or needed or (self_paced and reassessment) else provider
    return Asked(parts, needed, reassessment, says, begins_on)


def progress(asked: Asked, done: Done) -> tuple[int, int]:
    """How much of it is done, of how much."""
    counted = sum(part.done(done.steps) for part in asked.parts) + min(asked.sessions, done.attended)
    counted += (asked.reassessment and done.reassessed) + bool(asked.takes_part and done.took_part)
    return counted, asked.total


def still_needed(asked: Asked, done: Done, today: date) -> list[str]:
    """What is missing, in words that can stand in a list; nothing where it is completed."""
    missing: list[str] = []
    if asked.begins_on is not None and today < asked.begins_on:
        missing.append(f"it begins on {asked.begins_on.day} {asked.begins_on:%B %Y}")
    for part in asked.parts:
        left = part.choose - part.done(done.steps)
        open_steps = [title for step, title in part.steps.items() if step not in done.steps]
        if left and left == len(open_steps):
            missing += open_steps
        elif left:
            of = f" of {part.title}" if part.title else ""
            missing.append(f"{left} more{of}, from: {'; '.join(open_steps)}")
    sessions = max(0, asked.sessions - done.attended)
    if sessions:
        missing.append(f"{sessions} more {'session' if sessions == 1 else 'sessions'}")
    if asked.takes_part and not done.took_part:
        missing.append(f"the word of {asked.takes_part} that you took part")
    if asked.reassessment and not done.reassessed:
        missing.append("a new self-assessment")
    return missing


def run_state(state: RunState, starts_on: date, ends_on: date, today: date) -> RunState:
    """How a run stands by its dates. It takes people on its first day still, and is in progress from the next.

    One whose dates were moved into the future is open again.
    """
    if state == RunState.CANCELLED:
        return state
    if ends_on < today:
        return RunState.COMPLETED
    if starts_on < today:
        return RunState.IN_PROGRESS
    return RunState.OPEN if state in (RunState.IN_PROGRESS, RunState.COMPLETED) else state


class Outcome(Enum):
    NOTHING = "nothing"  # the form left it as it was, or it stands so already
    WRITE = "write"
    CONFLICT = "conflict"  # somebody else has changed it meanwhile, to something else


def outcome(shown: bool | None, chosen: bool | None, held: bool | None) -> Outcome:
    """What becomes of a mark: what the form showed, what was chosen in it, and what is held now (none: nobody said)."""
    if chosen in (shown, held):
        return Outcome.NOTHING
    return Outcome.WRITE if held == shown else Outcome.CONFLICT
