"""The shape of the files in ``seed/``, and reading them: a fault names the file, the row and the reason."""

import tomllib
from datetime import date
from pathlib import Path
from typing import Literal, TypeVar

from pydantic import Field, ValidationError, field_validator, model_validator

from catalogue.offers.content import OfferContent
from catalogue.shapes import Key, LongKey, Shape, Words100, Words200, once


class FaultyFile(Exception):
    """A file cannot be loaded; nothing was changed."""

    def __init__(self, file: Path, row: str, reason: str) -> None:
        super().__init__(f"{file.name}: {row}: {reason}" if row else f"{file.name}: {reason}")


class ConditionRow(Shape):
    key: Key
    name: Words200
    meaning: str
    source: str = ""


class ConditionsFile(Shape):
    condition: list[ConditionRow]

    @model_validator(mode="after")
    def _consistent(self) -> "ConditionsFile":
        once("condition", (row.key for row in self.condition))
        return self


class CrosswalkRow(Shape):
    """Dimensions as ``framework/dimension``."""

    origin: str = Field(alias="from", pattern=r"^[a-z0-9-]+/[a-z0-9-]+$")
    destination: str = Field(alias="to", pattern=r"^[a-z0-9-]+/[a-z0-9-]+$")
    kind: Literal["exactMatchOf", "isRelatedTo", "isPartOf"]


class CrosswalksFile(Shape):
    crosswalk: list[CrosswalkRow]

    @model_validator(mode="after")
    def _consistent(self) -> "CrosswalksFile":
        once("crosswalk", (f"{row.origin} to {row.destination}" for row in self.crosswalk))
        return self


class TargetRow(Shape):
    level: str
    importance: int = Field(ge=1, le=3)


class SeatRow(Shape):
    key: Key
    name: Words100
    description: str
    targets: dict[str, TargetRow]


class SeatsFile(Shape):
    framework: str
    seat: list[SeatRow]

    @model_validator(mode="after")
    def _consistent(self) -> "SeatsFile":
        once("seat", (row.key for row in self.seat))
        return self


class SystemRow(Shape):
    key: LongKey
    number: int | None = Field(ge=1, le=1000, default=None)
    name: Words200
    kind: Literal["STP", "ICS"]
    started_on: date | None = None
    ended_on: date | None = None
    successor: str = ""
    """The key of the system that followed it."""


class SystemsFile(Shape):
    system: list[SystemRow]

    @model_validator(mode="after")
    def _consistent(self) -> "SystemsFile":
        once("system", (row.key for row in self.system))
        there = {row.key for row in self.system}
        for row in self.system:
            if row.successor and (row.successor not in there or row.successor == row.key):
                raise ValueError(f"system {row.key}: there is no other system {row.successor} to follow it")
        return self


class OrganisationRow(Shape):
    key: LongKey
    name: Words200
    kind: Literal["national body", "provider", "trust"]
    ods_code: str | None = Field(pattern=r"^[A-Z0-9]{3,10}$", default=None)
    description: str = ""
    publishes: bool = False
    started_on: date | None = None
    ended_on: date | None = None
    successor: Words200 = ""
    source: str = ""
    example: bool = False
    system: str = ""
    supports: list[str] = Field(default=[])
    """Keys of systems whose local partner an example is, in the demonstration."""

    @model_validator(mode="after")
    def _only_examples_are_assigned(self) -> "OrganisationRow":
        if self.supports and not self.example:
            raise ValueError("only an example is made a local partner here")
        return self


class OrganisationsFile(Shape):
    organisation: list[OrganisationRow]

    @model_validator(mode="after")
    def _consistent(self) -> "OrganisationsFile":
        once("organisation", (row.key for row in self.organisation))
        once("ODS code", (row.ods_code for row in self.organisation if row.ods_code))
        return self


class SessionRow(Shape):
    """On which day of its run, counted from 1; times are London's, as "09:30"."""

    key: Key
    title: Words200
    day: int = Field(ge=1, le=3650)
    starts: str = Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")
    ends: str = Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")
    place: Words100 = ""

    @model_validator(mode="after")
    def _forwards(self) -> "SessionRow":
        if self.starts >= self.ends:
            raise ValueError("a session ends after it starts")
        return self


class RunRow(Shape):
    key: Key
    name: Words100 = ""
    starts_in_days: int = Field(ge=-3650, le=3650)
    days: int = Field(ge=1, le=3650)
    places: int = Field(ge=0, le=1_000_000)
    place: Words100
    apply_days_before: int | None = Field(ge=0, le=3650, default=None)
    withdraw_days_before: int | None = Field(ge=0, le=3650, default=None)
    session: list[SessionRow] = Field(default=[])

    @model_validator(mode="after")
    def _consistent(self) -> "RunRow":
        once("session", (session.key for session in self.session))
        if any(session.day > self.days for session in self.session):
            raise ValueError("a session is on one of the days of its run")
        return self


class OfferRow(OfferContent):
    key: LongKey
    provider: str
    example: bool
    source: str = ""
    run: list[RunRow] = Field(default=[])

    @field_validator("key")
    @classmethod
    def _not_a_page(cls, key: str) -> str:
        if key in {"new", "search"}:
            raise ValueError("is the address of another page")
        return key

    @model_validator(mode="after")
    def _consistent(self) -> "OfferRow":
        if self.mode == "self-paced" and not self.step:
            raise ValueError("a self-paced offer has steps, any other has none")
        if self.mode == "self-paced" and self.run:
            raise ValueError("a self-paced offer has no runs")
        if not self.example and not self.source:
            raise ValueError("an offer that is no example names its source")
        once("run", (run.key for run in self.run))
        return self

    @property
    def content(self) -> OfferContent:
        """What it says, without whose it is and when it runs."""
        return OfferContent.model_validate(self.model_dump(include=set(OfferContent.model_fields), by_alias=True))


class OffersFile(Shape):
    offer: list[OfferRow]

    @model_validator(mode="after")
    def _consistent(self) -> "OffersFile":
        once("offer", (row.key for row in self.offer))
        return self


S = TypeVar("S", bound=Shape)


def read(file: Path, shape: type[S]) -> S:
    """The file's content in its shape; raises ``FaultyFile`` with the row and the reason."""
    try:
        with file.open("rb") as stream:
            content = tomllib.load(stream)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as fault:
        raise FaultyFile(file, "", str(fault)) from fault
    try:
        return shape.model_validate(content)
    except ValidationError as faults:
        first = faults.errors()[0]
        raise FaultyFile(file, _row(content, first["loc"]), first["msg"].removeprefix("Value error, ")) from faults


def _row(content: object, where: tuple[int | str, ...]) -> str:
    """Where a fault is, for people: "offer 12 (running-meetings): hours"."""
    words: list[str] = []
    for step in where:
        try:
            content = content[step]  # type: ignore[index]
        except (KeyError, IndexError, TypeError):
            content = None
        if isinstance(step, int) and words:
            key = content.get("key") if isinstance(content, dict) else None
            words[-1] += f" {step + 1}" + (f" ({key})" if key else "")
        else:
            words.append(str(step))
    return ", ".join(words)
