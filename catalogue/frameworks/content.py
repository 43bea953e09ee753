"""A framework as a document: the one shape of files, drafts and CASE packages."""

import hashlib
from typing import Self
from uuid import NAMESPACE_URL, UUID, uuid5

from pydantic import Field, field_validator, model_validator

from catalogue.shapes import Key, LongKey, Shape, Words20, Words100, Words200, Words300, once

NAMESPACE = uuid5(NAMESPACE_URL, "https://everyseat.example/frameworks")


def derived(*parts: str) -> str:
    """The identifier of something that came without one: the same in every installation."""
    return str(uuid5(NAMESPACE, "/".join(parts)))


class Identified(Shape):
    identifier: str = ""
    """A UUID. Left out, it is derived from what the thing is called."""

    @field_validator("identifier")
    @classmethod
    def _a_uuid(cls, value: str) -> str:
        try:
            return str(UUID(value)) if value else ""
        except ValueError as fault:
            raise ValueError("is no UUID") from fault


class LevelRow(Identified):
    value: int = Field(ge=0, le=20)
    key: Key
    name: str = Field(min_length=1, max_length=100)
    meaning: str


class StatementRow(Identified):
    key: Words100 = Field(min_length=1)
    self: str = Field(min_length=1)
    others: str = Field(min_length=1)


class DimensionLevelRow(Identified):
    level: str
    heading: Words200 = Field(min_length=1)
    statement: list[StatementRow] = Field(min_length=1)


class DimensionRow(Identified):
    key: Key
    name: str = Field(min_length=1, max_length=100)
    what: str = Field(min_length=1)
    why: str
    what_it_is_not: list[str]
    level: list[DimensionLevelRow]


class FrameworkContent(Identified):
    """One version of a framework. Levels count from 0, which is below the first described one."""

    key: LongKey
    version: Words20 = Field(min_length=1)
    name: str = Field(min_length=1, max_length=200)
    label: Words300
    notice: Words300
    owner: Words200 = Field(min_length=1)
    source: str
    licence: Words300 = ""
    open: bool = False
    """Whether anybody may have all its words as data: for its owner to say."""
    level: list[LevelRow] = Field(min_length=2)
    dimension: list[DimensionRow] = Field(min_length=1)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        values = [level.value for level in self.level]
        if values != list(range(len(values))):
            raise ValueError("the levels must be numbered 0, 1, 2 ... in order")
        once("level", (level.key for level in self.level))
        once("dimension", (dimension.key for dimension in self.dimension))
        described = sorted(level.key for level in self.level if level.value > 0)
        for dimension in self.dimension:
            if sorted(level.level for level in dimension.level) != described:
                raise ValueError(f"dimension {dimension.key}: each level above 0 must be described once")
        levels = (level for dimension in self.dimension for level in dimension.level)
        once("statement", (statement.key for level in levels for statement in level.statement))
        return self


def identified(content: FrameworkContent) -> FrameworkContent:
    """The same, with an identifier for everything; raises ``ValueError`` where one stands twice."""
    whole = content.model_copy(deep=True)
    name = (whole.key, whole.version)
    whole.identifier = whole.identifier or derived(*name)
    for level in whole.level:
        level.identifier = level.identifier or derived(*name, "level", level.key)
    for dimension in whole.dimension:
        at = (*name, "dimension", dimension.key)
        dimension.identifier = dimension.identifier or derived(*at)
        for described in dimension.level:
            described.identifier = described.identifier or derived(*at, described.level)
            for statement in described.statement:
                statement.identifier = statement.identifier or derived(*at, described.level, statement.key)
    once("identifier", identifiers(whole))
    return whole


def identifiers(content: FrameworkContent) -> list[str]:
    found = [content.identifier, *(level.identifier for level in content.level)]
    for dimension in content.dimension:
        found.append(dimension.identifier)
        for described in dimension.level:
            found += [described.identifier, *(statement.identifier for statement in described.statement)]
    return found


def digest_of(content: FrameworkContent) -> str:
    """The same for two documents that say the same, whether or not they spell out identifiers that are derived.

    Whose words they are and who may have them is left out of account.
    """
    bare = _without_identifiers(content)
    same = identified(bare) == identified(content)
    said = (bare if same else identified(content)).model_copy(update={"open": False, "licence": ""})
    return hashlib.sha256(said.model_dump_json(exclude_defaults=True).encode()).hexdigest()


def _without_identifiers(content: FrameworkContent) -> FrameworkContent:
    bare = content.model_copy(deep=True)
    bare.identifier = ""
    for level in bare.level:
        level.identifier = ""
    for dimension in bare.dimension:
        dimension.identifier = ""
        for described in dimension.level:
            described.identifier = ""
            for statement in described.statement:
                statement.identifier = ""
    return bare


def next_version(content: FrameworkContent) -> FrameworkContent:
    """A copy to be edited, under the next number and with identifiers of its own."""
    copy = _without_identifiers(content)
    head, _dot, last = copy.version.rpartition(".")
    copy.version = f"{head}.{int(last) + 1}" if head and last.isdigit() else f"{copy.version}.1"
    return copy
