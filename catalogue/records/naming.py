"""Whom and what a statement names: what programs find it by.

Source: Experience API 1.0.3, part three, section 2.1.3: ``agent``, ``activity``, and how ``related_agents`` and
``related_activities`` look further.
"""

from collections.abc import Iterator

from catalogue.records.agents import everybody
from catalogue.records.reading import Json
from catalogue.records.statements import as_list


def agent_named(identifier: str) -> str:
    return f"agent {identifier}"


def activity_named(identifier: str) -> str:
    return f"activity {identifier}"


def named(statement: Json) -> dict[str, bool]:
    """All that a statement names; whether it does so in its actor or its object, or merely further off."""
    found = dict.fromkeys(_further(statement), False)
    return found | dict.fromkeys(_closely(statement), True)


def _closely(statement: Json) -> Iterator[str]:
    yield from map(agent_named, everybody(statement["actor"]))
    target = statement["object"]
    kind = target.get("objectType", "Activity")
    if kind == "Activity":
        yield activity_named(target["id"])
    elif kind in ("Agent", "Group"):
        yield from map(agent_named, everybody(target))


def _further(statement: Json) -> Iterator[str]:
    context = statement.get("context", {})
    for who in (statement.get("authority"), context.get("instructor"), context.get("team")):
        yield from map(agent_named, everybody(who or {}))
    for activities in context.get("contextActivities", {}).values():
        yield from (activity_named(one["id"]) for one in as_list(activities))
    if statement["object"].get("objectType") == "SubStatement":
        yield from _closely(statement["object"])
        yield from _further(statement["object"])
