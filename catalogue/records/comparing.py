"""Whether two statements are the same, as the specification compares them.

Source: Experience API 1.0.3, part two, 2.3.1 (statement immutability and comparison), 2.2 and 4.
"""

import json
from typing import Any

from catalogue.records.agents import folded
from catalogue.records.reading import Json
from catalogue.records.statements import as_list
from catalogue.records.values import moment

_SET_BY_A_STORE = {"id", "authority", "stored", "version", "attachments"}


def same(one: Json, other: Json) -> bool:
    """Whether two statements are the same, but for what a store sets and what merely describes or is written otherwise.

    A moment that a store sets, where none is said, is one of these.
    """
    left = _SET_BY_A_STORE if "timestamp" in one and "timestamp" in other else _SET_BY_A_STORE | {"timestamp"}
    return _text(_statement(one, left)) == _text(_statement(other, left))


def _text(said: Any) -> str:
    return json.dumps(said, sort_keys=True)


def _statement(statement: Json, left: set[str]) -> Json:
    said = {name: value for name, value in statement.items() if name not in left}
    said |= {
        "actor": _who(statement["actor"]),
        "verb": {"id": statement["verb"]["id"]},
        "object": _thing(statement["object"]),
    }
    if "timestamp" in said:
        said["timestamp"] = moment(said["timestamp"], "timestamp").isoformat()
    if "context" in said:
        said["context"] = _context(said["context"])
    return said


def _thing(thing: Json) -> Json:
    kind = thing.get("objectType", "Activity")
    if kind == "SubStatement":
        return _statement(thing, {"attachments"})
    if kind in ("Agent", "Group"):
        return _who(thing)
    identifier = str(thing["id"])
    return {"objectType": kind, "id": identifier.lower() if kind == "StatementRef" else identifier}


def _who(who: Json) -> Json:
    said: Json = {"objectType": "Agent"} | who
    if "mbox" in said:
        said["mbox"] = folded(said["mbox"])
    if "member" in said:
        said["member"] = sorted((_who(one) for one in said["member"]), key=_text)
    return said


def _context(context: Json) -> Json:
    said = dict(context)
    for name in ("instructor", "team"):
        if name in said:
            said[name] = _who(said[name])
    if "registration" in said:
        said["registration"] = said["registration"].lower()
    if "statement" in said:
        said["statement"] = _thing(said["statement"])
    if "contextActivities" in said:
        said["contextActivities"] = {
            name: [_thing(one) for one in as_list(activities)] for name, activities in said["contextActivities"].items()
        }
    return said
