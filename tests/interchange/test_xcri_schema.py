"""The grammar against which what we write is held is one that a document can fail."""

import re

import pytest
from lxml import etree

from tests.interchange.partners_feed import COURSE, feed
from tests.interchange.xcri_schema import faults

SOUND = COURSE.replace("<attendanceMode>Campus", '<attendanceMode identifier="CM">Campus')
IDENTIFIER = "<dc:identifier>[^<]*courses/lead</dc:identifier>"
WRONG = {
    "the title before the identifier": (rf"({IDENTIFIER})(.*?)(<dc:title>Leading.*?</dc:title>)", r"\3\1\2"),
    "no identifier": (IDENTIFIER, ""),
    "two identifiers without a scheme": (rf"({IDENTIFIER})", r"\1\1"),
    "an identifier that is no address": (r"https://college.example/courses/lead", "lead"),
    "no title": (r"<dc:title>Leading by the sea</dc:title>", ""),
    "an empty title": (r"Leading by the sea", ""),
    "an empty subject": (r">Leadership<", "><"),
    "an abstract that is too long": (r"Lead, with a view.", "x" * 141),
    "a code that there is not": (r'identifier="CM"', 'identifier="XX"'),
    "a label that is not the code's": (r">Campus<", ">Camp<"),
    "no code": (r' identifier="PT"', ""),
    "a day that is none": (r"2027-05-02", "2027-02-30"),
    "a day in words alone": (r' dtf="2027-05-02"', ' dtf="May"'),
    "a duration that is none": (r"PT12H30M", "12 hours"),
    "an empty duration": (r">Two days<", "><"),
    "the end before the start": (r"(<mlo:start dtf.*?</mlo:start>)\s*(<end.*?</end>)", r"\2\1"),
    "places after the cost": (r"(<mlo:places>20.*?</mlo:places>)\s*(<mlo:cost>.*?</mlo:cost>)", r"\2\1"),
    "words in a venue": (r"<venue>", "<venue>There"),
    "a venue without a provider": (r"<venue>.*?</venue>", "<venue/>"),
    "a course in a presentation": (r"<presentation>", "<presentation><course/>"),
    "an element of its own in the standard's namespace": (r"</course>", "<ours/></course>"),
    "no time of making": (r' generated="[^"]*"', ""),
    "another root": (r"<(/?)catalog", r"<\1feed"),
}  # fmt: skip


def document(text: bytes) -> etree._Element:
    return etree.fromstring(text)


def test_a_sound_feed_is_valid() -> None:
    assert faults(document(feed(SOUND))) == []
    extended = SOUND.replace("</course>", '<x:ours xmlns:x="https://x.example"><x:more/></x:ours></course>')
    assert faults(document(feed(extended))) == []


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_feed_is_not(name: str) -> None:
    pattern, put = WRONG[name]
    whole = feed(SOUND).decode()
    wrong = re.sub(pattern, put, whole, flags=re.DOTALL)
    assert wrong != whole
    assert faults(document(wrong.encode()))
