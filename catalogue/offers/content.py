"""What an offer says, as a document: the one shape of files, forms, feeds and drafts.

Everything is named by its key, so that a document means the same in every database. What it becomes when it is
published is an ``OfferVersion``.
"""

import re
from collections.abc import Iterator
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, field_validator, model_validator

from catalogue.shapes import Key, Shape, Words100, Words200, Words500, can_be_seen, once

Strength = Literal["touches", "builds", "masters"]
MOST_STEPS = 200
MOST_NAMED = 50
LONGEST_STEP = 120_000  # minutes: an offer of 2,000 hours


class Inconsistent(ValueError):
    """Parts of a document that are right in themselves and do not go together; ``field`` is the one to set right."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(reason)
        self.field = field


def _one_line(name: str) -> str:
    if not name.isprintable():
        raise ValueError("is not the name of an offer: it holds characters that cannot be printed")
    return name


def _seen(title: str) -> str:
    if not can_be_seen(title):
        raise ValueError("has nothing in it that can be read")
    return title


_NAME = r"[a-z0-9]+(-[a-z0-9]+)*/\S(.*\S)?"
OfferName = Annotated[str, Field(max_length=400, pattern=f"^{_NAME}$"), AfterValidator(_one_line)]
"""Another offer: the key of its provider, a slash, and the provider's own key for it."""
MaybeOfferName = Annotated[str, Field(max_length=400, pattern=f"^({_NAME})?$"), AfterValidator(_one_line)]


def is_offer_name(name: str) -> bool:
    return len(name) <= 400 and name.isprintable() and re.fullmatch(_NAME, name, re.ASCII) is not None


class MappingRow(Shape):
    """Levels by their keys. Without a framework it is the one that new assessments use."""

    framework: str = ""
    dimension: str
    start: str = Field(alias="from")
    to: str
    strength: Strength


class GroupRow(Shape):
    """Steps that belong together: all of them are to be done, or ``choose`` of them."""

    key: Key
    title: Words200 = Field(min_length=1)
    text: str = ""
    choose: int | None = Field(ge=1, le=MOST_STEPS, default=None)


class StepRow(Shape):
    """What people work through here, or another offer: that step is done by completing it."""

    key: Key
    title: Words200
    minutes: int = Field(ge=1, le=LONGEST_STEP)
    text: str = ""
    offer: MaybeOfferName = ""
    group: str = ""


class OfferContent(Shape):
    """All that is needed to publish. Hours, not minutes; pounds, and none where the price is not known."""

    title: Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_seen)]
    partners: list[str] = Field(default=[])
    summary: str = Field(min_length=1)
    outcomes: list[Annotated[str, Field(min_length=1)]] = Field(min_length=1)
    description: str = Field(min_length=1)
    prerequisites: str = ""
    accessibility: str = ""
    url: Words500 = Field(default="", pattern=r"^(https?://\S+)?$")
    """The provider's own page on it."""
    mode: Literal["in-person", "online", "blended", "self-paced"]
    hours: float = Field(ge=0.01, le=2000)
    hours_estimated: bool = False
    price_pounds: float | None = Field(ge=0, le=1_000_000, default=None)  # absent: the source does not say
    place: Words100 = ""
    seats: list[str] = Field(default=[])
    systems: list[str] = Field(default=[])
    conditions: list[str] = Field(min_length=1)
    members_only: bool = False
    for_plan_leads: bool = False
    """Only for those who are responsible for implementing part or all of their system's plan."""
    for_seats_only: bool = False
    """Only for people in its seats; else the seats say for whom it was made."""
    approval_needed: bool = False
    """A line manager has to agree before somebody has a place."""
    prerequisite_offers: list[OfferName] = Field(default=[], max_length=MOST_NAMED)
    """Offers to have completed before joining."""
    sessions_needed: int | None = Field(ge=1, le=1000, default=None)
    """How many sessions are to be attended, to complete it."""
    reassessment_needed: bool = False
    mapping: list[MappingRow] = Field(min_length=1)
    group: list[GroupRow] = Field(default=[], max_length=MOST_NAMED)
    step: list[StepRow] = Field(default=[], max_length=MOST_STEPS)
    """In order. Where one of them is an offer, all of it is a programme."""

    @field_validator("hours", "price_pounds")
    @classmethod
    def _as_exact_as_it_is_kept(cls, value: float | None) -> float | None:
        """Two documents that would be kept as the same say the same."""
        return value if value is None else round(value, 2)

    @property
    def is_programme(self) -> bool:
        return any(step.offer for step in self.step)

    @property
    def named_offers(self) -> list[str]:
        """The other offers that it names, each once: those that are its steps, then those to have completed before."""
        return list(dict.fromkeys([*(step.offer for step in self.step if step.offer), *self.prerequisite_offers]))

    @model_validator(mode="after")
    def _consistent_content(self) -> Self:
        if self.step and self.mode != "self-paced" and not self.is_programme:
            raise Inconsistent("step", "only a self-paced offer has steps, unless other offers are among them")
        if self.for_seats_only and not self.seats:
            raise Inconsistent("for_seats_only", "say which seats it is for, if only people in them may join")
        if self.sessions_needed and self.mode == "self-paced":
            raise Inconsistent("sessions_needed", "a self-paced offer has no sessions to attend")
        for what, keys in (
            ("partner", self.partners), ("seat", self.seats), ("system", self.systems), ("condition", self.conditions),
            ("prerequisite", self.prerequisite_offers), ("offer", [step.offer for step in self.step if step.offer]),
        ):  # fmt: skip
            once(what, keys)
        once("step", (step.key for step in self.step))
        once("group", (group.key for group in self.group))
        once("mapping from", (f"{mapping.start} in {mapping.dimension}" for mapping in self.mapping))
        for fault in self._group_faults():
            raise Inconsistent("group", fault)
        return self

    def _group_faults(self) -> Iterator[str]:
        there = {group.key for group in self.group}
        for step in self.step:
            if step.group and step.group not in there:
                yield f"there is no group {step.group}, which the step “{step.title}” is in"
        for group in self.group:
            size = sum(step.group == group.key for step in self.step)
            if not size:
                yield f"there is no step in the group “{group.title}”"
            elif group.choose and group.choose > size:
                yield f"nobody can choose {group.choose} in the group “{group.title}”: it has {size}"
