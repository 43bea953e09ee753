"""What XML from anybody may be: no document type and so no entities, and nothing in it that grows without end.

It is looked through once, in constant memory, before anything that builds a tree of it reads it.
"""

from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, TypeAlias
from xml.parsers import expat

from catalogue.interchange.limits import MAX_RECORD, Unreadable, too_many

Lines: TypeAlias = "dict[str, array[int]]"
_CHUNK = 1 << 16
_MAX_TOKEN = 1 << 20  # bytes of one tag with its attributes, or of one comment


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a document may hold at most."""

    record: str
    """The local name of the elements that are read one by one; empty where all is read at once."""
    most: int
    """So many of them; ``what`` they are, in the words of who sent them."""
    what: str
    elements: int = 5_000
    """So many elements inside one of them."""
    loose: int = 50_000
    """And so many outside of all of them."""
    depth: int = 60


class _Look:
    """One pass over a document. Raises ``Unreadable``."""

    def __init__(self, bounds: Bounds, noted: tuple[str, ...]) -> None:
        self.bounds = bounds
        self.lines = {name: array("L") for name in noted}
        self.depth = self.inside = self.records = 0
        self.elements = self.text = 0  # of the record that it is inside of
        self.loose = self.loose_text = 0  # of what is outside of all of them
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.buffer_text = True
        self.parser.StartDoctypeDeclHandler = _no_doctype
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._characters

    def _start(self, name: str, _attributes: dict[str, str]) -> None:
        local = name.rpartition(" ")[2]
        self.depth += 1
        if name in self.lines:
            self.lines[name].append(self.parser.CurrentLineNumber)
        if self.inside:
            self.elements += 1
        elif local == self.bounds.record:
            self.inside, self.elements, self.text = self.depth, 0, 0
            self.records += 1
            if self.records > self.bounds.most:
                raise too_many(self.bounds.what, self.bounds.most)
        else:
            self.loose += 1
        if self.elements > self.bounds.elements or self.loose > self.bounds.loose or self.depth > self.bounds.depth:
            raise _overgrown(self.parser.CurrentLineNumber)

    def _end(self, _name: str) -> None:
        if self.inside == self.depth:
            self.inside = 0
        self.depth -= 1

    def _characters(self, said: str) -> None:
        if self.inside:
            self.text += len(said)
        else:
            self.loose_text += len(said)
        if self.text > MAX_RECORD or self.loose_text > 2 * MAX_RECORD:
            raise _overgrown(self.parser.CurrentLineNumber)


def look_through(stream: BinaryIO, bounds: Bounds, noted: tuple[str, ...] = ()) -> Lines:
    """The lines on which the ``noted`` elements (namespace, space, name) begin. Raises ``Unreadable``."""
    look = _Look(bounds, noted)
    try:
        for chunk, last in _chunks(stream):
            look.parser.Parse(chunk, last)
            if look.parser.CurrentByteIndex < stream.tell() - _MAX_TOKEN:
                raise _overgrown(look.parser.CurrentLineNumber)
    except (expat.ExpatError, LookupError, ValueError) as fault:  # the latter where it names an encoding of its own
        raise Unreadable(
            f"The file is not well-formed XML (line {look.parser.CurrentLineNumber}).",
            "Export it anew from where it comes from; if that does not help, ask who makes that program.",
        ) from fault
    return look.lines


def _chunks(stream: BinaryIO) -> Iterator[tuple[bytes, bool]]:
    while chunk := stream.read(_CHUNK):
        yield chunk, False
    yield b"", True


def _no_doctype(*_declared: object) -> None:
    raise Unreadable(
        "The file declares a document type (DOCTYPE), and could ask for more than is in it.",
        "Export it without a DOCTYPE: neither XCRI-CAP nor Excel needs one.",
    )


def _overgrown(line: int) -> Unreadable:
    return Unreadable(
        f"Something in the file is far larger than an offer can be (near line {line}).",
        "Check that it is the file that you meant; shorten what is described there.",
    )
