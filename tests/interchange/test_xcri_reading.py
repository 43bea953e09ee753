"""Feeds of providers that know nothing of us, and what is refused."""

import io
from collections.abc import Callable
from datetime import date, time

import pytest

from catalogue.interchange.limits import Unreadable
from catalogue.interchange.names import Names
from catalogue.interchange.reading import read
from catalogue.interchange.rows import OfferRow
from tests.drills import many, say
from tests.interchange.memory import growth
from tests.interchange.partners_feed import AT_ANY_TIME, BARE, COURSE, HEAD, feed

NAMES = Names({"conditions": {"compassion": "Compassion"}, "seats": {"ward-manager": "Ward manager"}})


def offers(content: bytes) -> list[OfferRow]:
    return list(read(io.BytesIO(content), "feed.xml", NAMES))


def test_a_course_of_anybodys_is_taken_as_far_as_it_goes() -> None:
    (offer,) = offers(feed(COURSE))
    assert (offer.key, offer.number, offer.faults) == ("https://college.example/courses/lead", 11, ())
    assert offer.offer == {
        "title": "Leading by the sea",
        "summary": "Lead, with a view.",
        "description": "### About\n\nFor **anyone** who leads. [More](<https://college.example/more>)\n\n"
        "- Two days\n- One *visit*\n\nTo lead well.",
        "outcomes": ["Listen first", "Act on it", "Say why"],
        "prerequisites": "A team of your own.",
        "url": "https://college.example/lead?a=1&b=2",
        "conditions": ["compassion"],
        "seats": ["ward-manager"],
        "mode": "in-person",
        "hours": 12.5,
        "place": "Whitby",
        "price_pounds": 1250,
    }


def test_presentations_with_a_day_are_runs_and_name_their_lines() -> None:
    (offer,) = offers(feed(COURSE))
    may, june = offer.runs
    assert may == {
        "key": "https://college.example/lead/may", "starts_on": date(2027, 5, 1), "start_time": time(9, 30),
        "ends_on": date(2027, 5, 2), "places": 20, "place": "Whitby", "venue": "The Pavilion\n1 West Cliff\nWhitby",
    }  # fmt: skip
    assert june == {
        "key": "2027-06-01 Whitby", "starts_on": date(2027, 6, 1), "ends_on": date(2027, 6, 7), "place": "Whitby",
        "venue": "Seaside College\nWhitby\nYO21 1AA",
    }  # fmt: skip
    lines = feed(COURSE).decode().splitlines()
    assert [lines[number - 1] for number in offer.run_numbers] == ["<presentation>"] * 2
    assert len(set(offer.run_numbers)) == 2


def test_what_is_missing_is_left_open_and_is_no_fault() -> None:
    bare, home = offers(feed(BARE, AT_ANY_TIME))
    assert (bare.offer, bare.runs, bare.faults) == ({"title": "Bare", "url": bare.key}, (), ())
    assert home.offer["mode"] == "self-paced"
    assert (home.offer["price_pounds"], home.runs) == (0, ())
    assert "hours" not in home.offer


def test_prices_that_differ_stay_with_the_runs() -> None:
    dearer = COURSE.replace(
        "<mlo:places>as many", "<mlo:places>3</mlo:places><mlo:cost>£99</mlo:cost><age>any</age><!--"
    )
    (offer,) = offers(feed(dearer.replace("as come</mlo:places>", "-->")))
    assert "price_pounds" not in offer.offer
    assert [run["price_pounds"] for run in offer.runs] == [1250, 99]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "iso-8859-1", "windows-1252"])
def test_encodings_are_those_of_xml(encoding: str) -> None:
    text = feed(BARE).decode().replace("Bare<", "Café<").replace("UTF-8", encoding)
    assert [offer.offer["title"] for offer in offers(text.encode(encoding))] == ["Café"]


def test_a_document_may_begin_with_a_provider_or_a_course() -> None:
    declared = HEAD[HEAD.index(" xmlns=") : HEAD.index(" generated=")]
    course = BARE.replace("<course>", f"<course {declared}>")
    for document in (course, f"<provider {declared}>{BARE}</provider>"):
        assert [offer.offer["title"] for offer in offers(document.encode())] == ["Bare"]


def test_a_course_in_a_course_is_part_of_it() -> None:
    (offer,) = offers(feed(COURSE.replace("<presentation>", BARE + "<presentation>", 1)))
    assert [offer.offer["title"], len(offer.runs)] == ["Leading by the sea", 2]


def bomb(declared: str, used: str = "&a;") -> bytes:
    return feed(BARE.replace("Bare", used)).replace(b"<catalog", f"{declared}\n<catalog".encode(), 1)


def in_utf16(document: bytes) -> bytes:
    return document.decode().replace("UTF-8", "UTF-16").encode("utf-16")


LAUGHS = "".join(f'<!ENTITY l{n + 1} "{f"&l{n};" * 10}">' for n in range(9))
HOSTILE: dict[str, Callable[[], bytes]] = {
    "billion laughs": lambda: bomb(f'<!DOCTYPE c [<!ENTITY l0 "lol">{LAUGHS}]>', "&l9;"),
    "quadratic blow-up": lambda: bomb(f'<!DOCTYPE c [<!ENTITY a "{"x" * 100_000}">]>', "&a;" * 10_000),
    "a file of ours": lambda: bomb('<!DOCTYPE c [<!ENTITY a SYSTEM "file:///etc/passwd">]>'),
    "a page of somebody's": lambda: bomb('<!DOCTYPE c [<!ENTITY a SYSTEM "http://127.0.0.1:9/a">]>'),
    "a public identifier": lambda: bomb('<!DOCTYPE c PUBLIC "-//A//B" "http://127.0.0.1:9/a.dtd">', "x"),
    "parameter entities": lambda: bomb('<!DOCTYPE c [<!ENTITY % p SYSTEM "http://127.0.0.1:9/p"> %p;]>', "x"),
    "default attributes": lambda: bomb('<!DOCTYPE c [<!ATTLIST catalog generated CDATA "x">]>', "x"),
    "an empty document type": lambda: bomb("<!DOCTYPE catalog>", "x"),
    "a document type in UTF-16": lambda: in_utf16(bomb("<!DOCTYPE catalog>", "x")),
    "an entity that nobody declared": lambda: bomb("", "&a;"),
    "elements in elements": lambda: feed("<a>" * 100_000),
    "millions of elements in a course": lambda: feed("<course>" + "<a/>" * 2_000_000 + "</course>"),
    "millions of elements beside them": lambda: feed("<a/>" * 2_000_000),
    "an attribute that never ends": lambda: feed(f'<course a="{"x" * 15_000_000}"/>'),
    "a text that never ends": lambda: feed(f"<course><dc:title>{'long ' * 3_000_000}</dc:title></course>"),
    "a text beside courses": lambda: feed("<dc:title>" + "long " * 3_000_000 + "</dc:title>"),
    "more courses than there may be": lambda: feed("<course/>" * 20_001),
    "a file that is too large": lambda: feed("<!-- " + "x" * 20_000_000 + " -->"),
    "a comment that never ends": lambda: feed("<!-- " + "x" * 15_000_000 + " -->"),
    "a prefix that stands for nothing": lambda: feed("<no:course/>"),
    "an end that is missing": lambda: feed(COURSE)[:-30],
    "an encoding that there is not": lambda: feed(BARE).replace(b"UTF-8", b"UTF-99"),
    "a web page": lambda: b"<!doctype html><html><body>Not found</body></html>",
    "a web page in XML": lambda: b'<html xmlns="http://www.w3.org/1999/xhtml"/>',
    "an earlier version": lambda: feed(BARE).replace(b"profiles/1.2/catalog", b"profiles/catalog"),
    "a feed of news": lambda: b"<rss version='2.0'><channel/></rss>",
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_xml_is_refused_in_plain_words(name: str) -> None:
    with pytest.raises(Unreadable) as refused:
        offers(HOSTILE[name]())
    assert str(refused.value).endswith(".")
    assert refused.value.remedy.endswith(".")


def test_no_xml_takes_much_memory() -> None:
    files = [make() for make in HOSTILE.values()]
    assert len(files) >= 15
    count = many(2_500, 7_000)
    large = feed(*(COURSE.replace("courses/lead", f"courses/{number}") for number in range(count)))
    grown, read = growth([*files, large])
    say(f"XML: {len(files)} hostile files refused, {len(large):,} bytes read; memory grew by {grown:,} bytes")
    assert read >= count
    assert grown < 50_000_000
