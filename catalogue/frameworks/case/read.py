"""A CASE package, of version 1.0 or 1.1, as a framework.

Of packages that are not ours it takes those which have the shape of a framework: items at the top, one or two tiers
below them, and a rubric whose criterion levels say how the tiers are levels. Anything else is refused in words.
"""

import json
import re
from collections import defaultdict
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from catalogue.frameworks.case import DOCUMENT_CONCEPTS, LEVEL, LEVEL_CONCEPT, NOT_THIS, OURS, STATEMENT
from catalogue.frameworks.content import (
    DimensionLevelRow,
    DimensionRow,
    FrameworkContent,
    LevelRow,
    StatementRow,
    identified,
)
from catalogue.shapes import once

LARGEST = 20 * 1024 * 1024  # bytes


class NoFramework(Exception):
    """What was given is no framework that can be taken, in plain words."""


class _Given(BaseModel):
    """As far as it is looked at; what CASE allows besides is passed over."""

    model_config = ConfigDict(extra="ignore", strict=True)


class _Document(_Given):
    identifier: str
    title: str
    creator: str
    description: str = ""
    notes: str = ""
    version: str = "1"


class _Item(_Given):
    identifier: str
    full: str = Field(alias="fullStatement")
    short: str = Field(alias="abbreviatedStatement", default="")
    other: str = Field(alias="alternativeLabel", default="")
    code: str = Field(alias="humanCodingScheme", default="")
    kind: str = Field(alias="CFItemType", default="")
    notes: str = ""


class _Node(_Given):
    identifier: str


class _Association(_Given):
    kind: str = Field(alias="associationType")
    origin: _Node = Field(alias="originNodeURI")
    destination: _Node = Field(alias="destinationNodeURI")
    number: int = Field(alias="sequenceNumber", default=0)


class _Concept(_Given):
    identifier: str
    title: str
    code: str = Field(alias="hierarchyCode", default="")
    keywords: str = ""
    description: str = ""


class _Definitions(_Given):
    concepts: list[_Concept] = Field(alias="CFConcepts", default=[])


class _CriterionLevel(_Given):
    quality: str = ""
    description: str = ""
    score: float = 0
    position: int = 0


class _Criterion(_Given):
    levels: list[_CriterionLevel] = Field(alias="CFRubricCriterionLevels", default=[])


class _Rubric(_Given):
    criteria: list[_Criterion] = Field(alias="CFRubricCriteria", default=[])


class _Package(_Given):
    document: _Document = Field(alias="CFDocument")
    items: list[_Item] = Field(alias="CFItems", default=[])
    associations: list[_Association] = Field(alias="CFAssociations", default=[])
    definitions: _Definitions = Field(alias="CFDefinitions", default=_Definitions())
    rubrics: list[_Rubric] = Field(alias="CFRubrics", default=[])


def read(text: bytes) -> FrameworkContent:
    """The framework that a package holds, with its identifiers. Raises ``NoFramework``."""
    if len(text) > LARGEST:
        raise NoFramework(f"It is larger than {LARGEST // 1024 // 1024} MB")
    try:
        return framework_of(json.loads(text))
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as fault:
        raise NoFramework("It is no JSON that can be read") from fault


def framework_of(package: Any) -> FrameworkContent:
    """The same from JSON that has been read already."""
    try:
        return identified(_Reading(_Package.model_validate(package)).content())
    except ValidationError as faults:
        first = faults.errors()[0]
        where = ".".join(str(step) for step in first["loc"])
        raise NoFramework(f"{where}: {first['msg'].removeprefix('Value error, ')}") from faults
    except ValueError as fault:
        raise NoFramework(str(fault)) from fault


class _Reading:
    def __init__(self, package: _Package) -> None:
        self.package, self.document = package, package.document
        once("item", (item.identifier for item in package.items))
        self.items = {item.identifier: item for item in package.items}
        below: dict[str, list[tuple[int, int, str]]] = defaultdict(list)
        for place, one in enumerate(package.associations):
            if one.kind == "isChildOf" and one.origin.identifier in self.items:
                below[one.destination.identifier].append((one.number, place, one.origin.identifier))
        self.below = {parent: [self.items[key] for _n, _p, key in sorted(rows)] for parent, rows in below.items()}
        lost = set(self.items) - {item.identifier for rows in self.below.values() for item in rows}
        if lost:
            raise NoFramework(f"{len(lost)} of its items are children of nothing, such as {min(lost)}")
        self.taken: set[str] = set()
        self.ours = {c.code: c for c in package.definitions.concepts if c.code.startswith(OURS)}

    def content(self) -> FrameworkContent:
        top = self.below.get(self.document.identifier, [])
        if not top:
            raise NoFramework("No item is a child of the document, so there are no dimensions")
        levels = self._levels()
        said = {name: self.ours[OURS + name].description for name in DOCUMENT_CONCEPTS if OURS + name in self.ours}
        dimensions = [self._dimension(item, levels) for item in top]
        left = set(self.items) - self.taken
        if left:
            raise NoFramework(
                f"{len(left)} of its items are where a framework has no place for them, such as {min(left)}"
            )
        return FrameworkContent(
            identifier=self.document.identifier,
            key=said.get("key") or _key(self.document.title),
            version=self.document.version,
            name=self.document.title,
            label=self.document.description,
            notice=self.document.notes,
            owner=self.document.creator,
            source=said.get("source", ""),
            licence=said.get("licence", ""),
            level=levels,
            dimension=dimensions,
        )

    def _levels(self) -> list[LevelRow]:
        ours = [concept for code, concept in self.ours.items() if code.startswith(OURS + LEVEL_CONCEPT)]
        if ours:
            rows = [
                LevelRow(
                    identifier=concept.identifier, value=int(concept.code.removeprefix(OURS + LEVEL_CONCEPT)),
                    key=concept.keywords, name=concept.title, meaning=concept.description,
                )
                for concept in ours
            ]  # fmt: skip
            return sorted(rows, key=lambda row: row.value)
        criteria = [criterion for rubric in self.package.rubrics for criterion in rubric.criteria if criterion.levels]
        if not criteria:
            raise NoFramework("It has no rubric with criterion levels, so there are no levels")
        named = sorted(criteria[0].levels, key=lambda level: (level.score, level.position))
        names = [level.quality or level.description for level in named]
        if named[0].score != 0:
            names = ["Below the first level", *names]
        return [
            LevelRow(value=value, key=_key(name) or f"level-{value}", name=name, meaning="")
            for value, name in enumerate(names)
        ]

    def _dimension(self, item: _Item, levels: list[LevelRow]) -> DimensionRow:
        children = self.below.get(item.identifier, [])
        self.taken |= {item.identifier, *(child.identifier for child in children)}
        described = [child for child in children if child.kind != NOT_THIS]
        keys = [level.key for level in levels[1:]]
        if len(described) != len(keys):
            raise NoFramework(
                f"“{item.short or item.full}” has {len(described)} items below it, where there are {len(keys)} levels"
            )
        of_level = {child.code if child.code in keys and child.kind == LEVEL else keys[place]: child
                    for place, child in enumerate(described)}  # fmt: skip
        return DimensionRow(
            identifier=item.identifier,
            key=item.code if re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", item.code) else _key(item.short or item.full),
            name=(item.short or item.full)[:100],
            what=item.full,
            why=item.notes,
            what_it_is_not=[child.full for child in children if child.kind == NOT_THIS],
            level=[self._described(level, child) for level, child in of_level.items()],
        )

    def _described(self, level: str, item: _Item) -> DimensionLevelRow:
        statements = self.below.get(item.identifier, []) or [item]
        self.taken |= {statement.identifier for statement in statements}
        return DimensionLevelRow(
            identifier=item.identifier,
            level=level,
            heading=item.full[:200],
            statement=[
                StatementRow(
                    identifier="" if statement is item else statement.identifier,
                    key=(statement.code if statement.kind == STATEMENT else "") or statement.identifier,
                    self=statement.full,
                    others=statement.other or statement.full,
                )
                for statement in statements
            ],
        )


def _key(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:60].strip("-")
