"""The grammar of XCRI-CAP 1.2, and what it finds wrong with a document."""

from functools import cache
from pathlib import Path

from lxml import etree

FILE = Path(__file__).parent.parent / "data" / "xcri" / "xcri-cap-1.2.rng"


@cache
def _grammar() -> etree.RelaxNG:
    return etree.RelaxNG(etree.parse(FILE))


def faults(document: etree._Element) -> list[str]:
    grammar = _grammar()
    return [] if grammar.validate(document) else [f"{fault.line}: {fault.message}" for fault in grammar.error_log]
