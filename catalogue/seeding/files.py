"""The shape of the files in ``seed/``, and reading them: a fault names the file, the row and the reason."""

import tomllib
from collections import Counter
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

# As long as their columns: SQLite would take more, PostgreSQL would not.
_KEY = r"^[a-z0-9]+(-[a-z0-9]+)*$"
Key = Annotated[str, Field(pattern=_KEY, max_length=60)]
LongKey = Annotated[str, Field(pattern=_KEY, max_length=100)]
Words20 = Annotated[str, Field(max_length=20)]
Words100 = Annotated[str, Field(max_length=100)]
Words200 = Annotated[str, Field(max_length=200)]
Words300 = Annotated[str, Field(max_length=300)]


class FaultyFile(Exception):
    """A file cannot be loaded; nothing was changed."""

    def __init__(self, file: Path, row: str, reason: str) -> None:
        super().__init__(f"{file.name}: {row}: {reason}" if row else f"{file.name}: {reason}")


class Shape(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True, strict=True)

    @field_validator("*")
    @classmethod
    def _can_be_stored(cls, value: Any) -> Any:
        if "\0" in (value if isinstance(value, str) else ()):
            raise ValueError("holds a NUL character")
        return value


def _once(what: str, keys: Iterable[object]) -> None:
    for key, count in Counter(keys).items():
        if count > 1:
            raise ValueError(f"{what} {key} stands twice")


class ConditionRow(Shape):
    key: Key
    name: Words200
    meaning: str
    source: str = ""


class ConditionsFile(Shape):
    condition: list[ConditionRow]

    @model_validator(mode="after")
    def _consistent(self) -> "ConditionsFile":
        _once("condition", (row.key for row in self.condition))
        return self


class LevelRow(Shape):
    value: int = Field(ge=0)
    key: Key
    name: Words100
    meaning: str


class StatementRow(Shape):
    key: Words100
    self: str = Field(min_length=1)
    others: str = Field(min_length=1)


class DimensionLevelRow(Shape):
    level: str
    heading: Words200
    statement: list[StatementRow] = Field(min_length=1)


class DimensionRow(Shape):
    key: Key
    name: Words100
    what: str
    why: str
    what_it_is_not: list[str]
    level: list[DimensionLevelRow]


class FrameworkFile(Shape):
    key: LongKey
    version: Words20
    name: Words200
    label: Words300
    notice: Words300
    owner: Words200
    source: str
    level: list[LevelRow] = Field(min_length=2)
    dimension: list[DimensionRow] = Field(min_length=1)

    @model_validator(mode="after")
    def _consistent(self) -> "FrameworkFile":
        values = [level.value for level in self.level]
        if values != list(range(len(values))):
            raise ValueError("the levels must be numbered 0, 1, 2 ... in order")
        _once("level", (level.key for level in self.level))
        _once("dimension", (dimension.key for dimension in self.dimension))
        described = sorted(level.key for level in self.level if level.value > 0)
        for dimension in self.dimension:
            if sorted(level.level for level in dimension.level) != described:
                raise ValueError(f"dimension {dimension.key}: each level above 0 must be described once")
        levels = (level for dimension in self.dimension for level in dimension.level)
        _once("statement", (statement.key for level in levels for statement in level.statement))
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
        _once("seat", (row.key for row in self.seat))
        return self


class SystemRow(Shape):
    key: LongKey
    number: int | None = Field(ge=1, le=1000, default=None)
    name: Words200
    kind: Literal["STP", "ICS"]
    ended_on: date | None = None
    successor: Words200 = ""


class SystemsFile(Shape):
    system: list[SystemRow]

    @model_validator(mode="after")
    def _consistent(self) -> "SystemsFile":
        _once("system", (row.key for row in self.system))
        return self


class OrganisationRow(Shape):
    key: LongKey
    name: Words200
    kind: Literal["national body", "provider", "trust"]
    description: str = ""
    publishes: bool = False
    started_on: date | None = None
    ended_on: date | None = None
    successor: Words200 = ""
    source: str = ""
    example: bool = False


class OrganisationsFile(Shape):
    organisation: list[OrganisationRow]

    @model_validator(mode="after")
    def _consistent(self) -> "OrganisationsFile":
        _once("organisation", (row.key for row in self.organisation))
        return self


class MappingRow(Shape):
    dimension: str
    start: str = Field(alias="from")
    to: str
    strength: Literal["touches", "builds", "masters"]


class StepRow(Shape):
    key: Key
    title: Words200
    minutes: int = Field(ge=1, le=100_000)
    text: str


class RunRow(Shape):
    key: Key
    starts_in_days: int = Field(ge=-3650, le=3650)
    days: int = Field(ge=1, le=3650)
    places: int = Field(ge=0, le=1_000_000)
    place: Words100


class OfferRow(Shape):
    key: LongKey
    title: str = Field(min_length=1, max_length=200)
    provider: str
    partners: list[str] = []
    summary: str = Field(min_length=1)
    outcomes: list[str] = Field(min_length=1)
    description: str = Field(min_length=1)
    mode: Literal["in-person", "online", "blended", "self-paced"]
    hours: float = Field(ge=0.01, le=2000)
    hours_estimated: bool = False
    price_pounds: float | None = Field(ge=0, le=1_000_000, default=None)  # absent: the source does not say
    place: Words100 = ""
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
        for what, keys in (("partner", self.partners), ("seat", self.seats), ("condition", self.conditions)):
            _once(what, keys)
        _once("step", (step.key for step in self.step))
        _once("run", (run.key for run in self.run))
        _once("mapping from", (f"{mapping.start} in {mapping.dimension}" for mapping in self.mapping))
        return self


class OffersFile(Shape):
    offer: list[OfferRow]

    @model_validator(mode="after")
    def _consistent(self) -> "OffersFile":
        _once("offer", (row.key for row in self.offer))
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
