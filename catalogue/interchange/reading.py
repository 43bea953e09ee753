"""Any file with offers, read as a stream; what it is stands in its first bytes, whatever it is called."""

import io
from collections.abc import Iterator
from typing import BinaryIO

from catalogue.interchange import csv_files, xlsx_files
from catalogue.interchange.limits import MAX_FILE, MAX_ROWS, Unreadable, too_large, too_many
from catalogue.interchange.names import Names
from catalogue.interchange.rows import OfferRow
from catalogue.interchange.tables import Row, Table, is_blank
from catalogue.interchange.xcri import read as xcri

_BEGINNING = 4096
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_ZIP = b"PK\x03\x04"
_OLD_EXCEL = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


class Reading(Iterator[OfferRow]):
    """The offers of a file, one after another. Raises ``Unreadable``, at first or in the middle."""

    def __init__(self, stream: BinaryIO, name: str, names: Names) -> None:
        self.notes: list[str] = []
        """What its sender had better know of how it was read, in plain words; complete when all has been read."""
        self._offers = self._read(stream, name, names)

    def __next__(self) -> OfferRow:
        return next(self._offers)

    def _read(self, stream: BinaryIO, name: str, names: Names) -> Iterator[OfferRow]:
        beginning = stream.read(_BEGINNING)
        if stream.seek(0, io.SEEK_END) > MAX_FILE:
            raise too_large()
        stream.seek(0)
        if not beginning.strip(b"\0 \t\r\n"):
            raise Unreadable("There is nothing in the file.", "Check that it is the file that you meant.")
        if beginning.startswith(_ZIP):
            yield from self._of_table(xlsx_files.rows(stream), names)
            return
        if beginning.startswith(_OLD_EXCEL):
            raise Unreadable(
                "The file is an Excel workbook of an old kind, or is locked with a password.",
                "Open it in Excel, and save it as an Excel workbook (.xlsx) without a password.",
            )
        if beginning.lstrip(b"\xef\xbb\xbf\xff\xfe\0 \t\r\n").startswith(b"<"):
            yield from xcri.offers(stream, names)
            return
        if b"\0" in beginning and not beginning.startswith(_UTF16):
            raise Unreadable(
                f"{name} is neither CSV, nor an Excel workbook, nor XCRI-CAP.",
                "Save your list as CSV UTF-8 or as an Excel workbook (.xlsx), or take our template.",
            )
        yield from self._of_table(csv_files.rows(stream, self.notes), names)

    def _of_table(self, rows: Iterator[Row], names: Names) -> Iterator[OfferRow]:
        rows = _not_too_many(rows)
        for _number, headings in rows:
            if not is_blank(headings):
                yield from Table(headings, names, self.notes).offers(rows)


def _not_too_many(rows: Iterator[Row]) -> Iterator[Row]:
    for row in rows:
        if row[0] > MAX_ROWS:
            raise too_many("rows", MAX_ROWS)
        yield row


def read(stream: BinaryIO, name: str, names: Names | None = None) -> Reading:
    """The offers in a file that can be sought in. ``name`` is for messages; ``names`` are what keys are called."""
    return Reading(stream, name, names or Names())
