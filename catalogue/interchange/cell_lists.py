"""Cells that hold several things: how they are read, and how they are written so that they can be read again."""

import re
from collections.abc import Callable
from typing import Any

from catalogue.interchange.cells import Cell, Misread, clock, day, shown, text
from catalogue.interchange.names import Names

_MAPPING = re.compile(
    r"(?:(?P<framework>[^/:]+)/)?(?P<dimension>[^:]+):(?P<start>.+?)(?:>|→|\bto\b)(?P<end>.+?)\((?P<strength>[^()]*)\)",
    re.IGNORECASE,
)
_KEY = r"\s*(?:\[(?P<key>[^\[\]]*)\])?"
_STEP = re.compile(
    rf"##\s+(?P<title>.+?)\s*\((?P<minutes>\d{{1,6}})\s*min(?:ute)?s?\){_KEY}\s*(?:\{{(?P<group>[^{{}}]*)\}})?",
    re.IGNORECASE | re.ASCII,
)
_GROUP = re.compile(
    rf"##\s+(?P<title>.+?)\s*\((?:choose\s+(?P<choose>\d{{1,4}})|all)\){_KEY}", re.IGNORECASE | re.ASCII
)
_SESSION = re.compile(
    r"##\s+(?P<day>[\d/.-]{8,10})\s+(?P<starts>[\d:.apm]{3,8})\s*-\s*(?P<ends>[\d:.apm]{3,8})"
    rf"\s+(?P<title>.+?){_KEY}",
    re.IGNORECASE | re.ASCII,
)
_LOOKS_LIKE_A_HEADING = re.compile(r"\\*(##\s|=\s)")
_MAX_LINE = 500  # characters, of what is looked at by the patterns above: they may look at each many times


def lines(cell: Cell) -> list[str]:
    """One thing a line, or with ``|`` between where all stands on one line."""
    said = "" if cell is None else str(cell)
    return [part.strip() for part in (said.splitlines() if "\n" in said else said.split("|")) if part.strip()]


def lines_cell(parts: list[str]) -> str:
    """The inverse of ``lines``; a line of its own for each."""
    said = "\n".join(" ".join(part.split()) for part in parts)
    return said + "\n" if "\n" not in said and "|" in said else said


def mappings(cell: Cell, names: Names) -> list[dict[str, Any]]:
    """Each as ``dimension: from > to (strength)``; ``framework/`` before it where it is not the current one."""
    return [_mapping(part, names) for part in lines(cell)]


def _mapping(part: str, names: Names) -> dict[str, Any]:
    found = _MAPPING.fullmatch(part) if len(part) <= _MAX_LINE else None
    if found is None or not all(said.strip() for said in found.group("dimension", "start", "end")):
        raise Misread(
            f"{shown(part)} does not say from what level to what level",
            "Write dimension: from > to (strength), such as care: essential > strong (builds), with | between several.",
        )
    return {
        "framework": (found["framework"] or "").strip(),
        "dimension": names.key("dimensions", found["dimension"]),
        "from": names.key("levels", found["start"]),
        "to": names.key("levels", found["end"]),
        "strength": found["strength"].strip().lower(),
    }


def mappings_cell(rows: list[dict[str, Any]]) -> str:
    return " | ".join(
        f"{row['framework'] + '/' if row['framework'] else ''}{row['dimension']}: "
        f"{row['from']} > {row['to']} ({row['strength']})"
        for row in rows
    )


def steps(cell: Cell) -> list[dict[str, Any]]:
    """Each begins with a line ``## Title (10 minutes)``, with its key in ``[]`` after it, and that of its group in
    ``{}``; the lines below are its text. A first line ``= provider/key`` says which other offer it is.
    """
    found = _under_headings(cell, _step, "step", _STEP_REMEDY)
    for step in found:
        first, _, rest = step["text"].partition("\n")
        if first.startswith("= "):
            step["offer"], step["text"] = first[2:].strip(), rest.strip()
        step["text"] = _unescaped(step["text"])
    return found


def groups(cell: Cell) -> list[dict[str, Any]]:
    """Each begins with a line ``## Title (choose 2)`` or ``## Title (all)``, with its key in ``[]`` after it."""
    found = _under_headings(cell, _group, "group", _GROUP_REMEDY)
    return [group | {"text": _unescaped(group["text"])} for group in found]


def _under_headings(
    cell: Cell, begin: Callable[[str, int], dict[str, Any]], what: str, remedy: str
) -> list[dict[str, Any]]:
    """Each of ``what`` is begun by a line with ``##``, and has the lines below as its text.

    A line of the text that begins like a heading has a backslash before it.
    """
    found: list[dict[str, Any]] = []
    for line in text(cell).splitlines():
        if line.startswith("##") and _LOOKS_LIKE_A_HEADING.match(line):
            found.append(begin(line.strip(), len(found) + 1) | {"text": ""})
        elif found:
            found[-1]["text"] += line + "\n"
        elif line.strip():
            raise Misread(f"{shown(line)} belongs to no {what}", remedy)
    return [one | {"text": one["text"].strip()} for one in found]


def _unescaped(said: str) -> str:
    return "\n".join(
        line[1:] if line.startswith("\\") and _LOOKS_LIKE_A_HEADING.match(line) else line for line in said.splitlines()
    )


_GROUP_REMEDY = "Begin each group with a line such as: ## What you need most (choose 2) [electives]"
_STEP_REMEDY = "Begin each step with a line such as: ## Plan three questions (10 minutes)"


def _step(line: str, number: int) -> dict[str, Any]:
    found = _STEP.fullmatch(line) if len(line) <= _MAX_LINE else None
    if found is None:
        raise Misread(f"{shown(line)} does not say how many minutes the step takes", _STEP_REMEDY)
    key = (found["key"] or "").strip() or f"step-{number}"
    group = (found["group"] or "").strip()
    return {"key": key, "title": found["title"], "minutes": int(found["minutes"])} | ({"group": group} if group else {})


def _group(line: str, number: int) -> dict[str, Any]:
    found = _GROUP.fullmatch(line) if len(line) <= _MAX_LINE else None
    if found is None:
        raise Misread(f"{shown(line)} does not say how many of its steps are to be done", _GROUP_REMEDY)
    choose = int(found["choose"]) if found["choose"] else None
    return {"key": (found["key"] or "").strip() or f"group-{number}", "title": found["title"], "choose": choose}


def steps_cell(rows: list[dict[str, Any]]) -> str:
    return "\n".join(
        f"## {' '.join(row['title'].split())} ({row['minutes']} minutes) [{row['key']}]"
        f"{' {' + row['group'] + '}' if row.get('group') else ''}\n"
        f"{'= ' + row['offer'] + chr(10) if row.get('offer') else ''}{_escaped(row['text'])}"
        for row in rows
    )


def groups_cell(rows: list[dict[str, Any]]) -> str:
    return "\n".join(
        f"## {' '.join(row['title'].split())} ({_how_many(row)}) [{row['key']}]\n{_escaped(row['text'])}"
        for row in rows
    )


def sessions(cell: Cell) -> list[dict[str, Any]]:
    """Each begins with ``## 2027-03-31 09:30-16:00 Title``, with its key in ``[]`` after it; below is its place."""
    found = _under_headings(cell, _session, "session", _SESSION_REMEDY)
    return [
        {name: value for name, value in one.items() if name != "text"} | {"place": _unescaped(one["text"])}
        for one in found
    ]


def _session(line: str, number: int) -> dict[str, Any]:
    found = _SESSION.fullmatch(line) if len(line) <= _MAX_LINE else None
    if found is None:
        raise Misread(f"{shown(line)} does not say a day, from when to when, and a title", _SESSION_REMEDY)
    return {
        "key": (found["key"] or "").strip() or f"session-{number}", "title": found["title"],
        "day": day(found["day"]), "starts": clock(found["starts"]), "ends": clock(found["ends"]),
    }  # fmt: skip


def sessions_cell(rows: list[dict[str, Any]]) -> str:
    return "\n".join(
        f"## {row['day']} {row['starts'].isoformat()}-{row['ends'].isoformat()} {' '.join(row['title'].split())} "
        f"[{row['key']}]\n{_escaped(' '.join(row['place'].split()))}"
        for row in rows
    )


_SESSION_REMEDY = "Begin each session with a line such as: ## 2027-03-31 09:30-16:00 Where we stand"


def _how_many(row: dict[str, Any]) -> str:
    return f"choose {row['choose']}" if row.get("choose") else "all"


def names(cell: Cell) -> list[str]:
    """Offers by their names, one a line; or with ``|`` between, where none of them has that sign in its key."""
    return list(dict.fromkeys(lines(cell)))


def names_cell(parts: list[str]) -> str:
    said = "\n".join(parts)
    return said + "\n" if "\n" not in said and "|" in said else said


def _escaped(said: str) -> str:
    return "\n".join(f"\\{line}" if _LOOKS_LIKE_A_HEADING.match(line) else line for line in said.splitlines())
