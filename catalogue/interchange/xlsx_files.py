"""Excel workbooks (ECMA-376, Office Open XML): the first sheet, row by row, after a look at what is packed in it."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any, BinaryIO
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

import openpyxl
from lxml import etree

from catalogue.interchange.cells import Cell
from catalogue.interchange.limits import MAX_COLUMNS, MAX_FILE, MAX_RATIO, MAX_ROWS, Unreadable
from catalogue.interchange.tables import Row
from catalogue.interchange.xml_bounds import Bounds, look_through

MAX_UNPACKED = 100_000_000  # bytes, of all that is in it
MAX_PARTS = 500
MAX_PART = 5_000_000  # bytes, of a part that is neither a sheet nor its strings: those are read at once
MAX_TEXT = MAX_FILE  # characters, of all cells together: one text can stand in many of them, and is kept for each
MAX_STRINGS = 30_000_000  # bytes of the strings that cells share: they are kept while the rows are read
_SHEET = Bounds("row", MAX_ROWS, "rows", elements=4 * MAX_COLUMNS)
_STRINGS = Bounds("si", 200_000, "different texts", elements=500)
_WHOLE = Bounds("", 0, "")
_LIST_OF_PARTS = "[Content_Types].xml"
_SHEET_TYPE, _STRINGS_TYPE = "worksheet+xml", "sharedStrings+xml"
_BEGINNING = 4096
_KEPT_AS = "Open it in Excel, and save it as an Excel workbook (.xlsx) without a password."


def rows(stream: BinaryIO) -> Iterator[Row]:
    """The rows with their numbers, headings first; raises ``Unreadable``, in the middle too."""
    try:
        sheets = _look_at_parts(stream)
        stream.seek(0)
        book = openpyxl.load_workbook(stream, read_only=True, data_only=True, keep_links=False)
        sheet = book.worksheets[0]
        if sheet._worksheet_path.lstrip("/") not in sheets:  # type: ignore[attr-defined] # as all of the read-only have
            raise Unreadable("The Excel workbook has no sheet where its sheets should be.", _KEPT_AS)
        sheet.reset_dimensions()  # programs write wrong ones
        text = 0
        for number, row in enumerate(sheet.iter_rows(max_col=MAX_COLUMNS + 1, values_only=True), 1):
            text += sum(len(cell) for cell in row if isinstance(cell, str))
            if text > MAX_TEXT:
                raise _bomb()
            yield number, _trimmed(row)
    except Unreadable:
        raise
    except Exception as fault:  # whatever openpyxl and zipfile stumble over in a file that is not as it should be
        raise Unreadable("The Excel workbook is damaged, or is none.", _KEPT_AS) from fault


def _trimmed(row: tuple[Any, ...]) -> list[Cell]:
    cells: list[Cell] = list(row)
    while cells and cells[-1] is None:
        cells.pop()
    return cells


def _look_at_parts(stream: BinaryIO) -> set[str]:
    """The names of the sheets. Refuses what would grow when it is unpacked: the sizes that are declared hold.

    A part is a sheet, or the strings, by its name and by what the list of parts says of it: whatever else openpyxl may
    take for one, and for anything at all, is held to what can be read at once.
    """
    with ZipFile(stream) as archive:
        parts = {part.filename: part for part in archive.infolist()}
        if "xl/workbook.xml" not in parts:
            raise Unreadable("The file is an archive, but no Excel workbook.", _KEPT_AS)
        if len(archive.infolist()) > MAX_PARTS or sum(part.file_size for part in archive.infolist()) > MAX_UNPACKED:
            raise _bomb()
        for part in archive.infolist():
            if part.flag_bits & 1 or part.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
                raise Unreadable("The Excel workbook is locked with a password.", _KEPT_AS)
            if part.file_size > MAX_PART and part.file_size > MAX_RATIO * max(part.compress_size, 1):
                raise _bomb()
        _look_at(archive, parts[_LIST_OF_PARTS], _WHOLE, MAX_PART)
        types = _types(archive)
        sheets = {name for name in parts if name.startswith("xl/worksheets/") and types[name] == {_SHEET_TYPE}}
        for name, part in parts.items():
            if name in sheets:
                _look_at(archive, part, _SHEET, MAX_UNPACKED)
            elif name == "xl/sharedStrings.xml" and types[name] == {_STRINGS_TYPE}:
                _look_at(archive, part, _STRINGS, MAX_STRINGS)
            elif _may_be_xml(archive, part):
                _look_at(archive, part, _WHOLE, MAX_PART)
        return sheets


def _types(archive: ZipFile) -> dict[str, set[str]]:
    """What the list of parts says that each is (ECMA-376, part 2, section 7.2.3)."""
    types: dict[str, set[str]] = defaultdict(set)
    for element in etree.fromstring(archive.read(_LIST_OF_PARTS), etree.XMLParser(resolve_entities=False)):
        types[element.get("PartName", "").lstrip("/")].add(element.get("ContentType", "").rpartition(".")[2])
    return types


def _may_be_xml(archive: ZipFile, part: ZipInfo) -> bool:
    """Whatever it is called: XML begins with a bracket; only a mark of its encoding and space may stand before."""
    with archive.open(part) as content:
        beginning = content.read(_BEGINNING).lstrip(b"\xef\xbb\xbf\xff\xfe\0 \t\r\n")
    return beginning.startswith(b"<") or (not beginning and part.file_size >= _BEGINNING)


def _look_at(archive: ZipFile, part: ZipInfo, bounds: Bounds, most: int) -> None:
    if part.file_size > most:
        raise _bomb()
    with archive.open(part) as content:
        look_through(content, bounds)  # type: ignore[arg-type]


def _bomb() -> Unreadable:
    return Unreadable(
        "The Excel workbook would be far too large when it is unpacked.",
        "Copy the rows with offers into a new workbook, and save that; or save the sheet as CSV UTF-8.",
    )
