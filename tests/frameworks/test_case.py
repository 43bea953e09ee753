"""Frameworks through CASE 1.0 and 1.1: the standard's shape, endpoint by endpoint, and there and back without loss."""

import json
import tomllib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from sqlalchemy import select

from catalogue import cli
from catalogue.extensions import db
from catalogue.frameworks.actions import set_open
from catalogue.frameworks.case.read import NoFramework, framework_of, read
from catalogue.frameworks.case.write import Package, Published
from catalogue.frameworks.content import FrameworkContent, identified, identifiers
from catalogue.frameworks.models import Dimension, Framework
from catalogue.frameworks.queries import content_of, versions_of
from catalogue.offers.models import Mapping, Offer, OfferVersion
from catalogue.people.models import Person
from catalogue.resources import resource_dir
from catalogue.transactions import run
from tests.frameworks.schemas import schemas
from tests.visitor import Visitor

VERSIONS = {"v1p0": "1.0", "v1p1": "1.1"}
MODEL = "healthcare-leadership-model"


def package(content: FrameworkContent, version: str) -> dict[str, Any]:
    moment = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
    whole = Package(Published(identified(content), moment), "https://x.example/ims/case/v1p0", version).whole()
    return json.loads(json.dumps(whole))  # type: ignore[no-any-return]


def shipped() -> list[FrameworkContent]:
    files = sorted((resource_dir("seed") / "frameworks").glob("*.toml"))
    return [FrameworkContent.model_validate(tomllib.loads(file.read_text(encoding="utf-8"))) for file in files]


def valid(answer: Any, name: str, version: str) -> None:
    Draft202012Validator(schemas(version)[name]).validate(answer)


@pytest.mark.parametrize("version", VERSIONS.values())
def test_what_is_shipped_goes_through_case_and_comes_back_the_same(version: str) -> None:
    for content in shipped():
        there = package(content, version)
        valid(there, "CFPackages", version)
        assert framework_of(there) == identified(content).model_copy(update={"open": False})


words = (
    st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), min_size=1, max_size=30)
    .map(str.strip)
    .filter(bool)
)
keys = st.from_regex(r"[a-z0-9]{1,8}(-[a-z0-9]{1,8}){0,2}", fullmatch=True)


@st.composite
def frameworks(draw: st.DrawFn) -> FrameworkContent:
    levels = draw(st.lists(keys, min_size=2, max_size=4, unique=True))
    dimensions = draw(st.lists(keys, min_size=1, max_size=3, unique=True))
    return FrameworkContent.model_validate(
        {
            "key": draw(keys), "version": draw(words)[:20].strip() or "1", "name": draw(words), "label": draw(words),
            "notice": draw(words), "owner": draw(words), "source": draw(words), "licence": draw(words),
            "level": [
                {"value": value, "key": key, "name": draw(words), "meaning": draw(st.just("") | words)}
                for value, key in enumerate(levels)
            ],
            "dimension": [
                {
                    "key": key, "name": draw(words), "what": draw(words), "why": draw(st.just("") | words),
                    "what_it_is_not": draw(st.lists(words, max_size=2)),
                    "level": [
                        {
                            "level": level, "heading": draw(words),
                            "statement": [
                                {"key": f"{key}-{level}-{number}", "self": draw(words), "others": draw(words)}
                                for number in range(draw(st.integers(1, 2)))
                            ],
                        }
                        for level in draw(st.permutations(levels[1:]))
                    ],
                }
                for key in dimensions
            ],
        }
    )  # fmt: skip


@given(frameworks(), st.sampled_from(["1.0", "1.1"]))
def test_any_framework_goes_through_case_and_comes_back_the_same(content: FrameworkContent, version: str) -> None:
    there = package(content, version)
    valid(there, "CFPackages", version)
    assert framework_of(there) == identified(content)


@pytest.mark.parametrize("path", VERSIONS)
def test_every_endpoint_answers_as_the_standard_says(visitor: Visitor, path: str) -> None:
    version, base = VERSIONS[path], f"/ims/case/{path}"

    def get(where: str, name: str, status: int = 200) -> Any:
        visitor.get(f"{base}/{where}", status)
        answer = visitor.response.get_json()
        valid(answer, name, version)
        return answer

    documents = get("CFDocuments", "CFDocuments list")["CFDocuments"]
    assert visitor.response.headers["X-Total-Count"] == "2"
    document = next(one for one in documents if one["title"] == "Healthcare Leadership Model")
    assert get(f"CFDocuments/{document['identifier']}", "CFDocuments") == document
    whole = get(f"CFPackages/{document['identifier']}", "CFPackages")
    assert len([item for item in whole["CFItems"] if item["CFItemType"] == "Statement"]) == 113
    dimension = whole["CFItems"][0]
    assert get(f"CFItems/{dimension['identifier']}", "CFItems")["abbreviatedStatement"] == "Inspiring shared purpose"
    about = get(f"CFItemAssociations/{dimension['identifier']}", "CFItemAssociations")["CFAssociations"]
    assert {one["associationType"] for one in about} == {"isChildOf"}
    assert len(about) >= 5
    association = whole["CFAssociations"][0]
    assert get(f"CFAssociations/{association['identifier']}", "CFAssociations")["associationType"] == "isChildOf"
    rubric = get(f"CFRubrics/{whole['CFRubrics'][0]['identifier']}", "CFRubrics")
    assert len(rubric["CFRubricCriteria"]) == 9
    assert [level["score"] for level in rubric["CFRubricCriteria"][0]["CFRubricCriterionLevels"]] == [0, 1, 2, 3, 4]
    get(f"CFItemTypes/{dimension['CFItemTypeURI']['identifier']}", "CFItemTypes")
    get(f"CFConcepts/{whole['CFDefinitions']['CFConcepts'][0]['identifier']}", "CFConcepts")
    for kind in ("CFDocuments", "CFPackages", "CFItems", "CFItemAssociations", "CFAssociations", "CFRubrics"):
        get(f"{kind}/not-a-uuid", "error", status=400)
        get(f"{kind}/00000000-0000-4000-8000-000000000000", "error", status=404)
        assert visitor.response.get_json()["imsx_codeMinor"]["imsx_codeMinorField"][0][
            "imsx_codeMinorFieldValue"] == "unknownobject"  # fmt: skip


def test_a_list_of_documents_is_paged_sorted_filtered_and_cut_as_is_asked(visitor: Visitor) -> None:
    def titles(query: str) -> list[str]:
        visitor.get(f"/ims/case/v1p0/CFDocuments?{query}")
        return [one["title"] for one in visitor.response.get_json()["CFDocuments"]]

    assert titles("sort=title") == ["Healthcare Leadership Model", "Leadership Framework"]
    assert titles("sort=title&orderBy=desc")[0] == "Leadership Framework"
    assert titles("sort=title&limit=1&offset=1") == ["Leadership Framework"]
    assert 'rel="prev"' in visitor.response.headers["Link"]
    assert titles("filter=title~'healthcare'") == ["Healthcare Leadership Model"]
    assert titles("filter=title='Leadership Framework' AND version!='2.0'") == ["Leadership Framework"]
    visitor.get("/ims/case/v1p0/CFDocuments?fields=identifier,title")
    assert set(visitor.response.get_json()["CFDocuments"][0]) == {"identifier", "title"}
    for odd in (
        "sort=colour",
        "limit=0",
        "limit=x",
        "offset=-1",
        "filter=drop",
        "fields=colour",
        "limit=9999999999999",
    ):
        visitor.get(f"/ims/case/v1p0/CFDocuments?{odd}", status=400)
        valid(visitor.response.get_json(), "error", "1.0")


def test_associations_say_what_stands_beside_a_dimension_in_the_other_framework(app: Flask, visitor: Visitor) -> None:
    def mapped_to(key: str) -> str:
        mapped = Mapping.dimension.has(Dimension.key == key)
        wanted = (
            select(Offer.slug)
            .join(Offer.published)
            .where(OfferVersion.mappings.any(mapped))
            .order_by(Offer.id)
            .limit(1)
        )
        with app.app_context():
            return db.session.scalars(wanted).one()

    visitor.get("/ims/case/v1p1/CFDocuments?sort=title&orderBy=desc")
    older = visitor.response.get_json()["CFDocuments"][0]
    visitor.get(f"/ims/case/v1p1/CFPackages/{older['identifier']}")
    beside = [
        (one["associationType"], one["originNodeURI"]["title"], one["destinationNodeURI"]["title"])
        for one in visitor.response.get_json()["CFAssociations"]
        if one["associationType"] != "isChildOf"
    ]
    assert ("exactMatchOf", "Creating the vision", "Sharing the vision") in beside
    visitor.get("/frameworks/leadership-framework")
    assert "it is the same as Sharing the vision" in visitor.text()
    visitor.get(f"/frameworks/{MODEL}")
    assert "it is the same as Creating the vision" in visitor.text()
    visitor.get(f"/offers/{mapped_to('vision')}")
    assert "the same as Creating the vision in the Leadership Framework" in visitor.text()


def test_the_words_of_a_framework_that_is_closed_are_not_there(
    app: Flask, visitor: Visitor, administrator: Visitor
) -> None:
    def close() -> str:
        person = db.session.scalars(select(Person).order_by(Person.id).limit(1)).one()
        framework = db.session.scalars(select(Framework).where(Framework.key == MODEL)).one()
        set_open(framework, is_open=False, person=person)
        return framework.identifier

    with app.app_context():
        identifier = run(close)
    visitor.get(f"/ims/case/v1p0/CFPackages/{identifier}", status=404)
    visitor.get("/ims/case/v1p0/CFDocuments")
    assert identifier not in visitor.response.text
    administrator.get(f"/ims/case/v1p0/CFPackages/{identifier}")
    visitor.get(f"/frameworks/{MODEL}")
    assert "Inspiring shared purpose" in visitor.text()
    assert "Gathering data" in visitor.text()
    assert "I look for" not in visitor.text()
    assert "CASE 1.1" not in visitor.text()


def _rename(package: dict[str, Any], old: str, new: str) -> None:
    """Call something by another identifier wherever it stands."""
    renamed = json.loads(json.dumps(package).replace(old, new))
    package.clear()
    package.update(renamed)


def _one_deeper(package: dict[str, Any]) -> None:
    """Put an item below a statement: a tier that a framework has no place for."""
    statement = next(item for item in package["CFItems"] if item["CFItemType"] == "Statement")
    child = statement | {"identifier": "00000000-0000-4000-8000-000000000000"}
    package["CFItems"].append(child)
    ends = {"originNodeURI": child, "destinationNodeURI": statement}
    package["CFAssociations"].append({"associationType": "isChildOf", **ends})


FAULTS: dict[str, tuple[Callable[[dict[str, Any]], Any], str]] = {
    "no document": (lambda it: it.pop("CFDocument"), "CFDocument"),
    "no items": (lambda it: it.pop("CFItems"), "no dimensions"),
    "no levels": (
        lambda it: (it.pop("CFRubrics"), it["CFDefinitions"].pop("CFConcepts")), "no rubric with criterion levels"
    ),
    "a tier too many": (_one_deeper, "1 of its items .* no place"),
    "a number for a text": (lambda it: it["CFDocument"].update(title=5), "CFDocument.title"),
    "an item that belongs to nothing": (lambda it: it["CFItems"][0].update(identifier="x"), "children of nothing"),
    "an identifier that is none": (lambda it: _rename(it, it["CFItems"][0]["identifier"], "x"), "is no UUID"),
    "one identifier twice": (
        lambda it: it["CFItems"][-1].update(identifier=it["CFItems"][0]["identifier"]), "stands twice"
    ),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_what_is_no_framework_is_refused_in_words(fault: str) -> None:
    broken = package(shipped()[0], "1.0")
    break_it, said = FAULTS[fault]
    break_it(broken)
    with pytest.raises(NoFramework, match=said):
        framework_of(broken)


@pytest.mark.parametrize("text", [b"", b"{", b"[" * 100_000, b"\xff\xfe", b"[]", b"null", b'{"CFDocument": []}'])
def test_what_is_no_package_is_refused_in_words(text: bytes) -> None:
    with pytest.raises(NoFramework):
        read(text)


def test_a_foreign_package_with_a_rubric_becomes_a_framework() -> None:
    foreign = package(shipped()[0], "1.0")
    foreign.pop("CFDefinitions")
    for item in foreign["CFItems"]:
        item.pop("CFItemType"), item.pop("CFItemTypeURI"), item.pop("humanCodingScheme")
    notes = {i["identifier"] for i in package(shipped()[0], "1.0")["CFItems"] if i["CFItemType"] == "What it is not"}
    foreign["CFItems"] = [item for item in foreign["CFItems"] if item["identifier"] not in notes]
    foreign["CFAssociations"] = [a for a in foreign["CFAssociations"] if a["originNodeURI"]["identifier"] not in notes]
    taken = framework_of(foreign)
    assert [dimension.name for dimension in taken.dimension] == [one.name for one in shipped()[0].dimension]
    assert [level.name for level in taken.level] == [level.name for level in shipped()[0].level]
    assert taken.key == MODEL


@pytest.fixture
def everyseat(app: Flask) -> Callable[..., Result]:
    def call(*words: str, status: int = 0) -> Result:
        result = CliRunner().invoke(cli.command_line(lambda: app), ["frameworks", *words])
        assert result.exit_code == status, result.output
        return result

    return call


@pytest.mark.both_databases
@pytest.mark.parametrize("version", VERSIONS.values())
def test_what_is_exported_is_imported_as_the_same_framework(
    app: Flask, everyseat: Callable[..., Result], tmp_path: Path, version: str
) -> None:
    exported = everyseat("export", MODEL, "--format", "case", "--case-version", version).stdout
    valid(json.loads(exported), "CFPackages", version)
    file = tmp_path / "framework.json"
    file.write_text(exported, encoding="utf-8")
    assert "is there, with 9 dimensions" in everyseat("import", str(file)).output
    with app.app_context():
        assert len(versions_of(MODEL)) == 1, "the same content is the same version"
    everyseat("export", "nothing", status=1)
    changed = json.loads(exported)
    changed["CFDocument"]["title"] = "Another name"
    file.write_text(json.dumps(changed), encoding="utf-8")
    assert "number it anew" in everyseat("import", str(file), status=1).output
    changed["CFDocument"] |= {"version": "2.0"}
    file.write_text(json.dumps(changed), encoding="utf-8")
    assert "belongs to another framework" in everyseat("import", str(file), status=1).output


@pytest.mark.both_databases
def test_a_framework_of_another_service_comes_in_closed_and_goes_out_the_same(
    app: Flask, everyseat: Callable[..., Result], tmp_path: Path, visitor: Visitor
) -> None:
    content = shipped()[1].model_copy(update={"key": "of-another", "name": "Of another service"})
    file = tmp_path / "other.json"
    file.write_text(json.dumps(package(content, "1.1")), encoding="utf-8")
    everyseat("import", str(file))
    with app.app_context():
        framework = versions_of("of-another")[0]
        assert content_of(framework) == identified(content).model_copy(update={"open": False})
    visitor.get(f"/ims/case/v1p1/CFPackages/{identified(content).identifier}", status=404)
    again = everyseat("export", "of-another").stdout
    assert framework_of(json.loads(again)) == identified(content).model_copy(update={"open": False})


def test_identifiers_follow_from_the_keys_of_what_they_name_and_never_meet() -> None:
    content = shipped()[0].model_copy(deep=True)
    assert identified(content) == identified(shipped()[0])
    content.dimension[0].key = "level"  # as if it were one
    content.level[1].key = content.dimension[0].level[0].level = "essential"
    assert len(set(identifiers(identified(content)))) == len(identifiers(identified(content)))
