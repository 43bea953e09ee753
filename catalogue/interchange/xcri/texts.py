"""Texts (XCRI-CAP 1.2, section "Descriptive Text Elements"): plain, or XHTML, which becomes Markdown."""

import re
from collections.abc import Callable

from lxml.etree import _Element

_HEADINGS = {"h1", "h2", "h3", "h4", "h5", "h6"}
_BLOCKS = {"p", "div", "section", "article", "blockquote", "table", "tr", "dl", "dt", "dd", "pre"} | _HEADINGS
_MARKS = {"strong": "**", "b": "**", "em": "*", "i": "*"}
_LEFT_OUT = {"script", "style", "img", "object", "embed", "iframe", "head"}
_SPACE = re.compile(r"[ \t\r\n]+")


def local_name(element: _Element) -> str:
    return str(element.tag).rpartition("}")[2].lower()


def text_of(element: _Element) -> str:
    """Plain text as it stands; XHTML as Markdown."""
    if len(element) == 0:
        return (element.text or "").strip()
    return _Blocks().of(element)


def line_of(element: _Element) -> str:
    """The same on one line."""
    return " ".join(text_of(element).split())


def items_of(element: _Element) -> list[str]:
    """Each item of its lists; where it has none, each of its lines."""
    items = [line_of(item) for item in element.iter() if local_name(item) == "li"]
    lines = items or [" ".join(line.split()) for line in text_of(element).splitlines()]
    return [line.lstrip("-• ") for line in lines if line.strip("-• ")]


class _Blocks:
    """Paragraphs, headings and items while they are gathered."""

    def __init__(self) -> None:
        self.blocks: list[str] = []
        self.inline = ""

    def of(self, element: _Element) -> str:
        self._inside(element)
        self._end_block()
        return re.sub(r"\n{3,}", "\n\n", "\n\n".join(self.blocks)).strip()

    def _inside(self, element: _Element) -> None:
        self._say(element.text)
        for child in element:
            self._child(child, local_name(child))
            self._say(child.tail)

    def _child(self, child: _Element, name: str) -> None:
        if name in _BLOCKS:
            self._end_block()
            self._inside(child)
            self._end_block("### " if name in _HEADINGS else "> " if name == "blockquote" else "")
        elif name in ("ul", "ol"):
            self._end_block()
            self._list(child, (lambda number: f"{number}. ") if name == "ol" else (lambda _number: "- "))
        elif name == "br":
            self.inline = self.inline.rstrip() + "\n"
        elif name in _MARKS:
            self._marked(child, _MARKS[name])
        elif name == "a" and child.get("href", "").startswith(("http://", "https://")):
            self.inline += f"[{line_of(child)}](<{child.get('href')}>)"
        elif name not in _LEFT_OUT:
            self._inside(child)

    def _list(self, element: _Element, bullet: Callable[[int], str]) -> None:
        items = [text_of(item).replace("\n", "\n   ") for item in element if local_name(item) == "li"]
        if items:
            self.blocks.append("\n".join(bullet(number) + item for number, item in enumerate(items, 1)))

    def _marked(self, element: _Element, mark: str) -> None:
        said = line_of(element)
        self.inline += f"{mark}{said}{mark}" if said else ""

    def _say(self, text: str | None) -> None:
        said = _SPACE.sub(" ", text or "")
        self.inline += said.lstrip() if not self.inline or self.inline.endswith((" ", "\n")) else said

    def _end_block(self, mark: str = "") -> None:
        if self.inline.strip():
            self.blocks.append(mark + self.inline.strip())
        self.inline = ""
