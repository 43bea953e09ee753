"""What a program asks for in the address: each parameter is one that there is, once, and of its kind.

Source: Experience API 1.0.3, part three, 2.1.3 (parameters) and 3.2 (what is refused); part two, 2.2 (values).
"""

import re
from datetime import datetime
from urllib.parse import urlencode

from flask import request

from catalogue.records.agents import agent_of
from catalogue.records.models import XapiStatement
from catalogue.records.naming import activity_named, agent_named
from catalogue.records.queries import Wanted
from catalogue.records.reading import Malformed, parsed
from catalogue.records.values import iri, moment, uuid

MOST = 100  # statements on a page
MOST_WITH_FILES = 10
FORMATS = ("ids", "exact", "canonical")
ONE = {"statementId", "voidedStatementId"}
ASKED = {
    "agent", "verb", "activity", "registration", "related_activities", "related_agents", "since", "until", "limit",
    "format", "attachments", "ascending", "after",
} | ONE  # fmt: skip


def only(names: set[str]) -> None:
    """Refuse parameters that are not among these."""
    unknown = set(request.args) - names
    if unknown:
        raise Malformed(f"{', '.join(sorted(unknown))}: there is no such parameter here.")
    if any(len(request.args.getlist(name)) > 1 for name in request.args):
        raise Malformed("A parameter stands twice.")


def flag(name: str) -> bool:
    said = request.args.get(name, "false")
    if said not in ("true", "false"):
        raise Malformed(f"{name}: has to be true or false.")
    return said == "true"


def form() -> str:
    said = request.args.get("format", "exact")
    if said not in FORMATS:
        raise Malformed(f"format: has to be {', '.join(FORMATS)}.")
    return said


def one() -> tuple[str, str] | None:
    """The parameter that names a single statement, and which; nothing where a page is asked for."""
    named = ONE & set(request.args)
    if not named:
        return None
    if len(named) > 1 or set(request.args) - named - {"format", "attachments"}:
        raise Malformed("statementId and voidedStatementId stand alone, but for format and attachments.")
    name = named.pop()
    uuid(request.args[name], name)
    return name, request.args[name]


def wanted() -> Wanted:
    given = request.args
    for name, check in (("verb", iri), ("activity", iri), ("registration", uuid)):
        if name in given:
            check(given[name], name)
    named = {}
    related_agents, related_activities = flag("related_agents"), flag("related_activities")
    if "agent" in given:
        named[agent_named(agent_of(parsed(given["agent"].encode())))] = not related_agents
    if "activity" in given:
        named[activity_named(given["activity"])] = not related_activities
    limit = given.get("limit", "0")
    if not re.fullmatch(r"\d{1,9}", limit, re.ASCII):
        raise Malformed("limit: has to be a whole number, 0 or more.")
    most = MOST_WITH_FILES if flag("attachments") else MOST
    return Wanted(
        verb=given.get("verb", ""),
        registration=given.get("registration", "").lower(),
        named=named,
        since=moment(given["since"], "since") if "since" in given else None,
        until=moment(given["until"], "until") if "until" in given else None,
        ascending=flag("ascending"),
        limit=min(int(limit) or most, most),
        after=_position(given["after"]) if "after" in given else None,
    )


def _position(said: str) -> tuple[datetime, int]:
    at, _, number = said.partition("_")
    if not re.fullmatch(r"\d{1,9}", number, re.ASCII):
        raise Malformed("after: no page ends there.")
    return moment(at, "after"), int(number)


def more(last: XapiStatement) -> str:
    """Where the next page is: what was asked, from the last one on, so that what comes meanwhile moves nothing."""
    asked = request.args.to_dict() | {"after": f"{written(last.stored_at)}_{last.id}"}
    return f"{request.path}?{urlencode(asked)}"


def written(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")
