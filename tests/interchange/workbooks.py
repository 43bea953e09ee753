"""Excel workbooks: ones that a spreadsheet program would write, and ones that nobody would."""

import io
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence

import openpyxl

_NAMESPACE = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
SHEET = f'<worksheet xmlns="{_NAMESPACE}"><sheetData>{{}}</sheetData>{{}}</worksheet>'
STRINGS = f'<sst xmlns="{_NAMESPACE}">{{}}</sst>'
SHEET_PART, STRINGS_PART = "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml"


def workbook(rows: Iterable[Sequence[object]]) -> bytes:
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("Offers")
    for row in rows:
        sheet.append(list(row))
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


def with_parts(parts: Mapping[str, str | bytes]) -> bytes:
    """A workbook with some of its parts put in the place of its own, or added."""
    plain, written = io.BytesIO(workbook([("key", "title"), ("a", "A")])), io.BytesIO()
    with zipfile.ZipFile(plain) as old, zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            if name not in parts:
                new.writestr(name, old.read(name))
        for name, content in parts.items():
            new.writestr(name, content)
    return written.getvalue()


_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.{}+xml"


def with_type(part: str, kind: str, parts: Mapping[str, str | bytes]) -> bytes:
    """The same, with the list of parts saying that one of them is, also, of this kind."""
    with zipfile.ZipFile(io.BytesIO(workbook([("key", "title")]))) as plain:
        listed = plain.read("[Content_Types].xml").decode()
    said = f'<Override PartName="/{part}" ContentType="{_TYPE.format(kind)}"/></Types>'
    return with_parts({"[Content_Types].xml": listed.replace("</Types>", said), **parts})


def shared(texts: Iterable[str]) -> bytes:
    """As Excel itself writes: cells name their text by its number among the strings."""
    cells = ["key", "title", *texts]
    strings = STRINGS.format("".join(f"<si><t>{text}</t></si>" for text in cells))
    row = '<row><c t="s"><v>{}</v></c><c t="s"><v>{}</v></c></row>'
    rows = "".join(row.format(number, number + 1) for number in range(0, len(cells) - 1, 2))
    return with_type(STRINGS_PART, "sharedStrings", {STRINGS_PART: strings, SHEET_PART: SHEET.format(rows, "")})


def inline(cells: Iterable[str]) -> str:
    return "".join(f'<c t="inlineStr"><is><t>{cell}</t></is></c>' for cell in cells)


def sheet(rows: str, after: str = "") -> str:
    return SHEET.format(f"<row>{inline(['key', 'title'])}</row>{rows}", after)


def strings(text: str, count: int = 1) -> str:
    return STRINGS.format(f"<si><t>{text}</t></si>" * count)


def relation(target: str) -> str:
    """The list of what belongs to the workbook, with a sheet at an address of one's choice."""
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet"
    package = "http://schemas.openxmlformats.org/package/2006/relationships"
    return f'<Relationships xmlns="{package}"><Relationship Id="rId1" Type="{kind}" Target="{target}"/></Relationships>'


def styles(count: int) -> str:
    return f"<styleSheet>{'<xf/>' * count}</styleSheet>"


def sharing(text: str, rows: int) -> bytes:
    """A workbook that holds a text once, and shows it in every row."""
    shown = "".join(f'<row>{inline([f"k{number}"])}<c t="s"><v>0</v></c></row>' for number in range(rows))
    return with_type(STRINGS_PART, "sharedStrings", {STRINGS_PART: strings(text), SHEET_PART: sheet(shown)})


def elsewhere(name: str, content: str) -> bytes:
    """A workbook whose sheet is not called as sheets are."""
    links = "xl/_rels/workbook.xml.rels"
    with zipfile.ZipFile(io.BytesIO(workbook([()]))) as plain:
        named = plain.read(links).decode().replace(f"/{SHEET_PART}", f"/{name}")
    return with_parts({links: named, name: content})


ENTITIES = '<!DOCTYPE x [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;">]>'
BOMBS: dict[str, Callable[[], bytes]] = {
    "zeros that pack a thousand times": lambda: with_parts({"xl/media/image1.png": b"\0" * 90_000_000}),
    "more than it may hold unpacked": lambda: with_parts(
        {f"xl/media/{number}.bin": b"\0" * 30_000_000 for number in range(4)}
    ),
    "thousands of parts": lambda: with_parts({f"xl/media/{number}.bin": b"" for number in range(2_000)}),
    "a bomb in the styles": lambda: with_parts({"xl/styles.xml": styles(1_500_000)}),
    "many small elements in the styles": lambda: with_parts({"xl/styles.xml": styles(60_000)}),
    "the same long text in every row": lambda: sharing("a b c " * 16_000, 1_000),
    "a row without end in a sheet of another name": lambda: elsewhere(
        "xl/sheet1.bin", sheet("<row>" + "".join(f'<c r="A{number}"/>' for number in range(600_000)) + "</row>")
    ),
    "more strings than there are cells": lambda: shared(["a"] * 300_000),
    "one string that never ends": lambda: shared(["a b c " * 2_000_000]),
    "strings under a name of their own": lambda: with_type(
        "xl/a.bin", "sharedStrings", {"xl/a.bin": strings("a", 1_000_000), SHEET_PART: sheet("")}
    ),
    "a sheet that is the strings too": lambda: with_type(
        SHEET_PART, "sharedStrings", {SHEET_PART: sheet(f"<row>{'<si/>' * 700}</row>" * 3_000)}
    ),
    "a sheet where no sheet is": lambda: with_type(
        "xl/a.bin", "worksheet", {"xl/_rels/workbook.xml.rels": relation("/xl/a.bin"), "xl/a.bin": sheet("")}
    ),
    "one row that never ends": lambda: with_parts({SHEET_PART: sheet("<row>" + "<c/>" * 2_000_000 + "</row>")}),
    "more rows than there may be": lambda: with_parts({SHEET_PART: sheet("<row><c/></row>" * 200_000)}),
    "a row far below the others": lambda: with_parts({SHEET_PART: sheet(f'<row r="99999999999">{inline("a")}</row>')}),
    "what follows the rows": lambda: with_parts(
        {SHEET_PART: sheet("", f"<mergeCells>{'<mergeCell/>' * 1_000_000}</mergeCells>")}
    ),
    "an attribute of many megabytes": lambda: with_parts({SHEET_PART: sheet(f'<row r="{"1234567 " * 4_000_000}"/>')}),
    "entities in the sheet": lambda: with_parts({SHEET_PART: ENTITIES + sheet(f"<row>{inline(['&b;'])}</row>")}),
    "entities in the list of parts": lambda: with_parts({"[Content_Types].xml": ENTITIES + "<Types>&b;</Types>"}),
    "an archive in an archive": lambda: with_parts({"xl/workbook.xml": with_parts({})}),
}  # fmt: skip
