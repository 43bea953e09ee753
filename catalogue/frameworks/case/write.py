"""A framework as a CASE package. Source: CASE 1.0 and 1.1, information model, sections 3 and 4."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from catalogue.frameworks.case import (
    DIMENSION,
    DOCUMENT_CONCEPTS,
    ITEM_TYPES,
    LEVEL,
    LEVEL_CONCEPT,
    NOT_THIS,
    OURS,
    STATEMENT,
    type_identifier,
)
from catalogue.frameworks.content import DimensionRow, FrameworkContent, derived

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Beside:
    """A dimension of this framework and one of another, as an association says it."""

    identifier: str
    kind: str
    origin: tuple[str, str]
    """Name and identifier."""
    destination: tuple[str, str]


@dataclass(frozen=True, slots=True)
class Published:
    """A version with what CASE asks besides its words. ``content`` has all its identifiers."""

    content: FrameworkContent
    changed_at: datetime
    published_on: date | None = None
    retired_on: date | None = None
    beside: Sequence[Beside] = ()


class Package:
    """All the objects of one framework; ``base`` is where the endpoints of the version of CASE are."""

    def __init__(self, published: Published, base: str, version: str) -> None:
        self.published, self.content = published, published.content
        self.base, self.version = base.rstrip("/"), version
        self.changed = published.changed_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        self.document = self._document()
        self.items, self.associations = self._items()
        self.rubric = self._rubric()
        self.concepts = self._concepts()
        self.item_types = [
            self._defined("CFItemTypes", type_identifier(name), name) | {"description": said, "hierarchyCode": name}
            for name, said in ITEM_TYPES.items()
        ]

    def whole(self) -> Json:
        """What ``CFPackages`` answers."""
        return {
            "CFDocument": self.document,
            "CFItems": self.items,
            "CFAssociations": self.associations,
            "CFDefinitions": {"CFConcepts": self.concepts, "CFItemTypes": self.item_types},
            "CFRubrics": [self.rubric],
        }

    @property
    def document_link(self) -> Json:
        return self._link("CFDocuments", self.content.identifier, self.content.name)

    @property
    def package_link(self) -> Json:
        return self._link("CFPackages", self.content.identifier, self.content.name)

    def _uri(self, kind: str, identifier: str) -> str:
        return f"{self.base}/{kind}/{identifier}"

    def _link(self, kind: str, identifier: str, title: str) -> Json:
        return {"title": title, "identifier": identifier, "uri": self._uri(kind, identifier)}

    def _object(self, kind: str, identifier: str) -> Json:
        return {"identifier": identifier, "uri": self._uri(kind, identifier), "lastChangeDateTime": self.changed}

    def _defined(self, kind: str, identifier: str, title: str) -> Json:
        return self._object(kind, identifier) | {"title": title}

    def _document(self) -> Json:
        content, published = self.content, self.published
        document = self._object("CFDocuments", content.identifier) | {
            "creator": content.owner,
            "title": content.name,
            "description": content.label,
            "notes": content.notice,
            "version": content.version,
            "language": "en-GB",
            "adoptionStatus": "Deprecated" if published.retired_on else "Adopted",
        }
        if published.published_on:
            document["statusStartDate"] = published.published_on.isoformat()
        if published.retired_on:
            document["statusEndDate"] = published.retired_on.isoformat()
        if self.version == "1.1":
            document |= {"caseVersion": "1.1", "frameworkType": "Leadership"}
        return _filled(document)

    def _concepts(self) -> list[Json]:
        content = self.content
        named = [
            self._defined("CFConcepts", derived(content.identifier, "concept", name), name)
            | {"hierarchyCode": f"{OURS}{name}", "description": getattr(content, name)}
            for name in DOCUMENT_CONCEPTS
        ]
        levels = [
            self._defined("CFConcepts", level.identifier, level.name)
            | {"hierarchyCode": f"{OURS}{LEVEL_CONCEPT}{level.value}", "keywords": level.key,
               "description": level.meaning}
            for level in content.level
        ]  # fmt: skip
        return [_filled(concept) for concept in named + levels]

    def _items(self) -> tuple[list[Json], list[Json]]:
        items, associations = [], []
        for item, parent, number in self._tree():
            items.append(item)
            associations.append(self._child(item, parent, number))
        for beside in self.published.beside:
            ends = [self._link("CFItems", identifier, name) for name, identifier in (beside.origin, beside.destination)]
            associations.append(self._association(beside.identifier, beside.kind, *ends))
        return items, associations

    def _tree(self) -> Iterator[tuple[Json, Json, int]]:
        """Every item with what it is a child of and its place among the children."""
        for number, dimension in enumerate(self.content.dimension, 1):
            item = self._item(
                DIMENSION, dimension.identifier, dimension.what, dimension.key,
                abbreviatedStatement=dimension.name, notes=dimension.why,
            )  # fmt: skip
            yield item, self.document_link, number
            link = self._link("CFItems", dimension.identifier, dimension.name)
            yield from self._below(dimension, link)

    def _below(self, dimension: DimensionRow, link: Json) -> Iterator[tuple[Json, Json, int]]:
        for number, text in enumerate(dimension.what_it_is_not, 1):
            identifier = derived(dimension.identifier, "not", str(number))
            yield self._item(NOT_THIS, identifier, text, f"{dimension.key}-not-{number}"), link, number
        first = len(dimension.what_it_is_not) + 1
        for number, described in enumerate(dimension.level, first):
            yield self._item(LEVEL, described.identifier, described.heading, described.level), link, number
            above = self._link("CFItems", described.identifier, described.heading)
            for place, statement in enumerate(described.statement, 1):
                item = self._item(
                    STATEMENT, statement.identifier, statement.self, statement.key, alternativeLabel=statement.others
                )
                yield item, above, place

    def _item(self, kind: str, identifier: str, text: str, code: str, **more: str) -> Json:
        item = self._object("CFItems", identifier) | {
            "fullStatement": text,
            "humanCodingScheme": code,
            "CFItemType": kind,
            "CFItemTypeURI": self._link("CFItemTypes", type_identifier(kind), kind),
            "language": "en-GB",
        }
        return _filled(item | more)

    def _child(self, item: Json, parent: Json, number: int) -> Json:
        origin = self._link("CFItems", item["identifier"], _title(item))
        identifier = derived(item["identifier"], "is child of", parent["identifier"])
        return self._association(identifier, "isChildOf", origin, parent) | {"sequenceNumber": number}

    def _association(self, identifier: str, kind: str, origin: Json, destination: Json) -> Json:
        return self._object("CFAssociations", identifier) | {
            "associationType": kind,
            "originNodeURI": origin,
            "destinationNodeURI": destination,
        }

    def _rubric(self) -> Json:
        content = self.content
        identifier = derived(content.identifier, "rubric")
        criteria = [self._criterion(identifier, dimension, place) for place, dimension in enumerate(content.dimension)]
        rubric = self._object("CFRubrics", identifier)
        return rubric | {"title": f"Levels of the {content.name}", "CFRubricCriteria": criteria}

    def _criterion(self, rubric: str, dimension: DimensionRow, place: int) -> Json:
        identifier = derived(dimension.identifier, "criterion")
        headings = {described.level: described.heading for described in dimension.level}
        levels = [
            self._object("CFRubricCriterionLevels", derived(identifier, level.key))
            | {
                "quality": level.name,
                "description": headings.get(level.key, level.meaning) or level.name,
                "score": float(level.value),
                "position": level.value,
                "rubricCriterionId": identifier,
            }
            for level in self.content.level
        ]
        return self._object("CFRubricCriteria", identifier) | {
            "category": dimension.name,
            "CFItemURI": self._link("CFItems", dimension.identifier, dimension.name),
            "position": place,
            "rubricId": rubric,
            "CFRubricCriterionLevels": levels,
        }


def _title(item: Json) -> str:
    said: str = item.get("abbreviatedStatement") or item["fullStatement"]
    return said


def _filled(fields: Json) -> Json:
    """Without what is empty: CASE has no empty strings where a field can be left out."""
    return {name: value for name, value in fields.items() if value not in ("", None)}


def with_document(objects: Iterable[Json], package: Package) -> list[Json]:
    """Items and associations as they stand on their own: they name their document."""
    return [one | {"CFDocumentURI": package.document_link} for one in objects]
