"""Who did something: agents and groups, and what identifies them.

Source: Experience API 1.0.3, part two, 2.4.2 (actor) and 2.4.9 (authority).
"""

import re
from typing import Any

from catalogue.records.reading import Json, Malformed, fault
from catalogue.records.values import LONGEST, Check, each, iri, like, one_of, shape, text

_MAILTO = re.compile(r"mailto:[^@\s]+@[^@\s]+")
_SHA1 = re.compile(r"[0-9a-fA-F]{40}")


def agent_of(document: Any) -> str:
    """The identifier of an agent that a program asks for, as ``identifier`` has it; raises ``Malformed``."""
    actor(document, "agent")
    found = identifier(document)
    if not found:
        raise Malformed("agent: has no identifier.")
    return found


def identifier(who: Json) -> str:
    """What identifies an agent or a group, in one text; empty for a group without a name of its own."""
    if "account" in who:
        return f"account:{who['account']['name']}@{who['account']['homePage']}"
    if "mbox" in who:
        return f"mbox:{folded(who['mbox'])}"
    if "mbox_sha1sum" in who:
        return f"mbox_sha1sum:{who['mbox_sha1sum'].lower()}"
    return f"openid:{who['openid']}" if "openid" in who else ""


def folded(mbox: str) -> str:
    """An address as it is compared: in what stands after the @, capitals do not matter (2.3.1)."""
    name, _, domain = mbox.rpartition("@")
    return f"{name}@{domain.lower()}"


def everybody(who: Json) -> list[str]:
    """The identifiers of an agent, or of a group and of its members."""
    found = [identifier(one) for one in (who, *who.get("member", []))]
    return [one for one in found if one]


def _account(value: Any, where: str) -> None:
    shape(value, where, {"homePage": iri, "name": _name}, {})


def _name(value: Any, where: str) -> None:
    text(value, where)
    if not value or len(value) > LONGEST:
        fault(where, f"has to have 1 to {LONGEST} characters")


_IDENTIFIERS: dict[str, Check] = {
    "mbox": like(_MAILTO, "an address that begins with mailto:"),
    "mbox_sha1sum": like(_SHA1, "a SHA-1 sum in hexadecimal"),
    "openid": iri,
    "account": _account,
}


def _identified(value: Json, where: str, least: int) -> int:
    count = sum(name in value for name in _IDENTIFIERS)
    if not least <= count <= 1:
        fault(where, "has to have exactly one of mbox, mbox_sha1sum, openid and account")
    return count


def agent(value: Any, where: str) -> None:
    shape(value, where, {}, {"objectType": one_of("Agent"), "name": text} | _IDENTIFIERS)
    _identified(value, where, 1)


def group(value: Any, where: str) -> None:
    members = {"objectType": one_of("Group"), "name": text, "member": each(agent)}
    shape(value, where, {"objectType": one_of("Group")}, members | _IDENTIFIERS)
    if not _identified(value, where, 0) and not value.get("member"):
        fault(where, "is a group without an identifier, so it has to have members")


def actor(value: Any, where: str) -> None:
    is_group = isinstance(value, dict) and value.get("objectType") == "Group"
    (group if is_group else agent)(value, where)


def authority(value: Any, where: str) -> None:
    actor(value, where)
    if value.get("objectType") == "Group" and (_identified(value, where, 0) or len(value["member"]) != 2):
        fault(where, "is a group, so it has to have two members and no identifier")
