"""What the elements of a course say of an offer."""

from collections.abc import Iterator

from lxml.etree import _Element

from catalogue.interchange.names import Kind, Names
from catalogue.interchange.rows import Document
from catalogue.interchange.xcri.terms import KEY, tag
from catalogue.interchange.xcri.texts import items_of, line_of, text_of

_TYPE = tag("xsi:type")
_SUBJECTS: tuple[Kind, ...] = ("conditions", "seats")


def key_of(element: _Element) -> str:
    """The key that we wrote; else the identifier that has no type; else the first one."""
    found = {_local(one.get(_TYPE)): text_of(one) for one in reversed(element.findall(tag("dc:identifier")))}
    ours = found.pop(_local(KEY), "")
    return ours or found.get("", "") or next(reversed(found.values()), "")


def _local(qualified: str | None) -> str:
    """Of an ``xsi:type``: its prefix is anybody's choice."""
    return (qualified or "").rpartition(":")[2]


def _texts(element: _Element, *names: str) -> list[str]:
    return [said for name in names for one in element.findall(tag(name)) if (said := text_of(one))]


def _first(element: _Element, name: str) -> str:
    return next(iter(_texts(element, name)), "")


def ours(element: _Element) -> Document:
    """Of a course that we wrote: its texts are exact."""
    return {
        "title": _first(element, "dc:title"),
        "summary": _first(element, "abstract"),
        "outcomes": _texts(element, "learningOutcome"),
        "description": _first(element, "dc:description"),
        "prerequisites": _first(element, "mlo:prerequisite"),
        "url": _first(element, "mlo:url"),
    }


def foreign(element: _Element, names: Names) -> Document:
    """Of anybody's course, without what it does not say."""
    typed = dict[str, list[_Element]]()
    for one in element.findall(tag("dc:description")):
        typed.setdefault(_local(one.get(_TYPE)), []).append(one)
    outcomes = [*element.findall(tag("learningOutcome")), *typed.pop("learningOutcome", [])]
    needed = [text_of(one) for one in typed.pop("prerequisite", [])]
    said = [text_of(one) for kind in typed.values() for one in kind]
    found: Document = {
        "title": next((line_of(one) for one in element.findall(tag("dc:title"))), ""),
        "summary": next((line_of(one) for one in element.findall(tag("abstract"))), ""),
        "outcomes": list(dict.fromkeys(item for outcome in outcomes for item in items_of(outcome))),
        "description": _paragraphs([*said, *_texts(element, "mlo:objective", "mlo:assessment")]),
        "prerequisites": _paragraphs([*_texts(element, "mlo:prerequisite"), *needed]),
        "url": _web_address(element),
    }
    for kind in _SUBJECTS:
        found[kind] = list(dict.fromkeys(_subjects(element, kind, names)))
    return {field: value for field, value in found.items() if value}


def _paragraphs(texts: list[str]) -> str:
    return "\n\n".join(dict.fromkeys(text for text in texts if text))


def _web_address(element: _Element) -> str:
    """The course's page: the first address of one, else an identifier that is one."""
    said = _texts(element, "mlo:url", "dc:identifier")
    return next((one for one in said if one.startswith(("http://", "https://"))), "")


def _subjects(element: _Element, kind: Kind, names: Names) -> Iterator[str]:
    """The keys of ours that a subject has as its identifier, or whose name is its text."""
    for one in element.iter(tag("dc:subject")):
        for said in (one.get("identifier", ""), line_of(one)):
            if names.knows(kind, said):
                yield names.key(kind, said)
