"""The namespaces and vocabularies of XCRI-CAP 1.2, and our extension of it.

XCRI-CAP 1.2, sections "Namespace" and "Conformance": a conforming instance may hold elements of other namespaces. What
the standard has no place for stands in ours: ``es:offer`` at the end of a course, ``es:run`` at the end of a
presentation.
"""

from functools import cache

from catalogue.offers.models import Mode

XCRI = "http://xcri.org/profiles/1.2/catalog"
NAMESPACES = {
    "": XCRI,
    "dc": "http://purl.org/dc/elements/1.1/",
    "mlo": "http://purl.org/net/mlo",
    "xsi": "http://www.w3.org/2001/XMLSchema-instance",
    "es": "https://everyseat.example/ns/xcri/1",
}


@cache
def tag(name: str) -> str:
    """``dc:title`` as lxml writes it; without a prefix it is of XCRI-CAP itself."""
    prefix, _, local = name.rpartition(":")
    return f"{{{NAMESPACES[prefix]}}}{local}"


KEY = "es:key"
"""The ``xsi:type`` of an identifier that is the provider's own key."""
ABSTRACT = 140
"""Characters, at most (section "the abstract element")."""

STUDY_MODES = {"FL": "Flexible", "PT": "Part time"}
ATTENDANCE_MODES = {
    Mode.IN_PERSON: ("CM", "Campus"),
    Mode.ONLINE: ("ON", "Online (no attendance)"),
    Mode.BLENDED: ("MM", "Mixed mode"),
    Mode.SELF_PACED: ("DS", "Distance without attendance"),
}
ATTENDANCE_PATTERNS = {"DT": "Daytime", "EV": "Evening", "WE": "Weekend", "CS": "Customised"}
MODES = {
    "CM": Mode.IN_PERSON, "NC": Mode.IN_PERSON, "WB": Mode.IN_PERSON,
    "DA": Mode.BLENDED, "MM": Mode.BLENDED,
    "ON": Mode.ONLINE, "DS": Mode.ONLINE,
}  # fmt: skip
"""What each of the standard's attendance modes is to us, by its code."""
LABELS = {
    "campus": "CM", "face-to-face non-campus": "NC", "work-based": "WB", "distance with attendance": "DA",
    "mixed mode": "MM", "online (no attendance)": "ON", "online": "ON", "distance without attendance": "DS",
}  # fmt: skip
"""The codes of those that are named by their label alone."""
