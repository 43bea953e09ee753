"""The shape of xAPI statements: strict about types, names and values, and about nothing else.

Source: Experience API 1.0.3, part two, section 2 (statements), https://github.com/adlnet/xAPI-Spec/blob/master/xAPI-Data.md.
"""

import math
import re
from typing import Any

from catalogue.records.agents import actor, agent, authority, group
from catalogue.records.reading import Json, Malformed, fault
from catalogue.records.values import (
    Check,
    count,
    duration,
    each,
    extensions,
    iri,
    language,
    like,
    number,
    one_of,
    shape,
    text,
    timestamp,
    truth,
    uuid,
    words,
)

VOIDED = "http://adlnet.gov/expapi/verbs/voided"
_MEDIA = re.compile(r"[\w!#$&^.+-]+/[\w!#$&^.+-]+( *;[ -~]*)?", re.ASCII)
_SHA2 = re.compile(r"([0-9a-fA-F]{56}|[0-9a-fA-F]{64}|[0-9a-fA-F]{96}|[0-9a-fA-F]{128})")
_VERSION = re.compile(r"1\.0\.\d+", re.ASCII)


def check(document: Any) -> None:
    """Whether it is a statement, as far as its shape tells; raises ``Malformed``."""
    try:
        _statement(document, "statement")
    except RecursionError:
        raise Malformed("The statement is nested too deeply.") from None


def with_lists(statement: Json) -> Json:
    """With the activities around it in lists, as a store gives them, each that stands alone too (2.4.6.2)."""
    said = dict(statement)
    if "contextActivities" in said.get("context", {}):
        around = {name: as_list(activities) for name, activities in said["context"]["contextActivities"].items()}
        said["context"] = said["context"] | {"contextActivities": around}
    if said["object"].get("objectType") == "SubStatement":
        said["object"] = with_lists(said["object"])
    return said


def as_list(activities: Any) -> list[Json]:
    return list(activities) if isinstance(activities, list) else [activities]


def files_of(statement: Json) -> list[tuple[Json, str]]:
    """The files that a statement is with, those of one within it too, each with where it stands."""
    found = [(one, f"attachments[{place}]") for place, one in enumerate(statement.get("attachments", []))]
    if statement["object"].get("objectType") == "SubStatement":
        found += [(one, f"object.{where}") for one, where in files_of(statement["object"])]
    return found


_INTERACTIONS = (
    "true-false", "choice", "fill-in", "long-fill-in", "matching", "performance", "sequencing", "likert", "numeric",
    "other",
)  # fmt: skip
_COMPONENTS = {
    "choice": {"choices"}, "sequencing": {"choices"}, "likert": {"scale"}, "matching": {"source", "target"},
    "performance": {"steps"},
}  # fmt: skip


def _component(value: Any, where: str) -> None:
    shape(value, where, {"id": text}, {"description": words})


def _components(value: Any, where: str) -> None:
    each(_component)(value, where)
    ids = [one["id"] for one in value]
    if len(set(ids)) < len(ids):
        fault(where, "has an id twice")


_LISTS = ("choices", "scale", "source", "target", "steps")


def _definition(value: Any, where: str) -> None:
    named: dict[str, Check] = {
        "name": words, "description": words, "type": iri, "moreInfo": iri, "extensions": extensions,
        "interactionType": one_of(*_INTERACTIONS), "correctResponsesPattern": each(text),
    }  # fmt: skip
    shape(value, where, {}, named | dict.fromkeys(_LISTS, _components))
    kind = value.get("interactionType")
    if kind is None and ("correctResponsesPattern" in value or any(name in value for name in _LISTS)):
        fault(where, "has parts of an interaction, so it has to have an interactionType")
    for name in _LISTS:
        if name in value and name not in _COMPONENTS.get(kind, set()):
            fault(f"{where}.{name}", f"is not a part of an interaction of the kind {kind}")


def _activity(value: Any, where: str) -> None:
    shape(value, where, {"id": iri}, {"objectType": one_of("Activity"), "definition": _definition})


def _reference(value: Any, where: str) -> None:
    shape(value, where, {"objectType": one_of("StatementRef"), "id": uuid}, {})


def _thing(value: Any, where: str, *, within: bool = False) -> None:
    kind = value.get("objectType", "Activity") if isinstance(value, dict) else "Activity"
    kinds: dict[Any, Check] = {
        "Activity": _activity, "Agent": agent, "Group": group, "StatementRef": _reference,
    }  # fmt: skip
    if not within:
        kinds["SubStatement"] = _substatement
    if not isinstance(kind, str) or kind not in kinds:
        fault(f"{where}.objectType", "is not a kind of object that may stand here")
    kinds[kind](value, where)


def _inner_thing(value: Any, where: str) -> None:
    _thing(value, where, within=True)


def _verb(value: Any, where: str) -> None:
    shape(value, where, {"id": iri}, {"display": words})


def _score(value: Any, where: str) -> None:
    shape(value, where, {}, dict.fromkeys(("scaled", "raw", "min", "max"), number))
    if not -1 <= value.get("scaled", 0) <= 1:
        fault(f"{where}.scaled", "has to be from -1 to 1")
    least, most = value.get("min", -math.inf), value.get("max", math.inf)
    if "min" in value and "max" in value and least >= most:
        fault(f"{where}.min", "has to be less than max")
    if "raw" in value and not least <= value["raw"] <= most:
        fault(f"{where}.raw", "has to be from min to max")


def _result(value: Any, where: str) -> None:
    shape(value, where, {}, {
        "score": _score, "success": truth, "completion": truth, "response": text,
        "duration": duration, "extensions": extensions,
    })  # fmt: skip


def _activities(value: Any, where: str) -> None:
    (each(_activity) if isinstance(value, list) else _activity)(value, where)


def _around(value: Any, where: str) -> None:
    shape(value, where, {}, dict.fromkeys(("parent", "grouping", "category", "other"), _activities))


def _context(value: Any, where: str) -> None:
    shape(value, where, {}, {
        "registration": uuid, "instructor": actor, "team": group, "contextActivities": _around, "revision": text,
        "platform": text, "language": language, "statement": _reference, "extensions": extensions,
    })  # fmt: skip


def _attachment(value: Any, where: str) -> None:
    required: dict[str, Check] = {
        "usageType": iri, "display": words, "contentType": like(_MEDIA, "an Internet media type"), "length": count,
        "sha2": like(_SHA2, "a SHA-2 sum in hexadecimal"),
    }  # fmt: skip
    shape(value, where, required, {"description": words, "fileUrl": iri})


_SAID: dict[str, Check] = {
    "result": _result, "context": _context, "timestamp": timestamp, "attachments": each(_attachment),
}  # fmt: skip


def _substatement(value: Any, where: str) -> None:
    named: dict[str, Check] = {"objectType": one_of("SubStatement"), "actor": actor, "verb": _verb}
    shape(value, where, named | {"object": _inner_thing}, _SAID)
    _fits(value, where)


def _statement(value: Any, where: str) -> None:
    named: dict[str, Check] = {"actor": actor, "verb": _verb, "object": _thing}
    more: dict[str, Check] = {
        "id": uuid, "stored": timestamp, "authority": authority, "version": like(_VERSION, "1.0.x"),
    }  # fmt: skip
    shape(value, where, named, _SAID | more)
    _fits(value, where)
    if value["verb"]["id"] == VOIDED and value["object"].get("objectType") != "StatementRef":
        fault(f"{where}.object", "has to be a StatementRef, since the verb is voided")


def _fits(value: Json, where: str) -> None:
    if value["object"].get("objectType", "Activity") != "Activity":
        for name in ("revision", "platform"):
            if name in value.get("context", {}):
                fault(f"{where}.context.{name}", "is for activities alone")
