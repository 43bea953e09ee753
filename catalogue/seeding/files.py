"""The shape of the files in ``seed/``, and reading them: a fault names the file, the row and the reason."""

import tomllib
from datetime import date
from pathlib import Path
from typing import Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

Key = Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=100)


class FaultyFile(Exception):
    """A file cannot be loaded; nothing was changed."""

    def __init__(self, file: Path, row: str, reason: str) -> None:
        super().__init__(f"{file.name}: {row}: {reason}" if row else f"{file.name}: {reason}")


class Shape(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class ConditionRow(Shape):
    key: str = Key
    name: str
    meaning: str
    source: str = ""


class ConditionsFile(Shape):
    condition: list[ConditionRow]


class LevelRow(Shape):
    value: int = Field(ge=0)
    key: str = Key
    name: str
    meaning: str


class StatementRow(Shape):
    key: str
    self: str = Field(min_length=1)
    others: str = Field(min_length=1)


class DimensionLevelRow(Shape):
    level: str
    heading: str
    statement: list[StatementRow] = Field(min_length=1)


class DimensionRow(Shape):
    key: str = Key
    name: str
    what: str
    why: str
    what_it_is_not: list[str]
    level: list[DimensionLevelRow]


class FrameworkFile(Shape):
    key: str = Key
    version: str
    name: str
    label: str
    notice: str
    owner: str
    source: str
    level: list[LevelRow] = Field(min_length=2)
    dimension: list[DimensionRow] = Field(min_length=1)

    @model_validator(mode="after")
    def _consistent(self) -> "FrameworkFile":
        values = [level.value for level in self.level]
        if values != list(range(len(values))):
            raise ValueError("the levels must be numbered 0, 1, 2 ... in order")
        described = {level.key for level in self.level if level.value > 0}
        keys: set[str] = set()
        for dimension in self.dimension:
            if {level.level for level in dimension.level} != described:
                raise ValueError(f"dimension {dimension.key}: each level above 0 must be described once")
            for level in dimension.level:
                for statement in level.statement:
                    if statement.key in keys:
                        raise ValueError(f"statement {statement.key} stands twice")
                    keys.add(statement.key)
        return self


class TargetRow(Shape):
    level: str
    importance: int = Field(ge=1, le=3)


class SeatRow(Shape):
    key: str = Key
    name: str
    description: str
    targets: dict[str, TargetRow]


class SeatsFile(Shape):
    framework: str
    seat: list[SeatRow]


class SystemRow(Shape):
    key: str = Key
    number: int | None = None
    name: str
    kind: Literal["STP", "ICS"]
    ended_on: date | None = None
    successor: str = ""


class SystemsFile(Shape):
    system: list[SystemRow]


class OrganisationRow(Shape):
    key: str = Key
    name: str
    kind: Literal["national body", "provider", "trust"]
    description: str = ""
    publishes: bool = False
    started_on: date | None = None
    ended_on: date | None = None
    successor: str = ""
    source: str = ""
    example: bool = False


class OrganisationsFile(Shape):
    organisation: list[OrganisationRow]


class MappingRow(Shape):
    dimension: str
    start: str = Field(alias="from")
    to: str
    strength: Literal["touches", "builds", "masters"]


class StepRow(Shape):
    key: str = Key
    title: str
    minutes: int = Field(ge=1)
    text: str


class RunRow(Shape):
    key: str = Key
    starts_in_days: int
    days: int = Field(ge=1)
    places: int = Field(ge=0)
    place: str


class OfferRow(Shape):
    key: str = Key
    title: str = Field(min_length=1, max_length=200)
    provider: str
    partners: list[str] = []
    summary: str = Field(min_length=1)
    outcomes: list[str] = Field(min_length=1)
    description: str = Field(min_length=1)
    mode: Literal["in-person", "online", "blended", "self-paced"]
    hours: float = Field(gt=0, le=2000)
    hours_estimated: bool = False
    price_pounds: float | None = Field(ge=0, default=None)  # absent: the source does not say
    place: str = ""
    seats: list[str] = []
    conditions: list[str] = Field(min_length=1)
    example: bool
    source: str = ""
    mapping: list[MappingRow] = Field(min_length=1)
    step: list[StepRow] = []
    run: list[RunRow] = []

    @field_validator("key")
    @classmethod
    def _not_a_page(cls, key: str) -> str:
        if key in {"new", "search"}:
            raise ValueError("is the address of another page")
        return key

    @model_validator(mode="after")
    def _consistent(self) -> "OfferRow":
        if (self.mode == "self-paced") != bool(self.step):
            raise ValueError("a self-paced offer has steps, any other has none")
        if self.mode == "self-paced" and self.run:
            raise ValueError("a self-paced offer has no runs")
        if not self.example and not self.source:
            raise ValueError("an offer that is no example names its source")
        return self


class OffersFile(Shape):
    offer: list[OfferRow]


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
        raise FaultyFile(file, _row(content, first["loc"]), first["msg"]) from faults


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
