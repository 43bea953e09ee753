"""An XCRI-CAP 1.2 document, course by course, ours or anybody's (section "XCRI Documents")."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import chain
from typing import BinaryIO

from lxml import etree
from lxml.etree import _Element

from catalogue.interchange.limits import MAX_OFFERS, Unreadable
from catalogue.interchange.names import Names
from catalogue.interchange.rows import Document, OfferRow
from catalogue.interchange.xcri import course, extension, presentation
from catalogue.interchange.xcri.terms import XCRI, tag
from catalogue.interchange.xcri.texts import text_of
from catalogue.interchange.xml_bounds import Bounds, Lines, look_through

COURSE, PRESENTATION = f"{XCRI} course", f"{XCRI} presentation"  # as expat has them
BOUNDS = Bounds("course", MAX_OFFERS, "courses", elements=20_000)
_LIVING = "http://xcri.org/profiles/catalog"  # how the namespaces of 1.0 and 1.1 begin


def offers(stream: BinaryIO, names: Names) -> Iterator[OfferRow]:
    """Raises ``Unreadable``. Rows are numbered by lines."""
    lines = look_through(stream, BOUNDS, (COURSE, PRESENTATION))
    stream.seek(0)
    events: Iterator[tuple[str, _Element]] = etree.iterparse(
        stream, events=("start", "end"), resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False,
        remove_comments=True, remove_pis=True,
    )  # fmt: skip
    try:
        first = next(events)
        _refuse_others(first[1])
        yield from _courses(chain([first], events), lines, names)
    except etree.XMLSyntaxError as fault:
        raise Unreadable(
            f"The file is not well-formed XML (line {fault.lineno}).", "Export it anew from where it comes from."
        ) from fault


def _refuse_others(root: _Element) -> None:
    name = etree.QName(root)
    if name.namespace == XCRI and name.localname in ("catalog", "provider", "course"):
        return
    if name.namespace and name.namespace.startswith(_LIVING):
        raise Unreadable("The file is of an earlier version of XCRI-CAP.", "Export it as XCRI-CAP 1.2.")
    if name.localname.lower() == "html":
        raise Unreadable("This is a web page, and no list of offers.", "Give the address of the file itself.")
    raise Unreadable(
        f"The file is XML, but no XCRI-CAP 1.2: it begins with {name.localname[:60]}.",
        "Export it as XCRI-CAP 1.2, or send your list as CSV or as an Excel workbook.",
    )


def _courses(events: Iterator[tuple[str, _Element]], lines: Lines, names: Names) -> Iterator[OfferRow]:
    courses, presentations = iter(lines[COURSE]), iter(lines[PRESENTATION])
    line, numbers, depth = 0, list[int](), 0  # of courses: one inside another is part of it
    course_tag, presentation_tag = tag("course"), tag("presentation")
    for event, element in events:
        if element.tag == presentation_tag and event == "start":
            numbers.append(next(presentations))
        elif element.tag == course_tag and event == "start":
            begins = next(courses)
            depth += 1
            if depth == 1:
                line, numbers = begins, []
        elif element.tag == course_tag:
            depth -= 1
            if depth == 0:
                yield replace(_offer(element, line, numbers, names), provider=_provider_of(element))
                _forget(element)


def _provider_of(element: _Element) -> tuple[str, ...]:
    parent = element.getparent()
    if parent is None or parent.tag != tag("provider"):
        return ()
    return tuple(text_of(part) for name in ("dc:identifier", "dc:title") for part in parent.findall(tag(name)))


def _forget(element: _Element) -> None:
    """What has been read makes room for what follows; what the provider says of itself stays."""
    element.clear()
    previous = element.getprevious()
    if previous is not None and previous.tag == element.tag:
        parent = element.getparent()
        if parent is not None:
            parent.remove(previous)


def _offer(element: _Element, line: int, numbers: list[int], names: Names) -> OfferRow:
    extended = element.find(tag("es:offer"))
    if extended is None:
        return _foreign(element, line, numbers, names)
    document = course.ours(element) | extension.offer(extended)
    runs: list[Document] = []
    places: list[int] = []
    for number, part in zip(numbers, element.iter(tag("presentation")), strict=True):
        run = part.find(tag("es:run"))
        if run is not None:
            runs.append(presentation.dated(part) | extension.run(run, part))
            places.append(number)
    return OfferRow(line, course.key_of(element), document, tuple(runs), run_numbers=tuple(places))


def _foreign(element: _Element, line: int, numbers: list[int], names: Names) -> OfferRow:
    found = [presentation.foreign(part, element) for part in element.iter(tag("presentation"))]
    document = course.foreign(element, names) | presentation.summed(found)
    runs = [(number, one.run) for number, one in zip(numbers, found, strict=True) if one.is_run]
    return OfferRow(
        line, course.key_of(element), document, tuple(run for _, run in runs),
        run_numbers=tuple(number for number, _ in runs),
    )  # fmt: skip
