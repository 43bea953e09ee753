"""A plan as it is read: its steps in the order of their days, what is done, and how far that is."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from catalogue.clock import today
from catalogue.enrolments.models import EnrolmentState
from catalogue.frameworks.models import Dimension
from catalogue.plans.models import PlanComment


class Kind(StrEnum):
    COMMITMENT = "commitment"
    PLANNED = "planned"
    ENROLMENT = "enrolment"
    REASSESSMENT = "reassessment"


@dataclass(frozen=True, slots=True)
class Step:
    kind: Kind
    key: str
    """What comments say they are on: "commitment:3"; "offer:7", planned or joined; "reassessment"."""
    title: str
    day: date | None
    """By when, or when it begins; none at one's own pace."""
    of: Any
    """The commitment, planned offer, enrolment or reassessment."""
    done_on: date | None = None
    dimensions: Sequence[Dimension] = ()
    """What it is for."""

    @property
    def overdue(self) -> bool:
        """Whether its day is over, and it was the person's to keep: a run begins by itself."""
        return self.kind != Kind.ENROLMENT and self.day is not None and self.day < today()

    @property
    def waits(self) -> bool:
        return self.kind == Kind.ENROLMENT and self.of.state == EnrolmentState.WAITLISTED

    @property
    def asks(self) -> bool:
        """Whether a place is held until the person has answered."""
        return self.kind == Kind.ENROLMENT and self.of.state == EnrolmentState.NOMINATED and self.of.accepted_at is None

    @property
    def counts(self) -> bool:
        """Whether it can still be done, or is: what one did not come to cannot."""
        return self.kind != Kind.ENROLMENT or self.of.state != EnrolmentState.NO_SHOW


@dataclass(frozen=True, slots=True)
class Plan:
    to_do: Sequence[Step]
    done: Sequence[Step]
    let_go: Sequence[Step]
    """Commitments that were abandoned: they count neither way."""

    @property
    def total(self) -> int:
        return len(self.done) + sum(step.counts for step in self.to_do)

    @property
    def empty(self) -> bool:
        return not (self.to_do or self.done or self.let_go)

    @property
    def next(self) -> Step | None:
        """What to do first: answer where a place is held, then by day; waiting for a place comes last."""
        ready = [step for step in self.to_do if step.counts and not step.waits]
        asked = (step for step in ready if step.asks)
        return next(asked, None) or next(iter([*ready, *self.to_do]), None)

    @property
    def enrolments(self) -> list[Any]:
        """Those under way, in the order of the plan."""
        return [step.of for step in self.to_do if step.kind == Kind.ENROLMENT]

    @property
    def titles(self) -> dict[str, str]:
        return {step.key: step.title for step in (*self.let_go, *self.done, *self.to_do)}

    def by_step(self, comments: Iterable[PlanComment]) -> dict[str, list[PlanComment]]:
        """Comments on what is to do by its key; all others, of the whole plan and of what is over, under nothing."""
        keys = {step.key for step in self.to_do}
        found: dict[str, list[PlanComment]] = {}
        for one in comments:
            found.setdefault(one.step if one.step in keys else "", []).append(one)
        return found


def in_order(steps: Sequence[Step]) -> list[Step]:
    """By day; those without one last, as they were."""
    return sorted(steps, key=lambda step: (step.day is None, step.day or date.min))
