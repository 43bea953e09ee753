"""XML that is handed over piece by piece while it is written."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from xml.sax.saxutils import escape, quoteattr

_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0, section 2.2
_RETURN = {"\r": "&#13;"}  # else a reader takes it for a line feed


class Xml:
    """Elements one after another. What no XML can hold is left out."""

    def __init__(self) -> None:
        self._pieces = ['<?xml version="1.0" encoding="UTF-8"?>\n']

    @contextmanager
    def inside(self, name: str, **attributes: str) -> Iterator[None]:
        self._pieces.append(f"<{name}{_written(attributes)}>\n")
        yield
        self._pieces.append(f"</{name}>\n")

    def put(self, name: str, text: str = "", **attributes: str) -> None:
        said = escape(_NO_XML.sub("", text), _RETURN)
        self._pieces.append(f"<{name}{_written(attributes)}" + (f">{said}</{name}>\n" if said else "/>\n"))

    def take(self) -> bytes:
        """What has been written since it was last taken."""
        written = "".join(self._pieces).encode()
        self._pieces.clear()
        return written


def _written(attributes: dict[str, str]) -> str:
    """``xsi_type`` stands for ``xsi:type``; a last underline, for names that Python keeps to itself, falls away."""
    return "".join(
        f" {name.rstrip('_').replace('_', ':', 1)}={quoteattr(_NO_XML.sub('', value))}"
        for name, value in attributes.items()
    )
