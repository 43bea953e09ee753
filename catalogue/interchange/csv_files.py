"""CSV (RFC 4180) as programs write it: which encoding and which separator it has is found out, and said."""

import codecs
import csv
import io
from collections.abc import Callable, Iterator
from typing import BinaryIO

from catalogue.interchange.limits import MAX_RECORD, Unreadable
from catalogue.interchange.tables import Row, column_of
from catalogue.spreadsheets import plain

_CHUNK = 1 << 16
_SEPARATORS = ",;\t"
_NOT_UTF8 = "The file is not in UTF-8: we read it as Windows does (Windows-1252). Check that £ and accents are right."


def rows(stream: BinaryIO, notes: list[str], known: Callable[[str], object] = column_of) -> Iterator[Row]:
    """The rows with their numbers, headings first; raises ``Unreadable``, in the middle too.

    ``known`` gives something for a heading that is to be expected, and none for another.
    """
    text = io.TextIOWrapper(stream, encoding=_encoding(stream, notes), newline="")
    try:
        first = text.readline(MAX_RECORD)
        text.seek(0)
        lines = _Lines(text)
        for number, row in enumerate(csv.reader(lines, delimiter=_separator(first, known)), 1):
            lines.read = 0
            yield number, [plain(cell) for cell in row]
    except csv.Error as fault:
        raise _endless() from fault
    finally:
        if not stream.closed:
            text.detach()  # what is done with the stream is for whoever opened it


def _encoding(stream: BinaryIO, notes: list[str]) -> str:
    start = stream.read(2)
    stream.seek(0)
    utf16 = start in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
    for encoding in ("utf-16",) if utf16 else ("utf-8-sig", "cp1252"):
        if _is_in(stream, encoding):
            if encoding == "cp1252":
                notes.append(_NOT_UTF8)
            return encoding
    raise Unreadable("The file is in an encoding that we do not know.", "Save it as CSV UTF-8, then try again.")


def _is_in(stream: BinaryIO, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        while chunk := stream.read(_CHUNK):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    finally:
        stream.seek(0)
    return True


def _separator(headings: str, known: Callable[[str], object]) -> str:
    """The one by which most headings are ours."""

    def found(separator: str) -> int:
        try:
            return sum(known(name) is not None for name in next(csv.reader([headings], delimiter=separator), []))
        except csv.Error:
            return 0

    return max(_SEPARATORS, key=found)


class _Lines:
    """The lines of a file; a row that never ends is not gathered without end."""

    def __init__(self, text: io.TextIOWrapper) -> None:
        self._text = text
        self.read = 0
        """Characters since the last row was complete."""

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        line = self._text.readline(MAX_RECORD)
        self.read += len(line)
        if self.read >= MAX_RECORD:
            raise _endless()
        if not line:
            raise StopIteration
        return line


def _endless() -> Unreadable:
    return Unreadable(
        "A row of the file never ends, or holds far too much.",
        "Look for a quotation mark that is opened and not closed, or save the file as CSV UTF-8 from a spreadsheet.",
    )
